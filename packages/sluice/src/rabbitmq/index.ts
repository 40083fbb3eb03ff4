/** RabbitMQ: a consumer whose prefetch is its concurrency; publishing that waits for confirms, and while the connection is blocked. */

import type { Channel, ChannelModel, ConfirmChannel, ConsumeMessage, Options } from 'amqplib'
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
import { keyHeader, type Outgoing, ownHeaders, type Prepared } from '../brokers/message.ts'
import {
  publishAll,
  type Publisher,
  type PublisherOptions,
  publisherTo,
  type PublishOptions,
} from '../brokers/publish.ts'

export * from '../brokers/index.ts'

export type RabbitSource = {
  /** A connection of its own, each time: `() => amqplib.connect(url)`, without the library's recovery. It is closed here. */
  connect: () => Promise<ChannelModel>
  queue: string
  /** Declares the queue like this, with each connection. Default: it has to be there. Quorum queues also count deliveries to consumers that died. */
  declare?: Options.AssertQueue
}

export type RabbitTarget = {
  /** As of `RabbitSource`. */
  connect: () => Promise<ChannelModel>
  /** Default `''`, the default exchange. */
  exchange?: string
  /** On the default exchange: the name of a queue. */
  routingKey: string
}

/**
 * Consumes a queue. Resolves when it has drained, after `options.signal` was aborted. Rejects with `BrokerRefused` when there is no such
 * queue or it was declared otherwise, or with the last error when `reconnect.attempts` are used up.
 *
 * A failed message waits in a queue of its own, `<queue>.wait.<ms>`, one for each power of two of milliseconds, which goes by itself a minute
 * after it was last used. The dead letter is a queue; a message is confirmed there before it is acknowledged here.
 */
export function consume(source: RabbitSource, handler: Handler, options?: ConsumeOptions): Promise<Consumed> {
  return consumeFrom(rabbitInlet(source), handler, options)
}

/** Publishes persistent messages to one routing key. One that no queue takes is refused. The id is sent as `message-id`. */
export function publisher(target: RabbitTarget, options?: PublisherOptions): Publisher {
  return publisherTo(() => rabbitOutlet(target), options)
}

