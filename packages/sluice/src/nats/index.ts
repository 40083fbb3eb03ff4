/** NATS JetStream: pull consumers, whose pull is a credit; publishing that waits for the acknowledgement. */

import {
  type ConsumerConfig,
  jetstream,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
} from '@nats-io/jetstream'
import {
  type Msg,
  type NatsConnection,
  createInbox,
  headers as natsHeaders,
  type MsgHdrs,
} from '@nats-io/transport-node'
import { type Consumed, type ConsumeOptions, consumeFrom, type Handler } from '../brokers/consume.ts'
import { Inbox } from '../brokers/inbox.ts'
import {
  BrokerRefused,
  type Delivery,
  type Inlet,
  type Link,
  LinkLost,
  type Outlet,
  PushedBack,
} from '../brokers/link.ts'
import { idHeader, keyHeader, type Outgoing, ownHeaders, type Prepared } from '../brokers/message.ts'
import {
  publishAll,
  type Publisher,
  type PublisherOptions,
  publisherTo,
  type PublishOptions,
} from '../brokers/publish.ts'
import { checkMs } from '../options.ts'

export * from '../brokers/index.ts'

export type NatsSource = {
  /** A connection of its own, each time; it is closed here. Give it `reconnect: false`: connecting again is done here, by the budget. */
  connect: () => Promise<NatsConnection>
  stream: string
  /** The durable consumer. It is made if it is not there, and has to acknowledge explicitly. */
  consumer: string
  /** Only messages of this subject, when the consumer is made. */
  subject?: string
  /** How long the server waits for word of a message before it delivers it again. Word is sent three times as often. Default 30,000. */
  ackWaitMs?: number
  /** More for the consumer, when it is made. `max_deliver` has to stay unlimited: the dead letter is written here. */
  config?: Partial<ConsumerConfig>
}

export type NatsTarget = {
  /** As of `NatsSource`. */
  connect: () => Promise<NatsConnection>
  /** A stream has to take it. */
  subject: string
  /** How long to wait for an acknowledgement before it is sent again under the same id. Default 5,000. */
  ackMs?: number
}

/**
 * Consumes a JetStream stream through a durable pull consumer. Resolves when it has drained, after
 * `options.signal` was aborted. Rejects with `BrokerRefused` when there is no such stream or the
 * consumer does not fit, or with the last error when `reconnect.attempts` are used up.
 *
 * The dead letter is a subject that a stream has to take: without one, `consume` rejects with
 * `BrokerRefused`. It is written under a message id of its own, so that a second writing is
 * dropped.
 */
export function consume(source: NatsSource, handler: Handler, options?: ConsumeOptions): Promise<Consumed> {
  return consumeFrom(natsInlet(source, options?.deadLetter), handler, options)
}

/** Publishes to one subject. The id is sent as `Nats-Msg-Id`, by which the server drops what it has (for two minutes, by default). */
export function publisher(target: NatsTarget, options?: PublisherOptions): Publisher {
  return publisherTo(() => natsOutlet(target), options)
}

/** Publishes all of a source, pulling no faster than it is acknowledged. Gives how many. */
export async function publish(
  target: NatsTarget,
  messages: Iterable<Outgoing> | AsyncIterable<Outgoing>,
  options: PublisherOptions & PublishOptions = {},
): Promise<number> {
  const out = publisher(target, options)
  try {
    return await publishAll(out, messages, options)
  } finally {
    await out.close()
  }
}

/** Where to send word of a message: its reply subject serves over any connection. */
type Handle = { reply: string }

/** How long a pull stands before the server ends it. */
const pullMs = 5000
/** How much later than that it counts as lost. */
const graceMs = 2000

