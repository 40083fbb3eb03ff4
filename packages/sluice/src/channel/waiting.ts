/** Those who wait at a channel: senders with their item, receivers with the shape in which they want it. */

import { Waiter } from './line.ts'
import { type None, none } from './types.ts'

/** A producer whose item found no room. */
export class WaitingSender<T> extends Waiter<void> {
  readonly item: T
  readonly weight: number

  constructor(item: T, weight: number, signal: AbortSignal | undefined) {
    super(signal)
    this.item = item
    this.weight = weight
  }
}

/** A consumer that found nothing: one item is given, or the end. */
export type WaitingReceiver<T> = Waiter<unknown> & {
  /** The loop it waits for, if it does. */
  readonly owner?: object
  give(item: T): void
  end(): void
}

export class ItemReceiver<T> extends Waiter<T | None> {
  give(item: T): void {
    this.resolve(item)
  }
  end(): void {
    this.resolve(none)
  }
}

export class BulkReceiver<T> extends Waiter<T[]> {
  readonly #into: T[]

  constructor(into: T[], signal: AbortSignal | undefined) {
    super(signal)
    this.#into = into
  }
  give(item: T): void {
    this.#into.push(item)
    this.resolve(this.#into)
  }
  end(): void {
    this.resolve(this.#into)
  }
}
