/** M/M/1 at 70 % load on this kernel: a process for each customer, who takes the server, works, gives it back, and has the time taken. */

import { exponential, type Process, Servers, Simulation, Tally } from '../src/index.ts'

/** Happenings on the agenda: for each customer the gap before, the start, the work, and the turn for those who waited. */
export type Measured = { customers: number; events: number; seconds: number; meanTime: number }

/** `onCustomer` is called with every hundred-thousandth customer: to look at memory. */
export function mm1(customers: number, onCustomers?: (count: number) => void): Measured {
  const sim = new Simulation({ seed: 1 })
  const server = new Servers(1)
  const [arrivals, services] = [sim.random('arrivals'), sim.random('services')]
  const [gaps, work] = [exponential(1), exponential(0.7)]
  const time = new Tally()
  function* customer(): Process {
    const at = sim.now
    yield server.take()
    yield work.draw(services)
    server.give()
    time.record(sim.now - at)
  }
  function* source(): Process {
    for (let i = 1; i <= customers; i++) {
      yield gaps.draw(arrivals)
      sim.start(customer())
      if (i % 100_000 === 0) onCustomers?.(i)
    }
  }
  sim.start(source())
  const begun = performance.now()
  sim.runUntil(Infinity)
  return { customers, events: sim.events, seconds: (performance.now() - begun) / 1000, meanTime: time.mean }
}
