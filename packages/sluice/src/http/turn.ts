/** How long what arrives now has waited for the event loop, at least, and how long that may be. */

import type { Clock } from '../clock.ts'

/** A loop that had no pause for so long has a standing line. */
const standingMs = 5000
/** What may be waited for then, as a share of the most. */
const standingShare = 1 / 4
/** A turn shorter than this share of the most is a pause: next to nothing waited. */
const pauseShare = 1 / 16

/**
 * Runs when all that has arrived was handed over: `setImmediate` of Node, Bun and Deno. Browsers
 * and workers have none; they hand over each request in a turn of its own, so the turn ends with it
 * and no delay is seen. A timer would not do: a runtime that drops the timers of a finished request
 * (workerd) would leave the turn open for ever, and every later request refused.
 */
function afterTurn(run: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(run)
  else queueMicrotask(run)
}

/**
 * A turn of the event loop hands over everything that has arrived, one after another. While it hands over the last, that one has waited since the turn
 * began: the part of an overload by CPU that no counter of work in flight sees. What it does not see is what waits to be accepted: libuv (1.52) takes one
 * new connection a turn, so that the rest of an overload by new clients stays in the system's backlog.
 *
 * Why not a histogram of the loop's delay (as under-pressure has it): that tells of the past, of all, and after the fact; this is about
 * the one that has just come.
 *
 * Why two bounds: at about the capacity lines come by chance and pass by themselves, and who refuses them leaves the loop idle later (with room for ten,
 * a twentieth of all is lost); above it a line only costs time. What tells them apart is whether the line was gone of late: after RFC 8289, and
 * "controlled delay" in Maurer, "Fail at Scale", 2015.
 */
export class LoopTurn {
  readonly #clock: Clock
  readonly #mostMs: number
  #startedAt = -1
  #endedAt = -Infinity
  #pausedAt = -Infinity

  /** `mostMs` may be waited for; a quarter of it when there was no pause for five seconds. */
  constructor(clock: Clock, mostMs: number) {
    this.#clock = clock
    this.#mostMs = mostMs
  }

  /** Whether one that is handed over now has waited for too long; `patience` times as long is allowed. */
  isTooLate(nowMs: number, patience = 1): boolean {
    if (this.#startedAt < 0) {
      this.#startedAt = nowMs
      if (nowMs - this.#endedAt > this.#mostMs * pauseShare) this.#pausedAt = nowMs
      afterTurn(this.#end)
      return false
    }
    const isStanding = nowMs - this.#pausedAt > standingMs
    return nowMs - this.#startedAt > this.#mostMs * patience * (isStanding ? standingShare : 1)
  }

  readonly #end = (): void => {
    this.#endedAt = this.#clock.now()
    if (this.#endedAt - this.#startedAt < this.#mostMs * pauseShare) this.#pausedAt = this.#endedAt
    this.#startedAt = -1
  }
}
