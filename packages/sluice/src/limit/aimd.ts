/** A limit that rises by one while all goes well and falls by a share when something is dropped, as TCP Reno's window does. */

import { checkCount, checkMs, checkNumber } from '../options.ts'
import type { Bounds, Limit, Sample } from './limit.ts'
import { SampleWindow } from './window.ts'

export type AimdOptions = Bounds & {
  /** What is left of the limit after a drop: 0.5 up to, but not including, 1. Default 0.9. */
  backoffRatio?: number
  /** A sample at least this slow counts as dropped, whatever it says of itself. Default 5,000. */
  timeoutMs?: number
}

/**
 * Additive increase, multiplicative decrease.
 *
 * Why: it needs no round-trip times worth trusting, only a sign of trouble, and callers that share a resource end at equal shares.
 * The price: it finds the limit by overstepping it, so something is dropped now and then.
 *
 * Formula, once per window:
 * - dropped, or slower than `timeoutMs`: `limit = limit · backoffRatio`
 * - else, if at least half the limit was in use: `limit = limit + 1`
 *
 * States: probing upward; backing off; idle (little in flight: the limit stays, nothing was learned about it).
 *
 * Source: Chiu and Jain, "Analysis of the increase and decrease algorithms for congestion avoidance", 1989; `AIMDLimit` of Netflix's
 * concurrency-limits (whose limits the tests hold it to; there each sample is a step: `windowSamples: 1`).
 */
export function aimd(options: AimdOptions = {}): Limit {
  const { initial, min, max } = checkBounds(options, { initial: 20, max: 200 })
  const backoffRatio = checkNumber('backoffRatio', options.backoffRatio ?? 0.9, { min: 0.5, max: 1 - Number.EPSILON })
  const timeoutMs = checkMs('timeoutMs', options.timeoutMs ?? 5000, { unbounded: true })
  const window = new SampleWindow(options.windowSamples)
  let limit = initial
  return {
    get value() {
      return limit
    },
    update(sample: Sample) {
      const isFull = window.add(sample.rttMs >= timeoutMs ? { ...sample, dropped: true } : sample, limit)
      if (!isFull) return limit
      if (window.droppedShare > 0) limit = Math.floor(limit * backoffRatio)
      else if (window.peakInFlight * 2 >= limit) limit++
      limit = Math.min(max, Math.max(min, limit))
      window.clear()
      return limit
    },
  }
}

/** Checks the bounds that adaptive limits share. */
export function checkBounds(
  options: Bounds,
  defaults: { initial: number; max: number },
): { initial: number; min: number; max: number } {
  const min = checkCount('min', options.min ?? 1)
  const max = checkCount('max', options.max ?? Math.max(defaults.max, min, options.initial ?? 1), { min })
  const initial = options.initial ?? Math.min(max, Math.max(min, defaults.initial))
  checkNumber('initial', checkCount('initial', initial), { min, max })
  return { initial, min, max }
}
