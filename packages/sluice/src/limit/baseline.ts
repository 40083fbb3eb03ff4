/** The round-trip time without queueing, which Vegas and the gradient compare with, and how it is kept honest. */

import { checkCount } from '../options.ts'
import { ExponentialAverage } from './exponential-average.ts'
import type { Sample } from './limit.ts'

/** Windows over which the baseline follows slow changes. */
const span = 20
const warmup = 10
/** A probe has taught something when it moved the baseline by more than this share. */
const news = 0.1
/** The least number of samples that a probe needs. */
const leastPerProbe = 4
/** The baseline is doubted when the limit has fallen to this share of the highest since the last probe. */
const doubt = 0.7
/** Rounds until the next probe when the last one began anew. */
const trusted = 16
/** Probes over which the spread is averaged: one has few samples. */
const spreadMemory = 4

/**
 * Why: a limit that is compared with the round-trip time it causes itself has no footing. A baseline that follows the
 * average (or is re-read under load, as Vegas' probes in concurrency-limits) takes its own queue for normal and drifts upward
 * (concurrency-limits #165); one that only ever falls takes a slower server for a queue and starves it.
 *
 * How: the baseline is read only where queueing is not of our own making.
 * - A window in which no more than half the limit was in flight is read as it is.
 * - A lower round-trip time than the baseline is always believed; by degrees where a limit is so tight that chance would count.
 * - Otherwise a *probe*: the limit is halved for one round, and what was admitted under the half is the new baseline, be it
 *   lower or higher. If half the limit still queues, the round-trip time at the whole limit is twice as long, the limit falls, and the next
 *   probe reads lower; if it does not queue, the reading is the truth. After `PROBE_RTT` of BBR.
 *
 * Probes (none if `probeRounds` is `Infinity`) come after 1, 2, 4, … rounds, at most `probeRounds` apart, and again often as soon as one has moved the baseline; a limit that
 * has fallen by a third asks for one early, since the server may just have become slower.
 */
export class Baseline {
  readonly #average = new ExponentialAverage(span, warmup)
  readonly #probeRounds: number
  readonly #min: number
  #interval = 1
  #rounds = 1
  /** The highest limit since the last probe. */
  #top = 0
  /** The limit while a probe runs, else 0. */
  #probeLimit = 0
  #probed = 0
  #probeSumMs = 0
  #probeSquares = 0
  #spread = 0
  #isNews = false
  #patience = 0

  constructor(probeRounds: number, min: number, initial: number) {
    this.#probeRounds = checkCount('probeRounds', probeRounds, { unbounded: true })
    this.#min = min
    // Nothing is known yet: the first reading is a probe too.
    this.moved(initial, initial)
  }

  /** Milliseconds; 0 until something was read. */
  get rttMs(): number {
    return this.#average.value
  }

  /** The last probe read something else than the baseline, by more than chance. */
  get isNews(): boolean {
    return this.#isNews
  }

  /** The standard deviation of what the last probe read, as a share of it: how much round trips vary by themselves. */
  get spread(): number {
    return this.#spread
  }

  /** What a probe that runs allows in flight, else 0. */
  get probeLimit(): number {
    return this.#probeLimit
  }

  /** A sample during a probe. True when the probe has ended by it. */
  probe(sample: Sample, isPatient = false): boolean {
    // What was admitted before the limit was halved still comes back; a caller that ignores the limit would make it last for ever.
    if (--this.#patience < 0) return this.#end()
    if (sample.dropped || sample.inFlight > this.#probeLimit) return false
    this.#probeSumMs += sample.rttMs
    this.#probeSquares += sample.rttMs ** 2
    this.#probed++
    if (this.#probed < Math.max(leastPerProbe, this.#probeLimit)) return false
    const reading = this.#probeSumMs / this.#probed
    const spread = reading > 0 ? Math.sqrt(Math.max(0, this.#probeSquares / this.#probed - reading ** 2)) / reading : 0
    const isFirst = this.#spread === 0
    const chance = isPatient ? (2 * this.#spread) / Math.sqrt(this.#probed) : 0
    const isNews = Math.abs(reading - this.rttMs) > this.rttMs * Math.max(news, chance)
    this.#isNews = isNews
    // Twice or half as long is often a change in mid-probe: of before and after, and spread for that.
    const isOther = reading > 2 * this.rttMs || reading * 2 < this.rttMs
    if (isFirst || !isOther) this.#spread += (spread - this.#spread) / (isFirst ? 1 : spreadMemory)
    this.#interval = isNews ? 1 : Math.min(this.#probeRounds, this.#interval * 2)
    if (isNews || !isPatient) this.#average.set(reading)
    else this.#average.add(reading)
    return this.#end()
  }

  /** A full window of samples, none of a probe; less than the baseline by up to `margin` of it may be chance. True when it was the first reading: there was nothing to compare with. */
  read(rttMs: number, peakInFlight: number, limit: number, margin = 0): boolean {
    this.#rounds++
    const isFirst = this.rttMs === 0
    if (peakInFlight * 2 <= limit) {
      this.#average.add(rttMs)
      this.#rounds = 0
    }
    if (isFirst || rttMs < this.rttMs * (1 - margin)) this.#average.set(rttMs)
    else if (rttMs < this.rttMs) this.#average.add(rttMs)
    return isFirst
  }

  /** The limit moved: begins a probe when one is due. */
  moved(from: number, to: number, probeLimit = to / 2): void {
    if (this.#probeRounds === Infinity) return
    this.#top = Math.max(this.#top, from)
    if (this.#rounds < this.#interval && to > this.#top * doubt) return
    this.#begin(from, probeLimit)
  }

  /** Begins a probe at once. False if there are none. */
  doubt(limit: number, probeLimit: number): boolean {
    if (this.#probeRounds === Infinity) return false
    this.#begin(limit, probeLimit)
    return true
  }

  /** The last reading was thorough: the next probe may wait. */
  trust(): void {
    this.#interval = Math.min(this.#probeRounds, trusted)
  }

  #begin(limit: number, probeLimit: number): void {
    this.#probeLimit = Math.max(this.#min, Math.floor(probeLimit))
    this.#patience = 4 * Math.max(leastPerProbe, Math.ceil(limit))
  }

  #end(): true {
    this.#probeLimit = this.#probed = this.#probeSumMs = this.#probeSquares = this.#rounds = this.#top = 0
    return true
  }
}
