/**
 * A FAKE of Kafka, in memory, in the shape of kafkajs: no broker was asked. It does what kafkajs documents and the adapter relies on:
 *
 * - with `eachBatchAutoResolve: false` the next fetch begins behind the last resolved offset;
 * - a paused partition is not fetched until it is resumed;
 * - a consumer that joins or leaves deals the partitions anew: GROUP_JOIN, batches of before are stale, reading begins at the committed offset,
 *   and commits of a former generation are refused;
 * - a lost connection is CRASH, and requests under way are refused.
 */

import type { Consumer, EachBatchPayload, Kafka, KafkaMessage, Producer } from 'kafkajs'

type Listener = (event: { payload: { error: Error } }) => void
type Topic = KafkaMessage[][]
type Group = { members: FakeConsumer[]; committed: Map<string, bigint>; generation: number }

const batchSize = 10

export class FakeKafka {
  readonly topics = new Map<string, Topic>()
  readonly groups = new Map<string, Group>()
  readonly #producers = new Set<{ isCut: boolean }>()
  #isRefusing = false
  #next = 0

  createTopic(name: string, partitions: number): void {
    this.topics.set(
      name,
      Array.from({ length: partitions }, () => []),
    )
  }

  group(id: string): Group {
    let group = this.groups.get(id)
    if (group === undefined) this.groups.set(id, (group = { members: [], committed: new Map(), generation: 0 }))
    return group
  }

