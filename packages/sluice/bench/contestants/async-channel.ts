import { Channel } from 'async-channel'
import { capacity, type Contestants, type Item } from '../contest.ts'

export const contestants: Contestants = {
  handOffs: {
    async iterate(count, check) {
      const queue = new Channel<Item>(capacity)
      const produce = async (): Promise<void> => {
        for (let n = 0; n < count; n++) await queue.push({ n })
        queue.close()
      }
      const consume = async (): Promise<void> => {
        for await (const item of queue) check(item)
      }
      await Promise.all([produce(), consume()])
    },
  },
}
