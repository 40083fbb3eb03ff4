/** A limit that follows the ratio of the round-trip time without queueing to the present one. */

import { checkFunction, checkMs, checkNumber } from '../options.ts'
import { checkBounds } from './aimd.ts'
import { Baseline } from './baseline.ts'
import type { Bounds, Limit, Sample } from './limit.ts'
import { Restart } from './restart.ts'
import { type OfLimit, ofLimit } from './vegas.ts'
import { SampleWindow } from './window.ts'

export type GradientOptions = Bounds & {
  /** How much longer than the baseline the round trip may take before the limit falls: at least 1. A function is told how much round trips spread without a queue (standard deviation, as a share of the baseline), and the baseline. Default 1.5. */
  tolerance?: number | ((spread: number, baselineMs: number) => number)
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
  /** Whether it is to stay close to the least that keeps the resource busy, for as long as there is more than enough work: see below. Default: never. */
  isCautious?: () => boolean
}

/** The share of the limit that has to be in use, on the mean, before it grows. */
const inUse = 0.75
/** A mean of so many times what is tolerated, over so many samples, is a shock. */
const shock = 2
/** The same where round trips vary. */
const unevenShock = 5
const leastPerShock = 8
/** After one: the least share of the limit at which it begins anew, and the least samples of a step. */
const restartShare = 0.25
const leastPerRestart = 4
/** Cautious: below this gradient one step is enough to fall, else it takes two in a row. */
const oneIsEnough = 0.8
const leastMargin = 0.1
/** Round trips are even where without a queue they spread by less than this share of them; a limit is cautious only there. */
export const evenSpread = 0.12
/** Cautious: the first step beyond the plateau, and what each grows by. */
const firstStep = 0.006
const stepGrowth = 1.1

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
 * A *shock* is a round trip of twice what is tolerated (of five times, where round trips vary): the resource has become slower, or smaller. Falling by degrees would let in far too much for
 * many rounds, which are long now. So it begins anew at once: a probe with as much in flight as was in use before (at least a quarter of the
 * limit), then growing in steps until something queues (see `Restart`). Where round trips are even, a probe that finds twice the baseline is one too.
 *
 * *Cautious* it may be where more than enough comes, so that a place is filled as soon as it is free and a queue serves nothing. It is so only while
 * round trips are even (a spread below 0.12): where they vary, one below the slots cannot be told from one above by so few samples.
 * - two windows in a row above what is tolerated, or one far above, take it at once to where nothing should queue; what was admitted before that does
 *   not count against it again
 * - it comes back soon to the plateau, one below where it fell (after a great fall: where it landed), and goes beyond it with steps of 0.006 that grow by a tenth each
 * - a baseline comes down by degrees; a probe that finds a shorter round trip takes the limit down with it
 *
 * With a tolerance that is a function, a probe only halves the limit while the baseline is in doubt; else it goes to 0.95 of `throughput · baseline`, by
 * Little's law what is in service.
 *
 * States: learning (the first window only sets the baseline), growing, falling, probing (see `Baseline`), beginning anew.
 *
 * Source: `Gradient2Limit` of Netflix's concurrency-limits. What differs, and why:
 * - A drop counts (there it is ignored, so constant timeouts grow the limit to its maximum: #137).
 * - Headroom only without queueing (there a gradient of 0.8 with headroom never comes down: PR 134).
 * - In use means the mean of the window, not its peak: a burst now and then is no reason to let more in.
 * - The baseline is read only where queueing is not our own, instead of averaging all that comes (it drifts up with the limit: #165).
 */
export function gradient(options: GradientOptions = {}): Limit {
  const { initial, min, max } = checkBounds(options, { initial: 20, max: 1000 })
  const { tolerance: tolerated = 1.5, isCautious = () => false } = options
  if (typeof tolerated === 'number') checkNumber('tolerance', tolerated, { min: 1 })
  const isGiven = typeof tolerated === 'function'
  const tolerance = typeof tolerated === 'number' ? () => tolerated : checkFunction('tolerance', tolerated)
  checkFunction('isCautious', isCautious)
  const headroom = ofLimit('headroom', options.headroom, (limit) => Math.max(4, Math.sqrt(limit)))
  const smoothing = checkNumber('smoothing', options.smoothing ?? 0.2, { above: 0, max: 1 })
  const dropTolerance = checkNumber('dropTolerance', options.dropTolerance ?? 0.1, { min: 0, max: 1 })
  const timeoutMs = checkMs('timeoutMs', options.timeoutMs ?? 5000, { unbounded: true })
  const window = new SampleWindow(options.windowSamples)
  const baseline = new Baseline(options.probeRounds ?? 64, min, initial)
  let limit = initial
  const restart = new Restart()
  /** Throughput in the last step, by Little's law. */
  let perMs = 0
  /** In flight while nothing queued. */
  let used = 0
  /** The baseline is in doubt. */
  let isDeep = true
  /** Cautious: where it is safe, steps beyond that, samples that may still come from before the last fall, and whether the last window was slow. */
  let plateau = Infinity
  let calm = 0
  let stale = 0
  let isWarned = false

  const toleratedMs = (): number => tolerance(baseline.spread, baseline.rttMs) * baseline.rttMs
  const isEven = (): boolean => baseline.spread < evenSpread
  const isCareful = (): boolean => isCautious() && isEven()

  /** What a window may be shorter by, by chance. */
  const margin = (): number =>
    isCareful() ? Math.min(0.5, Math.max(leastMargin, (2 * baseline.spread) / Math.sqrt(window.count))) : 0

  /** Where the limit would be, before smoothing. */
  const step = (): number => {
    if (window.droppedShare > dropTolerance) return limit * 0.5
    const rttMs = window.rttMs
    perMs = rttMs > 0 ? window.meanInFlight / rttMs : 0
    const isFirst = baseline.read(rttMs, window.peakInFlight, limit, margin())
    if (isFirst || rttMs <= 0) return limit
    if (window.peakInFlight * 2 < limit) {
      used += (window.meanInFlight - used) / 4
      return limit
    }
    const gradient = Math.max(0.5, Math.min(1, toleratedMs() / rttMs))
    // A pause of the process makes one window slow.
    isWarned = gradient < 1 && !isWarned
    if (isWarned && gradient > oneIsEnough && isCareful() && !restart.isOn) return limit
    if (gradient < 1) return restart.isOn && isEven() ? Math.max(restart.safe, limit * gradient) : limit * gradient
    used += (window.meanInFlight - used) / 4
    if (window.meanInFlight < Math.floor(limit) * (restart.isOn ? 0.9 : inUse)) return limit
    return restart.isOn ? restart.next(limit, isEven()) : limit + headroom(limit)
  }

  const smoothed = (to: number): number => {
    if (restart.isOn) return to
    if (!isCareful()) return limit + (to - limit) * smoothing
    if (to < limit) return to
    if (to === limit) return limit
    const quick = limit + (to - limit) * smoothing
    if (limit < plateau) return Math.min(plateau, quick)
    return Math.min(quick, limit + firstStep * stepGrowth ** calm)
  }

  const move = (to: number): void => {
    const from = limit
    limit = Math.max(min, Math.min(max, smoothed(to)))
    if (limit < from) {
      const at = Math.floor(from)
      if (at > plateau) plateau = at - 1
      else if (limit < plateau - 0.25) plateau = Math.floor(limit + 0.3)
      stale = isCareful() ? Math.ceil(from) : 0
      calm = 0
      restart.end()
    } else if (restart.isOn && limit > from) restart.stepped(from, limit)
    else if (limit > from && limit > plateau) calm++
    window.clear()
    if (!restart.isOn) baseline.moved(from, limit, isGiven && isEven() ? probeLimit() : undefined)
  }

  const probeLimit = (): number =>
    isDeep ? limit / 2 : Math.max(limit / 2, Math.min(limit - 1, Math.round(0.95 * perMs * baseline.rttMs)))

  const isShock = (): boolean =>
    !restart.isOn &&
    window.count >= leastPerShock &&
    baseline.rttMs > 0 &&
    window.rttMs > (isEven() ? shock : unevenShock) * toleratedMs() &&
    window.peakInFlight * 2 > limit

  const beginAnew = (): void => {
    if (!baseline.doubt(limit, Math.max(restartShare * limit, Math.min(limit / 2, used)))) return
    restart.begin()
    isDeep = true
    limit = baseline.probeLimit
    plateau = Infinity
    window.clear()
  }

  const probe = (sample: Sample): void => {
    const [before, allowed] = [baseline.rttMs, baseline.probeLimit]
    if (!baseline.probe(sample, isCareful())) return
    window.clear()
    if (restart.isOn) baseline.trust()
    else if (before > 0 && isEven() && baseline.rttMs > shock * before) {
      // In mid-probe: its mean is of before and after.
      beginAnew()
      return
    }
    isDeep =
      !restart.isOn &&
      (baseline.isNews || (baseline.spread < 0.02 && Math.abs(baseline.rttMs - before) > 0.03 * before))
    if (isCareful() && !restart.isOn && perMs > 0 && isDeep && baseline.rttMs < before)
      limit = Math.min(limit, Math.max(allowed, min, perMs * toleratedMs()))
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
      if (baseline.probeLimit > 0) probe(seen)
      else if (stale > 0 && seen.inFlight > limit) stale--
      else if (!(restart.isOn && isEven() && restart.isOld(seen))) {
        const isFull = window.add(seen, limit, restart.isOn ? leastPerRestart : undefined)
        if (isShock()) beginAnew()
        else if (isFull) move(step())
      }
      return this.value
    },
  }
}
