/** A limit that estimates the queue it causes and keeps that between two marks, as TCP Vegas does. */

import { checkFunction, checkMs, checkNumber } from '../options.ts'
import { checkBounds } from './aimd.ts'
import { Baseline } from './baseline.ts'
import type { Bounds, Limit, Sample } from './limit.ts'
import { SampleWindow } from './window.ts'

/** A number, or one that depends on the limit. */
export type OfLimit = number | ((limit: number) => number)

export type VegasOptions = Bounds & {
  /** A queue below this lets the limit rise. Default 3 · log10(limit). */
  alpha?: OfLimit
  /** A queue above this makes it fall. Default 6 · log10(limit). */
  beta?: OfLimit
  /** A queue up to this lets it rise by `beta` at once. Default log10(limit). */
  threshold?: OfLimit
  /** One step upward. Default `limit + log10(limit)`. */
  increase?: (limit: number) => number
  /** One step downward. Default `limit − log10(limit)`. */
  decrease?: (limit: number) => number
  /** The share of a step that is taken: above 0, up to 1. Default 1. */
  smoothing?: number
  /** The share of dropped samples in a window from which it counts as dropped. Default 0: any. */
  dropTolerance?: number
  /** A sample at least this slow counts as dropped. Default 5,000. */
  timeoutMs?: number
  /** At most this many windows between two probes of the baseline; `Infinity`: none. Default 64. */
  probeRounds?: number
}

/** log10, floored, at least 1. */
const log10 = (limit: number): number => Math.max(1, Math.floor(Math.log10(limit)))

/**
 * Delay-based congestion avoidance.
 *
 * Why: a queue shows in the round-trip time long before anything is dropped.
 *
 * Formula, once per window:
 * - `queue = ⌈limit · (1 − baseline / rtt)⌉`, by Little's law the part of the limit that only waits
 * - dropped, or `queue > beta`: `decrease(limit)`
 * - `queue ≤ threshold`: `limit + beta`; `queue < alpha`: `increase(limit)`; between alpha and beta it stays
 * - less than half the limit in flight: it stays, since nothing was learned
 * - smoothed: `limit += (new − limit) · smoothing`
 *
 * States: learning (the first window only sets the baseline), rising, at rest between the marks, falling, probing (see `Baseline`; what
 * differs from concurrency-limits, whose probe re-reads the baseline under load and drifts, #165).
 *
 * Source: Brakmo and Peterson, "TCP Vegas: end to end congestion avoidance on a global Internet", 1995; `VegasLimit` of Netflix's
 * concurrency-limits, whose vectors the tests hold it to.
 */
export function vegas(options: VegasOptions = {}): Limit {
  const { initial, min, max } = checkBounds(options, { initial: 20, max: 1000 })
  const alpha = ofLimit('alpha', options.alpha, (limit) => 3 * log10(limit))
  const beta = ofLimit('beta', options.beta, (limit) => 6 * log10(limit))
  const threshold = ofLimit('threshold', options.threshold, log10)
  const increase = checkFunction('increase', options.increase ?? ((limit: number) => limit + log10(limit)))
  const decrease = checkFunction('decrease', options.decrease ?? ((limit: number) => limit - log10(limit)))
  const smoothing = checkNumber('smoothing', options.smoothing ?? 1, { above: 0, max: 1 })
  const dropTolerance = checkNumber('dropTolerance', options.dropTolerance ?? 0, { min: 0, max: 1 })
  const timeoutMs = checkMs('timeoutMs', options.timeoutMs ?? 5000, { unbounded: true })
  const window = new SampleWindow(options.windowSamples)
  const baseline = new Baseline(options.probeRounds ?? 64, min, initial)
  let limit = initial

  const step = (): number => {
    const at = Math.floor(limit)
    if (window.droppedShare > dropTolerance) return decrease(limit)
    const rttMs = window.rttMs
    const isFirst = baseline.read(rttMs, window.peakInFlight, limit)
    if (isFirst || rttMs <= 0 || window.peakInFlight * 2 < limit) return limit
    const queue = Math.ceil(limit * (1 - baseline.rttMs / rttMs))
    if (queue <= threshold(at)) return limit + beta(at)
    if (queue < alpha(at)) return increase(limit)
    if (queue > beta(at)) return decrease(limit)
    return limit
  }

  return {
    get value() {
      return baseline.probeLimit || Math.floor(limit)
    },
    get estimate() {
      return Math.floor(limit)
    },
    update(sample: Sample) {
      const seen = sample.rttMs >= timeoutMs ? { ...sample, dropped: true } : sample
      if (baseline.probeLimit > 0) {
        if (baseline.probe(seen)) window.clear()
      } else if (window.add(seen, limit)) {
        const target = Math.max(min, Math.min(max, step()))
        const from = limit
        limit += (target - limit) * smoothing
        window.clear()
        baseline.moved(from, limit)
      }
      return this.value
    },
  }
}

/** An option that may depend on the limit, as a function of it. */
export function ofLimit(
  option: string,
  value: OfLimit | undefined,
  otherwise: (limit: number) => number,
): (limit: number) => number {
  if (value === undefined) return otherwise
  if (typeof value === 'function') return value
  checkNumber(option, value, { min: 0 })
  return () => value
}