  /** Cuts every connection, and refuses new ones for so long. */
  cut(refuseMs: number): void {
    this.#isRefusing = true
    for (const producer of this.#producers) producer.isCut = true
    for (const group of this.groups.values()) for (const member of [...group.members]) member.crash()
    setTimeout(() => (this.#isRefusing = false), refuseMs).unref()
  }

  admit(): void {
    if (this.#isRefusing) throw Object.assign(new Error('Connection error'), { retriable: true })
  }

  /** The client, of which the adapter uses two methods. */
  get client(): Pick<Kafka, 'consumer' | 'producer'> {
    return {
      consumer: ({ groupId }) => new FakeConsumer(this, this.group(groupId)) as unknown as Consumer,
      producer: () => this.#producer(),
    }
  }

  #producer(): Producer {
    const state = { isCut: false }
    const producer = {
      connect: async () => {
        this.admit()
        this.#producers.add(state)
      },
      disconnect: async () => void this.#producers.delete(state),
      send: async ({ topic, messages }: Parameters<Producer['send']>[0]) => {
        await turn()
        if (state.isCut) throw Object.assign(new Error('Closed connection'), { retriable: true })
        const partitions = this.topics.get(topic)
        if (partitions === undefined)
          throw Object.assign(new Error(`No topic ${topic}`), { type: 'UNKNOWN_TOPIC_OR_PARTITION', retriable: false })
        for (const { key, value, headers } of messages) {
          const hash = [...String(key ?? this.#next++)].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7)
          const log = partitions[hash % partitions.length]!
          log.push({
            key: typeof key === 'string' ? Buffer.from(key) : null,
            value: Buffer.from(value!),
            headers: headers ?? {},
            offset: String(log.length),
            timestamp: '0',
            attributes: 0,
          } as KafkaMessage)
        }
        return []
      },
    }
    return producer as unknown as Producer
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

class FakeConsumer {
  readonly events = { CRASH: 'crash', DISCONNECT: 'disconnect', GROUP_JOIN: 'join' }
  readonly #kafka: FakeKafka
  readonly #group: Group
  readonly #listeners = new Map<string, Listener[]>()
  readonly #paused = new Set<number>()
  #topic = ''
  #assigned = new Map<number, bigint>()
  #generation = 0
  #isRunning = false
  #running: Promise<void> | undefined

  constructor(kafka: FakeKafka, group: Group) {
    this.#kafka = kafka
    this.#group = group
  }

  on(event: string, listener: Listener): void {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener])
  }

  async connect(): Promise<void> {
    await turn()
    this.#kafka.admit()
  }

  async subscribe({ topics }: { topics: string[] }): Promise<void> {
    this.#topic = topics[0]!
    if (!this.#kafka.topics.has(this.#topic))
      throw Object.assign(new Error('No such topic'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' })
  }

  async run({ eachBatch }: { eachBatch: (payload: EachBatchPayload) => Promise<void> }): Promise<void> {
    this.#isRunning = true
    this.#group.members.push(this)
    this.#deal()
    this.#running = this.#loop(eachBatch)
  }

  pause([{ partitions }]: [{ topic: string; partitions?: number[] }]): void {
    for (const partition of partitions ?? this.#assigned.keys()) this.#paused.add(partition)
  }

  resume([{ partitions }]: [{ topic: string; partitions?: number[] }]): void {
    for (const partition of partitions ?? this.#assigned.keys()) this.#paused.delete(partition)
  }

  async commitOffsets(offsets: { partition: number; offset: string }[]): Promise<void> {
    const generation = this.#generation
    await turn()
    if (!this.#isRunning) throw new Error('The consumer is not connected')
    if (generation !== this.#group.generation)
      throw Object.assign(new Error('rebalancing'), { type: 'ILLEGAL_GENERATION' })
    for (const { partition, offset } of offsets)
      this.#group.committed.set(`${this.#topic}:${partition}`, BigInt(offset))
  }

  async disconnect(): Promise<void> {
    await turn()
    this.#leave()
    await this.#running
  }

  crash(): void {
    this.#leave()
    this.#tell('crash', new Error('Closed connection'))
  }

  #leave(): void {
    if (!this.#isRunning) return
    this.#isRunning = false
    this.#group.members.splice(this.#group.members.indexOf(this), 1)
    this.#deal()
  }

  /** Deals the partitions to all members, in turn. */
  #deal(): void {
    const generation = ++this.#group.generation
    const count = this.#kafka.topics.get(this.#topic)?.length ?? 0
    this.#group.members.forEach((member, index) => {
      const mine = Array.from({ length: count }, (_, n) => n).filter((n) => n % this.#group.members.length === index)
      member.#assigned = new Map(mine.map((n) => [n, this.#group.committed.get(`${this.#topic}:${n}`) ?? 0n]))
      member.#generation = generation
      member.#paused.clear()
      member.#tell('join', new Error())
    })
  }

  #tell(event: string, error: Error): void {
    for (const listener of this.#listeners.get(event) ?? []) listener({ payload: { error } })
  }

  async #loop(eachBatch: (payload: EachBatchPayload) => Promise<void>): Promise<void> {
    while (this.#isRunning) {
      let hasFetched = false
      for (const partition of this.#assigned.keys()) {
        if (!this.#isRunning || this.#paused.has(partition)) continue
        hasFetched = (await this.#fetch(partition, eachBatch)) || hasFetched
      }
      await (hasFetched ? turn() : new Promise((resolve) => setTimeout(resolve, 2)))
    }
  }

  async #fetch(partition: number, eachBatch: (payload: EachBatchPayload) => Promise<void>): Promise<boolean> {
    const from = this.#assigned.get(partition)
    if (from === undefined) return false
    const messages = this.#kafka.topics.get(this.#topic)![partition]!.slice(Number(from), Number(from) + batchSize)
    if (messages.length === 0) return false
    const generation = this.#generation
    const isStale = (): boolean => generation !== this.#generation
    let resolved = from
    await turn()
    await eachBatch({
      batch: { topic: this.#topic, partition, messages },
      resolveOffset: (offset: string) => (resolved = BigInt(offset) + 1n),
      heartbeat: async () => {},
      isRunning: () => this.#isRunning,
      isStale,
    } as unknown as EachBatchPayload)
    if (!isStale()) this.#assigned.set(partition, resolved)
    return true
  }
}
