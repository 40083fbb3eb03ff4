import { pushable } from 'it-pushable'
import { capacity, type Contestants, type Item } from '../contest.ts'

export const contestants: Contestants = {
  handOffs: {
    async iterate(count, check) {
      const queue = pushable<Item>({ objectMode: true })
      const produce = async (): Promise<void> => {
        for (let n = 0; n < count; n++) {
          queue.push({ n })
          if (queue.readableLength >= capacity) await queue.onEmpty()
        }
        queue.end()
      }
      const consume = async (): Promise<void> => {
        for await (const item of queue) check(item)
      }
      await Promise.all([produce(), consume()])
    },
  },
}
