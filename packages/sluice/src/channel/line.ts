/** Those who wait at a channel: first come, first served, called off from wherever they stand. */

import { Line } from '../line.ts'
import { type Patient, stopWaitingOn, waitOn } from './call-off.ts'

/** One wait: a promise, its place in a line, and the signal that may call it off. */
export class Waiter<R> implements Patient {
  readonly promise: Promise<R>
  /** Set by the line while it stands in it. */
  line: WaitLine<Waiter<unknown>> | undefined = undefined
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

  /** What it waited for has come, though it will be told later: the signal cannot call it off any more. */
  settle(): void {
    if (this.#signal !== undefined) stopWaitingOn(this.#signal, this)
  }

  resolve(result: R): void {
    this.settle()
    this.#resolve(result)
  }

  reject(error: unknown): void {
    this.settle()
    this.#reject(error)
  }

  /** The signal fired: it leaves the line as if it had never come. */
  handleEvent(): void {
    const { line } = this
    // Another one that was called off made room for it.
    if (line === undefined) return
    line.remove(this)
    this.#reject(this.#signal!.reason)
    line.onLeave?.()
  }
}

/** The line they stand in. */
export class WaitLine<W extends Waiter<unknown>> extends Line<Waiter<unknown>> {
  /** Called after one was called off: the next may be able to go now. */
  readonly onLeave: (() => void) | undefined

  constructor(onLeave?: () => void) {
    super()
    this.onLeave = onLeave
  }

  get first(): W | undefined {
    return this.oldest as W | undefined
  }

  override push(waiter: W): void {
    waiter.line = this as unknown as WaitLine<Waiter<unknown>>
    super.push(waiter)
  }

  shift(): W | undefined {
    const first = this.oldest as W | undefined
    if (first !== undefined) this.remove(first)
    return first
  }

  override remove(waiter: Waiter<unknown>): void {
    waiter.line = undefined
    super.remove(waiter)
  }
}
