/** A part of the experiment `broker`, in a process of its own: the producer, or a consumer in one of its ways. */

import { AckPolicy, jetstream, jetstreamManager, type JsMsg } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { setTimeout as pause } from 'node:timers/promises'
import { gate } from '../../src/index.ts'
import { consume, publish } from '../../src/nats/index.ts'
import { cpuSeconds, play, sample, type Sample } from './stream-process.ts'

export type Way = 'push' | 'pull' | 'sluice' | 'ahead'
export type Part =
  /** Publishes to the stream `name`; before, and at once, `warm` messages to its sibling. */
  | { part: 'producer'; name: string; warm: number; messages: number; bytes: number; perSecond: number }
  | {
      part: 'consumer'
      way: Way
      name: string
      warm: number
      messages: number
      bytes: number
      concurrency: number
      handleMs: number
      sampleMs: number
    }

export type ProducerReport = { seconds: number; sent: number }
export type ConsumerReport = {
  /** Seconds, resident memory, messages handled. */
  samples: Sample[]
  /** Until all were handled. */
  seconds: number
  lost: number
  handledAgain: number
  cpu: number
}

type ConsumerPart = Extract<Part, { part: 'consumer' }>

export const durable = 'worker'
export const warmName = (name: string): string => `${name}-warm`
const dial = () => connect({ reconnect: false })

/** The body of a message: its number, and bytes after it. */
function body(number: number, bytes: number): Buffer {
  const text = Buffer.alloc(bytes, number % 251)
  text.writeUInt32LE(number)
  return text
}

/** Counts what was handled, and holds each body to what was sent. */
class Tally {
  readonly times: Uint8Array
  readonly bytes: number
  handled = 0
  distinct = 0
  readonly all = Promise.withResolvers<void>()

  constructor(messages: number, bytes: number) {
    this.times = new Uint8Array(messages)
    this.bytes = bytes
  }

  note(data: Uint8Array): void {
    const number = new DataView(data.buffer, data.byteOffset).getUint32(0, true)
    if (data.length !== this.bytes || data.at(-1) !== number % 251)
      throw new Error(`Message ${number} is not what was sent: ${data.length} bytes, the last ${data.at(-1)}`)
    this.handled++
    this.times[number]!++
    if (this.times[number] === 1) this.distinct++
    if (this.distinct === this.times.length) this.all.resolve()
  }
}

/** Each way to consume, until it is aborted. */
const ways: Record<
  Way,
  (part: ConsumerPart, handle: (data: Uint8Array) => Promise<void>, signal: AbortSignal) => Promise<void>
> = {
  /** All that the server has is sent at once, and waits here in a list. */
  async push({ name, concurrency }, handle, signal) {
    const nc = await dial()
    const jsm = await jetstreamManager(nc)
    await jsm.consumers.add(name, {
      durable_name: durable,
      ack_policy: AckPolicy.Explicit,
      deliver_subject: `${name}.deliver`,
      max_ack_pending: -1,
    })
    const waiting: JsMsg[] = []
    let running = 0
    const next = (): void => {
      while (running < concurrency && waiting.length > 0) {
        const message = waiting.shift()!
        running++
        void handle(message.data).then(() => {
          message.ack()
          running--
          next()
        })
      }
    }
    const consumer = await jetstream(nc).consumers.getPushConsumer(name, durable)
    const messages = await consumer.consume({
      callback: (message) => {
        waiting.push(message)
        next()
      },
    })
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
    await messages.close()
    await nc.drain()
  },

  /** The client's own bounded consumer: it pulls a hundred ahead. */
  async pull({ name, concurrency }, handle, signal) {
    const nc = await dial()
    const jsm = await jetstreamManager(nc)
    await jsm.consumers.add(name, { durable_name: durable, ack_policy: AckPolicy.Explicit, max_ack_pending: 10_000 })
    const consumer = await jetstream(nc).consumers.get(name, durable)
    const messages = await consumer.consume()
    signal.addEventListener('abort', () => messages.stop(), { once: true })
    let running = 0
    let wake: () => void = () => {}
    for await (const message of messages) {
      running++
      void handle(message.data).then(() => {
        message.ack()
        running--
        wake()
      })
      if (running === concurrency) await new Promise<void>((resolve) => (wake = resolve))
    }
    await nc.drain()
  },

  async sluice({ name, concurrency }, handle, signal) {
    await consume({ connect: dial, stream: name, consumer: durable }, ({ body }) => handle(body), {
      concurrency,
      signal,
    })
  },

  /** As many again wait here while the others are handled. */
  async ahead({ name, concurrency }, handle, signal) {
    const atWork = gate({ limit: concurrency, queue: { capacity: concurrency, order: 'fifo' } })
    const source = { connect: dial, stream: name, consumer: durable }
    await consume(source, ({ body }) => atWork.run(() => handle(body)), { concurrency: 2 * concurrency, signal })
  },
}

/** Consumes so many messages of a stream, and counts them. */
async function consumeAll(part: ConsumerPart, name: string, tally: Tally): Promise<() => Promise<void>> {
  const controller = new AbortController()
  const handle = async (data: Uint8Array): Promise<void> => {
    await pause(part.handleMs)
    tally.note(data)
  }
  const running = ways[part.way]({ ...part, name }, handle, controller.signal)
  await Promise.race([tally.all.promise, running])
  return () => {
    controller.abort()
    return running
  }
}

async function consumer(part: ConsumerPart) {
  const stopWarm = await consumeAll(part, warmName(part.name), new Tally(part.warm, part.bytes))
  await stopWarm()
  await pause(300)
  return {
    ready: {},
    async run(): Promise<ConsumerReport> {
      const tally = new Tally(part.messages, part.bytes)
      const stop = sample(part.sampleMs, () => [tally.handled])
      const cpu = cpuSeconds()
      const since = performance.now()
      const end = await consumeAll(part, part.name, tally)
      const seconds = (performance.now() - since) / 1000
      const used = cpu()
      const samples = stop()
      await end()
      const { handled, distinct, times } = tally
      return { samples, seconds, lost: times.length - distinct, handledAgain: handled - distinct, cpu: used }
    },
  }
}

async function producer({ name, warm, messages, bytes, perSecond }: Extract<Part, { part: 'producer' }>) {
  const send = async (subject: string, count: number, rate: number): Promise<number> => {
    const since = performance.now()
    async function* all() {
      for (let number = 0; number < count; number++) {
        const aheadMs = (number / rate) * 1000 - (performance.now() - since)
        if (aheadMs > 1) await pause(aheadMs)
        yield { id: `${subject}-${number}`, body: body(number, bytes) }
      }
    }
    return publish({ connect: dial, subject }, all(), { inFlight: 64 })
  }
  await send(warmName(name), warm, Infinity)
  return {
    ready: {},
    async run(): Promise<ProducerReport> {
      const since = performance.now()
      const sent = await send(name, messages, perSecond)
      return { sent, seconds: (performance.now() - since) / 1000 }
    },
  }
}

// Only where it was forked with a part.
if (process.send !== undefined && process.argv[2] !== undefined)
  await play<Part, object, object>((part) => (part.part === 'producer' ? producer(part) : consumer(part)))
