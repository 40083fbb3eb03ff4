/** Every operator as the suites want it: fed 0, 1, 2, …, letting each through. For tests. */

import {
  abortOn,
  batch,
  buffer,
  conflate,
  debounce,
  filter,
  flatMap,
  type Flow,
  map,
  merge,
  type Operator,
  partition,
  pipe,
  retry,
  sample,
  type Source,
  take,
  tap,
  throttle,
  timeout,
  window,
  zip,
} from '../index.ts'
import type { OperatorUnderTest, VirtualClock } from '../testing/index.ts'

const later = (clock: VirtualClock, n: number): Promise<number> =>
  new Promise((resolve) => void clock.schedule((n * 13) % 11, () => resolve(n)))

const flat = (items: number[]): number[] => items

/** The windows of `window`, read to their end. */
const readWindows =
  (): Operator<number, number[]> =>
  (source: Source<number>): Flow<number[]> =>
    pipe(
      source,
      window({ size: 3 }),
      map(async (one) => {
        const items: number[] = []
        for await (const item of one) items.push(item)
        return items
      }),
    )

export const subjects: Record<string, OperatorUnderTest> = {
  'map, synchronous': { make: () => map((n) => n), holds: 1 },
  'map, asynchronous': { make: (clock) => map((n) => later(clock, n)), holds: 1 },
  'map, concurrency 4': { make: (clock) => map((n) => later(clock, n), { concurrency: 4 }), holds: 4 },
  'map, concurrency 4, synchronous': { make: () => map((n) => n, { concurrency: 4 }), holds: 4 },
  'map, concurrency 4, as completed': {
    make: (clock) => map((n) => later(clock, n), { concurrency: 4, order: 'completed' }),
    holds: 4,
    reorders: true,
  },
  filter: { make: () => filter(() => true), holds: 1 },
  'filter, asynchronous': { make: (clock) => filter(async (n) => (await later(clock, n)) >= 0), holds: 1 },
  tap: { make: () => tap(() => {}), holds: 1 },
  'tap, asynchronous': { make: (clock) => tap((n) => later(clock, n)), holds: 1 },
  take: { make: () => take(1000), holds: 1 },
  flatMap: { make: () => flatMap((n) => [n]), holds: 1 },
  'flatMap, concurrency 3': {
    make: (clock) => flatMap((n) => [later(clock, n)], { concurrency: 3 }),
    holds: 3,
    reorders: true,
  },
  batch: { make: () => batch({ size: 4 }), holds: 4, itemsOf: flat },
  'batch, by time': { make: (clock) => batch({ size: 50, ms: 5, clock }), holds: 50, itemsOf: flat },
  window: { make: readWindows, holds: 4, itemsOf: flat },
  merge: { make: () => (source) => merge(source, [], []), holds: 1 },
  zip: {
    make: () => (source) => zip(source, { [Symbol.iterator]: ones }),
    holds: 1,
    itemsOf: ([item]: [number, number]) => [item],
  },
  partition: {
    make: (clock) =>
      partition(
        (n) => n % 3,
        (n) => later(clock, n),
        { concurrency: 2 },
      ),
    holds: 4,
    reorders: true,
  },
  buffer: { make: () => buffer({ capacity: 5 }), holds: 5, pullsAhead: true },
  'buffer, latest': { make: () => buffer({ capacity: 2, onFull: 'latest' }), holds: 2, pullsAhead: true, drops: true },
  conflate: { make: () => conflate(), holds: 1, pullsAhead: true, drops: true },
  throttle: { make: (clock) => throttle({ limit: 2, ms: 10, clock }), holds: 1 },
  debounce: { make: (clock) => debounce({ ms: 0.5, clock }), holds: 1, pullsAhead: true, drops: true },
  sample: { make: (clock) => sample({ ms: 5, clock }), holds: 1, pullsAhead: true, drops: true },
  retry: { make: (clock) => retry({ limit: 2, when: () => false, clock }), holds: 1 },
  timeout: { make: (clock) => timeout({ ms: 100_000, clock }), holds: 1 },
  abortOn: { make: () => abortOn(new AbortController().signal), holds: 1 },
}

function* ones(): Generator<number> {
  for (;;) yield 1
}
