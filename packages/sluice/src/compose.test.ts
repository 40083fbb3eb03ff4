import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { breaker } from './breaker.ts'
import { compose, protect } from './compose.ts'
import type { Policy } from './context.ts'
import { deadline } from './deadline.ts'
import { InvalidOption, Overloaded, TimedOut } from './errors.ts'
import { gate } from './gate/gate.ts'
import { gcra, rate } from './rate.ts'
import { retries } from './retry.ts'
import { type VirtualClock, virtualClock } from './testing/virtual-clock.ts'
import { consecutiveFailures } from './trip.ts'

const takes = (clock: VirtualClock, ms: number) => () => new Promise<void>((resolve) => clock.schedule(ms, resolve))
const named = (name: string, log: string[]): Policy => ({
  run: (work, context = {}) => {
    log.push(name)
    return Promise.resolve(work({ ...context, key: `${context.key ?? ''}${name}` }))
  },
})

test('the first is the outermost, and each hands its context on', async () => {
  const log: string[] = []
  const policy = compose(named('a', log), named('b', log), named('c', log))
  assert.equal(await policy.run((context) => context.key, { key: '>' }), '>abc')
  assert.deepEqual(log, ['a', 'b', 'c'])
})

test('nothing composed is the work itself', async () => {
  assert.equal(await compose().run(() => 5), 5)
  const throws = () => {
    throw new Error('at once')
  }
  await assert.rejects(compose().run(throws), /at once/)
})

test('protect has one order, however it is written', async () => {
  const log: string[] = []
  const names = ['gate', 'rate', 'breaker', 'hedge', 'retries', 'deadline'] as const
  await protect(Object.fromEntries(names.map((name) => [name, named(name, log)]))).run(() => 1)
  assert.deepEqual(log, names.toReversed())
})

test('bad policies are named', () => {
  assert.throws(
    () => compose({ run: 5 } as never),
    /^InvalidOption: policies\[0\] must be a policy, with a method `run`, got an object$/,
  )
  assert.throws(
    () => protect({ timeout: {} } as never),
    (error) => error instanceof InvalidOption && /got 'timeout'/.test(error.message),
  )
})

