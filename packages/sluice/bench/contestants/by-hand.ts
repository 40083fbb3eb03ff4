/** The least that can be done: a ring, and two variables for who waits. It cannot be closed, called off, shared or counted. */

import { capacity, type Contestants, type Item } from '../contest.ts'

export const contestants: Contestants = {
  handOffs: {
    async ring(count, check) {
      const slots = new Array<Item | undefined>(capacity).fill(undefined)
      let [head, length] = [0, 0]
      let wake: (() => void) | undefined
      const change = (): Promise<void> => new Promise((resolve) => (wake = resolve))
      const changed = (): void => {
        wake?.()
        wake = undefined
      }
      const produce = async (): Promise<void> => {
        for (let n = 0; n < count; n++) {
          while (length === capacity) await change()
          slots[(head + length++) & (capacity - 1)] = { n }
          if (length === 1) changed()
        }
      }
      const consume = async (): Promise<void> => {
        for (let taken = 0; taken < count; taken++) {
          while (length === 0) await change()
          const item = slots[head]!
          slots[head] = undefined
          head = (head + 1) & (capacity - 1)
          if (length-- === capacity) changed()
          check(item)
        }
      }
      await Promise.all([produce(), consume()])
    },
  },
}
