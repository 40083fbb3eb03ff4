/** How a limit begins anew after a shock: from little, in steps, until something queues. */

import type { Sample } from './limit.ts'

/** Where round trips are even: what each step is longer by. The first is one. */
const stepGrowth = 1.5
/** Where they are not: what the limit grows by in a step; smaller ones would be lost in chance. */
const growth = 1.5

/**
 * Why: what was known is known of another server. Where round trips are even, one in flight too many can be told from chance, so the steps are small at
 * first: on slots that are slow now, each that is too many costs those before it a deadline. Each step is judged by what was admitted after it, and when one was
 * too long the last limit stands: nothing had queued there.
 */
export class Restart {
  isOn = false
  /** The last limit at which nothing had queued; 0 when there was none. */
  safe = 0
  #step = 1
  /** At most so many samples are still to come from before the last step. */
  #old = 0

  begin(): void {
    this.isOn = true
    this.#step = 1
    this.safe = this.#old = 0
  }

  end(): void {
    this.isOn = false
  }

  /** The limit after the next step. */
  next(limit: number, isEven: boolean): number {
    return isEven ? limit + this.#step : Math.max(limit + 1, limit * growth)
  }

  stepped(from: number, to: number): void {
    this.#step *= stepGrowth
    this.safe = Math.floor(from)
    this.#old = Math.ceil(2 * to)
  }

  /** Whether it was admitted before the last step, and so says nothing of it. Each is to be asked about once. */
  isOld({ inFlight }: Sample): boolean {
    if (this.#old === 0 || inFlight > this.safe) return false
    this.#old--
    return true
  }
}
