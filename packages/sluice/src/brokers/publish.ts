/** Publishing to any broker: at most so many unconfirmed at once, waiting while the broker pushes back. */

import { type Clock, type Random, systemClock, systemRandom } from '../clock.ts'
import { type Gate, gate } from '../gate/gate.ts'
import { checkCount } from '../options.ts'
import { type Backoff, decorrelatedJitter, pause } from '../retry.ts'
import { LinkLost, type Outlet, PushedBack } from './link.ts'
import { idHeader, keyHeader, type Outgoing, type Prepared } from './message.ts'
import { Reconnector, type ReconnectOptions } from './reconnect.ts'

export type PublisherOptions = {
  /** How many may be sent and not yet confirmed. Default 64. */
  inFlight?: number
  /** How long to wait when the broker pushes back. Default `decorrelatedJitter({ baseMs: 20, maxMs: 2_000 })`. */
  pushback?: Backoff
  reconnect?: ReconnectOptions
  clock?: Clock
  random?: Random
}

export type PublishOptions = {
  /** Calls it off. Whether the broker has it is then unknown, if it was sent before. */
  signal?: AbortSignal | undefined
}

export type PublisherStats = {
  published: number
  /** How many times the broker had no room. */
  pushedBack: number
  reconnects: number
  /** Sent and not yet confirmed. */
  inFlight: number
  /** Waiting for a place among them. */
  waiting: number
}

/** Sends messages, over one connection of its own. */
export type Publisher = {
  /**
   * Resolves when the broker has it safe; await it, so that the sender goes at the broker's pace. When the connection is lost in between, it
   * is sent again under the same id. Rejects when the message is refused, when connecting is given up, or with the signal's reason.
   */
  publish(message: Outgoing, options?: PublishOptions): Promise<void>
  stats(): PublisherStats
  /** Waits for what is under way, then lets go of the connection. */
  close(): Promise<void>
}

/** Everything of a message is text or bytes, and Sluice's own header names are not the sender's. */
export function prepare({ id = crypto.randomUUID(), key, body, headers = {} }: Outgoing): Prepared {
  if (typeof id !== 'string' || id === '') throw new TypeError('A message needs an id that is a text and not empty')
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string') throw new TypeError(`The header ${name} is no text`)
    if (name === idHeader || name === keyHeader)
      throw new TypeError(`The header ${name} is Sluice's own: give id or key`)
  }
  return { id, key, body: typeof body === 'string' ? new TextEncoder().encode(body) : body, headers }
}

export function publisherTo(open: () => Promise<Outlet>, options: PublisherOptions = {}): Publisher {
  return new OutletPublisher(open, options)
}

/** Publishes all of a source, pulling no faster than the broker confirms. Gives how many. */
export async function publishAll(
  publisher: Publisher,
  messages: Iterable<Outgoing> | AsyncIterable<Outgoing>,
  { inFlight = 64, signal }: PublishOptions & { inFlight?: number | undefined } = {},
): Promise<number> {
  checkCount('inFlight', inFlight)
  const running = new Set<Promise<void>>()
  let count = 0
  let failure: { error: unknown } | undefined
  for await (const message of messages) {
    signal?.throwIfAborted()
    const one: Promise<void> = publisher
      .publish(message, { signal })
      .then(
        () => void count++,
        (error: unknown) => void (failure ??= { error }),
      )
      .finally(() => running.delete(one))
    running.add(one)
    if (running.size >= inFlight) await Promise.race(running)
    if (failure !== undefined) break
  }
  await Promise.all(running)
  if (failure !== undefined) throw failure.error
  return count
}

class OutletPublisher implements Publisher {
  readonly #open: () => Promise<Outlet>
  readonly #window: Gate
  readonly #pushback: Backoff
  readonly #reconnector: Reconnector
  readonly #clock: Clock
  readonly #random: Random
  readonly #closed = new AbortController()
  readonly #running = new Set<Promise<void>>()
  #outlet: Promise<Outlet> | undefined
  #isClosing = false
  #published = 0
  #pushedBack = 0
  #connects = 0

  constructor(open: () => Promise<Outlet>, options: PublisherOptions) {
    this.#open = open
    this.#window = gate({
      limit: checkCount('inFlight', options.inFlight ?? 64),
      queue: { capacity: Infinity, order: 'fifo' },
    })
    this.#pushback = options.pushback ?? decorrelatedJitter({ baseMs: 20, maxMs: 2000 })
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? systemRandom
    this.#reconnector = new Reconnector(options.reconnect, this.#clock, this.#random)
  }

  async publish(message: Outgoing, { signal }: PublishOptions = {}): Promise<void> {
    if (this.#isClosing) throw new Error('The publisher is closed')
    const prepared = prepare(message)
    const sent = this.#window.run(() => this.#send(prepared, signal), { signal })
    this.#running.add(sent)
    try {
      await sent
    } finally {
      this.#running.delete(sent)
    }
  }

  stats(): PublisherStats {
    return {
      published: this.#published,
      pushedBack: this.#pushedBack,
      reconnects: Math.max(0, this.#connects - 1),
      inFlight: this.#window.inFlight,
      waiting: this.#window.waiting,
    }
  }

  async close(): Promise<void> {
    this.#isClosing = true
    await Promise.allSettled([...this.#running])
    this.#closed.abort(new Error('The publisher is closed'))
    const outlet = await this.#outlet?.catch(() => undefined)
    await outlet?.close()
  }

  async #send(message: Prepared, signal: AbortSignal | undefined): Promise<void> {
    let delayMs = 0
    let retries = 0
    for (;;) {
      signal?.throwIfAborted()
      const opening = this.#connected()
      const outlet = await called(opening, signal)
      try {
        await called(outlet.send(message, signal), signal)
        this.#reconnector.proved()
        this.#published++
        return
      } catch (error) {
        if (error instanceof LinkLost) this.#drop(opening, outlet)
        else if (error instanceof PushedBack) {
          this.#pushedBack++
          delayMs = this.#pushback(++retries, delayMs, this.#random)
          await pause(delayMs, signal, this.#clock)
        } else throw error
      }
    }
  }

  #connected(): Promise<Outlet> {
    if (this.#outlet !== undefined) return this.#outlet
    const opening = this.#reconnector.open(this.#open, this.#closed.signal)
    this.#outlet = opening
    opening.then(
      () => void this.#connects++,
      () => {
        if (this.#outlet === opening) this.#outlet = undefined
      },
    )
    return opening
  }

  #drop(opening: Promise<Outlet>, outlet: Outlet): void {
    if (this.#outlet !== opening) return
    this.#outlet = undefined
    void outlet.close()
  }
}

/** The promise, unless the signal comes first. */
function called<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