describe('the wrong order, and the harm it does', () => {
  test('retries inside the breaker: it sees one failure in three, so what is down is called three times as often', async () => {
    const callsUntilOpen = async (make: (retry: Policy, circuit: Policy) => Policy) => {
      const clock = virtualClock()
      let calls = 0
      const circuit = breaker({ trip: consecutiveFailures(5), openMs: 60_000, clock })
      const isRetryable = (error: unknown) => !(error instanceof Overloaded)
      const retry = retries({ attempts: 3, idempotent: true, backoff: () => 10, isRetryable, clock })
      const policy = make(retry, circuit)
      for (let i = 0; i < 20; i++) {
        const run = policy.run(() => Promise.reject(new Error(`down ${calls++}`))).catch(() => 0)
        await clock.advance(100)
        await run
      }
      assert.equal(circuit.state, 'open')
      return calls
    }
    assert.equal(await callsUntilOpen((retry, circuit) => compose(circuit, retry)), 15)
    assert.equal(await callsUntilOpen((retry, circuit) => compose(retry, circuit)), 5)
  })

  test('a deadline inside the gate: the waiting is not counted, callers get answers long after they stopped to matter', async () => {
    const slowestMs = async (make: (limit: Policy, gate: Policy) => Policy) => {
      const clock = virtualClock()
      const limit = deadline({ timeoutMs: 150, clock })
      const door = gate({ limit: 1, queue: { capacity: 10, order: 'fifo' }, clock })
      const policy = make(limit, door)
      let [slowest, done] = [0, 0]
      const runs = Array.from({ length: 10 }, () =>
        policy.run(takes(clock, 100)).then(
          () => ((slowest = Math.max(slowest, clock.now())), done++),
          () => 0,
        ),
      )
      await clock.run()
      await Promise.all(runs)
      return { slowest, done }
    }
    assert.deepEqual(await slowestMs((limit, door) => compose(door, limit)), { slowest: 1000, done: 10 })
    assert.deepEqual(await slowestMs((limit, door) => compose(limit, door)), { slowest: 100, done: 1 })
  })

  test('a timeout outside the queue that does not tell it: what nobody waits for is done all the same', async () => {
    /** What one finds in most code: a race, and nobody is told who lost it. */
    const race = (clock: VirtualClock, ms: number): Policy => ({
      run: (work, context = {}) =>
        Promise.race([
          Promise.resolve(work(context)),
          new Promise<never>((_, reject) => clock.schedule(ms, () => reject(new Error('timeout')))),
        ]),
    })
    const workDone = async (make: (clock: VirtualClock) => Policy) => {
      const clock = virtualClock()
      let done = 0
      const policy = compose(make(clock), gate({ limit: 1, queue: { capacity: 10 }, clock }))
      const work = () => takes(clock, 100)().then(() => void done++)
      const runs = Array.from({ length: 10 }, () => policy.run(work).catch(() => 0))
      await clock.run()
      await Promise.all(runs)
      return done
    }
    assert.equal(await workDone((clock) => race(clock, 150)), 10, 'ten for one answer')
    // The second begins at 100, is called off at 150, and nothing after it begins.
    assert.equal(await workDone((clock) => deadline({ timeoutMs: 150, clock })), 2)
  })

  test('retries inside the gate: a permit is held through the pauses, and others wait for nothing', async () => {
    const doneAfter = async (make: (retry: Policy, door: Policy) => Policy) => {
      const clock = virtualClock()
      const retry = retries({ attempts: 2, idempotent: true, backoff: () => 1000, clock })
      const policy = make(retry, gate({ limit: 1, queue: { capacity: 10, order: 'fifo' }, clock }))
      let calls = 0
      const flaky = policy.run(() => (calls++ === 0 ? Promise.reject(new Error('down')) : takes(clock, 10)()))
      let otherAt = 0
      const other = policy.run(takes(clock, 10)).then(() => (otherAt = clock.now()))
      await clock.run()
      await Promise.all([flaky, other])
      return otherAt
    }
    assert.equal(await doneAfter((retry, door) => compose(door, retry)), 1020)
    assert.equal(await doneAfter((retry, door) => compose(retry, door)), 10)
  })

  test('the breaker inside the gate: its refusals wait for a permit', async () => {
    const refusedAfter = async (make: (circuit: Policy, door: Policy) => Policy) => {
      const clock = virtualClock()
      const circuit = breaker({ clock })
      const policy = make(circuit, gate({ limit: 1, queue: { capacity: 10 }, clock }))
      const slow = policy.run(takes(clock, 500))
      circuit.open()
      let at = -1
      const refused = policy.run(() => 1).catch(() => (at = clock.now()))
      await clock.run()
      await Promise.all([slow, refused])
      return at
    }
    assert.equal(await refusedAfter((circuit, door) => compose(door, circuit)), 500)
    assert.equal(await refusedAfter((circuit, door) => compose(circuit, door)), 0)
  })

  test('the rate inside the gate: what is over it pushes out what is not', async () => {
    const served = async (make: (pace: Policy, door: Policy) => Policy) => {
      const clock = virtualClock()
      const pace = rate({ rule: gcra({ perSecond: 1 }), perKey: true, clock })
      const policy = make(pace, gate({ limit: 1, queue: { capacity: 2, order: 'fifo' }, clock }))
      let [good, busy] = [0, 0]
      const send = (key: string, count: () => void) => policy.run(takes(clock, 10), { key }).then(count, () => {})
      const runs = [
        ...Array.from({ length: 20 }, () => send('greedy', () => busy++)),
        send('a', () => good++),
        send('b', () => good++),
      ]
      await clock.run()
      await Promise.all(runs)
      return { good, busy }
    }
    assert.equal((await served((pace, door) => compose(pace, door))).good, 2)
    assert.ok((await served((pace, door) => compose(door, pace))).good < 2)
  })
})

