/** Samples gathered until there are enough to act upon. */

import { checkCount } from '../options.ts'
import type { Sample } from './limit.ts'

/** The least number of samples that a round has: fewer would be a guess. */
const leastPerRound = 10

/** A window over samples: full after a round (or a fixed number), then emptied by hand. */
export class SampleWindow {
  count = 0
  /** The greatest number seen in flight. */
  peakInFlight = 0
  #sumInFlight = 0
  readonly #size: number | undefined
  #dropped = 0
  #sumMs = 0

  constructor(size: number | undefined) {
    this.#size = size === undefined ? undefined : checkCount('windowSamples', size)
  }

  /** Adds a sample; true when the window is full. */
  add(sample: Sample, limit: number, least = leastPerRound): boolean {
    this.count++
    this.#sumInFlight += sample.inFlight
    if (sample.inFlight > this.peakInFlight) this.peakInFlight = sample.inFlight
    if (sample.dropped) this.#dropped++
    else this.#sumMs += sample.rttMs
    return this.count >= (this.#size ?? Math.max(least, limit))
  }

  /** The mean of those that were not dropped; 0 when all were. */
  get rttMs(): number {
    const kept = this.count - this.#dropped
    return kept === 0 ? 0 : this.#sumMs / kept
  }

  get meanInFlight(): number {
    return this.#sumInFlight / this.count
  }

  /** The share of the samples that was dropped. */
  get droppedShare(): number {
    return this.#dropped / this.count
  }

  clear(): void {
    this.count = this.peakInFlight = this.#dropped = this.#sumMs = this.#sumInFlight = 0
  }
}
