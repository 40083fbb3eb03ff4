import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import type { Context } from './context.ts'
import { InvalidOption, Overloaded } from './errors.ts'
import {
  decorrelatedJitter,
  exponential,
  formatRetryAfter,
  parseRetryAfter,
  type RetriesOptions,
  retries,
  retryBudget,
} from './retry.ts'
import { seededRandom } from './testing/random.ts'
import { virtualClock } from './testing/virtual-clock.ts'

/** Work that fails so many times, and the moments at which it was tried. */
async function attempt(
  options: RetriesOptions,
  failures: number,
  context: Context = { idempotent: true },
  error: Error = new Error('down'),
) {
  const clock = virtualClock()
  const times: number[] = []
  const run = retries({ clock, backoff: () => 100, ...options }).run(() => {
    times.push(clock.now())
    if (times.length <= failures) throw error
    return 'up'
  }, context)
  const outcome = run.catch((error: Error) => error.message)
  await clock.run()
  return { times, outcome: await outcome, clock }
}

test('tries again until it succeeds or the attempts are used up; then the last error', async () => {
  assert.deepEqual((await attempt({ attempts: 3 }, 2)).times, [0, 100, 200])
  const { times, outcome } = await attempt({ attempts: 3 }, 9)
  assert.deepEqual([times.length, outcome], [3, 'down'])
  assert.equal((await attempt({ attempts: 1 }, 1)).outcome, 'down')
})

test('what is not idempotent is tried once, unless told, or it was refused before it began', async () => {
  assert.equal((await attempt({}, 1, {})).times.length, 1)
  assert.equal((await attempt({ idempotent: true }, 1, {})).times.length, 2)
  assert.equal((await attempt({ idempotent: true }, 1, { idempotent: false })).times.length, 1)
  assert.equal((await attempt({}, 1, {}, new Overloaded('queue-full'))).times.length, 2)
})

test('honours retryAfterMs, of any error that has one', async () => {
  assert.deepEqual((await attempt({}, 1, {}, new Overloaded('rate', 750))).times, [0, 750])
  assert.deepEqual((await attempt({}, 1, {}, new Overloaded('rate', 50))).times, [0, 100])
  assert.deepEqual((await attempt({}, 1, undefined, Object.assign(new Error(), { retryAfterMs: 300 }))).times, [0, 300])
  assert.deepEqual(
    (await attempt({}, 1, undefined, Object.assign(new Error(), { retryAfterMs: Number.NaN }))).times,
    [0, 100],
  )
})

test('gives up at once when the wait is longer than the time left', async () => {
  const { times, clock } = await attempt({ attempts: 5 }, 9, { idempotent: true, deadlineAt: 250 })
  assert.deepEqual(times, [0, 100, 200])
  assert.equal(clock.now(), 200)
})

test('is called off while it waits, and leaves nothing behind', async () => {
  const clock = virtualClock()
  const controller = new AbortController()
  const run = retries({ clock, backoff: () => 1000 }).run(() => Promise.reject(new Error('down')), {
    idempotent: true,
    signal: controller.signal,
  })
  const rejected = assert.rejects(run, /off/)
  await clock.settle()
  assert.equal(clock.pending, 1)
  controller.abort(new Error('off'))
  await rejected
  assert.equal(clock.pending, 0)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

test('isRetryable, onRetry, and the attempt in the context', async () => {
  assert.equal((await attempt({ isRetryable: (error) => (error as Error).message !== 'down' }, 1)).times.length, 1)
  const told: unknown[] = []
  await attempt({ onRetry: (...facts) => told.push(facts.slice(0, 2)) }, 2)
  assert.deepEqual(told, [
    [1, 100],
    [2, 100],
  ])
  const attempts: unknown[] = []
  const clock = virtualClock()
  const run = retries({ clock, backoff: () => 0 }).run(
    (context) => {
      attempts.push(context.attempt)
      return Promise.reject(new Error('down'))
    },
    { idempotent: true },
  )
  const rejected = assert.rejects(run)
  await clock.run()
  await rejected
  assert.deepEqual(attempts, [undefined, 1, 2])
})

describe('backoff', () => {
  test('exponential: between 0 and base · 2^(retry − 1), capped', () => {
    const backoff = exponential({ baseMs: 100, maxMs: 1000 })
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6].map((retry) => backoff(retry, 0, () => 1)),
      [100, 200, 400, 800, 1000, 1000],
    )
    assert.equal(
      backoff(3, 0, () => 0.5),
      200,
    )
    assert.equal(
      backoff(2000, 0, () => 1),
      1000,
      'even where the power overflows',
    )
  })

  test('decorrelated jitter: between base and three times the last wait, capped', () => {
    const backoff = decorrelatedJitter({ baseMs: 100, maxMs: 5000 })
    const random = seededRandom(1)
    let previous = 0
    for (let retry = 1; retry < 1000; retry++) {
      const wait = backoff(retry, previous, random)
      assert.ok(wait >= 100 && wait <= Math.min(5000, Math.max(100, previous) * 3), `${previous} → ${wait}`)
      previous = wait
    }
    assert.equal(
      backoff(1, 4000, () => 0.999),
      5000,
    )
  })
})

