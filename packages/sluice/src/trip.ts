/** Rules for when a breaker opens. */

import { checkCount, checkMs, checkNumber } from './options.ts'

/** A rule for when to stop: told of each call that ended while the breaker was closed. */
export type Trip = {
  /** True if the breaker should open now. */
  record(nowMs: number, tookMs: number, isFailure: boolean): boolean
  /** It does not look at times: the breaker then does not look at the clock for it, and gives it zeros. */
  readonly ignoresTime?: boolean
  /** The breaker has closed again: begin anew. */
  reset(): void
}

/** Opens after so many failures in a row. For what is called seldom, or either works or does not. */
export function consecutiveFailures(count: number): Trip {
  checkCount('count', count)
  let failures = 0
  return {
    record: (_now, _took, isFailure) => (failures = isFailure ? failures + 1 : 0) >= count,
    reset: () => (failures = 0),
    ignoresTime: true,
  }
}

export type RollingOptions = {
  /** The share, above 0 and up to 1, at which it opens. */
  share: number
  /** Over which time it is counted. Default 10,000. */
  windowMs?: number
  /** Fewer calls than this in the window say nothing. Default 10. */
  minCalls?: number
}

/** Opens when the share of failures in a rolling window is too great. For what is called often and fails now and then. */
export function failureRate(options: RollingOptions): Trip {
  return rolling(options, (_tookMs, isFailure) => isFailure)
}

/** Opens when the share of calls that took `slowerThanMs` or longer is too great, failed or not: slowness fills queues, and comes before failure. */
export function slowCallRate(options: RollingOptions & { slowerThanMs: number }): Trip {
  const slowerThanMs = checkMs('slowerThanMs', options.slowerThanMs)
  return rolling(options, (tookMs) => tookMs >= slowerThanMs)
}

/** Opens when one of them says so. */
export function anyOf(...trips: Trip[]): Trip {
  return {
    record: (now, took, isFailure) => {
      let isTripped = false
      for (const trip of trips) if (trip.record(now, took, isFailure)) isTripped = true
      return isTripped
    },
    reset: () => trips.forEach((trip) => trip.reset()),
    ignoresTime: trips.every((trip) => trip.ignoresTime),
  }
}

/** A rolling window moves in so many steps. */
const steps = 10

function rolling(options: RollingOptions, isBad: (tookMs: number, isFailure: boolean) => boolean): Trip {
  const share = checkNumber('share', options.share, { above: 0, max: 1 })
  const stepMs = checkMs('windowMs', options.windowMs ?? 10_000, { min: Number.MIN_VALUE }) / steps
  const minCalls = checkCount('minCalls', options.minCalls ?? 10)
  const calls = new Float64Array(steps)
  const bad = new Float64Array(steps)
  let [current, sumCalls, sumBad] = [-Infinity, 0, 0]
  const clear = (): void => {
    calls.fill(0)
    bad.fill(0)
    sumCalls = sumBad = 0
  }
  return {
    record(nowMs, tookMs, isFailure) {
      const step = Math.floor(nowMs / stepMs)
      if (step - current >= steps) clear()
      else
        for (let left = current + 1; left <= step; left++) {
          sumCalls -= calls[left % steps]!
          sumBad -= bad[left % steps]!
          calls[left % steps] = bad[left % steps] = 0
        }
      current = step
      calls[step % steps]!++
      sumCalls++
      // A good call is never what opens it.
      if (!isBad(tookMs, isFailure)) return false
      bad[step % steps]!++
      sumBad++
      return sumCalls >= minCalls && sumBad >= share * sumCalls
    },
    reset: clear,
  }
}
