/** A server in virtual time for the tests of limits: some slots, an unbounded line inside, callers that a limit turns away. */

import type { Random } from '../clock.ts'
import type { Limit } from './limit.ts'

export type SimulatedServer = {
  limit: Limit
  random: Random
  durationMs: number
  slots: (atMs: number) => number
  serviceMs: (atMs: number) => number
  /** Arrivals a second, at random moments (Poisson). */
  rate: (atMs: number) => number
  /** The caller gives up after this and its sample is a drop; the server works on regardless. */
  timeoutMs?: number
}

export type SimulatedMoment = { atMs: number; limit: number; rttMs: number }

/** Runs it and gives one moment for each piece of work that ended, and how many ended in time. */
export function simulate(server: SimulatedServer): { moments: SimulatedMoment[]; done: number } {
  const { limit, random, timeoutMs = Infinity } = server
  const moments: SimulatedMoment[] = []
  const line: { at: number; inFlight: number }[] = []
  const running: { at: number; inFlight: number; endsAt: number }[] = []
  let [now, inFlight, done] = [0, 0, 0]
  let nextArrival = 0
  const start = (): void => {
    while (line.length > 0 && running.length < server.slots(now)) {
      const endsAt = now + server.serviceMs(now)
      const place = running.findIndex((other) => other.endsAt > endsAt)
      running.splice(place < 0 ? running.length : place, 0, { ...line.shift()!, endsAt })
    }
  }
  while (now < server.durationMs) {
    const first = running[0]
    if (first !== undefined && first.endsAt <= nextArrival) {
      now = first.endsAt
      running.shift()
      inFlight--
      const rttMs = now - first.at
      if (rttMs < timeoutMs) done++
      limit.update({
        rttMs: Math.min(rttMs, timeoutMs),
        inFlight: first.inFlight,
        ...(rttMs >= timeoutMs && { dropped: true }),
      })
      moments.push({ atMs: now, limit: limit.value, rttMs })
    } else {
      now = nextArrival
      nextArrival = now - (Math.log(1 - random()) * 1000) / server.rate(now)
      if (inFlight < limit.value) line.push({ at: now, inFlight: ++inFlight })
    }
    start()
  }
  return { moments, done }
}
