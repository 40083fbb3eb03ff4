import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import type { Context } from './context.ts'
import { InvalidOption } from './errors.ts'
import { type HedgeOptions, hedge, Superseded } from './hedge.ts'
import { retryBudget } from './retry.ts'
import { virtualClock } from './testing/virtual-clock.ts'

/** Attempts that take so long each; a negative time fails after it. */
async function ask(times: number[], options: Partial<HedgeOptions> = {}, context: Context = { idempotent: true }) {
  const clock = virtualClock()
  const signals: (AbortSignal | undefined)[] = []
  let endedAt = -1
  const outcome = hedge({ afterMs: 50, clock, ...options })
    .run((context) => {
      const index = signals.push(context.signal) - 1
      const ms = times[index]!
      return new Promise<string>((resolve, reject) =>
        clock.schedule(Math.abs(ms), () => (ms < 0 ? reject(new Error(`error ${index}`)) : resolve(`answer ${index}`))),
      )
    }, context)
    .catch((error: Error) => error.message)
    .finally(() => (endedAt = clock.now()))
  await clock.run()
  return { outcome: await outcome, signals, endedAt, clock }
}

test('a quick answer is asked for once', async () => {
  const { outcome, signals, clock } = await ask([49])
  assert.deepEqual([outcome, signals.length, clock.now()], ['answer 0', 1, 49])
})

test('a slow one is asked for again, the first answer wins, the other is called off', async () => {
  const { outcome, signals, endedAt } = await ask([1000, 20])
  assert.deepEqual([outcome, endedAt, signals[1]?.aborted], ['answer 1', 70, false])
  assert.ok(signals[0]?.reason instanceof Superseded)
  assert.equal((await ask([60, 1000])).outcome, 'answer 0')
})

test('a failure is no reason to ask again, and a failed attempt leaves it to the others', async () => {
  assert.deepEqual((await ask([-10])).signals.length, 1)
  assert.equal((await ask([-60, 100])).outcome, 'answer 1')
  assert.equal((await ask([200, -10])).outcome, 'answer 0')
  assert.equal((await ask([-100, -10])).outcome, 'error 1', 'the first error')
})

test('only what is idempotent is hedged', async () => {
  assert.equal((await ask([1000], {}, {})).signals.length, 1)
  assert.equal((await ask([1000, 1], { idempotent: true }, {})).signals.length, 2)
})

test('as many extra as told, each after the wait, within the budget', async () => {
  assert.equal((await ask([1000, 1000, 1000, 1000], { extra: 2, afterMs: () => 100 })).signals.length, 3)
  const budget = retryBudget({ burst: 1, ratio: 0, minPerSecond: 0, clock: virtualClock() })
  assert.equal((await ask([1000, 1000, 1000], { extra: 2, budget })).signals.length, 2)
})

test('calling off reaches every attempt, and no listener stays', async () => {
  const clock = virtualClock()
  const controller = new AbortController()
  const run = hedge({ afterMs: 10, clock }).run(
    ({ signal }) =>
      new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error))),
    { idempotent: true, signal: controller.signal },
  )
  const rejected = assert.rejects(run, /off/)
  await clock.advance(20)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 1)
  controller.abort(new Error('off'))
  await rejected
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  assert.equal(clock.pending, 0)
})

test('a bad option is named with its value', () => {
  const bad: [() => unknown, RegExp][] = [
    [() => hedge({ afterMs: -1 }), /^afterMs must be .*got -1$/],
    [() => hedge({ afterMs: Number.NaN }), /^afterMs must be .*got NaN$/],
    [() => hedge({ afterMs: 1, extra: 0 }), /^extra must be .*got 0$/],
    [() => hedge({ afterMs: 1, extra: 0.5 }), /^extra must be .*got 0.5$/],
  ]
  for (const [make, message] of bad)
    assert.throws(make, (error) => error instanceof InvalidOption && message.test(error.message), String(message))
})
