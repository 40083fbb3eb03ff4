/** What queueing theory says in closed form. Rates are per unit of time, waits in that unit; `rho` is the load of one server. */

/** Mean number in the system, number waiting, time in the system, wait, and share lost. `Infinity` where the queue grows for ever. */
export type Steady = { inSystem: number; waiting: number; time: number; wait: number; lost: number }

function steady(accepted: number, inSystem: number, waiting: number, lost = 0): Steady {
  return { inSystem, waiting, time: inSystem / accepted, wait: waiting / accepted, lost }
}

const unstable: Steady = { inSystem: Infinity, waiting: Infinity, time: Infinity, wait: Infinity, lost: 0 }

/** One server, arrivals and services exponential. Kleinrock, Queueing Systems I, §3.2. */
export function mm1(arrivals: number, service: number): Steady {
  return mg1(arrivals, service, 1)
}

/** One server, constant service. */
export function md1(arrivals: number, service: number): Steady {
  return mg1(arrivals, service, 0)
}

/** One server, any service time with that squared coefficient of variation (Pollaczek–Khinchine): waiting is ρ²(1 + scv) / 2(1 − ρ). */
export function mg1(arrivals: number, service: number, scv: number): Steady {
  const rho = arrivals / service
  if (rho >= 1) return unstable
  const waiting = (rho * rho * (1 + scv)) / (2 * (1 - rho))
  return steady(arrivals, waiting + rho, waiting)
}

/** Room for `capacity` in all, server included; what finds it full is lost. */
export function mm1k(arrivals: number, service: number, capacity: number): Steady {
  const rho = arrivals / service
  // Above 1 from the full end, so that no power leaves the range.
  const weights = Array.from({ length: capacity + 1 }, (_, n) => (rho > 1 ? rho ** (n - capacity) : rho ** n))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const share = (n: number): number => weights[n]! / total
  let [inSystem, waiting] = [0, 0]
  for (let n = 0; n <= capacity; n++) {
    inSystem += n * share(n)
    waiting += Math.max(0, n - 1) * share(n)
  }
  const lost = share(capacity)
  return steady(arrivals * (1 - lost), inSystem, waiting, lost)
}

/** Share of calls lost by `servers` without a queue (Erlang's first formula), by its recursion, which does not overflow. */
export function erlangB(load: number, servers: number): number {
  let blocked = 1
  for (let n = 1; n <= servers; n++) blocked = (load * blocked) / (n + load * blocked)
  return blocked
}

/** Share of calls that have to wait with `servers` and a queue (Erlang's second formula); 1 when the load is too much. */
export function erlangC(load: number, servers: number): number {
  if (load >= servers) return 1
  const blocked = erlangB(load, servers)
  return (servers * blocked) / (servers - load * (1 - blocked))
}

/** Several servers, one queue; `service` is the rate of one. */
export function mmc(arrivals: number, service: number, servers: number): Steady {
  const load = arrivals / service
  if (load >= servers) return unstable
  const waiting = (erlangC(load, servers) * load) / (servers - load)
  return steady(arrivals, waiting + load, waiting)
}

/** Items in a system that lets through `throughput`, where each stays `time`: L = λW (Little, 1961), whatever the distributions. */
export function little(throughput: number, time: number): number {
  return throughput * time
}

/** Speed-up of n workers when a share `contention` queues for something and a share `coherence` is spent in pairs (Gunther's universal scalability law). */
export function scalability(workers: number, contention: number, coherence: number): number {
  return workers / (1 + contention * (workers - 1) + coherence * workers * (workers - 1))
}
