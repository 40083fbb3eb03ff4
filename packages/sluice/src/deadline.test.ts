import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { compose } from './compose.ts'
import type { Context } from './context.ts'
import { deadline, remainingMs } from './deadline.ts'
import { InvalidOption, TimedOut } from './errors.ts'
import { gate } from './gate/gate.ts'
import { gcra, rate } from './rate.ts'
import { virtualClock } from './testing/virtual-clock.ts'

const never = () => new Promise<never>(() => {})

test('when it passes, run rejects and the signal of the work is aborted with the same error', async () => {
  const clock = virtualClock()
  let signal: AbortSignal | undefined
  const run = deadline({ timeoutMs: 100, clock }).run((context) => {
    signal = context.signal
    return never()
  })
  const rejected = assert.rejects(run, (error) => error instanceof TimedOut && error.timeoutMs === 100)
  await clock.advance(99)
  assert.equal(signal?.aborted, false)
  await clock.advance(1)
  await rejected
  assert.ok(signal?.reason instanceof TimedOut)
})

test('a signal that is first read afterwards is aborted as well', async () => {
  const clock = virtualClock()
  let seen: Context | undefined
  const run = deadline({ timeoutMs: 10, clock }).run((context) => ((seen = context), never()))
  const rejected = assert.rejects(run, TimedOut)
  await clock.advance(10)
  await rejected
  assert.equal(seen?.signal?.aborted, true)
})

test('what ends in time leaves no timer and no listener, whether it returns, throws at once or rejects', async () => {
  const clock = virtualClock()
  const { signal } = new AbortController()
  const policy = deadline({ timeoutMs: 100, clock })
  const throws = (): never => {
    throw new Error('at once')
  }
  assert.equal(await policy.run((context) => context.signal && 5, { signal }), 5)
  await assert.rejects(policy.run(throws, { signal }), /at once/)
  await assert.rejects(
    policy.run((context) => Promise.reject(new Error(String(context.signal!.aborted))), { signal }),
    /false/,
  )
  assert.equal(clock.pending, 0)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('nested deadlines never grow', async () => {
  const clock = virtualClock()
  const [long, short] = [deadline({ timeoutMs: 1000, clock }), deadline({ timeoutMs: 100, clock })]
  const at = (context: Context) => context.deadlineAt
  assert.equal(await short.run((context) => long.run(at, context)), 100)
  assert.equal(await long.run((context) => short.run(at, context)), 100)
  assert.equal(await long.run((context) => remainingMs(context, clock), { deadlineAt: 30 }), 30)
  assert.equal(remainingMs({}, clock), Infinity)
  assert.equal(remainingMs({ deadlineAt: -5 }, clock), 0)
})

test('one that has passed does not begin', async () => {
  const clock = virtualClock(50)
  const policy = deadline({ timeoutMs: 10, clock })
  await assert.rejects(
    policy.run(() => assert.fail('it ran'), { deadlineAt: 50 }),
    { cause: 'deadline' },
  )
  const signal = AbortSignal.abort(new Error('off'))
  await assert.rejects(
    policy.run(() => assert.fail('it ran'), { signal }),
    /off/,
  )
})

test('calling off from outside reaches the work; the other facts are handed on', async () => {
  const clock = virtualClock()
  const controller = new AbortController()
  const facts = { priority: 1, key: 'k', idempotent: true, attempt: 2 }
  const run = deadline({ timeoutMs: 100, clock }).run(
    ({ signal, ...context }) => {
      assert.deepEqual(context, { ...facts, deadlineAt: 100 })
      return new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error)))
    },
    { ...facts, signal: controller.signal },
  )
  controller.abort(new Error('off'))
  await assert.rejects(run, /off/)
})

test('a bad option is named with its value', () => {
  for (const timeoutMs of [-1, Number.NaN])
    assert.throws(
      () => deadline({ timeoutMs }),
      (error) =>
        error instanceof InvalidOption &&
        error.message.startsWith('timeoutMs must be') &&
        error.message.endsWith(`got ${timeoutMs}`),
    )
})

test('a deadline on another clock is an error, not silently none', async () => {
  const context = { deadlineAt: Date.now() + 1000 }
  const work = () => 'done'
  const isNamed = (error: unknown): boolean =>
    error instanceof InvalidOption &&
    /^deadlineAt must be .*performance\.now\(\).* not Date\.now\(\)/.test(error.message)
  const waiting = rate({ rule: gcra({ perSecond: 0.001 }), maxWaitMs: Infinity })
  await waiting.take()
  for (const policy of [deadline({ timeoutMs: 1000 }), gate({ limit: 1 }), waiting])
    await assert.rejects(policy.run(work, context), isNamed)
  for (const deadlineAt of [Infinity, performance.now() + 300_000_000_000])
    assert.equal(await gate({ limit: 1 }).run(work, { deadlineAt }), 'done')
  assert.equal(await compose(deadline({ timeoutMs: 1e12 }), gate({ limit: 1 })).run(work), 'done')
})