describe('a dependency that hangs', () => {
  test('opens the breaker of `protect`: each deadline that passes is a failure, though no call settles', async () => {
    const clock = virtualClock()
    const circuit = breaker({ trip: consecutiveFailures(3), openMs: 60_000, clock })
    const policy = protect({
      deadline: deadline({ timeoutMs: 100, clock }),
      breaker: circuit,
      gate: gate({ limit: 100, clock }),
    })
    let called = 0
    const hang = () => {
      called++
      return new Promise<never>(() => {})
    }
    const errors: string[] = []
    for (let i = 0; i < 10; i++)
      errors.push(await clock.until(policy.run(hang).catch((error: unknown) => (error as Error).name)))
    assert.equal(called, 3)
    assert.equal(circuit.state, 'open')
    assert.deepEqual(errors.slice(2, 4), ['TimedOut', 'Overloaded'])
  })

  test('counts once for each call, whether it then settles or not, and however it heeds its signal', async () => {
    const clock = virtualClock()
    const circuit = breaker({ trip: consecutiveFailures(100), clock })
    const policy = protect({ deadline: deadline({ timeoutMs: 100, clock }), breaker: circuit })
    const works = [
      () => new Promise<never>(() => {}),
      ({ signal }: { signal?: AbortSignal | undefined }) =>
        new Promise<never>((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason as Error))),
      () => new Promise<void>((resolve) => clock.schedule(150, resolve)),
      () => new Promise<never>((_, reject) => clock.schedule(150, () => reject(new Error('late')))),
    ]
    for (const work of works) policy.run<unknown>(work).catch(() => {})
    await clock.run()
    assert.deepEqual([circuit.stats().failures, circuit.stats().successes], [4, 0])
  })

  test('does not open it for those that were still queued: they have not reached it', async () => {
    for (const inner of ['gate', 'rate'] as const) {
      const clock = virtualClock()
      const circuit = breaker({ trip: consecutiveFailures(2), clock })
      const policies = {
        gate: gate({ limit: 1, queue: { capacity: 100 }, clock }),
        rate: rate({ rule: gcra({ perSecond: 0.001 }), maxWaitMs: Infinity, clock }),
      }
      const policy = protect({ breaker: circuit, [inner]: policies[inner] })
      const timeouts = Array.from({ length: 9 }, () => new AbortController())
      const hang = () => new Promise<never>(() => {})
      const all = timeouts.map(({ signal }) => policy.run(hang, { signal }).catch(() => {}))
      await clock.settle()
      for (const controller of timeouts) controller.abort(new TimedOut(100))
      await clock.settle()
      assert.deepEqual([circuit.stats().failures, circuit.state], [1, 'closed'], inner)
      assert.equal(all.length, 9)
    }
  })

  test('a client that leaves is no failure of it; a `TimeoutError` of the platform is one', async () => {
    const circuit = breaker({ trip: consecutiveFailures(100) })
    for (const reason of [new Error('gone'), new DOMException('late', 'TimeoutError')]) {
      const controller = new AbortController()
      circuit.run(() => new Promise(() => {}), { signal: controller.signal }).catch(() => {})
      controller.abort(reason)
      await Promise.resolve()
    }
    assert.equal(circuit.stats().failures, 1)
  })
})

test('an open breaker is not waited for by the retries around it', async () => {
  const clock = virtualClock()
  const circuit = breaker({ trip: consecutiveFailures(1), openMs: 3000, clock })
  const policy = protect({ retries: retries({ idempotent: true, backoff: () => 10, clock }), breaker: circuit })
  const down = () => Promise.reject(new Error('down'))
  const outcomeOf = () => policy.run(down).catch((error: unknown) => (error as Overloaded).cause)
  const first = outcomeOf()
  await clock.advance(10)
  assert.equal(await first, 'breaker-open')
  assert.equal(await outcomeOf(), 'breaker-open')
  assert.equal(clock.now(), 10)
  assert.equal(clock.pending, 0)
})