function natsInlet(
  { connect, stream, consumer, subject, ackWaitMs = 30_000, config }: NatsSource,
  deadLetter: string | undefined,
): Inlet<Handle> {
  checkMs('ackWaitMs', ackWaitMs, { min: 100 })
  return {
    settlesAnywhere: true,
    extendEveryMs: ackWaitMs / 3,
    async open() {
      const nc = await connect()
      try {
        const jsm = await jetstreamManager(nc, { checkAPI: false })
        const info = await jsm.consumers.info(stream, consumer).catch((error: unknown) => {
          if (codeOf(error) !== 10014) throw error
          return jsm.consumers.add(stream, {
            max_ack_pending: 10_000,
            ...(subject !== undefined && { filter_subject: subject }),
            ...config,
            durable_name: consumer,
            ack_policy: 'explicit',
            ack_wait: ackWaitMs * 1e6,
            max_deliver: -1,
          })
        })
        const { ack_policy, max_deliver, deliver_subject } = info.config
        if (ack_policy !== 'explicit' || (max_deliver ?? -1) > 0 || deliver_subject !== undefined)
          throw new BrokerRefused(
            `The consumer ${consumer} has to pull, acknowledge explicitly and have no max_deliver: it has ${ack_policy}, ${max_deliver}`,
          )
        if (deadLetter !== undefined) await checkTaken(jsm, deadLetter, 'the dead letter')
        return new NatsLink(nc, stream, consumer)
      } catch (error) {
        await nc.close()
        throw codeOf(error) === 10059 ? new BrokerRefused(`There is no stream ${stream}`, error) : error
      }
    },
  }
}

/**
 * A subject that no stream takes would lose what is published to it, or keep a message for ever
 * that is to be moved there.
 */
async function checkTaken(jsm: JetStreamManager, subject: string, what: string): Promise<void> {
  try {
    await jsm.streams.find(subject)
  } catch (error) {
    const isMissing = codeOf(error) === 10059 || /no stream matches/.test(String(error))
    throw isMissing ? new BrokerRefused(`No stream takes ${what} ${subject}`, error) : error
  }
}

const codeOf = (error: unknown): number => (error instanceof JetStreamApiError ? error.code : 0)

class NatsLink implements Link<Handle> {
  readonly #nc: NatsConnection
  readonly #prefix: string
  readonly #next: string
  readonly #inbox = new Inbox<Delivery<Handle>>()
  /** What is still open of each pull. */
  readonly #pulls = new Map<string, { left: number; timer: ReturnType<typeof setTimeout> }>()
  readonly #sub
  #count = 0
  #asked = 0

