/** What every operator owes to its source and to its consumer. */

import type { Operator } from '../flow/types.ts'
import { type Case, errorOf, expect, expectSame } from './case.ts'
import { type ProbeOptions, type ProbeSource, probeSource } from './probe-source.ts'
import { type VirtualClock, virtualClock } from './virtual-clock.ts'

export type OperatorUnderTest = {
  /** A fresh operator on this clock. It is fed 0, 1, 2, …: choose handlers that let each through and do not fail. */
  make(clock: VirtualClock): Operator<number, unknown>
  /** The most items it keeps: pulled, and neither given on nor dropped. An item on its way through counts as one. */
  holds: number
  /** The items that an output accounts for. Default: the output is the item. */
  itemsOf?: (output: never) => number[]
  /** It goes on pulling when nobody waits (as `buffer` does), within `holds`. */
  pullsAhead?: boolean
  /** It may leave items out (as `sample` does): what comes must still be in order, and the last one must come. */
  drops?: boolean
  /** It may give items in another order. */
  reorders?: boolean
}

type Iteration = { clock: VirtualClock; source: ProbeSource; iterator: AsyncIterator<unknown> }

/**
 * The rules of a demand-carrying operator, as cases for any test runner.
 *
 * @example
 * for (const { name, run } of conformsToOperator({ make: () => map((n) => n), holds: 1 })) test(name, run)
 */
