/** Sending to a client that may be slower than what it is sent: what WebSocket and server-sent events share. */

import { attempt } from '../callbacks.ts'
import { channel } from '../channel/channel.ts'
import type { Channel } from '../channel/types.ts'
import { type Clock, systemClock } from '../clock.ts'
import { ChannelClosed, ChannelFull } from '../errors.ts'
import { checkChoice, checkCount, checkFunction, checkMs } from '../options.ts'
import { ReaderStalled } from './errors.ts'

/**
 * What happens when a client does not keep up.
 *
 * - `wait`: the sender waits. Nothing is lost; for a sender that serves this client only.
 * - `conflate`: what waits gives way to what is newer, of the same key. For states: prices, positions, progress.
 * - `disconnect`: once `capacity` wait, the client is cut off; it comes back and asks for where it was. For logs that must not have gaps.
 */
export type OnSlow = (typeof onSlowChoices)[number]
const onSlowChoices = ['wait', 'conflate', 'disconnect'] as const

export type SlowClientOptions<T> = {
  /** Default `wait`. */
  onSlow?: OnSlow
  /** How many items wait for a client besides what its socket holds. Default 16. Not for `conflate`, which keeps one of each key. */
  capacity?: number
  /** For `conflate`: items of one key replace one another. Default: all do. The number of keys is what bounds what waits. */
  keyOf?: (item: T) => unknown
  /** A client that takes nothing for so long is cut off, whatever the policy. Default 30,000. */
  stallMs?: number
  /** Told once why it ended: `undefined` for an end that was asked for. */
  onEnd?: (reason: unknown) => void
  clock?: Clock
}

export type ClientSender<T> = {
  /** Sends, by the policy. A promise when the sender has to wait, else `undefined`; rejects or throws `ChannelClosed` when the client is gone. */
  send(item: T): Promise<void> | undefined
  /** Ends after what waits has been sent. */
  close(): void
  /** Items that wait besides what the socket holds. */
  readonly waiting: number
  /** How many gave way to newer ones. */
  readonly conflated: number
  readonly isClosed: boolean
}

/** Where items go. */
export type Outlet<T, Written> = {
  /** What is written of an item. Throws, to whoever sends it, if it cannot be. */
  encode(item: T): Written
  write(item: Written): void
  isFull(): boolean
  /** Resolves when it is no longer full, or never will be; `signal` calls the wait off. */
  drained(signal: AbortSignal): Promise<void>
  /** It keeps up no more, or (without a reason) everything was sent. */
  end(reason?: unknown): void
}

export class SlowClient<T, Written> implements ClientSender<T> {
  conflated = 0
  isClosed = false
  readonly #outlet: Outlet<T, Written>
  readonly #onSlow: OnSlow
  readonly #keyOf: (item: T) => unknown
  readonly #stallMs: number
  readonly #onEnd: ((reason: unknown) => void) | undefined
  readonly #clock: Clock
  /** For `conflate`: the newest of each key, the key that waited longest first. */
  readonly #newest = new Map<unknown, Written>()
  readonly #line: Channel<Written>
  #reason: unknown
  /** Calls off the wait for the outlet. */
  #draining: AbortController | undefined
  #isPumping = false
  #isEnding = false

  constructor(outlet: Outlet<T, Written>, options: SlowClientOptions<T>) {
    this.#outlet = outlet
    this.#onSlow = checkChoice('onSlow', options.onSlow ?? 'wait', onSlowChoices)
    this.#keyOf = checkFunction('keyOf', options.keyOf ?? (() => undefined))
    this.#stallMs = checkMs('stallMs', options.stallMs ?? 30_000, { unbounded: true })
    this.#onEnd = options.onEnd && checkFunction('onEnd', options.onEnd)
    this.#clock = options.clock ?? systemClock
    this.#line = channel<Written>({
      capacity: checkCount('capacity', options.capacity ?? 16),
      onFull: this.#onSlow === 'disconnect' ? 'fail' : 'wait',
    })
  }

  get waiting(): number {
    return this.#newest.size + this.#line.depth + this.#line.stats().waitingSenders
  }

  send(item: T): Promise<void> | undefined {
    if (this.isClosed || this.#isEnding) throw new ChannelClosed(this.#reason)
    const written = this.#outlet.encode(item)
    if (!this.#isPumping && !this.#outlet.isFull()) {
      this.#outlet.write(written)
      return undefined
    }
    let waits: Promise<void> | undefined
    if (this.#onSlow === 'conflate') {
      const key = this.#keyOf(item)
      if (this.#newest.has(key)) this.conflated++
      this.#newest.set(key, written)
    } else if (this.#onSlow === 'wait') {
      waits = this.#line.send(written)
      // Whoever does not wait for it is told by `isClosed` and `onEnd`, not by the end of the
      // process.
      waits?.catch(() => {})
    } else if (!this.#line.trySend(written)) {
      this.stop(new ChannelFull(this.#line.capacity))
      throw new ChannelClosed(this.#reason)
    }
    if (!this.#isPumping) void this.#pump()
    return waits
  }

  close(): void {
    if (this.isClosed || this.#isEnding) return
    this.#isEnding = true
    this.#line.close()
    if (!this.#isPumping) this.#finish(undefined)
  }

  /** The client is gone, or is let go: what waits is dropped. */
  stop(reason: unknown): void {
    if (this.isClosed) return
    this.#reason = reason
    this.#finish(reason)
    this.#draining?.abort(reason)
    this.#newest.clear()
    this.#line.cancel(reason)
  }

  #finish(reason: unknown): void {
    this.isClosed = true
    attempt(() => this.#outlet.end(reason), undefined)
    attempt(() => this.#onEnd?.(reason), undefined)
  }

  /** Sends what waits, as fast as it is taken. */
  async #pump(): Promise<void> {
    this.#isPumping = true
    try {
      while (!this.isClosed) {
        if (this.#outlet.isFull()) await this.#drained()
        else if (this.#newest.size > 0) {
          const [key, item] = this.#newest.entries().next().value!
          this.#newest.delete(key)
          this.#outlet.write(item)
        } else {
          const [item] = this.#line.tryReceiveUpTo(1)
          if (item === undefined) break
          this.#outlet.write(item)
        }
      }
      if (this.#isEnding && !this.isClosed) this.#finish(undefined)
    } catch (error) {
      this.stop(error)
    } finally {
      this.#isPumping = false
    }
  }

  async #drained(): Promise<void> {
    const draining = new AbortController()
    this.#draining = draining
    const cancel = this.#clock.schedule(this.#stallMs, () => draining.abort(new ReaderStalled(this.#stallMs)))
    try {
      await this.#outlet.drained(draining.signal)
    } finally {
      cancel()
      this.#draining = undefined
    }
  }
}
