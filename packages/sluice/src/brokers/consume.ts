/** Consuming from any broker: takes what it can finish, settles after the handler, and drains. Adapters bring the connection. */

import { createHash } from 'node:crypto'
import { guarded } from '../callbacks.ts'
import { type Clock, type Random, systemClock, systemRandom } from '../clock.ts'
import { call, type Context, type Policy } from '../context.ts'
import { InvalidOption, Overloaded } from '../errors.ts'
import type { Idempotency } from '../idempotency.ts'
import { checkCount, checkFunction, checkMs } from '../options.ts'
import { type Backoff, exponential, pause, retryAfterOf } from '../retry.ts'
import { BrokerRefused, type Delivery, type Inlet, type Link } from './link.ts'
import { deadLetterOf, type Message } from './message.ts'
import { Reconnector, type ReconnectOptions } from './reconnect.ts'

/** Handles one message. It is acknowledged when this has returned; when it throws, it is delivered again. */
export type Handler = (message: Message, context: Context) => unknown

export type ConsumeOptions = {
  /** The most messages in hand at once. The broker keeps the rest. Default 16. */
  concurrency?: number
  /**
   * Stands around the handler: a gate, or `protect({ … })`. A message that it refuses keeps its place and waits, it has not failed. No more
   * is taken than a gate's limit allows.
   */
  gate?: Policy & { readonly limit?: { readonly value: number } }
  /** Ends it: nothing more is taken, what is in hand is finished and acknowledged. */
  signal?: AbortSignal
  /** How long that may take, before the handlers' own signal is aborted and what is left is left to be delivered again. Default 30,000. */
  drainMs?: number
  /** How many times a message may be delivered. Default 5 with a `deadLetter`, else `Infinity`. */
  maxDeliveries?: number
  /** Where a message goes after that: the name of a subject, queue, stream or topic. */
  deadLetter?: string
  /** How long until a failed message is delivered again. Default `exponential({ baseMs: 200, maxMs: 30_000 })`. */
  retryDelay?: Backoff
  /** Messages of the same key are handled one after the other, in the order they came; one that failed holds the others of its key back. */
  keyOf?: (message: Message) => string | undefined
  /** A message whose id was handled before is acknowledged without being handled. */
  idempotency?: Idempotency
  reconnect?: ReconnectOptions
  observer?: ConsumeObserver
  clock?: Clock
  random?: Random
}

/** Told what happens. What a hook throws is written to the console and changes nothing. */
export type ConsumeObserver = {
  onHandled?(message: Message, tookMs: number): void
  onFailed?(message: Message, error: unknown): void
  /** It goes to the dead letter. */
  onBuried?(message: Message, error: unknown): void
  /** The gate has refused it; it waits. */
  onRefused?(message: Message, error: Overloaded): void
  onConnect?(): void
  onDisconnect?(error: unknown): void
  /** The broker could not be told. It will deliver the message again. */
  onUnsettled?(message: Message, error: unknown): void
}

/** What a consumer has done, when it has ended. */
export type Consumed = {
  /** Deliveries taken. */
  taken: number
  /** Handled and acknowledged. */
  acked: number
  failed: number
  buried: number
  /** Delivered again though they were in hand or done: acknowledged without being handled. */
  duplicates: number
  /** The broker could not be told of. */
  unsettled: number
  reconnects: number
}

export async function consumeFrom<H>(
  inlet: Inlet<H>,
  handler: Handler,
  options: ConsumeOptions = {},
): Promise<Consumed> {
  return new Consumption(inlet, handler, options).run()
}

/** A message in hand. */
type Task<H> = { delivery: Delivery<H>; link: Link<H>; after: Task<H> | undefined; isOver?: boolean }

/** How many done positions are remembered, in case they are delivered again. */
const remembered = 10_000

class Consumption<H> {
  readonly #inlet: Inlet<H>
  readonly #handler: Handler
  readonly #concurrency: number
  readonly #gate: ConsumeOptions['gate']
  readonly #maxDeliveries: number
  readonly #deadLetter: string | undefined
  readonly #retryDelay: Backoff
  readonly #keyOf: ((message: Message) => string | undefined) | undefined
  readonly #idempotency: Idempotency | undefined
  readonly #observer: ConsumeObserver
  readonly #clock: Clock
  readonly #random: Random
  readonly #drainMs: number
  readonly #reconnector: Reconnector
  /** Aborted when nothing more is to be taken. */
  readonly #stopping = new AbortController()
  /** Aborted when what runs is to stop as well. */
  readonly #giveUp = new AbortController()
  readonly #tasks = new Set<Task<H>>()
  readonly #byPosition = new Map<string, Task<H>>()
  /** The last of each key. */
  readonly #lanes = new Map<string, Task<H>>()
  /** Positions of what was handled, the oldest first. */
  readonly #done = new Set<string>()
  #link: Link<H> | undefined
  #onLink: (() => void)[] = []
  #onFreed: (() => void) | undefined
  #handled: Consumed = { taken: 0, acked: 0, failed: 0, buried: 0, duplicates: 0, unsettled: 0, reconnects: -1 }

