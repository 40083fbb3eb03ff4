/** One that waits at a gate, and its places in the two orders: who is served next, and who is shed first. */

import type { Context } from '../context.ts'
import type { Permit } from './permit.ts'

export class Waiter {
  readonly promise: Promise<Permit>
  readonly context: Context
  readonly since: number
  readonly level: number
  /** The share of keys that it belongs to, 0 to 127; -1 without a key. */
  readonly bucket: number
  /** Where it stands, while it does. */
  readonly place: Place
  readonly shedPlace: Place | undefined
  /** Cancels the timer of its deadline, if it has one. */
  cancelTimer: (() => void) | undefined = undefined
  #resolve!: (permit: Permit) => void
  #reject!: (error: unknown) => void
  readonly #onAbort: ((waiter: Waiter) => void) | undefined

  constructor(context: Context, since: number, level: number, bucket: number, onAbort: (waiter: Waiter) => void) {
    this.context = context
    this.since = since
    this.level = level
    this.bucket = bucket
    this.place = new Place(this)
    this.shedPlace = bucket < 0 ? undefined : new Place(this)
    this.promise = new Promise<Permit>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    // It is its own listener: a signal that lives long refers to it only until it settles.
    this.#onAbort = context.signal && onAbort
    context.signal?.addEventListener('abort', this)
  }

  resolve(permit: Permit): void {
    this.#settle()
    this.#resolve(permit)
  }

  reject(error: unknown): void {
    this.#settle()
    this.#reject(error)
  }

  handleEvent(_event: Event): void {
    this.#onAbort?.(this)
  }

  #settle(): void {
    this.context.signal?.removeEventListener('abort', this)
    this.cancelTimer?.()
    this.cancelTimer = undefined
  }
}

/** A place in a line. */
export class Place {
  readonly waiter: Waiter
  before: Place | undefined = undefined
  after: Place | undefined = undefined

  constructor(waiter: Waiter) {
    this.waiter = waiter
  }
}
