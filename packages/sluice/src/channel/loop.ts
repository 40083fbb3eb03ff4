/** Iteration over a channel: written by hand, because an async generator costs twice as much and cannot be left while it waits. */

import { Waiter } from './line.ts'
import { type None, none, type Receiver, type ValuesOptions } from './types.ts'
import type { WaitingReceiver } from './waiting.ts'

/** What a loop needs of its channel, beyond what everybody may call. */
export type LoopSource<T> = Pick<Receiver<T>, 'tryReceive' | 'cancel'> & {
  take(): T | None
  readonly isClosed: boolean
  wait<R>(receiver: WaitingReceiver<T> & { readonly promise: Promise<R> }): Promise<R>
  endWaits(owner: Loop<T>): void
}

export class Loop<T> implements AsyncIterableIterator<T, undefined> {
  readonly #channel: LoopSource<T>
  readonly #signal: AbortSignal | undefined
  readonly #cancels: boolean
  #isDone = false

  constructor(channel: LoopSource<T>, options: ValuesOptions | undefined) {
    this.#channel = channel
    this.#signal = options?.signal
    this.#cancels = options?.cancel ?? false
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isDone) return Promise.resolve({ value: undefined, done: true })
    if (this.#signal?.aborted) return this.#fail(this.#signal.reason)
    const item = this.#channel.take()
    if (item !== none) return Promise.resolve({ value: item, done: false })
    return this.#wait()
  }

  #wait(): Promise<IteratorResult<T, undefined>> {
    try {
      this.#channel.tryReceive()
    } catch (error) {
      return this.#fail(error)
    }
    if (!this.#channel.isClosed) return this.#channel.wait(new LoopReceiver(this.#signal, this))
    this.#isDone = true
    return Promise.resolve({ value: undefined, done: true })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#leave(undefined)
    return Promise.resolve({ value: undefined, done: true })
  }

  throw(error: unknown): Promise<IteratorResult<T, undefined>> {
    return this.#fail(error)
  }

  /** The signal fired while it waited. */
  calledOff(): void {
    this.#leave(this.#signal!.reason)
  }

  /** It is told once; what comes after is the end. */
  #fail(error: unknown): Promise<never> {
    this.#leave(error)
    return Promise.reject(error)
  }

  #leave(reason: unknown): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#channel.endWaits(this)
    if (this.#cancels) this.#channel.cancel(reason)
  }
}

class LoopReceiver<T> extends Waiter<IteratorResult<T, undefined>> {
  readonly owner: Loop<T>

  constructor(signal: AbortSignal | undefined, owner: Loop<T>) {
    super(signal)
    this.owner = owner
  }
  give(item: T): void {
    this.resolve({ value: item, done: false })
  }
  end(): void {
    this.resolve({ value: undefined, done: true })
  }
  override handleEvent(): void {
    super.handleEvent()
    this.owner.calledOff()
  }
}
