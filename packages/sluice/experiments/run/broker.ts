/**
 * `broker`: a producer publishes to a stream of NATS JetStream faster than the consumer handles. Where the rest waits, in the consumer's
 * memory or at the server, is what the ways to consume differ in.
 */

import { join } from 'node:path'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { type ConsumerReport, durable, type Part, type ProducerReport, warmName, type Way } from './broker-part.ts'
import type { Bench, Experiment } from './experiment.ts'
import { type Finding, goal, round } from './record.ts'
import { highest, median, start, thin } from './stream-process.ts'

const file = join(import.meta.dirname, 'broker-part.ts')
const sampleMs = 100
const concurrency = 8
const handleMs = 10
const bytes = 16_384
const perSecond = 2500
const warm = 1000

const contestants: { name: Way; what: string }[] = [
  {
    name: 'push',
    what: 'a push consumer without max_ack_pending, whose callback puts messages into an array; 8 at a time are handled out of it',
  },
  {
    name: 'pull',
    what: "the client's own consume(), which pulls up to 100 ahead; a loop takes a message while fewer than 8 are handled",
  },
  { name: 'sluice', what: 'consume(source, handler, { concurrency: 8 }) of @viva/sluice/nats' },
  {
    name: 'ahead',
    what: 'the same with a concurrency of 16, and a gate({ limit: 8 }) around the work in the handler: 8 more wait here',
  },
]

/** What the server said of the consumer: seconds, waiting for it, sent to it and not acknowledged. */
type Pending = [seconds: number, waiting: number, inHand: number]

type Run = {
  way: Way
  consumer: ConsumerReport
  producer: ProducerReport
  pending: Pending[]
  beforeMb: number
  highestMb: number
  grewMb: number
  /** Messages at the server after all was handled, and what it still held as not acknowledged. */
  leftAtServer: number
}

/** Asks the server now and then, until it is stopped. */
function watch(manager: JetStreamManager, name: string): () => Promise<Pending[]> {
  const since = performance.now()
  const found: Pending[] = []
  let isOver = false
  const asking = (async () => {
    while (!isOver) {
      // The consumer is not there at first.
      const info = await manager.consumers.info(name, durable).catch(() => undefined)
      if (info !== undefined) found.push([(performance.now() - since) / 1000, info.num_pending, info.num_ack_pending])
      await new Promise((resolve) => setTimeout(resolve, 2 * sampleMs))
    }
  })()
  return async () => {
    isOver = true
    await asking
    return found
  }
}

async function runOnce(manager: JetStreamManager, way: Way, messages: number): Promise<Run> {
  const name = `sluice-experiment-${crypto.randomUUID().slice(0, 13)}`
  const streams = [name, warmName(name)]
  const play = <Report>(part: Part) => start<object, Report>(file, part)
  const parts: { end(): void }[] = []
  try {
    for (const one of streams) await manager.streams.add({ name: one, subjects: [one] })
    const producer = await play<ProducerReport>({ part: 'producer', name, warm, messages, bytes, perSecond })
    parts.push(producer)
    const sizes = { warm, messages, bytes, concurrency, handleMs, sampleMs }
    const consumer = await play<ConsumerReport>({ part: 'consumer', way, name, ...sizes })
    parts.push(consumer)
    const stop = watch(manager, name)
    const [consumed, produced] = await Promise.all([consumer.run(), producer.run()])
    const pending = await stop()
    const { num_pending, num_ack_pending } = await manager.consumers.info(name, durable)
    const beforeMb = consumed.samples[0]![1]
    const highestMb = highest(consumed.samples)
    return {
      way,
      consumer: consumed,
      producer: produced,
      pending,
      beforeMb,
      highestMb,
      grewMb: round(highestMb - beforeMb),
      leftAtServer: num_pending + num_ack_pending,
    }
  } finally {
    for (const one of parts) one.end()
    for (const one of streams) await manager.streams.delete(one).catch(() => {})
  }
}