export function conformsToOperator(subject: OperatorUnderTest): Case[] {
  const itemsOf = (subject.itemsOf ?? ((output: number) => [output])) as (output: unknown) => number[]

  const start = (options: Omit<ProbeOptions, 'clock'>): Iteration => {
    const clock = virtualClock()
    const source = probeSource({ ...options, clock })
    return { clock, source, iterator: subject.make(clock)(source)[Symbol.asyncIterator]() }
  }

  /** Takes outputs until the end, or until `enough` items have come. */
  const drain = async ({ clock, iterator }: Iteration, enough = Infinity): Promise<number[]> => {
    const items: number[] = []
    while (items.length < enough) {
      const { done, value } = await clock.until(iterator.next())
      if (done) break
      items.push(...itemsOf(value))
    }
    return items
  }

  const expectWhole = (items: number[], count: number): void => {
    const inOrder = items.toSorted((a, b) => a - b)
    if (!subject.reorders) expectSame(items, inOrder, 'the order of the items')
    expectSame(new Set(items).size, items.length, 'items given once')
    if (!subject.drops)
      expectSame(
        inOrder,
        Array.from({ length: count }, (_, n) => n),
        'the items',
      )
    else if (count > 0) expectSame(items.at(-1), count - 1, 'the last item')
  }

  const expectTold = ({ source }: Iteration, times: number): void => {
    expectSame(source.violations, [], 'what was done to the source')
    expectSame(source.returned, times, 'calls of return() on the source')
  }

  return [
    {
      name: 'asks nothing before it is asked',
      async run() {
        const it = start({ count: 5 })
        await it.clock.advance(10_000)
        expectSame(it.source.pulled, 0, 'calls of next() on the source')
        await it.clock.until(it.iterator.return!())
        expect(it.source.returned <= 1, 'return() reached the source more than once')
      },
    },
    {
      name: 'gives everything and ends; a source that ended is not told to',
      async run() {
        for (const count of [0, 1, 2, 37]) {
          for (const delayMs of [0, 7]) {
            const it = start({ count, delayMs })
            expectWhole(await drain(it), count)
            expectTold(it, 0)
            expectSame(
              await it.clock.until(it.iterator.next()),
              { value: undefined, done: true },
              'next() after the end',
            )
            await it.clock.until(it.iterator.return!())
            expectTold(it, 0)
          }
        }
      },
    },
    {
      name: 'never holds more than its bound, and does not pull for a consumer that does not ask',
      async run() {
        const it = start({ count: 60, delayMs: 1 })
        let items = 0
        for (;;) {
          const { done, value } = await it.clock.until(it.iterator.next())
          if (done) break
          items += itemsOf(value).length
          // What was asked of the source before may still come; after that nothing may move.
          await it.clock.advance(1000)
          const held = it.source.given - items
          expect(subject.drops === true || held <= subject.holds, `it holds ${held} items, more than ${subject.holds}`)
          const { pulled } = it.source
          await it.clock.advance(1000)
          if (!subject.drops) expectSame(it.source.pulled, pulled, 'calls of next() with nobody asking')
          if (!subject.pullsAhead && !subject.drops) {
            expect(
              pulled - items <= subject.holds + 1,
              `${pulled} were pulled for ${items} given and ${subject.holds} held`,
            )
          }
        }
        expectTold(it, 0)
      },
    },
    {
      name: 'answers calls of next() in their order, however many are under way',
      async run() {
        const it = start({ count: 20, delayMs: (index) => (index * 7) % 5 })
        const order: number[] = []
        const asked = Array.from({ length: 25 }, async (_, call) => {
          const result = await it.iterator.next()
          order.push(call)
          return result
        })
        const results = await it.clock.until(Promise.all(asked))
        expectSame(
          order,
          Array.from(order, (_, call) => call),
          'the order of the answers',
        )
        const ends = results.map((result) => result.done === true)
        expect(!ends.includes(true) || !ends.slice(ends.indexOf(true)).includes(false), 'an item came after the end')
        const items = results.flatMap((result) => (result.done ? [] : itemsOf(result.value)))
        expectWhole(items, 20)
        expectTold(it, 0)
      },
    },
    {
      name: 'left early, tells the source once and waits for its clean-up',
      async run() {
        const it = start({ delayMs: 3, cleanUpMs: 500 })
        await drain(it, 2)
        const before = it.clock.now()
        const left = it.iterator.return!()
        await it.clock.settle()
        expectSame(it.source.returned, 1, 'calls of return() on the source')
        expectSame(await it.clock.until(left), { value: undefined, done: true }, 'the answer of return()')
        expect(it.clock.now() - before >= 500, 'return() answered before the source had cleaned up')
        await it.clock.until(it.iterator.return!())
        expectSame(await it.clock.until(it.iterator.next()), { value: undefined, done: true }, 'next() after return()')
        expectTold(it, 1)
      },
    },
    {
      name: 'left while the source keeps it waiting, tells it at once and settles whoever waits',
      async run() {
        const it = start({ delayMs: (index) => (index < 3 ? 0 : Infinity) })
        const asked = Array.from({ length: 6 }, () => it.iterator.next())
        await it.clock.advance(10_000)
        const left = it.iterator.return!()
        await it.clock.until(left)
        const results = await it.clock.until(Promise.all(asked))
        expectSame(results.at(-1), { value: undefined, done: true }, 'the answer to who waited')
        expectTold(it, 1)
      },
    },
    {
      name: 'passes a failure of the source on, once, and does not tell a source that failed',
      async run() {
        const error = new Error('the source failed')
        const it = start({ failAt: 4, error, delayMs: 2 })
        let thrown: unknown
        try {
          await drain(it)
        } catch (caught) {
          thrown = caught
        }
        expectSame(thrown, error, 'the error')
        expectSame(await it.clock.until(it.iterator.next()), { value: undefined, done: true }, 'next() after the error')
        await it.clock.until(it.iterator.return!())
        expectTold(it, 0)
      },
    },
    {
      name: 'passes on what a source throws instead of a promise',
      async run() {
        const clock = virtualClock()
        const error = new Error('no promise')
        const broken: AsyncIterable<number> = {
          [Symbol.asyncIterator]: () => ({
            next() {
              throw error
            },
          }),
        }
        const iterator = subject.make(clock)(broken)[Symbol.asyncIterator]()
        expectSame(await errorOf(() => clock.until(iterator.next()), 'a broken source'), error, 'the error')
      },
    },
    {
      name: 'throw() tells the source once and gives the error back',
      async run() {
        const it = start({ delayMs: 1 })
        if (it.iterator.throw === undefined) return
        await drain(it, 1)
        const error = new Error('enough')
        expectSame(await errorOf(() => it.clock.until(it.iterator.throw!(error)), 'throw()'), error, 'the error')
        expectTold(it, 1)
      },
    },
    {
      name: 'an error of the clean-up reaches whoever left',
      async run() {
        const clock = virtualClock()
        const error = new Error('cannot clean up')
        let index = 0
        const source: AsyncIterable<number> = {
          [Symbol.asyncIterator]: () => ({
            next: () => Promise.resolve({ value: index++, done: false }),
            return: () => Promise.reject(error),
          }),
        }
        const iterator = subject.make(clock)(source)[Symbol.asyncIterator]()
        if (!subject.drops) await clock.until(iterator.next())
        expectSame(await errorOf(() => clock.until(iterator.return!()), 'return()'), error, 'the error')
      },
    },
    {
      name: 'starts anew with each iteration',
      async run() {
        const clock = virtualClock()
        const source = probeSource({ count: 9, clock })
        const flow = subject.make(clock)(source)
        for (const times of [1, 2]) {
          expectWhole(await drain({ clock, source, iterator: flow[Symbol.asyncIterator]() }), 9)
          expectSame(source.opened, times, 'times the source was opened')
        }
      },
    },
    {
      name: 'leaves no timer behind',
      async run() {
        const it = start({ delayMs: 1 })
        await drain(it, 3)
        await it.clock.until(it.iterator.return!())
        // The source and the handlers may still have theirs; they take less than this.
        await it.clock.advance(1000)
        expectSame(it.clock.pending, 0, 'timers that are set 1,000 ms after return()')
      },
    },
  ]
}
