/** A limit that follows the ratio of the round-trip time without queueing to the present one. */

import { checkMs, checkNumber } from '../options.ts'
import { checkBounds } from './aimd.ts'
import { Baseline } from './baseline.ts'
import type { Bounds, Limit, Sample } from './limit.ts'
import { type OfLimit, ofLimit } from './vegas.ts'
import { SampleWindow } from './window.ts'

export type GradientOptions = Bounds & {
  /** How much longer than the baseline the round trip may take before the limit falls: at least 1. Default 1.5. */
  tolerance?: number
  /** What the limit may grow by in a step while nothing queues, before smoothing. Default max(4, √limit). */
  headroom?: OfLimit
  /** The share of a step that is taken: above 0, up to 1. Default 0.2. */
  smoothing?: number
  /** The share of dropped samples in a window above which it counts as dropped. Default 0.1. */
  dropTolerance?: number
  /** A sample at least this slow counts as dropped: a timeout that always takes as long is no stable round trip. Default 5,000. */
  timeoutMs?: number
  /** At most this many windows between two probes of the baseline; `Infinity`: none. Default 64. */
  probeRounds?: number
}

/** The share of the limit that has to be in use, on the mean, before it grows. */
const inUse = 0.75

/**
 * Adapts to a capacity that nobody told it.
 *
 * Why: means are robust where round trips vary from request to request, and a ratio needs no scale: it works for 2 ms and for 2 s.
 *
 * Formula, once per window:
 * - `gradient = clamp(tolerance · baseline / rtt, 0.5, 1)`; 0.5 when dropped
 * - `target = limit · gradient`, and `+ headroom` only while the gradient is 1
 * - `limit += (target − limit) · smoothing`, within [min, max]
 * - it grows only if, on the mean, three quarters of the limit were in use, and stays if at no moment half of it was: nothing was learned
 *
 * States: learning (the first window only sets the baseline), growing, falling, probing (see `Baseline`).
 *
 * Source: `Gradient2Limit` of Netflix's concurrency-limits. What differs, and why:
 * - A drop counts (there it is ignored, so constant timeouts grow the limit to its maximum: #137).
 * - Headroom only without queueing (there a gradient of 0.8 with headroom never comes down: PR 134).
 * - In use means the mean of the window, not its peak: a burst now and then is no reason to let more in.
 * - The baseline is read only where queueing is not our own, instead of averaging all that comes (it drifts up with the limit: #165).
 */
export function gradient(options: GradientOptions = {}): Limit {
  const { initial, min, max } = checkBounds(options, { initial: 20, max: 1000 })
  const tolerance = checkNumber('tolerance', options.tolerance ?? 1.5, { min: 1 })
  const headroom = ofLimit('headroom', options.headroom, (limit) => Math.max(4, Math.sqrt(limit)))
  const smoothing = checkNumber('smoothing', options.smoothing ?? 0.2, { above: 0, max: 1 })
  const dropTolerance = checkNumber('dropTolerance', options.dropTolerance ?? 0.1, { min: 0, max: 1 })
  const timeoutMs = checkMs('timeoutMs', options.timeoutMs ?? 5000, { unbounded: true })
  const window = new SampleWindow(options.windowSamples)
  const baseline = new Baseline(options.probeRounds ?? 64, min, initial)
  let limit = initial

  const step = (): number => {
    if (window.droppedShare > dropTolerance) return limit * 0.5
    const rttMs = window.rttMs
    const isFirst = baseline.read(rttMs, window.peakInFlight, limit)
    if (isFirst || rttMs <= 0 || window.peakInFlight * 2 < limit) return limit
    const gradient = Math.max(0.5, Math.min(1, (tolerance * baseline.rttMs) / rttMs))
    if (gradient < 1) return limit * gradient
    return window.meanInFlight < Math.floor(limit) * inUse ? limit : limit + headroom(limit)
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
        const from = limit
        limit = Math.max(min, Math.min(max, limit + (step() - limit) * smoothing))
        window.clear()
        baseline.moved(from, limit)
      }
      return this.value
    },
  }
}
