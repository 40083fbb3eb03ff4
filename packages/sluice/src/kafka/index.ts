/** Kafka through kafkajs: partitions are paused while there is enough in hand; offsets are committed up to the first that is not done. */

import type { Consumer, EachBatchPayload, Kafka, KafkaMessage, Producer } from 'kafkajs'
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
import { idHeader, type Outgoing, ownHeaders, type Prepared } from '../brokers/message.ts'
import {
  publishAll,
  type Publisher,
  type PublisherOptions,
  publisherTo,
  type PublishOptions,
} from '../brokers/publish.ts'
import { OffsetTracker } from './offsets.ts'

export * from '../brokers/index.ts'

export type KafkaSource = {
  /** `new Kafka({ … })` of kafkajs. */
  kafka: Pick<Kafka, 'consumer' | 'producer'>
  groupId: string
  topic: string
  /** Where a group without offsets begins. Default true: at the first message. */
  fromBeginning?: boolean
}

export type KafkaTarget = {
  /** As of `KafkaSource`. */
  kafka: Pick<Kafka, 'producer'>
  topic: string
}

/**
 * Consumes a topic as one of a group. Resolves when it has drained, after `options.signal` was aborted. Rejects with `BrokerRefused` when there
 * is no such topic, or with the last error when `reconnect.attempts` are used up.
 *
 * Kafka acknowledges by offset: a message that failed waits here, those behind it go on, and the offset stays before it until it is done or
 * buried. So after a crash what was done behind it is delivered again. The dead letter is a topic.
 */
export function consume(source: KafkaSource, handler: Handler, options?: ConsumeOptions): Promise<Consumed> {
  return consumeFrom(kafkaInlet(source), handler, options)
}

/** Publishes to one topic, confirmed by all in-sync replicas. The key is Kafka's, and decides the partition. */
export function publisher(target: KafkaTarget, options?: PublisherOptions): Publisher {
  return publisherTo(() => kafkaOutlet(target), options)
}

