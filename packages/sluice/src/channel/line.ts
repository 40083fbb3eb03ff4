/** A line of those who wait: first come, first served, and leaving from the middle costs the same as from the front. */

import { type Patient, stopWaitingOn, waitOn } from './call-off.ts'

/** One wait: a promise, its place in a line, and the signal that may call it off. */
export class Waiter<R> implements Patient {
  readonly promise: Promise<R>
  /** Set by the line while it stands in it. */
  line: Line<Waiter<unknown>> | undefined = undefined
  before: Waiter<unknown> | undefined = undefined
  after: Waiter<unknown> | undefined = undefined
  readonly #signal: AbortSignal | undefined
  #resolve!: (result: unknown) => void
  #reject!: (error: unknown) => void

  constructor(signal: AbortSignal | undefined) {
    this.promise = new Promise<R>((resolve, reject) => {
      this.#resolve = resolve as (result: unknown) => void
      this.#reject = reject
    })
    this.#signal = signal
    if (signal !== undefined) waitOn(signal, this)
  }

  resolve(result: R): void {
    if (this.#signal !== undefined) stopWaitingOn(this.#signal, this)
    this.#resolve(result)
  }

  reject(error: unknown): void {
    if (this.#signal !== undefined) stopWaitingOn(this.#signal, this)
    this.#reject(error)
  }

  /** The signal fired: it leaves the line as if it had never come. */
  handleEvent(_event: Event): void {
    const { line } = this
    line?.remove(this)
    this.#reject(this.#signal!.reason)
    line?.onLeave?.()
  }
}

export class Line<W extends Waiter<unknown>> {
  length = 0
  first: W | undefined = undefined
  #last: W | undefined = undefined
  /** Called after one was called off: the next may be able to go now. */
  readonly onLeave: (() => void) | undefined

  constructor(onLeave?: () => void) {
    this.onLeave = onLeave
  }

  push(waiter: W): void {
    waiter.line = this as unknown as Line<Waiter<unknown>>
    waiter.before = this.#last
    if (this.#last === undefined) this.first = waiter
    else this.#last.after = waiter
    this.#last = waiter
    this.length++
  }

  shift(): W | undefined {
    const { first } = this
    if (first !== undefined) this.remove(first)
    return first
  }

  remove(waiter: W): void {
    if (waiter.before === undefined) this.first = waiter.after as W | undefined
    else waiter.before.after = waiter.after
    if (waiter.after === undefined) this.#last = waiter.before as W | undefined
    else waiter.after.before = waiter.before
    waiter.line = waiter.before = waiter.after = undefined
    this.length--
  }
}
