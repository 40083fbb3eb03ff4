/** The channel: a bounded buffer between producers and consumers, with a named policy for when it is full. */

import { asyncDispose } from '../disposal.ts'
import { ChannelClosed, ChannelFull, InvalidOption } from '../errors.ts'
import { checkChoice, checkCount, checkFunction, checkOptions } from '../options.ts'
import { WaitLine } from './line.ts'
import { Loop } from './loop.ts'
import { Ring } from './ring.ts'
import {
  type BulkOptions,
  type Channel,
  type ChannelOptions,
  type ChannelStats,
  type None,
  none,
  type OnFull,
  onFullChoices,
  type ValuesOptions,
  type WaitOptions,
} from './types.ts'
import { BulkReceiver, ItemReceiver, type WaitingReceiver, WaitingSender } from './waiting.ts'

/**
 * Makes a channel.
 *
 * @example
 * const orders = channel<Order>({ capacity: 64 })
 * await orders.send(order) // waits while 64 are waiting
 * for await (const order of orders) await ship(order)
 */
export function channel<T>(options: ChannelOptions<T>): Channel<T> {
  return new BoundedChannel(options)
}

/** More items than this is a mistake, not a bound. */
const mostItems = 2 ** 30
/** A sender that was let in is told so many microtasks later: one that is told at once finds room for one item, and waits again for each. */
const turnsToTell = 32
const turn = Promise.resolve()

/*
 * Between any two calls:
 * - a receiver waits only if nothing is held and no sender waits;
 * - a sender waits only if `onFull` is `wait` and the first in line does not fit;
 * - the weight held is at most the capacity.
 */
class BoundedChannel<T> implements Channel<T> {
  readonly capacity: number
  readonly #onFull: OnFull
  readonly #size: ((item: T) => number) | undefined
  readonly #items = new Ring<T>()
  /** The weights of the items held, in their order; only with `size`, which is asked once per item. */
  readonly #weights: Ring<number> | undefined
  readonly #senders = new WaitLine<WaitingSender<T>>(() => this.#admit())
  readonly #receivers = new WaitLine<WaitingReceiver<T>>()
  /** Let in, and not told yet. */
  #admitted: WaitingSender<T>[] = []
  #weight = 0
  #isClosed = false
  #closeCause: unknown
  /** What receivers get at the end instead of the end. */
  #failure: { error: unknown } | undefined
  #highWater = 0
  #sent = 0
  #received = 0
  #refused = 0
  readonly #dropped = { newest: 0, oldest: 0, latest: 0, discarded: 0 }

