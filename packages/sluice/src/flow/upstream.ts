/** One source as an operator holds it: one `next()` at a time, `return()` at most once and never after it has ended by itself. */

import { InvalidOption } from '../errors.ts'
import type { Source } from './types.ts'

/** What the operator does with what comes. */
export type Inlet<T> = {
  item(item: T): void
  end(): void
  /** The source failed. */
  error(error: unknown): void
  /** One of the above threw. */
  thrown(error: unknown): void
}

export class Upstream<T> {
  readonly #iterator: AsyncIterator<T>
  readonly #inlet: Inlet<T>
  /** A `next()` is under way. */
  isPulling = false
  /** It gives no more: it ended, failed, or was closed. */
  isOver = false

  constructor(source: Source<T>, inlet: Inlet<T>) {
    this.#iterator = open(source)
    this.#inlet = inlet
  }

  /** Asks for one item, unless it was asked already. */
  pull(): void {
    if (this.isPulling || this.isOver) return
    this.isPulling = true
    try {
      this.#iterator.next().then(this.#onResult, this.#onError)
    } catch (error) {
      // Not a promise, or `next` threw: a broken iterator fails like any other source.
      queueMicrotask(() => this.#onError(error))
    }
  }

  /**
   * The operator wants no more, for a reason that the source is told if there is one. Gives a
   * promise when there is a clean-up to wait for.
   */
  close(reason?: unknown): Promise<unknown> | undefined {
    if (this.isOver) return undefined
    this.isOver = true
    try {
      return Promise.resolve(reason === undefined ? this.#iterator.return?.() : this.#iterator.return?.(reason))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  readonly #onResult = (result: IteratorResult<T>): void => {
    this.isPulling = false
    if (this.isOver) return
    try {
      if (result.done) {
        this.isOver = true
        this.#inlet.end()
      } else this.#inlet.item(result.value)
    } catch (error) {
      this.#inlet.thrown(error)
    }
  }

  readonly #onError = (error: unknown): void => {
    this.isPulling = false
    if (this.isOver) return
    this.isOver = true
    try {
      this.#inlet.error(error)
    } catch (thrown) {
      this.#inlet.thrown(thrown)
    }
  }
}

/** Opens an iterator; nothing is asked of it yet. */
export function open<T>(source: Source<T>): AsyncIterator<T> {
  const { [Symbol.asyncIterator]: asyncIterator, [Symbol.iterator]: iterator } = Object(source)
  if (typeof asyncIterator === 'function') return asyncIterator.call(source)
  if (typeof iterator === 'function') return new SyncIterator(iterator.call(source))
  throw new InvalidOption('source', source, 'an iterable or an async iterable')
}

class SyncIterator<T> implements AsyncIterator<T> {
  readonly #iterator: Iterator<T | PromiseLike<T>>

  constructor(iterator: Iterator<T | PromiseLike<T>>) {
    this.#iterator = iterator
  }

  next(): Promise<IteratorResult<T>> {
    const result = this.#iterator.next()
    if (result.done || !isPromise(result.value)) return Promise.resolve(result as IteratorResult<T>)
    return result.value.then((value) => ({ value, done: false })) as Promise<IteratorResult<T>>
  }

  return(reason?: unknown): Promise<IteratorResult<T>> {
    if (reason === undefined) this.#iterator.return?.()
    else this.#iterator.return?.(reason)
    return Promise.resolve({ value: undefined, done: true })
  }
}

export const isPromise = (value: unknown): value is PromiseLike<never> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

/** A promise that settles once, of a thenable that may settle as often as it likes. */
export const tamed = <T>(promise: PromiseLike<T>): PromiseLike<T> =>
  promise instanceof Promise ? promise : Promise.resolve(promise)
