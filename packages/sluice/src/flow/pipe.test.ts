import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  batch,
  channel,
  collect,
  filter,
  type Flow,
  flatMap,
  forEach,
  map,
  merge,
  partition,
  pipe,
  type Sender,
  sendTo,
  take,
  tap,
  window,
  zip,
} from '../index.ts'

/** Types are checked by the compiler: the file does not compile when one is not exactly this. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const typed = <_Proof extends true>(): void => {}

test('pipe infers what each step gets and gives', async () => {
  const users = [
    { name: 'Ann', age: 7 },
    { name: 'Bob', age: 41 },
  ]
  const names = pipe(
    users,
    filter((user) => user.age > 18),
    map((user) => user.name),
    tap((name) => typed<Same<typeof name, string>>()),
    take(3),
  )
  typed<Same<typeof names, Flow<string>>>()
  const all = await pipe(names, collect())
  typed<Same<typeof all, string[]>>()
  assert.deepEqual(all, ['Bob'])
})

test('asynchronous handlers, batches, guards, inner flows', async () => {
  const mixed: (number | string)[] = [1, 'a', 2, 'b', 3]
  const batches = pipe(
    mixed,
    filter((item) => typeof item === 'number'),
    map(async (n) => n * 2, { concurrency: 2 }),
    batch({ size: 2 }),
  )
  typed<Same<typeof batches, Flow<number[]>>>()
  const windows = pipe(batches, window({ size: 2 }))
  typed<Same<typeof windows, Flow<Flow<number[]>>>>()
  const flat = pipe(
    batches,
    flatMap((numbers) => numbers.map((n) => String(n))),
  )
  typed<Same<typeof flat, Flow<string>>>()
  const keyed = pipe(
    mixed,
    partition(
      (item) => typeof item,
      (item) => [item],
      { concurrency: 2 },
    ),
  )
  typed<Same<typeof keyed, Flow<(number | string)[]>>>()
  assert.deepEqual(await pipe(flat, collect()), ['2', '4', '6'])
})

test('merge gives a union, zip a tuple', async () => {
  const numbers = [1, 2]
  const words = channel<string>({ capacity: 1 })
  const both = merge(numbers, words)
  typed<Same<typeof both, Flow<number | string>>>()
  const rows = zip(numbers, ['a', 'b'], [true, false])
  typed<Same<typeof rows, Flow<[number, string, boolean]>>>()
  assert.deepEqual(await pipe(rows, collect()), [
    [1, 'a', true],
    [2, 'b', false],
  ])
  words.close()
  assert.deepEqual(await pipe(both, collect()), [1, 2])
})

test('steps that do not fit do not compile', () => {
  const toUpper = map((word: string) => word.toUpperCase())
  // @ts-expect-error a number has no letters
  const wrong = pipe([1, 2, 3], toUpper)
  // @ts-expect-error a channel of numbers takes no strings
  const sink: Promise<void> = pipe(['a'], sendTo(null as unknown as Sender<number>))
  sink.catch(() => {})
  assert.ok(wrong)
})

test('pipe takes any function as its last step', async () => {
  const seen: string[] = []
  await pipe(
    ['a', 'b'],
    forEach((word, index) => seen.push(`${index}${word}`)),
  )
  assert.deepEqual(seen, ['0a', '1b'])
  assert.equal(
    pipe([1, 2, 3], (list) => list.length),
    3,
  )
})

test('sixteen steps have types, and a pipe in a pipe has as many as it likes', async () => {
  const add = map((n: number) => n + 1)
  const text = map((n: number) => String(n))
  const fifteen = pipe([0], add, add, add, add, add, add, add, add, add, add, add, add, add, add, add)
  const whole: Promise<string[]> = pipe(fifteen, text, collect())
  assert.deepEqual(await whole, ['15'])
  const sixteen: Promise<string[]> = pipe(
    [0],
    add,
    add,
    add,
    add,
    add,
    add,
    add,
    add,
    add,
    add,
    add,
    add,
    add,
    add,
    text,
    collect(),
  )
  assert.deepEqual(await sixteen, ['14'])
})