/** Publishes all of a source, pulling no faster than it is confirmed. Gives how many. */
export async function publish(
  target: KafkaTarget,
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

/** So many that failed may wait to be tried again; then partitions are paused. */
const mostWaiting = 1000

/** Error types by which the coordinator refuses a commit of a generation that is over (Kafka protocol, error codes 22 and 27). */
const rebalancing = new Set(['ILLEGAL_GENERATION', 'REBALANCE_IN_PROGRESS'])

type Handle = { partition: number; tracker: OffsetTracker; offset: string }

function kafkaInlet({ kafka, groupId, topic, fromBeginning = true }: KafkaSource): Inlet<Handle> {
  return {
    settlesAnywhere: false,
    extendEveryMs: Infinity,
    async open(size) {
      // Its own retries would hide a lost connection: here, it is opened again.
      const consumer = kafka.consumer({
        groupId,
        allowAutoTopicCreation: false,
        retry: { restartOnFailure: async () => false },
      })
      const producer = kafka.producer({ allowAutoTopicCreation: false })
      try {
        await Promise.all([consumer.connect(), producer.connect()])
        await consumer.subscribe({ topics: [topic], fromBeginning })
        const link = new KafkaLink(consumer, producer, topic, size)
        await link.begin()
        return link
      } catch (error) {
        await Promise.allSettled([consumer.disconnect(), producer.disconnect()])
        const type = (error as { type?: string }).type
        if (type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'TOPIC_AUTHORIZATION_FAILED')
          throw new BrokerRefused(`The topic ${topic} cannot be consumed: ${type}`, error)
        throw error
      }
    },
  }
}

class KafkaLink implements Link<Handle> {
  readonly #consumer: Consumer
  readonly #producer: Producer
  readonly #topic: string
  /** So many may be received and not taken; then partitions are paused. */
  readonly #highWater: number
  readonly #inbox = new Inbox<Delivery<Handle>>()
  #trackers = new Map<number, OffsetTracker>()
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  readonly #paused = new Set<number>()
  #committing: Promise<void> | undefined
  #isOver = false

  constructor(consumer: Consumer, producer: Producer, topic: string, size: number) {
    this.#consumer = consumer
    this.#producer = producer
    this.#topic = topic
    this.#highWater = size
    const { CRASH, DISCONNECT, GROUP_JOIN } = consumer.events
    consumer.on(CRASH, ({ payload }) => this.#inbox.fail(new LinkLost(payload.error)))
    consumer.on(DISCONNECT, () => this.#inbox.fail(new LinkLost()))
    // Partitions were dealt anew, and are read from what is committed: what came before cannot be committed any more.
    consumer.on(GROUP_JOIN, () => {
      this.#trackers = new Map()
      this.#inbox.empty()
      this.#paused.clear()
    })
  }

  async begin(): Promise<void> {
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => this.#receive(payload),
    })
  }

  async take(max: number, signal: AbortSignal): Promise<Delivery<Handle>[]> {
    const taken = await this.#inbox.take(max, signal)
    this.#resume()
    return taken
  }

  async ack({ handle }: Delivery<Handle>): Promise<void> {
    if (handle.tracker !== this.#trackers.get(handle.partition))
      throw new LinkLost(new Error('The partition was revoked'))
    handle.tracker.done(handle.offset)
    // A commit under way may be one of a former generation, whose failure leaves this one's offsets to be committed by the next try.
    if (handle.tracker.hasMoved) await (this.#committing ??= this.#commit())
  }

  async retry(delivery: Delivery<Handle>, delayMs: number): Promise<void> {
    const { message, handle } = delivery
    const again = { ...delivery, isRedelivered: false, message: { ...message, delivery: message.delivery + 1 } }
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (handle.tracker === this.#trackers.get(handle.partition)) this.#inbox.push(again)
    }, delayMs)
    this.#timers.add(timer)
  }

  /** It is not done, so its offset is not committed. */
  async release(): Promise<void> {}

  async bury(delivery: Delivery<Handle>, name: string, letter: Prepared): Promise<void> {
    await this.#producer.send({ topic: name, acks: -1, messages: [toKafka(letter)] })
    await this.ack(delivery)
  }

  async extend(): Promise<void> {}

  async stop(): Promise<void> {
    this.#isOver = true
    this.#consumer.pause([{ topic: this.#topic }])
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    this.#inbox.empty()
  }

  async close(): Promise<void> {
    await this.stop().catch(() => {})
    await this.#committing?.catch(() => {})
    await Promise.allSettled([this.#consumer.disconnect(), this.#producer.disconnect()])
  }

  async #receive({ batch, resolveOffset, heartbeat, isRunning, isStale }: EachBatchPayload): Promise<void> {
    const { partition } = batch
    for (const message of batch.messages) {
      if (this.#isOver || !isRunning() || isStale()) return
      if (this.#inbox.length >= this.#highWater || this.#timers.size >= mostWaiting) {
        // What is not resolved is fetched again when it is resumed.
        this.#consumer.pause([{ topic: this.#topic, partitions: [partition] }])
        this.#paused.add(partition)
        return
      }
      let tracker = this.#trackers.get(partition)
      if (tracker === undefined) this.#trackers.set(partition, (tracker = new OffsetTracker()))
      tracker.add(message.offset)
      this.#inbox.push(this.#delivery(partition, tracker, message))
      resolveOffset(message.offset)
    }
    await heartbeat()
  }

  #delivery(partition: number, tracker: OffsetTracker, raw: KafkaMessage): Delivery<Handle> {
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(raw.headers ?? {}))
      if (value !== undefined) headers[name] = String(Array.isArray(value) ? value.at(-1) : value)
    const position = `${this.#topic}:${partition}:${raw.offset}`
    return {
      message: {
        id: headers[idHeader] ?? position,
        key: raw.key === null ? undefined : String(raw.key),
        body: raw.value ?? new Uint8Array(),
        headers: ownHeaders(headers),
        delivery: 1,
      },
      position,
      // Kafka does not say.
      isRedelivered: true,
      handle: { partition, tracker, offset: raw.offset },
    }
  }

  #resume(): void {
    if (this.#isOver || this.#paused.size === 0) return
    if (this.#inbox.length > this.#highWater / 2 || this.#timers.size >= mostWaiting) return
    const partitions = [...this.#paused]
    this.#paused.clear()
    this.#consumer.resume([{ topic: this.#topic, partitions }])
  }

  /** One at a time, of whatever is done by then. */
  async #commit(): Promise<void> {
    try {
      await Promise.resolve()
      for (let next = this.#toCommit(); next.length > 0; next = this.#toCommit())
        await this.#consumer.commitOffsets(next)
    } catch (error) {
      // The group is dealing partitions anew: GROUP_JOIN follows on this connection, and what was not committed comes again. A new
      // connection would make it deal once more, under the commits of the others, who would do the same.
      const isRebalance = rebalancing.has((error as { type?: string }).type ?? '')
      if (!isRebalance) this.#inbox.fail(new LinkLost(error))
      throw error
    } finally {
      this.#committing = undefined
    }
  }

  #toCommit(): { topic: string; partition: number; offset: string }[] {
    return [...this.#trackers].flatMap(([partition, tracker]) => {
      const offset = tracker.takeCommit()
      return offset === undefined ? [] : [{ topic: this.#topic, partition, offset }]
    })
  }
}

function toKafka({ id, key, body, headers }: Prepared): {
  key: string | null
  value: Buffer
  headers: Record<string, string>
} {
  return { key: key ?? null, value: Buffer.from(body), headers: { ...headers, [idHeader]: id } }
}

async function kafkaOutlet({ kafka, topic }: KafkaTarget): Promise<Outlet> {
  const producer = kafka.producer({ allowAutoTopicCreation: false })
  await producer.connect()
  return {
    async send(message) {
      try {
        await producer.send({ topic, acks: -1, messages: [toKafka(message)] })
      } catch (error) {
        const { type, retriable } = error as { type?: string; retriable?: boolean }
        if (/NOT_ENOUGH_REPLICAS|THROTTLING_QUOTA_EXCEEDED|KAFKA_STORAGE_ERROR/.test(type ?? ''))
          throw new PushedBack(error)
        throw retriable === false ? error : new LinkLost(error)
      }
    },
    async close() {
      await producer.disconnect().catch(() => {})
    },
  }
}
