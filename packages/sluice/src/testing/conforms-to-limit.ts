/** What every limit owes to the gate that asks it. */

import type { Limit, Sample } from '../limit/limit.ts'
import { type Case, expect, expectSame } from './case.ts'
import { seededRandom } from './random.ts'

export type LimitUnderTest = {
  /** A fresh limit. */
  make(): Limit
  /** It never falls below. Default 1. */
  min?: number
  /** It never rises above. */
  max: number
}

/**
 * The rules of a limit, as cases for any test runner.
 *
 * @example
 * for (const { name, run } of conformsToLimit({ make: () => aimd({ max: 200 }), max: 200 })) test(name, run)
 */
export function conformsToLimit({ make, min = 1, max }: LimitUnderTest): Case[] {
  const check = (limit: Limit, said: number): void => {
    expect(Number.isSafeInteger(said), `the limit is ${said}, not a whole number`)
    expect(said >= min && said <= max, `the limit is ${said}, outside ${min} … ${max}`)
    expectSame(limit.value, said, 'value after update')
  }

  /** Feeds samples and checks the number after each. */
  const feed = (limit: Limit, count: number, sampleOf: (index: number) => Sample): number[] =>
    Array.from({ length: count }, (_, index) => {
      const said = limit.update(sampleOf(index))
      check(limit, said)
      return said
    })

  const randomSample = (seed: number): (() => Sample) => {
    const random = seededRandom(seed)
    return () => ({
      rttMs: random() < 0.05 ? 0 : 10 ** (random() * 6 - 2),
      inFlight: Math.floor(random() * 2 * max) + 1,
      dropped: random() < 0.2,
    })
  }

  return [
    {
      name: 'begins within its bounds',
      async run() {
        const limit = make()
        check(limit, limit.value)
      },
    },
    {
      name: 'stays a whole number within its bounds, whatever it is fed',
      async run() {
        for (let seed = 0; seed < 20; seed++) feed(make(), 2000, randomSample(seed))
        feed(make(), 2000, () => ({ rttMs: 1e12, inFlight: max }))
        feed(make(), 2000, () => ({ rttMs: 0, inFlight: max }))
      },
    },
    {
      name: 'reads no clock and throws no dice: the same samples give the same numbers',
      async run() {
        const runs = [1, 2].map(() => feed(make(), 2000, randomSample(7)))
        expectSame(runs[0], runs[1], 'the second run')
      },
    },
    {
      name: 'does not grow on failures: when everything is dropped it ends no higher than it began',
      async run() {
        const limit = make()
        const before = limit.value
        feed(limit, 5000, () => ({ rttMs: 1000, inFlight: limit.value, dropped: true }))
        expect(limit.value <= before, `it grew from ${before} to ${limit.value} while everything was dropped`)
      },
    },
    {
      name: 'does not grow on work that it does not limit',
      async run() {
        const limit = make()
        // A limit that probes holds its value below its estimate for a while; coming back up to it is no growth.
        const before = Math.max(limit.value, limit.estimate ?? 0)
        feed(limit, 5000, () => ({ rttMs: 10, inFlight: 1 }))
        expect(
          limit.value <= Math.max(before, 2 * min),
          `it grew from ${before} to ${limit.value} with one at a time in flight`,
        )
      },
    },
  ]
}