  constructor(inlet: Inlet<H>, handler: Handler, options: ConsumeOptions) {
    this.#inlet = inlet
    this.#handler = checkFunction('handler', handler)
    this.#concurrency = checkCount('concurrency', options.concurrency ?? 16)
    this.#gate = options.gate
    if (options.gate !== undefined) checkFunction('gate.run', options.gate.run)
    this.#deadLetter = options.deadLetter
    const unburied = options.deadLetter === undefined
    this.#maxDeliveries = checkCount('maxDeliveries', options.maxDeliveries ?? (unburied ? Infinity : 5), {
      unbounded: true,
    })
    if (unburied && this.#maxDeliveries < Infinity)
      throw new InvalidOption('deadLetter', undefined, 'given where maxDeliveries is, or the message would be lost')
    this.#retryDelay = checkFunction('retryDelay', options.retryDelay ?? exponential({ baseMs: 200, maxMs: 30_000 }))
    this.#keyOf = options.keyOf && checkFunction('keyOf', options.keyOf)
    this.#idempotency = options.idempotency
    this.#observer = guarded(options.observer ?? {})
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? systemRandom
    this.#drainMs = checkMs('drainMs', options.drainMs ?? 30_000, { unbounded: true })
    this.#reconnector = new Reconnector(options.reconnect, this.#clock, this.#random)
    const { signal } = options
    const stop = (): void => this.#stopping.abort(signal!.reason)
    if (signal?.aborted) stop()
    signal?.addEventListener('abort', stop, { once: true })
    this.#stopping.signal.addEventListener('abort', () => signal?.removeEventListener('abort', stop), { once: true })
  }

  async run(): Promise<Consumed> {
    const stop = this.#stopping.signal
    const stopExtending = this.#extendNowAndThen()
    try {
      while (!stop.aborted) await this.#connection(stop)
    } catch (error) {
      if (!stop.aborted) {
        this.#stopping.abort(error)
        throw error
      }
    } finally {
      await this.#drain()
      stopExtending()
    }
    return { ...this.#handled, reconnects: Math.max(0, this.#handled.reconnects) }
  }

  /** One connection, until it is lost or all is to end. */
  async #connection(stop: AbortSignal): Promise<void> {
    const link = await this.#reconnector.open(() => this.#inlet.open(this.#concurrency), stop)
    this.#link = link
    this.#handled.reconnects++
    this.#observer.onConnect?.()
    this.#onLink.splice(0).forEach((tell) => tell())
    try {
      await this.#take(link, stop)
    } catch (error) {
      if (stop.aborted) return
      this.#link = undefined
      this.#observer.onDisconnect?.(error)
      await link.close()
      if (error instanceof BrokerRefused) throw error
    }
  }

  async #take(link: Link<H>, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const room = this.#room()
      if (room <= 0) {
        await this.#freed(stop)
        continue
      }
      // What becomes free while the first is awaited is asked for at once, or it would idle for a round trip.
      const more = (): void => {
        if (!stop.aborted) link.want?.(this.#room())
      }
      this.#onFreed = more
      const deliveries = await link.take(room, stop).finally(() => {
        if (this.#onFreed === more) this.#onFreed = undefined
      })
      this.#reconnector.proved()
      for (const delivery of deliveries) this.#accept(link, delivery)
    }
  }

  #room(): number {
    const limit = this.#gate?.limit?.value ?? Infinity
    return Math.min(this.#concurrency, Math.max(1, Math.floor(limit))) - this.#tasks.size
  }

  /** When something in hand is done with; or a while has passed, since a gate's limit can grow by itself; or all is to end. */
  async #freed(stop: AbortSignal): Promise<void> {
    const wake = new AbortController()
    const onWake = (): void => wake.abort()
    this.#onFreed = onWake
    stop.addEventListener('abort', onWake, { once: true })
    await pause(250, wake.signal, this.#clock).catch(() => {})
    stop.removeEventListener('abort', onWake)
    this.#onFreed = undefined
  }

  #accept(link: Link<H>, delivery: Delivery<H>): void {
    this.#handled.taken++
    const { position, isRedelivered } = delivery
    if (position !== undefined && isRedelivered) {
      const running = this.#byPosition.get(position)
      if (running !== undefined && running.isOver !== true) {
        // What it came by before is worth nothing any more.
        running.delivery = { ...delivery, message: running.delivery.message }
        running.link = link
        this.#handled.duplicates++
        return
      }
      if (this.#done.has(position)) {
        this.#handled.duplicates++
        const task: Task<H> = { delivery, link, after: undefined }
        this.#tasks.add(task)
        void this.#told(task, (on, it) => on.ack(it)).finally(() => this.#end(task))
        return
      }
    }
    const task: Task<H> = { delivery, link, after: undefined }
    this.#tasks.add(task)
    if (position !== undefined) this.#byPosition.set(position, task)
    const key = this.#keyOf?.(delivery.message)
    if (key === undefined) {
      void this.#process(task).finally(() => this.#end(task))
      return
    }
    const last = this.#lanes.get(key)
    this.#lanes.set(key, task)
    if (last === undefined) void this.#walk(key, task)
    else last.after = task
  }

  /** Those of one key, one after the other. */
  async #walk(key: string, first: Task<H>): Promise<void> {
    let isGivenBack = false
    for (let task: Task<H> | undefined = first; task !== undefined; task = task.after) {
      // Behind one that was given back, nothing of its key may be handled.
      if (isGivenBack) await this.#told(task, (link, it) => link.release(it))
      else isGivenBack = (await this.#process(task)) === 'given back'
      if (this.#lanes.get(key) === task) this.#lanes.delete(key)
      this.#end(task)
    }
  }

  #end(task: Task<H>): void {
    this.#tasks.delete(task)
    const { position } = task.delivery
    if (position !== undefined && this.#byPosition.get(position) === task) this.#byPosition.delete(position)
    this.#onFreed?.()
  }

  /** Handles it and tells the broker. Never rejects. */
  async #process(task: Task<H>): Promise<'settled' | 'given back'> {
    // The broker counts deliveries that nobody lived to tell of.
    if (task.delivery.message.delivery > this.#maxDeliveries) {
      const error = new Error(`Delivered ${task.delivery.message.delivery} times, and never settled`)
      await this.#bury(task, error)
      return 'settled'
    }
    for (let delayMs = 0; ; ) {
      const { message } = task.delivery
      const since = this.#clock.now()
      try {
        await this.#attempt(message)
      } catch (error) {
        if (this.#giveUp.signal.aborted) {
          this.#unsettled(task, error)
          return 'settled'
        }
        this.#handled.failed++
        this.#observer.onFailed?.(message, error)
        if (message.delivery >= this.#maxDeliveries) {
          await this.#bury(task, error)
          return 'settled'
        }
        delayMs = Math.max(this.#retryDelay(message.delivery, delayMs, this.#random), retryAfterOf(error))
        if (this.#keyOf?.(message) === undefined) {
          await this.#told(task, (link, it) => link.retry(it, delayMs))
          return 'settled'
        }
        // In the order of its key: the others of the key wait here, behind it.
        const stop = this.#stopping.signal
        if (!stop.aborted) await pause(delayMs, stop, this.#clock).catch(() => {})
        if (stop.aborted) {
          await this.#told(task, (link, it) => link.release(it))
          return 'given back'
        }
        task.delivery = { ...task.delivery, message: { ...message, delivery: message.delivery + 1 } }
        continue
      }
      this.#observer.onHandled?.(message, this.#clock.now() - since)
      this.#remember(task)
      if (await this.#told(task, (link, it) => link.ack(it))) this.#handled.acked++
      return 'settled'
    }
  }

  /** Runs the handler once; waits as long as the gate refuses. */
  async #attempt(message: Message): Promise<void> {
    const context: Context = { signal: this.#giveUp.signal, attempt: message.delivery - 1 }
    const gate = this.#gate
    for (let refusals = 0; ; refusals++) {
      let hasBegun = false
      const work = (inner: Context): Promise<unknown> => {
        hasBegun = true
        return this.#once(message, inner)
      }
      try {
        await (gate === undefined ? call(work, context) : gate.run(work, context))
        return
      } catch (error) {
        if (hasBegun || !(error instanceof Overloaded)) throw error
        this.#observer.onRefused?.(message, error)
        const waitMs = Math.min(1000, Math.max(5 * 2 ** Math.min(refusals, 6), retryAfterOf(error)))
        this.#giveUp.signal.throwIfAborted()
        await pause(waitMs * (0.5 + this.#random() / 2), this.#giveUp.signal, this.#clock)
      }
    }
  }

  #once(message: Message, context: Context): Promise<unknown> {
    const handle = (inner: Context): unknown => this.#handler(message, inner)
    if (this.#idempotency === undefined) return call(handle, context)
    const fingerprint = createHash('sha256').update(message.body).digest('base64')
    // What the handler gives is not kept: nobody asks for it.
    return this.#idempotency.run(message.id, fingerprint, async (inner) => void (await handle(inner)), context)
  }

  async #bury(task: Task<H>, error: unknown): Promise<void> {
    const { message } = task.delivery
    const letter = deadLetterOf(message, error)
    if (await this.#told(task, (link, it) => link.bury(it, this.#deadLetter!, letter), true)) {
      this.#remember(task)
      this.#handled.buried++
      this.#observer.onBuried?.(message, error)
      return
    }
    // The dead letter takes nothing: it comes back, and makes room for others meanwhile.
    const delayMs = Math.max(1000, this.#retryDelay(message.delivery, 0, this.#random))
    await this.#told(task, (link, it) => link.retry(it, delayMs))
  }

  #remember(task: Task<H>): void {
    const { position } = task.delivery
    if (position === undefined) return
    this.#done.add(position)
    if (this.#done.size > remembered) for (const oldest of this.#done) return void this.#done.delete(oldest)
  }

  /** Tells the broker, by another connection if need be and if that is of use. False, and counted, when it could not be told. */
  async #told(
    task: Task<H>,
    tell: (link: Link<H>, delivery: Delivery<H>) => Promise<void>,
    isQuiet = false,
  ): Promise<boolean> {
    task.isOver = false
    let failure: unknown
    for (let tries = 0; tries < 4; ) {
      const { delivery } = task
      const link = this.#inlet.settlesAnywhere ? (this.#link ?? (await this.#nextLink())) : task.link
      if (link === undefined) break
      try {
        await tell(link, delivery)
        if (task.delivery === delivery) return this.#over(task, true)
      } catch (error) {
        failure = error
        if (this.#giveUp.signal.aborted) break
        // The next connection brings it again.
        if (!this.#inlet.settlesAnywhere && link === task.link && link !== this.#link) break
        await pause(50 * 2 ** tries, this.#giveUp.signal, this.#clock).catch(() => {})
      }
      // It came again meanwhile: what it came by now is to be settled, too.
      tries = task.delivery === delivery ? tries + 1 : 0
    }
    this.#over(task, false)
    if (!isQuiet) this.#unsettled(task, failure)
    return false
  }

  /** From here on, what comes again is a task of its own. */
  #over(task: Task<H>, isTold: boolean): boolean {
    task.isOver = true
    return isTold
  }

  #unsettled(task: Task<H>, error: unknown): void {
    this.#handled.unsettled++
    this.#observer.onUnsettled?.(task.delivery.message, error)
  }

  /** The next connection; none when there will be none. */
  async #nextLink(): Promise<Link<H> | undefined> {
    const stop = this.#stopping.signal
    while (this.#link === undefined && !stop.aborted)
      await new Promise<void>((resolve) => {
        const tell = (): void => {
          stop.removeEventListener('abort', tell)
          resolve()
        }
        this.#onLink.push(tell)
        stop.addEventListener('abort', tell, { once: true })
      })
    return this.#link
  }

  #extendNowAndThen(): () => void {
    const everyMs = this.#inlet.extendEveryMs
    let cancel = (): void => {}
    const next = (): void => {
      cancel = this.#clock.schedule(everyMs, () => {
        const inHand = [...this.#tasks].map(({ delivery }) => delivery)
        if (inHand.length > 0) this.#link?.extend(inHand).catch(() => {})
        next()
      })
    }
    next()
    return () => cancel()
  }

  async #drain(): Promise<void> {
    const link = this.#link
    await link?.stop().catch(() => {})
    const cancel = this.#clock.schedule(this.#drainMs, () => this.#giveUp.abort(this.#stopping.signal.reason))
    while (this.#tasks.size > 0 && !this.#giveUp.signal.aborted)
      await new Promise<void>((resolve) => {
        this.#onFreed = resolve
        this.#giveUp.signal.addEventListener('abort', () => resolve(), { once: true })
      })
    cancel()
    this.#link = undefined
    await link?.close()
  }
}
