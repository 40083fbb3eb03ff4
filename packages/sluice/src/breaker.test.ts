import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type Breaker, type BreakerOptions, breaker } from './breaker.ts'
import { InvalidOption, Overloaded } from './errors.ts'
import { virtualClock } from './testing/virtual-clock.ts'
import { anyOf, consecutiveFailures, failureRate, slowCallRate } from './trip.ts'

function bench(options: BreakerOptions = {}) {
  const clock = virtualClock()
  const changes: string[] = []
  const circuit = breaker({
    openMs: 1000,
    clock,
    onChange: (state, before) => changes.push(`${before} → ${state}`),
    ...options,
  })
  return { clock, changes, circuit }
}
const fails = (circuit: Breaker) =>
  circuit
    .run(() => Promise.reject(new Error('down')))
    .catch((error: unknown) => (error instanceof Overloaded ? error.cause : 'down'))
const succeeds = (circuit: Breaker) =>
  circuit.run(() => 'up').catch((error: unknown) => (error instanceof Overloaded ? error.cause : 'down'))

test('opens after so many failures in a row, refuses without calling, tries again, closes', async () => {
  const { clock, changes, circuit } = bench({ trip: consecutiveFailures(3) })
  await fails(circuit)
  await fails(circuit)
  await succeeds(circuit)
  for (let i = 0; i < 3; i++) assert.equal(await fails(circuit), 'down')
  await clock.advance(400)
  const error = await circuit.run(() => assert.fail('it was called')).catch((error: unknown) => error)
  assert.ok(error instanceof Overloaded)
  assert.deepEqual([error.cause, error.retryAfterMs], ['breaker-open', 600])
  await clock.advance(600)
  assert.equal(await succeeds(circuit), 'up')
  assert.deepEqual(changes, ['closed → open', 'open → half-open', 'half-open → closed'])
  assert.deepEqual(circuit.stats(), { state: 'closed', failures: 5, successes: 2, refused: 1, opened: 1 })
})

test('half-open: so many probes, others are refused; a failure opens it again, for as long as openMs says', async () => {
  const { clock, circuit } = bench({
    trip: consecutiveFailures(1),
    probes: 2,
    openMs: (opened) => 1000 * 2 ** (opened - 1),
  })
  await fails(circuit)
  await clock.advance(1000)
  const ends: (() => void)[] = []
  const slow = () => circuit.run(() => new Promise<void>((_, reject) => ends.push(() => reject(new Error('down')))))
  const first = slow()
  const second = slow()
  assert.equal(await succeeds(circuit), 'breaker-open')
  ends[0]!()
  await assert.rejects(first, /down/)
  assert.equal(circuit.state, 'open')
  await clock.advance(1999)
  assert.equal(await succeeds(circuit), 'breaker-open')
  await clock.advance(1)
  assert.equal(await succeeds(circuit), 'up')
  assert.equal(circuit.state, 'half-open')
  // The second probe belongs to an earlier state and counts no more.
  ends[1]!()
  await assert.rejects(second, /down/)
  assert.equal(circuit.state, 'half-open')
  assert.equal(await succeeds(circuit), 'up')
  assert.equal(circuit.state, 'closed')
})

