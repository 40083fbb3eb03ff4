/** The right to run one piece of work under a gate. */

import { dispose } from '../disposal.ts'

/**
 * How the work ended, for the limit:
 * - `done`: its round-trip time says how the resource is.
 * - `dropped`: a timeout, or a refusal further down: a sign to slow down.
 * - `ignored`: it says nothing about the resource (a failure of its own, a caller that left).
 */
export type Outcome = 'done' | 'dropped' | 'ignored'

/** Held by what `acquire` gave it to, until released. `using permit = await gate.acquire()` releases it at the end of the scope. */
export class Permit {
  /** How long it was waited for. */
  readonly waitedMs: number
  /** When it was granted. */
  readonly since: number
  /** How many permits were held then, this one included. */
  readonly inFlight: number
  #onRelease: ((permit: Permit, outcome: Outcome) => void) | undefined

  constructor(
    since: number,
    waitedMs: number,
    inFlight: number,
    onRelease: (permit: Permit, outcome: Outcome) => void,
  ) {
    this.since = since
    this.waitedMs = waitedMs
    this.inFlight = inFlight
    this.#onRelease = onRelease
  }

  /** Gives it back. Only the first call counts. */
  release(outcome: Outcome = 'done'): void {
    const onRelease = this.#onRelease
    this.#onRelease = undefined
    onRelease?.(this, outcome)
  }

  [dispose](): void {
    this.release()
  }
}
