import { channel, map, none, pipe } from '../../src/index.ts'
import { capacity, concurrency, type Contestants, type Item, items } from '../contest.ts'

export const contestants: Contestants = {
  handOffs: {
    async bulk(count, check) {
      const ch = channel<Item>({ capacity })
      const produce = async (): Promise<void> => {
        for (let n = 0; n < count; n++) {
          const item = { n }
          if (!ch.trySend(item)) await ch.send(item)
        }
        ch.close()
      }
      const consume = async (): Promise<void> => {
        const taken: Item[] = []
        for (;;) {
          const waits = ch.receiveUpTo(capacity, { into: taken })
          if (waits instanceof Promise) await waits
          if (taken.length === 0) return
          for (const item of taken) check(item)
          taken.length = 0
        }
      }
      await Promise.all([produce(), consume()])
    },

    async single(count, check) {
      const ch = channel<Item>({ capacity })
      const produce = async (): Promise<void> => {
        for (let n = 0; n < count; n++) {
          const waits = ch.send({ n })
          if (waits !== undefined) await waits
        }
        ch.close()
      }
      const consume = async (): Promise<void> => {
        for (;;) {
          const received = ch.receive()
          const item = received instanceof Promise ? await received : received
          if (item === none) return
          check(item)
        }
      }
      await Promise.all([produce(), consume()])
    },

    async iterate(count, check) {
      const ch = channel<Item>({ capacity })
      const produce = async (): Promise<void> => {
        for (let n = 0; n < count; n++) {
          const waits = ch.send({ n })
          if (waits !== undefined) await waits
        }
        ch.close()
      }
      const consume = async (): Promise<void> => {
        for await (const item of ch) check(item)
      }
      await Promise.all([produce(), consume()])
    },
  },
  mappings: {
    async map(count, task, check) {
      for await (const item of pipe(items(count), map(task, { concurrency }))) check(item)
    },
    async completed(count, task, check) {
      for await (const item of pipe(items(count), map(task, { concurrency, order: 'completed' }))) check(item)
    },
  },
}
