/** The kernel against closed-form queueing theory: within 2 % at a million customers, and within the interval that batch means give. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constant, type Distribution, exponential, lognormal } from './distributions.ts'
import { Level, Tally } from './probes.ts'
import { Servers } from './resources.ts'
import { type Process, Simulation } from './simulation.ts'
import * as theory from './theory.ts'

type Queue = {
  work: Distribution
  servers?: number
  /** Room for so many in all, those at work included. */
  capacity?: number
  customers?: number
  seed?: number
}

/** Customers come once a unit of time on the mean, exponentially. The first tenth warms up and is not counted. */
function measure({ work, servers: count = 1, capacity = Infinity, customers = 1_000_000, seed = 1 }: Queue) {
  const sim = new Simulation({ seed })
  const servers = new Servers(count)
  const [arrivals, services] = [sim.random('arrivals'), sim.random('services')]
  const gaps = exponential(1)
  const [time, wait, losses] = [new Tally(), new Tally(), new Tally()]
  const inSystem = new Level(() => sim.now)
  let isCounted = false
  let since = 0
  function* customer(): Process {
    const at = sim.now
    inSystem.add(1)
    yield servers.take()
    const began = sim.now
    yield work.draw(services)
    servers.give()
    inSystem.add(-1)
    if (!isCounted) return
    time.record(sim.now - at)
    wait.record(began - at)
  }
  function* source(): Process {
    for (let i = -customers / 10; i < customers; i++) {
      yield gaps.draw(arrivals)
      if (!isCounted && i >= 0) {
        isCounted = true
        since = sim.now
        inSystem.reset()
      }
      const isLost = inSystem.value >= capacity
      if (isCounted) losses.record(isLost ? 1 : 0)
      if (!isLost) sim.start(customer())
    }
  }
  sim.start(source())
  sim.runUntil(Infinity)
  return { time, wait, losses, inSystem: inSystem.mean, throughput: time.count / (sim.now - since) }
}

function agrees(what: string, tally: Tally, expected: number): void {
  assert.ok(Math.abs(tally.mean / expected - 1) < 0.02, `${what}: ${tally.mean} against ${expected}`)
  const { mean, halfWidth } = tally.interval()
  assert.ok(Math.abs(mean - expected) <= halfWidth, `${what}: ${mean} ± ${halfWidth} against ${expected}`)
}

const cases: [name: string, queue: Queue, expected: theory.Steady][] = [
  ['M/M/1 at 70 %', { work: exponential(0.7) }, theory.mm1(1, 1 / 0.7)],
  ['M/D/1 at 70 %', { work: constant(0.7) }, theory.md1(1, 1 / 0.7)],
  ['M/G/1 at 60 %, lognormal, scv 2', { work: lognormal(0.6, 2) }, theory.mg1(1, 1 / 0.6, 2)],
  ['M/M/4 at 75 %', { work: exponential(3), servers: 4 }, theory.mmc(1, 1 / 3, 4)],
  ['M/M/1/5 at 120 %', { work: exponential(1.2), capacity: 5 }, theory.mm1k(1, 1 / 1.2, 5)],
]
for (const [name, queue, expected] of cases)
  test(`${name}: time, wait, loss and number are what theory says`, () => {
    const { time, wait, losses, inSystem } = measure(queue)
    agrees('time', time, expected.time)
    agrees('wait', wait, expected.wait)
    if (expected.lost > 0) agrees('lost', losses, expected.lost)
    assert.ok(Math.abs(inSystem / expected.inSystem - 1) < 0.02, `${inSystem} against ${expected.inSystem}`)
  })

test('Erlang B: the share of calls that finds all lines busy', () => {
  const { losses } = measure({ work: exponential(4), servers: 5, capacity: 5 })
  agrees('lost', losses, theory.erlangB(4, 5))
})

test('Little: number in the system is throughput times time, whatever is lost and however work is spread', () => {
  for (const work of [constant(0.8), exponential(0.8), lognormal(1.1, 4)]) {
    const { inSystem, throughput, time } = measure({ work, capacity: 20, customers: 200_000 })
    assert.ok(Math.abs(theory.little(throughput, time.mean) / inSystem - 1) < 0.02)
  }
})

test('of forty intervals of M/M/1 at 60 %, at least thirty-four hold the truth', () => {
  const expected = theory.mm1(1, 1 / 0.6).time
  let held = 0
  for (let seed = 1; seed <= 40; seed++) {
    const { mean, halfWidth } = measure({ work: exponential(0.6), customers: 20_000, seed }).time.interval()
    if (Math.abs(mean - expected) <= halfWidth) held++
  }
  assert.ok(held >= 34, `${held} of 40`)
})

test('golden: the same seed gives the same figures to the last digit', () => {
  const { time, wait, inSystem } = measure({ work: lognormal(0.7, 1.5), servers: 1, customers: 20_000, seed: 7 })
  assert.deepEqual(
    [time.mean, wait.mean, time.percentile(99), inSystem],
    [2.6200364279945387, 1.9280450420464856, 14.655, 2.6345255016057623],
  )
})

test('theory agrees with itself where its formulas meet, and with tables', () => {
  const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9 * Math.max(1, Math.abs(b)), `${a} and ${b}`)
  near(theory.mmc(0.8, 1, 1).wait, theory.mm1(0.8, 1).wait)
  near(theory.mm1(0.8, 1).time, 1 / (1 - 0.8))
  near(theory.mg1(0.8, 1, 0).wait, theory.mm1(0.8, 1).wait / 2)
  near(theory.mm1k(0.5, 1, 1000).time, theory.mm1(0.5, 1).time)
  // One line: load / (1 + load). A queue that holds only who is served is Erlang's loss system.
  near(theory.erlangB(3, 1), 3 / 4)
  near(theory.mm1k(3, 1, 1).lost, theory.erlangB(3, 1))
  // Ten erlangs on ten lines: 21.46 % in every table of Erlang B.
  assert.equal(theory.erlangB(10, 10).toFixed(4), '0.2146')
  assert.equal(theory.erlangC(8, 10).toFixed(4), '0.4092')
  assert.equal(theory.erlangC(12, 10), 1)
  // Far overload: all but one in three are lost, and no power leaves the range.
  near(theory.mm1k(3, 1, 2000).lost, 2 / 3)
  for (const steady of [theory.mm1(1, 1), theory.md1(2, 1), theory.mmc(4, 1, 4)]) assert.equal(steady.time, Infinity)
  near(theory.scalability(10, 0, 0), 10)
  near(theory.scalability(10, 1, 0), 1)
})
