/**
 * Callbacks that throw, hang, settle twice or call back in: no permit leaks, no waiter is stranded,
 * no count goes wrong.
 */

import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, mock, test } from 'node:test'
import fc from 'fast-check'
import { breaker } from './breaker.ts'
import { channel } from './channel/channel.ts'
import { none } from './channel/types.ts'
import { InvalidOption, Overloaded } from './errors.ts'
import { map } from './flow/map.ts'
import { collect } from './flow/sinks.ts'
import { pipe } from './flow/pipe.ts'
import { type Gate, gate } from './gate/gate.ts'
import { hedge } from './hedge.ts'
import { gcra, type MeterRule, rate } from './rate.ts'
import { retries, retryBudget } from './retry.ts'
import { seededRandom } from './testing/random.ts'
import { virtualClock } from './testing/virtual-clock.ts'

const broken = (): never => {
  throw new Error('broken callback')
}
/** A thenable that settles more than once. */
const twice = (value: unknown): PromiseLike<never> => {
  const thenable = {
    // oxlint-disable-next-line unicorn/no-thenable
    then(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
      resolve(value)
      resolve(value)
      reject(new Error('again'))
    },
  }
  return thenable as unknown as PromiseLike<never>
}
const throwingThen = (): PromiseLike<never> =>
  // oxlint-disable-next-line unicorn/no-thenable
  Object.defineProperty({}, 'then', { get: broken }) as unknown as PromiseLike<never>

// What a callback throws is written to the console.
let reported: unknown[] = []
beforeEach(() => {
  reported = []
  mock.method(console, 'error', (error: unknown) => void reported.push(error))
})
afterEach(() => mock.restoreAll())

const isIdle = (door: Gate): void => {
  const { inFlight, waiting, arrived, admitted, cancelled, refused } = door.stats()
  assert.deepEqual([inFlight, waiting], [0, 0])
  assert.equal(arrived, admitted + cancelled + Object.values(refused).reduce((sum, count) => sum + count, 0))
}

