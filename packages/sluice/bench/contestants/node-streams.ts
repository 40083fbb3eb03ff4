import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { capacity, concurrency, type Contestants, type Item, items } from '../contest.ts'

function counting(count: number): Readable {
  let n = 0
  return new Readable({
    objectMode: true,
    highWaterMark: capacity,
    read() {
      while (this.push(n < count ? { n: n++ } : null) && n <= count);
    },
  })
}

export const contestants: Contestants = {
  handOffs: {
    async pipeline(count, check) {
      const writable = new Writable({
        objectMode: true,
        highWaterMark: capacity,
        write(item: Item, _encoding, done) {
          check(item)
          done()
        },
      })
      await pipeline(counting(count), writable)
    },
    async iterate(count, check) {
      for await (const item of counting(count)) check(item as Item)
    },
  },
  mappings: {
    async map(count, task, check) {
      for await (const item of Readable.from(items(count)).map(task, { concurrency })) check(item as Item)
    },
  },
}
