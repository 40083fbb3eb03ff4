/** Controlled delay: tells a standing queue from a passing burst, and drops from it at a rate that grows until it is gone. */

import { checkMs } from '../options.ts'

export type CodelOptions = {
  /** A wait that is acceptable for as long as one likes. RFC 8289: 5 ms for packets; for requests about 5–10 % of their round trip, or more. */
  targetMs: number
  /** How long the wait may be above the target before something is dropped: a generous round trip. RFC 8289: 100 ms. */
  intervalMs: number
}

/**
 * Why: the length of a queue says nothing about harm; a queue that is never empty for a whole interval does, for it only adds delay.
 *
 * States: below (the wait was under the target within the last interval); dropping (one dropped, and the next
 * `interval / √count` later, so the more it takes, the faster it goes). It leaves when a wait is under the target or one is left.
 *
 * Source: RFC 8289, section 5.
 */
export class Codel {
  readonly #targetMs: number
  readonly #intervalMs: number
  /** When the wait will have been above the target for an interval; -1 while it is below. */
  #firstAboveAt = -1
  #isDropping = false
  #dropNextAt = 0
  #count = 0
  #lastCount = 0
  /** One was just dropped: the control law moves on if the next one waits too long as well. */
  #isPending = false

  constructor({ targetMs, intervalMs }: CodelOptions) {
    this.#targetMs = checkMs('queue.delay.targetMs', targetMs)
    this.#intervalMs = checkMs('queue.delay.intervalMs', intervalMs, { min: Number.MIN_VALUE })
  }

  get isDropping(): boolean {
    return this.#isDropping
  }

  /** Judges the one that leaves the queue: true to drop it and judge the next, false to serve it. */
  drops(nowMs: number, waitedMs: number, isLast: boolean): boolean {
    const isTooLong = this.#isTooLong(nowMs, waitedMs, isLast)
    if (this.#isDropping) {
      if (!isTooLong) {
        this.#isDropping = this.#isPending = false
        return false
      }
      if (this.#isPending) this.#dropNextAt += this.#intervalMs / Math.sqrt(this.#count)
      this.#isPending = nowMs >= this.#dropNextAt
      if (this.#isPending) this.#count++
      return this.#isPending
    }
    if (!isTooLong) return false
    this.#isDropping = true
    // Soon after the last time it goes on about where it left off, instead of learning the rate again.
    const delta = this.#count - this.#lastCount
    this.#count = delta > 1 && nowMs - this.#dropNextAt < 16 * this.#intervalMs ? delta : 1
    this.#dropNextAt = nowMs + this.#intervalMs / Math.sqrt(this.#count)
    this.#lastCount = this.#count
    return true
  }

  #isTooLong(nowMs: number, waitedMs: number, isLast: boolean): boolean {
    if (waitedMs < this.#targetMs || isLast) {
      this.#firstAboveAt = -1
      return false
    }
    if (this.#firstAboveAt < 0) {
      this.#firstAboveAt = nowMs + this.#intervalMs
      return false
    }
    return nowMs >= this.#firstAboveAt
  }
}
