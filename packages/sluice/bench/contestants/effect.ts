import { Effect, Queue, Stream } from 'effect'
import { capacity, concurrency, type Contestants, type Item, items } from '../contest.ts'

const offer = (queue: Queue.Queue<Item>, count: number) =>
  Effect.gen(function* () {
    for (let n = 0; n < count; n++) yield* Queue.offer(queue, { n })
  })

export const contestants: Contestants = {
  handOffs: {
    take: (count, check) =>
      Effect.runPromise(
        Effect.gen(function* () {
          const queue = yield* Queue.bounded<Item>(capacity)
          yield* Effect.forkChild(offer(queue, count))
          for (let taken = 0; taken < count; taken++) check(yield* Queue.take(queue))
        }),
      ),
    takeAll: (count, check) =>
      Effect.runPromise(
        Effect.gen(function* () {
          const queue = yield* Queue.bounded<Item>(capacity)
          yield* Effect.forkChild(offer(queue, count))
          for (let taken = 0; taken < count; ) {
            const all = yield* Queue.takeAll(queue)
            for (const item of all) check(item)
            taken += all.length
          }
        }),
      ),
    buffer: (count, check) =>
      Effect.runPromise(
        Stream.fromIterable(items(count)).pipe(
          Stream.buffer({ capacity }),
          Stream.runForEach((item) => Effect.sync(() => check(item))),
        ),
      ),
  },
  mappings: {
    mapEffect: (count, task, check) =>
      Effect.runPromise(
        Stream.fromIterable(items(count)).pipe(
          Stream.mapEffect((item) => Effect.promise(() => task(item)), { concurrency }),
          Stream.runForEach((item) => Effect.sync(() => check(item))),
        ),
      ),
  },
}
