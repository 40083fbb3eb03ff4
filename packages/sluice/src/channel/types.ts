/** What a channel promises: the contract that `conformsToChannel` checks. */

/** No item: not now (`tryReceive`), or never again (`receive`, which waits, gives it only when the channel has ended). */
export const none: unique symbol = Symbol('sluice.none')
export type None = typeof none

/**
 * What happens to an item that arrives when the channel is full.
 *
 * - `wait`: the producer waits until there is room. Nothing is lost; this is backpressure.
 * - `drop-newest`: the item that arrives is dropped. For samples, when the first ones tell most.
 * - `drop-oldest`: those that waited longest are dropped until it fits. For feeds, when fresh beats complete.
 * - `latest`: everything that waits is dropped and only it is kept. For states, where an older one has no worth.
 * - `fail`: it is refused with `ChannelFull`. For requests: whoever asks is told at once.
 */
export type OnFull = (typeof onFullChoices)[number]
export const onFullChoices = ['wait', 'drop-newest', 'drop-oldest', 'latest', 'fail'] as const

export type ChannelOptions<T> = {
  /**
   * The most it holds: items, or the sum of their `size`. 0 (with `wait`, `fail` or `drop-newest`) holds nothing: an
   * item goes from hand to hand when both sides are there.
   */
  capacity: number
  /** Default `wait`. */
  onFull?: OnFull
  /** The weight of an item, a whole number (bytes, rows); 0 counts as 1. Default: every item weighs 1. One heavier than the capacity is an error. */
  size?: (item: T) => number
}

export type WaitOptions = {
  /** Calls the wait off: it rejects with the signal's reason, loses nothing and is no longer counted. */
  signal?: AbortSignal | undefined
}

export type BulkOptions<T> = WaitOptions & {
  /** An array to append to and give back instead of a new one, so that a loop can reuse one. */
  into?: T[]
}

export type ValuesOptions = WaitOptions & {
  /** Leaving the loop early (or the signal) also cancels the channel, so that producers stop. Default false: others may go on receiving. */
  cancel?: boolean
}

export type ChannelStats = {
  /** Items that it holds now. */
  depth: number
  /** Their weight; the same as `depth` without `size`. */
  weight: number
  /** The greatest weight it has ever held. */
  highWater: number
  /** Items it has taken in. `sent = received + depth + dropped.oldest + dropped.latest + dropped.discarded`, always. */
  sent: number
  received: number
  dropped: {
    /** By `drop-newest`: never taken in. */
    newest: number
    /** By `drop-oldest`. */
    oldest: number
    /** By `latest`. */
    latest: number
    /** By `cancel`. */
    discarded: number
  }
  /** Refused by `fail`; the producer still has them. */
  refused: number
  waitingSenders: number
  waitingReceivers: number
}

/** The producers' side. */
export type Sender<T> = {
  /** True after `close` or `cancel`: nothing more is taken. */
  readonly isClosed: boolean
  /**
   * Sends one item. Gives `undefined` when it was settled at once (no promise is made), and a promise when the producer has to wait;
   * `await channel.send(item)` is right for both, `const wait = channel.send(item); if (wait) await wait` saves a turn.
   *
   * The promise rejects with `ChannelClosed`, with `ChannelFull` where `onFull` is `fail`, or with the signal's reason.
   */
  send(item: T, options?: WaitOptions): Promise<void> | undefined
  /**
   * Sends without waiting. False when the item was not taken: full (`wait`: nobody has dropped it, try again or `send` it; `fail`:
   * refused), or dropped by `drop-newest`. Throws `ChannelClosed`.
   */
  trySend(item: T): boolean
  /**
   * Nothing more can be sent. What was sent, and what waits to be, is still received; then receivers see the end, or `error`,
   * each of them. A second call does nothing.
   */
  close(error?: unknown): void
}

/** The consumers' side. */
export type Receiver<T> = AsyncIterable<T> & {
  /** True when it is closed and nothing is left in it. */
  readonly isEnded: boolean
  /** Takes one item: at once (no promise) when there is one, else when it comes. `none` when the channel has ended; rejects if it ended in an error. */
  receive(options?: WaitOptions): T | None | Promise<T | None>
  /** Takes one item if there is one now. `none` if not. Throws the error that the channel ended in. */
  tryReceive(): T | None
  /** Takes what is there, at most `max`; waits only when nothing is. An empty array when the channel has ended. */
  receiveUpTo(max: number, options?: BulkOptions<T>): T[] | Promise<T[]>
  /** Takes what is there now, at most `max`, perhaps nothing. */
  tryReceiveUpTo(max: number, into?: T[]): T[]
  /** Iterates until the channel ends. Several loops share the items: each item goes to one of them. */
  values(options?: ValuesOptions): AsyncIterableIterator<T, undefined>
  /** Consumers want no more: what is left is discarded, producers that wait or send get `ChannelClosed` (with `reason` as its cause), receivers see the end. */
  cancel(reason?: unknown): void
}

/** A bounded hand-over between producers and consumers, first in, first out, for any number of both. */
export type Channel<T> = Sender<T> &
  Receiver<T> & {
    readonly capacity: number
    /** Items that it holds now. */
    readonly depth: number
    /** A snapshot of its counters. */
    stats(): ChannelStats
    /** The end of an `await using` scope: `cancel()`. Close it and let it drain first if its items matter. */
    [Symbol.asyncDispose](): Promise<void>
  }
