import { capacity, type Contestants, type Item } from '../contest.ts'

function counting(count: number): ReadableStream<Item> {
  let n = 0
  return new ReadableStream<Item>(
    {
      pull(controller) {
        if (n < count) controller.enqueue({ n: n++ })
        else controller.close()
      },
    },
    { highWaterMark: capacity },
  )
}

export const contestants: Contestants = {
  handOffs: {
    async pipeTo(count, check) {
      await counting(count).pipeTo(new WritableStream<Item>({ write: check }, { highWaterMark: capacity }))
    },
    async iterate(count, check) {
      for await (const item of counting(count)) check(item)
    },
  },
}
