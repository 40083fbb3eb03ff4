/** The kernel against closed-form queueing theory: within 2 % at a million customers, and within the interval that batch means give. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constant, type Distribution, exponential } from './distributions.ts'
import { Tally } from './probes.ts'
import { Servers } from './resources.ts'
import { type Process, Simulation } from './simulation.ts'
import * as theory from './theory.ts'

const customers = 1_000_000

/** Time in the system of a million customers, one arriving each unit of time on the mean. */
function measure(work: Distribution, count: number, seed: number): Tally {
  const sim = new Simulation({ seed })
  const servers = new Servers(count)
  const [arrivals, services] = [sim.random('arrivals'), sim.random('services')]
  const gaps = exponential(1)
  const time = new Tally()
  function* customer(): Process {
    const at = sim.now
    yield servers.take()
    yield work.draw(services)
    servers.give()
    time.record(sim.now - at)
  }
  function* source(): Process {
    for (let i = 0; i < customers; i++) {
      yield gaps.draw(arrivals)
      sim.start(customer())
    }
  }
  sim.start(source())
  sim.runUntil(Infinity)
  return time
}

const cases: [name: string, work: Distribution, servers: number, expected: number][] = [
  ['M/M/1 at 70 %', exponential(0.7), 1, theory.mm1(1, 1 / 0.7).time],
  ['M/D/1 at 70 %', constant(0.7), 1, theory.md1(1, 1 / 0.7).time],
  ['M/M/4 at 75 %', exponential(3), 4, theory.mmc(1, 1 / 3, 4).time],
]
for (const [name, work, servers, expected] of cases)
  test(`${name}: time in the system is what theory says`, () => {
    const time = measure(work, servers, 3)
    assert.equal(time.count, customers)
    assert.ok(Math.abs(time.mean / expected - 1) < 0.02, `${time.mean} against ${expected}`)
    const { mean, halfWidth } = time.interval()
    assert.ok(Math.abs(mean - expected) <= halfWidth, `${mean} ± ${halfWidth} against ${expected}`)
  })

test('the same seed gives the same figures to the last digit', () => {
  assert.equal(measure(exponential(0.5), 1, 7).mean, measure(exponential(0.5), 1, 7).mean)
})
