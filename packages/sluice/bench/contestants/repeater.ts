import { FixedBuffer, Repeater } from '@repeaterjs/repeater'
import { capacity, type Contestants, type Item } from '../contest.ts'

export const contestants: Contestants = {
  handOffs: {
    async iterate(count, check) {
      const repeater = new Repeater<Item>(async (push, stop) => {
        for (let n = 0; n < count; n++) await push({ n })
        stop()
      }, new FixedBuffer(capacity))
      for await (const item of repeater) check(item)
    },
  },
}
