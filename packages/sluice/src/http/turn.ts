/** How long what arrives now has waited for the event loop, at least. */

/**
 * A turn of the event loop hands over everything that has arrived, one after another. While it hands over the last, that one has waited since the turn
 * began: the part of an overload by CPU that no counter of work in flight sees.
 *
 * Why not a histogram of the loop's delay (as under-pressure has it): that tells of the past, of all, and after the fact; this is about
 * the one that has just come.
 */
export class LoopTurn {
  #startedAt = -1

  /** Milliseconds since the first call of this turn. */
  ageMs(nowMs: number): number {
    if (this.#startedAt < 0) {
      this.#startedAt = nowMs
      // Runs when all that has arrived was handed over.
      setImmediate(this.#end)
      return 0
    }
    return nowMs - this.#startedAt
  }

  readonly #end = (): void => {
    this.#startedAt = -1
  }
}