describe('a gate', () => {
  for (const hook of ['onAdmit', 'onRelease', 'onRefuse'] as const)
    test(`whose observer throws from ${hook}: work runs, waiters are served, refusals are told`, async () => {
      const door = gate({ limit: 1, queue: { capacity: 1 }, observer: { [hook]: broken } })
      const outcomes = await Promise.allSettled([1, 2, 3].map((n) => door.run(async () => n)))
      assert.deepEqual(
        outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.cause)),
        [1, 2, 'queue-full'],
      )
      isIdle(door)
      assert.ok(reported.length > 0)
    })

  test('whose isDropped throws: the error of the work is passed on, and the permit is free', async () => {
    const door = gate({ limit: 1, queue: { capacity: 4 }, isDropped: broken })
    const fail = () => Promise.reject(new Error('its own'))
    const runs = [door.run(fail), door.run(fail), door.run(() => broken())]
    const outcomes = await Promise.allSettled(runs)
    assert.deepEqual(
      outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason.message),
      ['its own', 'its own', 'broken callback'],
    )
    isIdle(door)
  })

  test('whose work gives a bad thenable: it counts once, and its value is given', async () => {
    const door = gate({ limit: 1, queue: { capacity: 4 } })
    const results = await Promise.all([1, 2, 3].map((n) => door.run(() => twice(n))))
    assert.deepEqual(results, [1, 2, 3])
    const outcomes = await Promise.allSettled([1, 2].map(() => door.run(throwingThen)))
    assert.deepEqual(
      outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason.message),
      ['broken callback', 'broken callback'],
    )
    // oxlint-disable-next-line unicorn/no-thenable
    const own = Object.assign(Promise.resolve(5), { then: broken })
    assert.equal(await door.run(() => own), 5)
    isIdle(door)
  })

  test('whose observer runs more work: the limit holds', async () => {
    let [inside, most, depth] = [0, 0, 0]
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside)
      await Promise.resolve()
      inside--
    }
    const reenter = (): void => {
      if (depth++ < 20) door.run(work).catch(() => {})
    }
    const door = gate({
      limit: 2,
      queue: { capacity: 3 },
      priority: { levels: 2 },
      observer: { onAdmit: reenter, onRefuse: reenter, onRelease: reenter },
    })
    for (let i = 0; i < 12; i++) {
      door.run(work, { priority: i % 2 }).catch(() => {})
      assert.ok(door.inFlight <= 2 && door.waiting <= 3, `${door.inFlight} in flight, ${door.waiting} waiting`)
    }
    await new Promise((resolve) => setImmediate(resolve))
    assert.ok(most <= 2, `${most} inside`)
    isIdle(door)
  })

  test('property: whatever its callbacks do, every call settles and every count is right', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 3 }), async (seed, limit) => {
        const random = seededRandom(seed)
        const clock = virtualClock()
        const maybe = <T>(value: T): T => (random() < 0.3 ? broken() : value)
        let inside = 0
        const adaptive = {
          get value() {
            return random() < 0.1 ? broken() : random() < 0.1 ? Number.NaN : limit
          },
          update: () => maybe(limit),
        }
        const door: Gate = gate({
          limit: adaptive,
          clock: {
            now: () => (random() < 0.05 ? broken() : clock.now()),
            schedule: (ms, run) => {
              if (random() < 0.2) broken()
              if (random() < 0.2) run()
              const cancel = clock.schedule(ms, run)
              return () => maybe(cancel())
            },
          },
          queue: { capacity: () => maybe(3), maxWaitMs: 50 },
          priority: { levels: 2 },
          isDropped: () => maybe(random() < 0.5),
          observer: {
            onAdmit: () => void maybe(0),
            onRefuse: () => void maybe(random() < 0.1 ? void door.run(() => 1).catch(() => {}) : 0),
            onRelease: () => void maybe(0),
          },
        })
        const works = [
          () => broken(),
          () => twice(1),
          throwingThen,
          () => 1,
          () => Promise.reject(new Overloaded('rate')),
          () => new Promise<void>((resolve) => clock.schedule(20, resolve)),
        ]
        const calls: Promise<unknown>[] = []
        for (let i = 0; i < 40; i++) {
          const controller = new AbortController()
          if (random() < 0.2) clock.schedule(random() * 60, () => controller.abort())
          const work = works[Math.floor(random() * works.length)]!
          const counted = async (): Promise<unknown> => {
            assert.ok(++inside <= limit)
            try {
              return await work()
            } finally {
              inside--
            }
          }
          calls.push(door.run(counted, { priority: i % 2, signal: controller.signal }).catch(() => {}))
          if (random() < 0.5) await clock.advance(10)
        }
        await clock.run()
        await Promise.all(calls)
        assert.deepEqual([door.inFlight, door.waiting], [0, 0])
      }),
      { numRuns: 200 },
    )
  })
})

describe('a breaker', () => {
  test('whose callbacks throw goes through its states all the same', async () => {
    const clock = virtualClock()
    const trip = { record: () => true, reset: broken }
    const circuit = breaker({ trip, isFailure: broken, onChange: broken, openMs: broken, clock })
    await assert.rejects(
      circuit.run(() => Promise.reject(new Error('its own'))),
      /its own/,
    )
    assert.equal(circuit.state, 'open')
    // The default of openMs.
    await clock.advance(10_000)
    assert.equal(await circuit.run(() => 'up'), 'up')
    assert.equal(circuit.state, 'closed')
    assert.ok(reported.length >= 4)
  })

  test('counts a bad thenable once', async () => {
    const circuit = breaker()
    assert.equal(await circuit.run(() => twice(5)), 5)
    await assert.rejects(circuit.run(throwingThen), /broken callback/)
    assert.deepEqual([circuit.stats().successes, circuit.stats().failures], [1, 1])
  })

  test('property: no callback locks it: after a rest a probe is let through', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 3 }), async (seed, probes) => {
        const random = seededRandom(seed)
        const clock = virtualClock()
        const maybe = <T>(value: T): T => (random() < 0.3 ? broken() : value)
        const circuit = breaker({
          clock,
          probes,
          openMs: () => maybe(random() < 0.2 ? Number.NaN : 100),
          trip: { record: () => maybe(random() < 0.3), reset: () => maybe(undefined) },
          isFailure: () => maybe(random() < 0.5),
          onChange() {
            if (random() < 0.1) circuit.close()
            maybe(0)
          },
        })
        const works = [() => broken(), () => twice(1), throwingThen, () => 1, () => new Promise<never>(() => {})]
        for (let i = 0; i < 60; i++) {
          circuit.run(works[Math.floor(random() * works.length)]! as () => unknown).catch(() => {})
          await clock.advance(random() * 100)
        }
        // The longest probe, then the longest time that it is open.
        let isThrough = false
        for (let i = 0; i < 20 && !isThrough; i++) {
          await clock.advance(40_000)
          const through = () => (isThrough = true)
          await circuit.run(through).catch(() => {})
        }
        assert.ok(isThrough)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a rate', () => {
  test('property: whatever its rule throws, every call settles', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = seededRandom(seed)
        const clock = virtualClock()
        const good = gcra({ perSecond: 100 })
        const maybe = <T>(value: T): T => (random() < 0.2 ? broken() : value)
        const rule: MeterRule = {
          most: good.most,
          create() {
            const meter = good.create()
            return {
              waitMs: (now, cost) => maybe(random() < 0.05 ? Number.NaN : meter.waitMs(now, cost)),
              take: (now, cost) => maybe(meter.take(now, cost)),
            }
          },
        }
        const limiter = rate({ rule, maxWaitMs: 10_000, perKey: true, clock })
        const calls = Array.from({ length: 40 }, (_, i) => limiter.run(() => i, { key: `${i % 3}` }).catch(() => {}))
        await clock.run()
        await Promise.all(calls)
        assert.equal(limiter.waiting, 0)
      }),
      { numRuns: 200 },
    )
  })
})

