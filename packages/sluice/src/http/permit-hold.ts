/** Holds the permit of an aborted request until its handler has stopped. */

import { type Clock, systemClock } from '../clock.ts'
import type { Door } from './door.ts'

/**
 * A handler without a promise that never ends its response keeps its permit this long after an
 * abort.
 */
const silentMs = 60_000

/**
 * Decides when an aborted request gives its permit back: the client disconnected, the deadline
 * passed, or the body was refused.
 *
 * Why: work that goes on after an abort still uses what the limit protects. A permit that was free
 * at once would let impatient clients push any number of requests past the limit.
 *
 * States:
 * - `running`: the promise of the handler is pending. The permit is held until it settles.
 * - `detached`: the handler returned and its response is open, as with Express. The permit is held
 *   until the response is ended or its pipe is taken off, for 60 s at most: a handler of this kind
 *   may stop without a sign.
 * - `stopped`: the permit is released as soon as the request is aborted.
 */
export class PermitHold {
  #state: 'running' | 'detached' | 'stopped' = 'running'
  #cancelTimer: (() => void) | undefined
  readonly #door: Door
  readonly #signal: AbortSignal
  readonly #release: (reason: Error) => void

  constructor(door: Door, signal: AbortSignal, release: (reason: Error) => void) {
    this.#door = door
    this.#signal = signal
    this.#release = release
    signal.addEventListener('abort', this.#onAbort.bind(this), { once: true })
  }

  get isDetached(): boolean {
    return this.#state === 'detached'
  }

  /**
   * The handler has returned without a promise, or its promise has settled; the response is open.
   */
  detach(): void {
    if (this.#state !== 'running') return
    this.#state = 'detached'
    if (this.#signal.aborted) this.#onAbort()
  }

  /** The handler does nothing more. */
  stop(): void {
    if (this.#state === 'stopped') return
    this.#state = 'stopped'
    this.#cancelTimer?.()
    if (this.#signal.aborted) this.#onAbort()
  }

  #onAbort(): void {
    const release = (): void => this.#release(this.#signal.reason as Error)
    if (this.#state === 'stopped') return release()
    const ms = this.#door.releaseAfterAbortMs ?? (this.#state === 'detached' ? silentMs : Infinity)
    this.#cancelTimer?.()
    if (ms < Infinity) this.#cancelTimer = scheduleIdle(this.#door.clock, ms, release)
  }
}

/** A timer that does not keep the process alive: a server that has stopped need not wait for it. */
function scheduleIdle(clock: Clock, ms: number, run: () => void): () => void {
  if (clock !== systemClock) return clock.schedule(ms, run)
  // The longest delay that setTimeout keeps.
  const timer = setTimeout(run, Math.min(ms, 2 ** 31 - 1))
  ;(timer as { unref?: () => void }).unref?.()
  return () => clearTimeout(timer)
}