async function run({ isQuick, wants, log }: Bench): Promise<Finding> {
  const messages = isQuick ? 4000 : 16_000
  const rounds = isQuick ? 1 : 3
  const chosen = contestants.filter(({ name }) => wants(name))
  const connection = await connect().catch((cause: unknown) => {
    throw new Error('broker needs NATS with JetStream on 127.0.0.1:4222. Start it: nats-server -js', { cause })
  })
  const manager = await jetstreamManager(connection)
  const runs: Run[] = []
  try {
    for (let turn = 1; turn <= rounds; turn++)
      // Each time another one begins.
      for (const { name } of [...chosen.slice(turn % chosen.length), ...chosen.slice(0, turn % chosen.length)]) {
        const one = await runOnce(manager, name, messages)
        runs.push(one)
        const { seconds, lost } = one.consumer
        log(`${turn} of ${rounds}, ${name}: ${seconds.toFixed(2)} s, grew by ${one.grewMb} MB, ${lost} lost`)
      }
  } finally {
    await connection.close()
  }

  const of = (way: Way) => runs.filter((one) => one.way === way)
  const middle = (way: Way, value: (one: Run) => number, digits = 1) => round(median(of(way).map(value)), digits)
  const most = (way: Way, value: (one: Run) => number) => Math.max(...of(way).map(value))
  const figures = chosen.map(({ name }) => ({
    contestant: name,
    beforeMb: middle(name, ({ beforeMb }) => beforeMb),
    highestMb: middle(name, ({ highestMb }) => highestMb),
    grewMb: middle(name, ({ grewMb }) => grewMb),
    grewMostMb: most(name, ({ grewMb }) => grewMb),
    mostWaitingAtServer: middle(name, ({ pending }) => Math.max(...pending.map(([, waiting]) => waiting)), 0),
    mostUnacknowledged: middle(name, ({ pending }) => Math.max(...pending.map(([, , inHand]) => inHand)), 0),
    lost: most(name, ({ consumer }) => consumer.lost),
    handledAgain: most(name, ({ consumer }) => consumer.handledAgain),
    leftAtServer: most(name, ({ leftAtServer }) => leftAtServer),
    publishedInSeconds: middle(name, ({ producer }) => producer.seconds, 2),
    seconds: middle(name, ({ consumer }) => consumer.seconds, 3),
    slowestSeconds: round(
      most(name, ({ consumer }) => consumer.seconds),
      3,
    ),
    cpuSeconds: middle(name, ({ consumer }) => consumer.cpu, 2),
  }))
  const figure = (way: Way) => figures.find(({ contestant }) => contestant === way)
  /** The median over the rounds, in each of which both ran one soon after the other. */
  const overPull = (way: Way): number | null => {
    const [its, pulls] = [of(way), of('pull')]
    if (its.length === 0 || pulls.length === 0) return null
    return round(median(its.map(({ consumer }, index) => consumer.seconds / pulls[index]!.consumer.seconds)), 3)
  }

  /** The round that stands for all, the same for each contestant: where ours took the median time. */
  const times = of(wants('sluice') ? 'sluice' : chosen[0]!.name).map(({ consumer }) => consumer.seconds)
  const shown = times.indexOf(median(times))
  const seconds = { label: 'since the beginning', unit: 's' }
  const draw = (points: (one: Run) => [number, number][]) =>
    chosen.map(({ name }) => thin(name, points(of(name)[shown]!)))
  return {
    question:
      'A producer is faster than the consumer: where does the rest wait, and does it cost time to leave it at the server?',
    setup: {
      processes:
        'producer and consumer, each by connections of its own to one NATS server on loopback; the stream is on disk',
      server: `nats-server ${connection.info?.version}`,
      messages,
      bytesPerMessage: bytes,
      publishedPerSecond: perSecond,
      handler: `waits ${handleMs} ms`,
      concurrency,
      handledPerSecondAtMost: (concurrency * 1000) / handleMs,
      warmUp: `the same process consumes ${warm} messages of another stream before, in the same way; then 300 ms of rest`,
      memory: 'resident memory of the consumer; beforeMb after the warm-up, grewMb from there to the highest',
      sampleMs,
      rounds,
      order:
        'in rounds, each begun by another; figures are medians of the rounds, times over those of pull medians of what each round gives, lost, handledAgain and leftAtServer the most of them; the picture shows one round, in which sluice took the median time',
      checked: 'every message is numbered; the consumer counts each number that it has handled, and looks at the body',
    },
    seeds: [],
    contestants: chosen,
    figures,
    charts: [
      {
        title: 'Memory of the consumer',
        x: seconds,
        y: { label: 'resident', unit: 'MB' },
        series: draw(({ consumer }) => consumer.samples.map(([at, rssMb]) => [at, rssMb])),
      },
      {
        title: 'Handled',
        x: seconds,
        y: { label: 'handled', unit: 'messages' },
        series: draw(({ consumer }) => consumer.samples.map(([at, , handled]) => [at, handled!])),
      },
      {
        title: 'Waiting at the server',
        x: seconds,
        y: { label: 'waiting', unit: 'messages' },
        series: draw(({ pending }) => pending.map(([at, waiting]) => [at, waiting])),
      },
      {
        title: 'Sent to the consumer, not acknowledged',
        x: seconds,
        y: { label: 'in hand', unit: 'messages' },
        series: draw(({ pending }) => pending.map(([at, , inHand]) => [at, inHand])),
      },
    ],
    verdict: (['sluice', 'ahead'] as const).flatMap((way) => {
      const its = figure(way)
      return [
        goal(`the consumer's memory grows by at most 20 MB (${way})`, its?.grewMb ?? null, 'MB', { atMost: 20 }),
        goal(`messages lost (${way})`, its?.lost ?? null, 'messages', { atMost: 0 }),
        goal(`messages handled again (${way})`, its?.handledAgain ?? null, 'messages', { atMost: 0 }),
        goal(`time to finish over pull's (${way})`, overPull(way), 'times', { atMost: 1.05 }),
      ]
    }),
  }
}

export const broker: Experiment = {
  name: 'broker',
  about: 'a producer faster than its consumer over NATS JetStream: memory of the consumer, pending at the server',
  contestants: contestants.map(({ name }) => name),
  packages: ['@nats-io/jetstream', '@nats-io/transport-node'],
  run,
}