describe('rolling windows', () => {
  test('opens at the share, not before there are enough calls', async () => {
    const { clock, circuit } = bench({ trip: failureRate({ share: 0.5, windowMs: 1000, minCalls: 4 }) })
    for (let i = 0; i < 3; i++) await fails(circuit)
    assert.equal(circuit.state, 'closed')
    await clock.advance(2000)
    for (const call of [succeeds, fails, succeeds, succeeds, fails]) await call(circuit)
    assert.equal(circuit.state, 'closed')
    await fails(circuit)
    assert.equal(circuit.state, 'open')
  })

  test('what is older than the window counts no more, step by step', async () => {
    const { clock, circuit } = bench({ trip: failureRate({ share: 0.5, windowMs: 1000, minCalls: 4 }) })
    for (let i = 0; i < 3; i++) await fails(circuit)
    await clock.advance(950)
    for (let i = 0; i < 3; i++) await succeeds(circuit)
    await clock.advance(100)
    await fails(circuit)
    assert.equal(circuit.state, 'closed', '1 of 4')
  })

  test('slow calls open it though none fails', async () => {
    const { clock, circuit } = bench({ trip: slowCallRate({ slowerThanMs: 100, share: 0.5, minCalls: 4 }) })
    const takes = async (ms: number) => {
      const run = circuit.run(() => new Promise<void>((resolve) => clock.schedule(ms, resolve)))
      await clock.advance(ms)
      await run
    }
    for (const ms of [50, 50, 100]) await takes(ms)
    assert.equal(circuit.state, 'closed')
    await takes(150)
    assert.equal(circuit.state, 'open')
  })

  test('agrees with counting by hand, whatever comes when', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(400), fc.boolean()), { maxLength: 60 }), (calls) => {
        const trip = failureRate({ share: 0.5, windowMs: 1000, minCalls: 3 })
        const seen: [step: number, isFailure: boolean][] = []
        let now = 0
        for (const [wait, isFailure] of calls) {
          now += wait
          const step = Math.floor(now / 100)
          seen.push([step, isFailure])
          const within = seen.filter(([other]) => other > step - 10)
          const failures = within.filter(([, isFailure]) => isFailure).length
          assert.equal(trip.record(now, 0, isFailure), isFailure && within.length >= 3 && failures >= within.length / 2)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('anyOf opens when one of them does, and tells them all', async () => {
    const { circuit } = bench({ trip: anyOf(consecutiveFailures(2), failureRate({ share: 0.3, minCalls: 3 })) })
    for (const call of [succeeds, succeeds, fails]) await call(circuit)
    assert.equal(circuit.state, 'open')
  })
})

test('by hand: open stays open until close', async () => {
  const { clock, circuit } = bench()
  circuit.open()
  await clock.advance(1e9)
  const error = await circuit.run(() => 1).catch((error: unknown) => error)
  assert.ok(error instanceof Overloaded && error.retryAfterMs === undefined)
  circuit.close()
  assert.equal(await succeeds(circuit), 'up')
})

test('what says nothing about the callee is no failure: a refusal inside, a call that was called off', async () => {
  const { clock, circuit } = bench({ trip: consecutiveFailures(1) })
  const refused = () => circuit.run(() => Promise.reject(new Overloaded('queue-full'))).catch(() => 0)
  await refused()
  const signal = AbortSignal.abort(new Error('off'))
  await assert.rejects(circuit.run(() => Promise.reject(signal.reason as Error), { signal }))
  assert.equal(circuit.state, 'closed')
  await fails(circuit)
  await clock.advance(1000)
  await refused()
  assert.equal(circuit.state, 'half-open', 'the probe has said nothing, its place is free again')
  assert.equal(await succeeds(circuit), 'up')
  assert.equal(circuit.state, 'closed')
})

test('isFailure decides otherwise; what throws at once counts as well', async () => {
  const { circuit } = bench({ trip: consecutiveFailures(1), isFailure: (error) => (error as Error).message !== '404' })
  await circuit.run(() => Promise.reject(new Error('404'))).catch(() => 0)
  assert.equal(circuit.state, 'closed')
  const throws = () => {
    throw new Error('500')
  }
  await assert.rejects(circuit.run(throws), /500/)
  assert.equal(circuit.state, 'open')
})

test('a bad option is named with its value', () => {
  const bad: [() => unknown, RegExp][] = [
    [() => consecutiveFailures(0), /^count must be .*got 0$/],
    [() => failureRate({ share: 0 }), /^share must be .*got 0$/],
    [() => failureRate({ share: 1.1 }), /^share must be .*got 1.1$/],
    [() => failureRate({ share: 0.5, windowMs: -1 }), /^windowMs must be .*got -1$/],
    [() => failureRate({ share: 0.5, minCalls: 2.5 }), /^minCalls must be .*got 2.5$/],
    [() => slowCallRate({ share: 0.5, slowerThanMs: Number.NaN }), /^slowerThanMs must be .*got NaN$/],
    [() => breaker({ openMs: -1 }), /^openMs must be .*got -1$/],
    [() => breaker({ openMs: Infinity }), /^openMs must be .*got Infinity$/],
    [() => breaker({ probes: 0 }), /^probes must be .*got 0$/],
    [() => breaker({ trip: 5 as never }), /^trip must be a rule such as .*got 5$/],
  ]
  for (const [make, message] of bad)
    assert.throws(make, (error) => error instanceof InvalidOption && message.test(error.message), String(message))
})

describe('a probe that never settles', () => {
  const hang = () => new Promise<never>(() => {})

  test('has failed after `probeTimeoutMs`: the breaker opens again, then tries another', async () => {
    const { clock, changes, circuit } = bench({ trip: consecutiveFailures(1), probeTimeoutMs: 5000 })
    await fails(circuit)
    await clock.advance(1000)
    circuit.run(hang).catch(() => {})
    await clock.advance(4999)
    assert.equal(await succeeds(circuit), 'breaker-open')
    assert.equal(circuit.state, 'half-open')
    await clock.advance(1)
    assert.equal(await succeeds(circuit), 'breaker-open')
    assert.equal(circuit.state, 'open')
    await clock.advance(1000)
    assert.equal(await succeeds(circuit), 'up')
    assert.deepEqual(changes.slice(1), [
      'open → half-open',
      'half-open → open',
      'open → half-open',
      'half-open → closed',
    ])
    assert.deepEqual(circuit.stats(), { state: 'closed', failures: 2, successes: 1, refused: 2, opened: 2 })
  })

  test('locks the breaker for 30 s by default, however many probes there are', async () => {
    const { clock, circuit } = bench({ trip: consecutiveFailures(1), probes: 2 })
    await fails(circuit)
    await clock.advance(1000)
    for (let i = 0; i < 2; i++) circuit.run(hang).catch(() => {})
    await clock.advance(30_000)
    assert.equal(await succeeds(circuit), 'breaker-open')
    await clock.advance(1000)
    assert.deepEqual([await succeeds(circuit), await succeeds(circuit)], ['up', 'up'])
    assert.equal(circuit.state, 'closed')
  })

  test('has all the time when no other call comes: a late success closes the breaker', async () => {
    const { clock, circuit } = bench({ trip: consecutiveFailures(1), probeTimeoutMs: 5000 })
    await fails(circuit)
    await clock.advance(1000)
    const slow = circuit.run(() => new Promise<void>((resolve) => clock.schedule(60_000, resolve)))
    await clock.advance(60_000)
    await slow
    assert.equal(circuit.state, 'closed')
  })
})
