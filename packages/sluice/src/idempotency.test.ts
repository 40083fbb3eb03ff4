import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InvalidOption } from './errors.ts'
import { storeContract } from './idempotency.fixture.ts'
import { idempotency, memoryStore } from './idempotency.ts'
import { virtualClock } from './testing/virtual-clock.ts'

describe('the store in memory keeps the contract of stores', () => {
  const world = () => {
    const clock = virtualClock()
    return { store: memoryStore({ clock }), clock, pass: (ms: number) => clock.advance(ms) }
  }
  for (const { name, run } of storeContract(world)) test(name, run)
})

test('the store in memory forgets the oldest when there are too many, and nothing that runs', async () => {
  const clock = virtualClock()
  const once = idempotency({ store: memoryStore({ maxKeys: 2, clock }), ttlMs: 1000 })
  let runs = 0
  const takes = (ms: number) => () =>
    new Promise<number>((resolve) => {
      const run = ++runs
      clock.schedule(ms, () => resolve(run))
    })
  const run = (key: string) => clock.until(once.run(key, 'p', takes(0)))
  assert.equal(await run('a'), 1)
  await clock.advance(998)
  assert.equal(await run('a'), 1)
  await clock.advance(2)
  assert.equal(await run('a'), 2)
  const long = once.run('long', 'p', takes(500))
  await clock.settle()
  for (const key of ['b', 'c', 'd']) await run(key)
  const same = once.run('long', 'p', takes(0))
  assert.equal(await run('a'), 7, 'a was forgotten')
  await clock.advance(500)
  assert.deepEqual(await Promise.all([long, same]), [3, 3])
})

test('the work is told that it is idempotent, so a retry inside may repeat it', async () => {
  assert.equal(await idempotency().run('k', 'p', (context) => context.idempotent), true)
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