/** Publishes all of a source, pulling no faster than it is confirmed. Gives how many. */
export async function publish(
  target: RabbitTarget,
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

/** How many deliveries a message had before it came to this queue again. */
const failuresHeader = 'x-sluice-failures'

/** Reply codes that stay the same however often one asks (AMQP 0-9-1, 1.2): access refused, not found, precondition failed, not allowed. */
const lasting = /\b(403|404|406|530)\b/

const refusedOr = (error: unknown, what: string): unknown =>
  error instanceof Error && lasting.test(error.message) ? new BrokerRefused(`${what}: ${error.message}`, error) : error

/** An error event that nobody hears ends the process; the channel's or connection's end is what is acted on. */
const ignore = (): void => {}

async function open<T>(
  connect: () => Promise<ChannelModel>,
  setUp: (connection: ChannelModel) => Promise<T>,
  what: string,
): Promise<T> {
  const connection = await connect()
  connection.on('error', ignore)
  try {
    return await setUp(connection)
  } catch (error) {
    await connection.close().catch(ignore)
    throw refusedOr(error, what)
  }
}

async function confirmChannel(connection: ChannelModel): Promise<ConfirmChannel> {
  const channel = await connection.createConfirmChannel()
  channel.on('error', ignore)
  return channel
}

type Handle = { raw: ConsumeMessage }

function rabbitInlet({ connect, queue, declare }: RabbitSource): Inlet<Handle> {
  return {
    settlesAnywhere: false,
    extendEveryMs: Infinity,
    open: (size) =>
      open(
        connect,
        async (connection) => {
          const channel = await connection.createChannel()
          channel.on('error', ignore)
          if (declare === undefined) await channel.checkQueue(queue)
          else await channel.assertQueue(queue, declare)
          await channel.prefetch(size)
          const link = new RabbitLink(connection, channel, queue)
          await link.begin()
          return link
        },
        `The queue ${queue} cannot be consumed`,
      ),
  }
}

class RabbitLink implements Link<Handle> {
  readonly #connection: ChannelModel
  readonly #channel: Channel
  readonly #queue: string
  readonly #inbox = new Inbox<Delivery<Handle>>()
  /** For what is delayed or buried; opened when it is first needed, and again when the broker closed it. */
  #side: Promise<ConfirmChannel> | undefined
  #tag = ''
  #isLost = false
  #isStopped = false

  constructor(connection: ChannelModel, channel: Channel, queue: string) {
    this.#connection = connection
    this.#channel = channel
    this.#queue = queue
    const lose = (error?: unknown): void => {
      this.#isLost = true
      this.#inbox.fail(new LinkLost(error))
    }
    connection.on('close', lose)
    channel.on('close', lose)
  }

  async begin(): Promise<void> {
    const { consumerTag } = await this.#channel.consume(this.#queue, (raw) => {
      // The broker has cancelled it: the queue was deleted, or its node goes down.
      if (raw === null)
        this.#inbox.fail(new LinkLost(new Error(`The broker has cancelled the consumer of ${this.#queue}`)))
      else this.#inbox.push(deliveryOf(raw))
    })
    this.#tag = consumerTag
  }

  take(max: number, signal: AbortSignal): Promise<Delivery<Handle>[]> {
    return this.#inbox.take(max, signal)
  }

  async ack({ handle }: Delivery<Handle>): Promise<void> {
    this.#check()
    this.#channel.ack(handle.raw)
  }

  async release({ handle }: Delivery<Handle>): Promise<void> {
    this.#check()
    this.#channel.nack(handle.raw, false, true)
  }

  async retry({ handle, message }: Delivery<Handle>, delayMs: number): Promise<void> {
    this.#check()
    // A queue for each delay: in one with messages of several, the long ones would hold the short ones back.
    const waitMs = 2 ** Math.ceil(Math.log2(Math.max(8, delayMs)))
    const name = `${this.#queue}.wait.${waitMs}`
    const side = await this.#sideChannel()
    // Declaring it again renews its lease, so it never expires with a message in it.
    await side.assertQueue(name, {
      durable: true,
      messageTtl: waitMs,
      expires: waitMs + 60_000,
      deadLetterExchange: '',
      deadLetterRoutingKey: this.#queue,
    })
    const { properties, content } = handle.raw
    const headers = { ...properties.headers, [failuresHeader]: message.delivery }
    await confirmed(side, '', name, Buffer.from(content), { ...own(properties), headers, persistent: true })
    await this.ack({ handle, message, position: undefined, isRedelivered: false })
  }

  async bury(delivery: Delivery<Handle>, name: string, letter: Prepared): Promise<void> {
    this.#check()
    await confirmed(await this.#sideChannel(), '', name, Buffer.from(letter.body), optionsOf(letter))
    await this.ack(delivery)
  }

  async extend(): Promise<void> {}

  async stop(): Promise<void> {
    if (this.#isStopped || this.#isLost) return
    this.#isStopped = true
    await this.#channel.cancel(this.#tag).catch(ignore)
    for (const { handle } of this.#inbox.empty()) if (!this.#isLost) this.#channel.nack(handle.raw, false, true)
  }

  async close(): Promise<void> {
    // Closing in turn waits until the broker has read the acknowledgements.
    if (!this.#isLost) await this.#channel.close().catch(ignore)
    await this.#connection.close().catch(ignore)
  }

  #check(): void {
    if (this.#isLost) throw new LinkLost()
  }

  #sideChannel(): Promise<ConfirmChannel> {
    this.#side ??= confirmChannel(this.#connection).then((channel) => {
      channel.on('close', () => {
        this.#side = undefined
      })
      return channel
    })
    this.#side.catch(() => {
      this.#side = undefined
    })
    return this.#side
  }
}

/** The properties of a message without those that the broker would act on again. */
function own({ headers: _headers, expiration: _ttl, ...rest }: ConsumeMessage['properties']): Options.Publish {
  return Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined && value !== ''),
  ) as Options.Publish
}

