/** Redis Streams: a consumer of a group, which also takes what others left behind; publishing that waits while Redis is out of memory. */

import { type Consumed, type ConsumeOptions, consumeFrom, type Handler } from '../brokers/consume.ts'
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
export { redisStore, type RedisStoreOptions } from './idempotency.ts'

/** What is used of a client of the package `redis`. */
export type RedisConnection = {
  sendCommand(args: readonly (string | Buffer)[], options?: { typeMapping?: Record<number, unknown> }): Promise<unknown>
  duplicate(): RedisConnection
  connect(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  close(): Promise<void>
  destroy(): void
  readonly isOpen: boolean
}

export type RedisSource = {
  /**
   * A connected client of its own, each time: `() => createClient({ url, socket: { reconnectStrategy: false } }).connect()`. It is closed here;
   * without its own reconnecting, since that is done here, by the budget.
   */
  connect: () => Promise<RedisConnection>
  stream: string
  /** Made, from the beginning of the stream, if it is not there. */
  group: string
  /** The name in the group. Default: a random one for each call, which goes with it if it leaves nothing pending. */
  consumer?: string
  /**
   * An entry that nobody has spoken of for so long was abandoned: another consumer takes it. What is in hand is spoken of three times as often.
   * No retry is later than this. Default 60,000.
   */
  abandonedMs?: number
  /** Deletes an entry when it is acknowledged, so that the stream holds what is to be done. Only where the stream has one group. Default false. */
  deleteAcked?: boolean
}

export type RedisTarget = {
  /** As of `RedisSource`. */
  connect: () => Promise<RedisConnection>
  stream: string
}

/**
 * Consumes a stream as one of a consumer group. Resolves when it has drained, after `options.signal` was aborted. Rejects with `BrokerRefused`
 * when the key is no stream or may not be read, or with the last error when `reconnect.attempts` are used up.
 *
 * A failed entry stays pending, its idle time set such that it counts as abandoned when it is due; so it comes again even if this consumer does
 * not. The dead letter is a stream; an entry is added there before it is acknowledged here.
 */
export function consume(source: RedisSource, handler: Handler, options?: ConsumeOptions): Promise<Consumed> {
  return consumeFrom(redisInlet(source), handler, options)
}

/** Publishes to one stream: the fields `body`, `sluice-id`, `sluice-key`, and the headers. */
export function publisher(target: RedisTarget, options?: PublisherOptions): Publisher {
  return publisherTo(() => redisOutlet(target), options)
}

/** Publishes all of a source, pulling no faster than Redis answers. Gives how many. */
export async function publish(
  target: RedisTarget,
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

type Handle = { entry: string }
type Entry = [id: Buffer, fields: Buffer[] | null]

/** RESP's type of a bulk string, to be given as bytes. */
const asBytes = { typeMapping: { 36: Buffer } }

/** How long a read blocks at most, and with it how late an abort is noticed. */
const blockMs = 250

/** What Redis answers when it has no room, or is not ready: it passes. */
const passing = /^(OOM|MISCONF|LOADING|READONLY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN|BUSY|NOREPLICAS)\b/
const lasting = /^(WRONGTYPE|NOPERM|NOAUTH|WRONGPASS)\b/
const isReply = (error: unknown): error is Error => error instanceof Error && /^[A-Z]{3,}\b/.test(error.message)

function redisInlet({
  connect,
  stream,
  group,
  consumer = `sluice-${crypto.randomUUID()}`,
  abandonedMs = 60_000,
  deleteAcked = false,
}: RedisSource): Inlet<Handle> {
  checkMs('abandonedMs', abandonedMs, { min: 50 })
  return {
    settlesAnywhere: true,
    extendEveryMs: abandonedMs / 3,
    async open() {
      const client = await connect()
      client.on('error', () => {})
      const reader = client.duplicate()
      reader.on('error', () => {})
      try {
        await reader.connect()
        await makeGroup(client, stream, group)
      } catch (error) {
        for (const one of [client, reader]) if (one.isOpen) one.destroy()
        const refuses = isReply(error) && lasting.test(error.message)
        throw refuses ? new BrokerRefused(`The stream ${stream} cannot be consumed: ${error.message}`, error) : error
      }
      return new RedisLink(client, reader, stream, group, consumer, abandonedMs, deleteAcked)
    },
  }
}

/** Makes the group if it is not there. Asks first: out of memory, Redis makes none, not even one that is there. */
async function makeGroup(client: RedisConnection, stream: string, group: string): Promise<void> {
  // Of a group that is there this takes nothing and is allowed; else it is an error, NOGROUP.
  const isThere = await client.sendCommand(['XPENDING', stream, group, '-', '+', '1']).then(
    () => true,
    (error: unknown) => {
      if (isReply(error) && error.message.startsWith('NOGROUP')) return false
      throw error
    },
  )
  if (isThere) return
  await client.sendCommand(['XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM']).catch((error: unknown) => {
    if (!isReply(error) || !error.message.startsWith('BUSYGROUP')) throw error
  })
}

class RedisLink implements Link<Handle> {
  readonly #client: RedisConnection
  readonly #reader: RedisConnection
  readonly #stream: string
  readonly #group: string
  readonly #consumer: string
  readonly #abandonedMs: number
  readonly #deleteAcked: boolean
  /** When entries that were sent round again are due, on the machine's monotonic clock. */
  #dues: number[] = []
  #lookAgainAt = 0
  #cursor = '0-0'

  constructor(
    client: RedisConnection,
    reader: RedisConnection,
    stream: string,
    group: string,
    consumer: string,
    abandonedMs: number,
    deleteAcked: boolean,
  ) {
    this.#client = client
    this.#reader = reader
    this.#stream = stream
    this.#group = group
    this.#consumer = consumer
    this.#abandonedMs = abandonedMs
    this.#deleteAcked = deleteAcked
  }

  async take(max: number, signal: AbortSignal): Promise<Delivery<Handle>[]> {
    while (!signal.aborted) {
      const taken = (await this.#abandoned(max)) ?? (await this.#fresh(max))
      if (taken.length === 0) continue
      if (!signal.aborted) return taken
      await Promise.all(taken.map((delivery) => this.release(delivery)))
    }
    return []
  }

  async ack({ handle }: Delivery<Handle>): Promise<void> {
    await Promise.all([
      this.#send('XACK', this.#stream, this.#group, handle.entry),
      this.#deleteAcked && this.#send('XDEL', this.#stream, handle.entry),
    ])
  }

  async retry({ handle }: Delivery<Handle>, delayMs: number): Promise<void> {
    const waitMs = Math.ceil(Math.min(delayMs, this.#abandonedMs))
    await this.#claim([handle.entry], 'IDLE', String(Math.floor(this.#abandonedMs - waitMs)))
    this.#dues = [...this.#dues, performance.now() + waitMs + 1].toSorted((a, b) => a - b)
  }

  async release({ handle, message }: Delivery<Handle>): Promise<void> {
    const count = String(Math.max(0, message.delivery - 1))
    await this.#claim([handle.entry], 'IDLE', String(Math.ceil(this.#abandonedMs)), 'RETRYCOUNT', count)
  }

  async bury(delivery: Delivery<Handle>, name: string, letter: Prepared): Promise<void> {
    await this.#send('XADD', name, '*', ...fieldsOf(letter))
    await this.ack(delivery)
  }

  async extend(deliveries: Delivery<Handle>[]): Promise<void> {
    // Only what is still ours: it may have been taken for abandoned.
    const count = String(deliveries.length + 1000)
    const ours = (await this.#send('XPENDING', this.#stream, this.#group, '-', '+', count, this.#consumer)) as [
      string,
    ][]
    const pending = new Set(ours.map(([entry]) => String(entry)))
    const entries = deliveries.map(({ handle }) => handle.entry).filter((entry) => pending.has(entry))
    if (entries.length > 0) await this.#claim(entries)
  }

  async stop(): Promise<void> {}

  async close(): Promise<void> {
    try {
      const left = await this.#send('XPENDING', this.#stream, this.#group, '-', '+', '1', this.#consumer)
      if ((left as unknown[]).length === 0)
        await this.#send('XGROUP', 'DELCONSUMER', this.#stream, this.#group, this.#consumer)
      await this.#client.close()
    } catch {
      // It is lost already.
    }
    for (const one of [this.#client, this.#reader]) if (one.isOpen) one.destroy()
  }

  #claim(entries: string[], ...rest: string[]): Promise<unknown> {
    return this.#send('XCLAIM', this.#stream, this.#group, this.#consumer, '0', ...entries, ...rest, 'JUSTID')
  }

  /** Entries that are due again, or that others left behind; looked for when some are due, and now and then. */
  async #abandoned(max: number): Promise<Delivery<Handle>[] | undefined> {
    const now = performance.now()
    const isDue = this.#dues[0] !== undefined && this.#dues[0] <= now
    if (!isDue && now < this.#lookAgainAt) return undefined
    const count = ['COUNT', String(max)]
    const idle = String(Math.ceil(this.#abandonedMs))
    const reply = (await this.#read(
      this.#client,
      ...['XAUTOCLAIM', this.#stream, this.#group, this.#consumer, idle, this.#cursor, ...count],
    )) as [Buffer, Entry[]]
    this.#cursor = String(reply[0])
    if (this.#cursor === '0-0') {
      // The whole list was looked through.
      this.#dues = this.#dues.filter((due) => due > now)
      this.#lookAgainAt = now + Math.min(1000, this.#abandonedMs / 2)
    }
    const entries = reply[1].filter((entry) => entry?.[1])
    if (entries.length === 0) return undefined
    return Promise.all(
      entries.map(async (entry) => {
        const id = String(entry[0])
        const pending = await this.#send('XPENDING', this.#stream, this.#group, id, id, '1')
        return deliveryOf(entry, Number((pending as [[string, string, number, number]?])[0]?.[3] ?? 2), true)
      }),
    )
  }

  async #fresh(max: number): Promise<Delivery<Handle>[]> {
    const now = performance.now()
    const untilMs = Math.min(blockMs, this.#lookAgainAt - now, (this.#dues[0] ?? Infinity) - now)
    const block = String(Math.max(1, Math.ceil(untilMs)))
    const reply = await this.#read(
      this.#reader,
      ...['XREADGROUP', 'GROUP', this.#group, this.#consumer, 'COUNT', String(max), 'BLOCK', block],
      ...['STREAMS', this.#stream, '>'],
    )
    return entriesOf(reply).map((entry) => deliveryOf(entry, 1, false))
  }

  #send(...args: (string | Buffer)[]): Promise<unknown> {
    return this.#client.sendCommand(args)
  }

  async #read(client: RedisConnection, ...args: string[]): Promise<unknown> {
    try {
      return await client.sendCommand(args, asBytes)
    } catch (error) {
      if (isReply(error) && lasting.test(error.message))
        throw new BrokerRefused(`The stream ${this.#stream} cannot be consumed: ${error.message}`, error)
      throw new LinkLost(error)
    }
  }
}

/** Of the one stream asked for: RESP2 gives a list of pairs, RESP3 a map. */
function entriesOf(reply: unknown): Entry[] {
  if (reply === null || reply === undefined) return []
  if (Array.isArray(reply)) {
    const first = reply[0] as unknown
    return (Array.isArray(first) ? first[1] : reply[1]) as Entry[]
  }
  const values = reply instanceof Map ? [...reply.values()] : Object.values(reply as object)
  return (values[0] ?? []) as Entry[]
}

function deliveryOf([id, fields]: Entry, delivery: number, isRedelivered: boolean): Delivery<Handle> {
  const entry = String(id)
  const headers: Record<string, string> = {}
  let body: Uint8Array = new Uint8Array()
  for (let i = 0; i + 1 < (fields?.length ?? 0); i += 2) {
    const name = String(fields![i])
    if (name === 'body') body = fields![i + 1]!
    else headers[name] = String(fields![i + 1])
  }
  return {
    message: { id: headers[idHeader] ?? entry, key: headers[keyHeader], body, headers: ownHeaders(headers), delivery },
    position: entry,
    isRedelivered,
    handle: { entry },
  }
}

function fieldsOf({ id, key, body, headers }: Prepared): (string | Buffer)[] {
  const fields: (string | Buffer)[] = ['body', Buffer.from(body), idHeader, id]
  if (key !== undefined) fields.push(keyHeader, key)
  for (const [name, value] of Object.entries(headers)) fields.push(name, value)
  return fields
}

async function redisOutlet({ connect, stream }: RedisTarget): Promise<Outlet> {
  const client = await connect()
  client.on('error', () => {})
  return {
    async send(message) {
      try {
        await client.sendCommand(['XADD', stream, '*', ...fieldsOf(message)])
      } catch (error) {
        if (!isReply(error)) throw new LinkLost(error)
        throw passing.test(error.message) ? new PushedBack(error) : error
      }
    },
    async close() {
      await client.close().catch(() => {})
      if (client.isOpen) client.destroy()
    },
  }
}