describe('a retry budget', () => {
  test('shared by all: however much fails, retries add a tenth', async () => {
    const clock = virtualClock()
    const budget = retryBudget({ ratio: 0.1, minPerSecond: 0, burst: 10, clock })
    let calls = 0
    const callers = Array.from({ length: 4 }, () =>
      retries({ attempts: 3, budget, backoff: () => 1, clock, idempotent: true }),
    )
    const runs = Array.from({ length: 1000 }, (_, i) =>
      callers[i % 4]!.run(() => Promise.reject(new Error(String(calls++)))).catch(() => 0),
    )
    await clock.run()
    await Promise.all(runs)
    // All thousand pay in at once here, so what is over the burst is lost; then the burst is spent.
    assert.equal(calls, 1010)
    for (let i = 0; i < 1000; i++) {
      const run = callers[0]!.run(() => Promise.reject(new Error(String(calls++)))).catch(() => 0)
      await clock.advance(5)
      await run
    }
    assert.ok(calls >= 2108 && calls <= 2112, `${calls}`)
  })

  test('seldom callers have so many a second', async () => {
    const clock = virtualClock()
    const budget = retryBudget({ ratio: 0, minPerSecond: 2, burst: 3, clock })
    const draw = () => [1, 2, 3, 4].map(() => budget.withdraw())
    assert.deepEqual(draw(), [true, true, true, false])
    await clock.advance(1000)
    assert.equal(budget.balance, 2)
    assert.deepEqual(draw(), [true, true, false, false])
    await clock.advance(60_000)
    assert.equal(budget.balance, 3)
  })
})

describe('Retry-After (RFC 9110, 10.2.3)', () => {
  const now = Date.UTC(1999, 11, 31, 23, 58, 59)
  const vectors: [string, number | undefined][] = [
    ['120', 120_000],
    ['0', 0],
    [' 5 ', 5000],
    ['Fri, 31 Dec 1999 23:59:59 GMT', 60_000],
    ['Friday, 31-Dec-99 23:59:59 GMT', 60_000],
    ['Fri Dec 31 23:59:59 1999', 60_000],
    ['Fri, 31 Dec 1999 23:00:00 GMT', 0],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['', undefined],
    ['Fri, 99 Foo 1999', undefined],
  ]
  for (const [value, expected] of vectors)
    test(`'${value}' is ${expected}`, () => assert.equal(parseRetryAfter(value, now), expected))
  test('is written in whole seconds, at least one', () =>
    assert.deepEqual([0, 1, 1000, 1001].map(formatRetryAfter), ['1', '1', '1', '2']))
})

test('a bad option is named with its value', () => {
  const bad: [() => unknown, RegExp][] = [
    [() => retries({ attempts: 0 }), /^attempts must be .*got 0$/],
    [() => retries({ attempts: 2.5 }), /^attempts must be .*got 2.5$/],
    [() => retries({ backoff: 100 as never }), /^backoff must be a function, got 100$/],
    [() => exponential({ baseMs: -1 }), /^baseMs must be .*got -1$/],
    [() => exponential({ baseMs: 100, maxMs: 10 }), /^maxMs must be .*at least 100, got 10$/],
    [() => exponential({ factor: 0.5 }), /^factor must be .*got 0.5$/],
    [() => decorrelatedJitter({ baseMs: Number.NaN }), /^baseMs must be .*got NaN$/],
    [() => retryBudget({ ratio: -0.1 }), /^ratio must be .*got -0.1$/],
    [() => retryBudget({ burst: 0 }), /^burst must be .*got 0$/],
    [() => retryBudget({ minPerSecond: Infinity }), /^minPerSecond must be .*got Infinity$/],
    [() => formatRetryAfter(-1), /^ms must be .*got -1$/],
  ]
  for (const [make, message] of bad)
    assert.throws(make, (error) => error instanceof InvalidOption && message.test(error.message), String(message))
})
