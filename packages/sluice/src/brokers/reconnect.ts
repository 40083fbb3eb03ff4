/** Connecting again: with growing, random pauses, and no more often than a budget allows. */

import { type Clock, type Random, systemClock, systemRandom } from '../clock.ts'
import { checkCount, checkFunction } from '../options.ts'
import { type Backoff, decorrelatedJitter, pause, type RetryBudget, retryBudget } from '../retry.ts'
import { BrokerRefused } from './link.ts'

export type ReconnectOptions = {
  /** How many times in a row it may fail before it gives up. Default `Infinity`. */
  attempts?: number
  /** Default `decorrelatedJitter({ baseMs: 100, maxMs: 10_000 })`. */
  backoff?: Backoff
  /** Default: its own, of one a second and ten saved up. Share one among all that connect to the same broker. */
  budget?: RetryBudget
}

export class Reconnector {
  readonly #attempts: number
  readonly #backoff: Backoff
  readonly #budget: RetryBudget
  readonly #clock: Clock
  readonly #random: Random
  #failures = 0
  #delayMs = 0
  #isFirst = true

  constructor(options: ReconnectOptions = {}, clock: Clock = systemClock, random: Random = systemRandom) {
    this.#attempts = checkCount('reconnect.attempts', options.attempts ?? Infinity, { unbounded: true })
    this.#backoff = checkFunction(
      'reconnect.backoff',
      options.backoff ?? decorrelatedJitter({ baseMs: 100, maxMs: 10_000 }),
    )
    this.#budget = options.budget ?? retryBudget({ clock })
    this.#clock = clock
    this.#random = random
  }

  /** It has worked: the next failure is the first in a row. */
  proved(): void {
    this.#failures = 0
    this.#delayMs = 0
  }

  /** Connects, as often as it takes. Rejects with what came last, or with the signal's reason. */
  async open<L>(connect: () => Promise<L>, signal: AbortSignal): Promise<L> {
    for (;;) {
      if (!this.#isFirst) await this.#pause(signal)
      signal.throwIfAborted()
      this.#isFirst = false
      try {
        return await connect()
      } catch (error) {
        if (error instanceof BrokerRefused || this.#failures >= this.#attempts) throw error
      }
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    this.#delayMs = this.#backoff(++this.#failures, this.#delayMs, this.#random)
    signal.throwIfAborted()
    await pause(this.#delayMs, signal, this.#clock)
    while (!this.#budget.withdraw()) await pause(200, signal, this.#clock)
  }
}
