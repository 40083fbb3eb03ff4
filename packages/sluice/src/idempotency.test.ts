import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import fc from 'fast-check'
import { InvalidOption } from './errors.ts'
import { IdempotencyConflict, idempotency, memoryStore } from './idempotency.ts'
import { seededRandom } from './testing/random.ts'
import { virtualClock } from './testing/virtual-clock.ts'

function bench(maxKeys = 100) {
  const clock = virtualClock()
  const once = idempotency({ store: memoryStore({ maxKeys, clock }), ttlMs: 1000 })
  let runs = 0
  const takes = (ms: number) => () =>
    new Promise<string>((resolve) => {
      const run = ++runs
      clock.schedule(ms, () => resolve(`result of run ${run}`))
    })
  return { clock, once, takes, runs: () => runs }
}

test('a key runs once: duplicates wait for the first and get its result, later ones do not run', async () => {
  const { clock, once, takes, runs } = bench()
  const all = [1, 2, 3].map(() => once.run('k', 'pay 5', takes(100)))
  await clock.advance(100)
  assert.deepEqual(await Promise.all(all), Array(3).fill('result of run 1'))
  assert.equal(await once.run('k', 'pay 5', takes(100)), 'result of run 1')
  assert.equal(runs(), 1)
})

test('another payload is refused, while it runs and afterwards', async () => {
  const { clock, once, takes } = bench()
  const first = once.run('k', 'pay 5', takes(100))
  await assert.rejects(
    once.run('k', 'pay 6', takes(1)),
    (error) => error instanceof IdempotencyConflict && error.key === 'k',
  )
  await clock.advance(100)
  await first
  await assert.rejects(once.run('k', 'pay 6', takes(1)), IdempotencyConflict)
})

test('when it fails, those who wait get its error, and the next one runs it again', async () => {
  const { clock, once, takes } = bench()
  const fails = () => new Promise<string>((_, reject) => clock.schedule(10, () => reject(new Error('down'))))
  const outcomes = Promise.allSettled([once.run('k', 'p', fails), once.run('k', 'p', takes(1))])
  await clock.advance(10)
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  const again = once.run('k', 'p', takes(1))
  await clock.advance(1)
  assert.equal(await again, 'result of run 1')
  const throws = () => {
    throw new Error('at once')
  }
  await assert.rejects(once.run('t', 'p', throws), /at once/)
})

test('a duplicate that is called off stops waiting; the run goes on, and no listener stays', async () => {
  const { clock, once, takes } = bench()
  const controller = new AbortController()
  const { signal } = new AbortController()
  const first = once.run('k', 'p', takes(100))
  const off = once.run('k', 'p', takes(1), { signal: controller.signal })
  const waits = once.run('k', 'p', takes(1), { signal })
  await clock.settle()
  controller.abort(new Error('off'))
  await assert.rejects(off, /off/)
  await clock.advance(100)
  assert.deepEqual(await Promise.all([first, waits]), ['result of run 1', 'result of run 1'])
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('a result is forgotten after its time, and the oldest when there are too many; what runs never is', async () => {
  const { clock, once, takes } = bench(2)
  const run = async (key: string) => {
    const result = once.run(key, 'p', takes(0))
    await clock.advance(1)
    return result
  }
  assert.equal(await run('a'), 'result of run 1')
  await clock.advance(998)
  assert.equal(await run('a'), 'result of run 1')
  await clock.advance(2)
  assert.equal(await run('a'), 'result of run 2')
  const long = once.run('long', 'p', takes(500))
  await clock.settle()
  for (const key of ['b', 'c', 'd']) await run(key)
  const same = once.run('long', 'p', takes(0))
  assert.equal(await run('a'), 'result of run 7', 'a was forgotten')
  await clock.advance(500)
  assert.deepEqual(await Promise.all([long, same]), ['result of run 3', 'result of run 3'])
})

test('the work is told that it is idempotent, so a retry inside may repeat it', async () => {
  const { once } = bench()
  assert.equal(await once.run('k', 'p', (context) => context.idempotent), true)
})

test('of any interleaving of callers, none runs a key beside another, and all settle alike', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer(),
      fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(20), fc.boolean()), { maxLength: 30 }),
      async (seed, calls) => {
        const clock = virtualClock()
        const random = seededRandom(seed)
        const once = idempotency({ store: memoryStore({ clock }) })
        const running = new Map<string, number>()
        let settled = 0
        for (const [key, waitMs, fails] of calls) {
          await clock.advance(waitMs)
          once
            .run(key, 'p', async () => {
              assert.equal(running.get(key) ?? 0, 0, 'one at a time')
              running.set(key, 1)
              await new Promise<void>((resolve) => clock.schedule(random() * 30, resolve))
              running.set(key, 0)
              if (fails) throw new Error('down')
            })
            .then(
              () => settled++,
              (error: Error) => (assert.equal(error.message, 'down'), settled++),
            )
        }
        await clock.run()
        assert.equal(settled, calls.length)
      },
    ),
    { numRuns: 300 },
  )
})

test('a bad option is named with its value', async () => {
  const bad: [() => unknown, RegExp][] = [
    [() => idempotency({ ttlMs: 0 }), /^ttlMs must be .*got 0$/],
    [() => idempotency({ leaseMs: Number.NaN }), /^leaseMs must be .*got NaN$/],
    [() => idempotency({ store: {} as never }), /^store\.begin must be a function, got undefined$/],
    [() => memoryStore({ maxKeys: -1 }), /^maxKeys must be .*got -1$/],
  ]
  for (const [make, message] of bad)
    assert.throws(make, (error) => error instanceof InvalidOption && message.test(error.message), String(message))
  await assert.rejects(
    idempotency().run('', 'p', () => 1),
    /^InvalidOption: key must be a string that is not empty, got ''$/,
  )
})