  constructor(options: ChannelOptions<T>) {
    const { capacity, onFull = 'wait', size } = checkOptions(options, '{ capacity: 64 }')
    checkChoice('onFull', onFull, onFullChoices)
    const mustHold = onFull === 'drop-oldest' || onFull === 'latest' || size !== undefined
    checkCount('capacity', capacity, { min: mustHold ? 1 : 0 })
    if (size !== undefined) {
      checkFunction('size', size)
      this.#weights = new Ring()
    } else if (capacity > mostItems) throw new InvalidOption('capacity', capacity, `at most ${mostItems} items`)
    this.capacity = capacity
    this.#onFull = onFull
    this.#size = size
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isEnded(): boolean {
    return this.#isClosed && this.#items.length === 0 && this.#senders.length === 0
  }

  get depth(): number {
    return this.#items.length
  }

  trySend(item: T): boolean {
    if (this.#isClosed) throw new ChannelClosed(this.#closeCause)
    return this.#offer(item, this.#size === undefined ? 1 : this.#weigh(item))
  }

  send(item: T, options?: WaitOptions): Promise<void> | undefined {
    const signal = options?.signal
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#isClosed) return Promise.reject(new ChannelClosed(this.#closeCause))
    let weight = 1
    try {
      if (this.#size !== undefined) weight = this.#weigh(item)
    } catch (error) {
      return Promise.reject(error)
    }
    if (this.#offer(item, weight)) return undefined
    if (this.#onFull === 'fail') return Promise.reject(new ChannelFull(this.capacity))
    if (this.#onFull !== 'wait') return undefined
    const sender = new WaitingSender(item, weight, signal)
    this.#senders.push(sender)
    return sender.promise
  }

  tryReceive(): T | None {
    const item = this.take()
    if (item === none && this.#failure !== undefined && this.isEnded) throw this.#failure.error
    return item
  }

  receive(options?: WaitOptions): T | None | Promise<T | None> {
    const signal = options?.signal
    if (signal?.aborted) return Promise.reject(signal.reason)
    const item = this.take()
    if (item !== none) return item
    if (this.#isClosed) return this.#failure === undefined ? none : Promise.reject(this.#failure.error)
    return this.wait(new ItemReceiver<T>(signal))
  }

  tryReceiveUpTo(max: number, into: T[] = []): T[] {
    checkCount('max', max)
    const taken = this.#takeUpTo(max, into)
    if (taken === 0 && this.#failure !== undefined && this.isEnded) throw this.#failure.error
    return into
  }

  receiveUpTo(max: number, options?: BulkOptions<T>): T[] | Promise<T[]> {
    const signal = options?.signal
    const into = options?.into ?? []
    if (signal?.aborted) return Promise.reject(signal.reason)
    checkCount('max', max)
    if (this.#takeUpTo(max, into) > 0) return into
    if (this.#isClosed) return this.#failure === undefined ? into : Promise.reject(this.#failure.error)
    return this.wait(new BulkReceiver(into, signal))
  }

  values(options?: ValuesOptions): AsyncIterableIterator<T, undefined> {
    return new Loop(this, options)
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return new Loop(this, undefined)
  }

  close(error?: unknown): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (error !== undefined) this.#failure = { error }
    this.#closeCause = error
    this.#endReceivers()
  }

  cancel(reason?: unknown): void {
    if (!this.#isClosed) this.#closeCause = reason
    this.#isClosed = true
    this.#failure = undefined
    this.#dropped.discarded += this.#dropAll()
    while (this.#senders.length > 0) this.#senders.shift()!.reject(new ChannelClosed(reason))
    this.#endReceivers()
  }

  stats(): ChannelStats {
    return {
      depth: this.#items.length,
      weight: this.#weight,
      highWater: this.#highWater,
      sent: this.#sent,
      received: this.#received,
      dropped: { ...this.#dropped },
      refused: this.#refused,
      waitingSenders: this.#senders.length,
      waitingReceivers: this.#receivers.length,
    }
  }

  async [asyncDispose](): Promise<void> {
    this.cancel()
  }

  /** For `Loop`: takes without asking how the channel ended. */
  take(): T | None {
    if (this.#items.length === 0) return this.#takeFromHand()
    const item = this.#unstore()
    this.#received++
    if (this.#senders.length > 0) this.#admit()
    return item
  }

  /** For `Loop`: what `receive` does once there is nothing to take. */
  wait<R>(receiver: WaitingReceiver<T> & { readonly promise: Promise<R> }): Promise<R> {
    this.#receivers.push(receiver)
    return receiver.promise
  }

  /** For `Loop`: its waits end, others' stay. */
  endWaits(owner: Loop<T>): void {
    for (let receiver = this.#receivers.first; receiver !== undefined; ) {
      const next = receiver.after as WaitingReceiver<T> | undefined
      if (receiver.owner === owner) {
        this.#receivers.remove(receiver)
        receiver.end()
      }
      receiver = next
    }
  }

  #weigh(item: T): number {
    // Even an empty item weighs 1, so that any number of them is bounded too.
    const weight = Math.max(1, checkCount('size of the item', this.#size!(item), { min: 0 }))
    if (weight <= this.capacity) return weight
    throw new InvalidOption(
      'size of the item',
      weight,
      `at most the capacity (${this.capacity}), or it would wait for ever`,
    )
  }

  /** True when the item was taken in or handed over. */
  #offer(item: T, weight: number): boolean {
    if (this.#receivers.length > 0) {
      this.#sent++
      this.#received++
      this.#receivers.shift()!.give(item)
      return true
    }
    if (this.#weight + weight <= this.capacity && this.#senders.length === 0) {
      this.#store(item, weight)
      return true
    }
    return this.#overflow(item, weight)
  }

  #overflow(item: T, weight: number): boolean {
    const onFull = this.#onFull
    if (onFull === 'drop-newest') this.#dropped.newest++
    if (onFull === 'fail') this.#refused++
    if (onFull === 'latest') this.#dropped.latest += this.#dropAll()
    if (onFull === 'drop-oldest') {
      for (; this.#weight + weight > this.capacity; this.#dropped.oldest++) this.#unstore()
    }
    const fits = onFull === 'latest' || onFull === 'drop-oldest'
    if (fits) this.#store(item, weight)
    return fits
  }

  #store(item: T, weight: number): void {
    this.#items.push(item)
    this.#weights?.push(weight)
    this.#weight += weight
    if (this.#weight > this.#highWater) this.#highWater = this.#weight
    this.#sent++
  }

  #unstore(): T {
    this.#weight -= this.#weights === undefined ? 1 : this.#weights.shift()!
    return this.#items.shift() as T
  }

  #dropAll(): number {
    const count = this.#items.length
    this.#items.clear()
    this.#weights?.clear()
    this.#weight = 0
    return count
  }

  /** Capacity 0. */
  #takeFromHand(): T | None {
    const sender = this.#senders.shift()
    if (sender === undefined) return none
    this.#sent++
    this.#received++
    sender.resolve()
    return sender.item
  }

  #takeUpTo(max: number, into: T[]): number {
    for (let taken = 0; ; taken++) {
      const item = taken < max ? this.take() : none
      if (item === none) return taken
      into.push(item)
    }
  }

  /** Lets waiting senders in, in their order, as long as the next one fits. */
  #admit(): void {
    for (let sender = this.#senders.first; sender !== undefined; sender = this.#senders.first) {
      if (this.#weight + sender.weight > this.capacity) return
      this.#senders.shift()
      this.#store(sender.item, sender.weight)
      sender.settle()
      if (this.#admitted.push(sender) > 1) continue
      void this.#tellAdmitted()
    }
  }

  async #tellAdmitted(): Promise<void> {
    for (let turns = 0; turns < turnsToTell; turns++) await turn
    const admitted = this.#admitted
    this.#admitted = []
    for (const sender of admitted) sender.resolve()
  }

  #endReceivers(): void {
    while (this.#receivers.length > 0) {
      const receiver = this.#receivers.shift()!
      if (this.#failure === undefined) receiver.end()
      else receiver.reject(this.#failure.error)
    }
  }
}