describe('a channel', () => {
  test('property: whatever `size` does, what was sent is received, and the weight is right', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const random = seededRandom(seed)
        const sizes = [broken, () => Number.NaN, () => -1, () => 1, () => 2, () => 9]
        const ch = channel<number>({
          capacity: 4,
          size(item) {
            // It calls back in.
            if (item >= 0 && random() < 0.2) ch.tryReceive()
            if (item >= 0 && random() < 0.2) void ch.send(-1)?.catch(() => {})
            return item < 0 ? 1 : sizes[Math.floor(random() * sizes.length)]!()
          },
        })
        const sends: (Promise<void> | undefined)[] = []
        for (let i = 0; i < 30; i++) {
          sends.push(ch.send(i)?.catch(() => {}))
          assert.ok(ch.stats().weight <= 4)
          if (random() < 0.4) ch.tryReceive()
        }
        while (ch.tryReceive() !== none) await Promise.resolve()
        for (const send of sends) await send
        const { sent, received, depth, weight, waitingSenders } = ch.stats()
        assert.deepEqual([sent - received, depth, weight, waitingSenders], [0, 0, 0, 0])
      }),
      { numRuns: 200 },
    )
  })
})

describe('retries and hedges', () => {
  test('whose callbacks throw: the error of the work is what the caller gets', async () => {
    const clock = virtualClock()
    const budget = { ...retryBudget(), deposit: broken, withdraw: broken, balance: 0 }
    const down = () => Promise.reject(new Error('its own'))
    for (const options of [
      { budget },
      { isRetryable: broken },
      { onRetry: broken },
      { backoff: broken },
      { random: broken },
    ]) {
      const outcome = retries({ idempotent: true, clock, ...options }).run(down)
      await assert.rejects(clock.until(outcome.catch((error: unknown) => Promise.reject(error as Error))), /its own/)
    }
    const slow = () => new Promise<string>((resolve) => clock.schedule(50, () => resolve('slow')))
    for (const options of [{ afterMs: broken }, { afterMs: 10, budget }, { afterMs: () => Number.NaN }])
      assert.equal(await clock.until(hedge({ idempotent: true, clock, ...options }).run(slow)), 'slow')
  })

  for (const [what, bad] of [
    ['NaN', Number.NaN],
    ['infinite', Infinity],
    ['negative', -5],
  ] as const)
    test(`a backoff that is ${what} gives way to the default, and is told`, async () => {
      const clock = virtualClock()
      let calls = 0
      const run = retries({ idempotent: true, backoff: () => bad, clock }).run(() => (++calls < 3 ? broken() : 'up'))
      await clock.advance(1000)
      assert.equal(await run, 'up')
      assert.ok(reported[0] instanceof InvalidOption)
    })
})

test('a flow whose handler gives a thenable that settles twice gives each result once', async () => {
  for (const options of [{}, { concurrency: 3 }, { concurrency: 3, order: 'completed' as const }])
    assert.deepEqual(
      await pipe(
        [1, 2, 3, 4],
        map((n) => twice(n), options),
        collect(),
      ),
      [1, 2, 3, 4],
    )
})