function deliveryOf(raw: ConsumeMessage): Delivery<Handle> {
  const { properties, fields, content } = raw
  const { [failuresHeader]: failures = 0, 'x-delivery-count': count, ...others } = properties.headers ?? {}
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(others)) {
    if (/^x-(sluice-|(first-|last-)?death)/.test(name)) continue
    if (typeof value === 'string') headers[name] = value
    else if (typeof value === 'number' || typeof value === 'boolean') headers[name] = String(value)
  }
  const id = properties.messageId as string | undefined
  // Quorum queues count; classic ones only say that it is not the first time.
  const earlier = typeof count === 'number' ? count : fields.redelivered ? 1 : 0
  return {
    message: {
      id: id ?? crypto.randomUUID(),
      key: headers[keyHeader],
      body: content,
      headers: ownHeaders(headers),
      delivery: Number(failures) + earlier + 1,
    },
    position: id,
    isRedelivered: fields.redelivered,
    handle: { raw },
  }
}

function optionsOf({ id, key, headers }: Prepared): Options.Publish {
  return {
    persistent: true,
    messageId: id,
    headers: { ...headers, ...(key !== undefined && { [keyHeader]: key }) },
  }
}

/** Resolves when the broker has confirmed it. */
function confirmed(
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  content: Buffer,
  options: Options.Publish,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const token = crypto.randomUUID()
    // What no queue takes is given back, before it is confirmed.
    const onReturn = (message: { properties: { headers?: Record<string, unknown> | undefined } }): void => {
      if (message.properties.headers?.[returnHeader] === token)
        settle(new BrokerRefused(`No queue takes ${routingKey}`))
    }
    const onClose = (): void => settle(new LinkLost())
    const settle = (error?: Error | null): void => {
      channel.off('return', onReturn)
      channel.off('close', onClose)
      if (error) reject(error)
      else resolve()
    }
    channel.on('return', onReturn)
    channel.on('close', onClose)
    const headers = { ...(options.headers as Record<string, unknown> | undefined), [returnHeader]: token }
    try {
      channel.publish(exchange, routingKey, content, { ...options, headers, mandatory: true }, (error: unknown) =>
        settle(
          error
            ? error instanceof Error && /nack/i.test(error.message)
              ? new PushedBack(error)
              : new LinkLost(error)
            : null,
        ),
      )
    } catch (error) {
      settle(error instanceof Error && /closed/i.test(error.message) ? new LinkLost(error) : (error as Error))
    }
  })
}

const returnHeader = 'x-sluice-send'

function rabbitOutlet({ connect, exchange = '', routingKey }: RabbitTarget): Promise<Outlet> {
  return open(
    connect,
    async (connection) => {
      let unblocked: Promise<void> | undefined
      let unblock = (): void => {}
      let isLost = false
      connection.on('blocked', () => {
        unblocked ??= new Promise((resolve) => {
          unblock = resolve
        })
      })
      connection.on('unblocked', () => {
        unblocked = undefined
        unblock()
      })
      const channel = await confirmChannel(connection)
      channel.setMaxListeners(0)
      for (const emitter of [connection, channel])
        emitter.on('close', () => {
          isLost = true
          unblock()
        })
      if (exchange === '') {
        // Asked on a channel of its own: the broker closes the one that asks for what is not there.
        const asking = await connection.createChannel()
        asking.on('error', ignore)
        await asking.checkQueue(routingKey)
        await asking.close()
      }
      return {
        async send(message) {
          // The broker has no memory or disk: it reads nothing from connections that publish.
          while (unblocked !== undefined && !isLost) await unblocked
          if (isLost) throw new LinkLost()
          await confirmed(channel, exchange, routingKey, Buffer.from(message.body), optionsOf(message))
        },
        async close() {
          if (!isLost) await channel.close().catch(ignore)
          await connection.close().catch(ignore)
        },
      }
    },
    `Nothing can be published to ${exchange === '' ? `the queue ${routingKey}` : `the exchange ${exchange}`}`,
  )
}
