/** What an adapter owes to `consume` and to `publisher`: a connection seen as a place to take from, or to send to. */

import type { Message, Prepared } from './message.ts'

/** One delivery of a message. `H` is what the adapter needs to settle it. */
export type Delivery<H> = {
  readonly message: Message
  /** The stored message that this is a delivery of, the same each time; `undefined` if the broker does not say. */
  readonly position: string | undefined
  /** It may have been delivered before. */
  readonly isRedelivered: boolean
  readonly handle: H
}

/** A connection that takes. All of it rejects when the connection is lost. */
export type Link<H> = {
  /** Says that `max` more can be taken, and waits for at least one; none when the signal is aborted. Never gives more than asked for. */
  take(max: number, signal: AbortSignal): Promise<Delivery<H>[]>
  /** While a `take` waits: that by now `max` can be taken. For brokers that can be asked again meanwhile. */
  want?(max: number): void
  ack(delivery: Delivery<H>): Promise<void>
  /** Delivers it again, `delayMs` from now. */
  retry(delivery: Delivery<H>, delayMs: number): Promise<void>
  /** Gives it back as it came. */
  release(delivery: Delivery<H>): Promise<void>
  /** Stores a dead letter under `name`, then acknowledges; never the other way round. */
  bury(delivery: Delivery<H>, name: string, letter: Prepared): Promise<void>
  /** They are still in hand: nobody else should get them. */
  extend(deliveries: Delivery<H>[]): Promise<void>
  /** Takes no more and gives back what was received and not taken. Settling goes on. */
  stop(): Promise<void>
  /** Flushes what was said and lets go. Never rejects. */
  close(): Promise<void>
}

export type Inlet<H> = {
  /** Connects. `size` is the most that will be in hand at once. Rejects with `BrokerRefused` if trying again is no use. */
  open(size: number): Promise<Link<H>>
  /** A delivery may be settled by a later connection than it came by. */
  readonly settlesAnywhere: boolean
  /** How often the broker has to hear what is in hand; `Infinity` for never. */
  readonly extendEveryMs: number
}

/** A connection that sends. */
export type Outlet = {
  /**
   * Resolves when the broker has the message safe. Rejects with `PushedBack` when it has no room now, with `LinkLost` when it cannot be known
   * whether the broker has it, and with anything else when the message itself is refused.
   */
  send(message: Prepared, signal: AbortSignal | undefined): Promise<void>
  /** Flushes and lets go. Never rejects. */
  close(): Promise<void>
}

/** The connection is gone; what was under way on it has an unknown end. */
export class LinkLost extends Error {
  constructor(cause?: unknown) {
    super('The connection to the broker is lost', cause === undefined ? undefined : { cause })
  }

  override get name(): string {
    return 'LinkLost'
  }
}

/** The broker has no room for it now. */
export class PushedBack extends Error {
  constructor(cause?: unknown) {
    super('The broker pushes back', cause === undefined ? undefined : { cause })
  }

  override get name(): string {
    return 'PushedBack'
  }
}

/** The broker will not do it however often it is asked: there is no such queue, or it was set up for something else. */
export class BrokerRefused extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
  }

  override get name(): string {
    return 'BrokerRefused'
  }
}