  constructor(nc: NatsConnection, stream: string, consumer: string) {
    this.#nc = nc
    this.#next = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`
    this.#prefix = createInbox()
    this.#sub = nc.subscribe(`${this.#prefix}.*`, {
      callback: (error, msg) => {
        if (error) this.#inbox.fail(new LinkLost(error))
        else this.#receive(msg)
      },
    })
    void this.#watch()
    void nc.closed().then((error) => this.#inbox.fail(new LinkLost(error ?? undefined)))
  }

  take(max: number, signal: AbortSignal): Promise<Delivery<Handle>[]> {
    this.want(max)
    return this.#inbox.take(max, signal)
  }

  want(max: number): void {
    const more = max - this.#asked - this.#inbox.length
    if (more > 0 && !this.#nc.isClosed()) this.#pull(more)
  }

  ack({ handle }: Delivery<Handle>): Promise<void> {
    return this.#say(handle, '+ACK')
  }

  retry({ handle }: Delivery<Handle>, delayMs: number): Promise<void> {
    return this.#say(handle, `-NAK {"delay": ${Math.max(1, Math.round(delayMs)) * 1e6}}`)
  }

  release({ handle }: Delivery<Handle>): Promise<void> {
    return this.#say(handle, '-NAK')
  }

  async bury({ handle, position }: Delivery<Handle>, name: string, letter: Prepared): Promise<void> {
    const headers = toHeaders(letter)
    await jetstream(this.#nc).publish(name, letter.body, { headers, msgID: `dead-${position}`, timeout: 5000 })
    await this.#say(handle, '+ACK')
  }

  async extend(deliveries: Delivery<Handle>[]): Promise<void> {
    await Promise.all(deliveries.map(({ handle }) => this.#say(handle, '+WPI')))
  }

  async stop(): Promise<void> {
    // What the server sent before it heard of this is received, and given back.
    if (!this.#sub.isClosed()) await this.#sub.drain().catch(() => {})
    await Promise.all(this.#inbox.empty().map((delivery) => this.release(delivery)))
  }

  async close(): Promise<void> {
    for (const { timer } of this.#pulls.values()) clearTimeout(timer)
    this.#inbox.fail(new LinkLost())
    if (!this.#nc.isClosed()) await this.#nc.flush().catch(() => {})
    await this.#nc.close().catch(() => {})
  }

  async #say({ reply }: Handle, word: string): Promise<void> {
    if (this.#nc.isClosed()) throw new LinkLost()
    this.#nc.publish(reply, word)
  }

  #pull(batch: number): void {
    const inbox = `${this.#prefix}.${++this.#count}`
    const timer = setTimeout(() => this.#inbox.fail(new LinkLost()), pullMs + graceMs)
    this.#pulls.set(inbox, { left: batch, timer })
    this.#asked += batch
    this.#nc.publish(this.#next, JSON.stringify({ batch, expires: pullMs * 1e6 }), { reply: inbox })
  }

  #receive(msg: Msg): void {
    // What is delivered has a subject of the stream; what is said about a pull comes to its inbox itself.
    if (msg.subject.startsWith(`${this.#prefix}.`)) return this.#status(msg)
    const pull = this.#pullOf(msg)
    if (pull !== undefined) this.#used(pull, 1)
    this.#inbox.push(deliveryOf(msg))
  }

  /** The pull that a message answers: the oldest that is open, since the server serves them in order. */
  #pullOf(msg: Msg): string | undefined {
    if (this.#pulls.has(msg.subject)) return msg.subject
    for (const [inbox] of this.#pulls) return inbox
    return undefined
  }

  #status(msg: Msg): void {
    const { code = 0, description = '' } = msg.headers ?? {}
    // No responders: JetStream is not up.
    if (code === 503) return this.#inbox.fail(new LinkLost(new Error('503 no responders')))
    if (code === 409 && /consumer deleted|consumer is push/i.test(description))
      return this.#inbox.fail(new LinkLost(new Error(description)))
    if (code === 400) return this.#inbox.fail(new BrokerRefused(`The server refuses to be asked: ${description}`))
    if (code >= 400) this.#used(msg.subject, Infinity)
    // Wakes whoever takes, to ask again.
    if (this.#asked === 0 && this.#inbox.length === 0) this.#inbox.nudge()
  }

  #used(inbox: string, count: number): void {
    const pull = this.#pulls.get(inbox)
    if (pull === undefined) return
    const used = Math.min(count, pull.left)
    pull.left -= used
    this.#asked -= used
    if (pull.left > 0) return
    clearTimeout(pull.timer)
    this.#pulls.delete(inbox)
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#nc.status())
      if (type === 'disconnect' || type === 'staleConnection') this.#inbox.fail(new LinkLost())
  }
}

/** `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.…`, with a domain and an account hash in between where there are any (ADR-15). */
function deliveryOf(msg: Msg): Delivery<Handle> {
  const reply = msg.reply!
  const tokens = reply.split('.')
  const [stream, , delivered, sequence, , storedAt] = tokens.slice(tokens.length >= 11 ? 4 : 2)
  const headers: Record<string, string> = {}
  for (const name of msg.headers?.keys() ?? []) headers[name] = msg.headers!.last(name)
  const { 'Nats-Msg-Id': id, ...rest } = headers
  return {
    message: {
      id: headers[idHeader] ?? id ?? `${stream}:${sequence}`,
      key: headers[keyHeader],
      body: msg.data,
      headers: ownHeaders(rest),
      delivery: Number(delivered),
    },
    // With the time it was stored: a server that was killed may give a sequence number that it lost to another message.
    position: `${stream}:${sequence}:${storedAt}`,
    // Such a server may also have forgotten what was acknowledged last, and how often it delivered that.
    isRedelivered: true,
    handle: { reply },
  }
}

function toHeaders({ id, key, headers }: Prepared): MsgHdrs {
  const all = natsHeaders()
  for (const [name, value] of Object.entries(headers)) all.set(name, value)
  all.set(idHeader, id)
  if (key !== undefined) all.set(keyHeader, key)
  return all
}

async function natsOutlet({ connect, subject, ackMs = 5000 }: NatsTarget): Promise<Outlet> {
  const nc = await connect()
  try {
    const jsm = await jetstreamManager(nc, { checkAPI: false })
    await checkTaken(jsm, subject, 'the subject')
  } catch (error) {
    await nc.close()
    throw error
  }
  const js = jetstream(nc)
  return {
    async send(message) {
      try {
        await js.publish(subject, message.body, {
          headers: toHeaders(message),
          msgID: message.id,
          timeout: ackMs,
          retries: 0,
        })
      } catch (error) {
        if (error instanceof JetStreamApiError) {
          // Full (a stream with `discard: new`), or the server is short of memory or disk.
          if (/maximum (messages|bytes)|insufficient|resource|no space/i.test(error.message))
            throw new PushedBack(error)
          throw error
        }
        if (error instanceof Error && error.name === 'InvalidArgumentError') throw error
        throw new LinkLost(error)
      }
    },
    async close() {
      await nc.close().catch(() => {})
    },
  }
}
