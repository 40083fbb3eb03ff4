/**
 * `stream`: three processes on loopback, a source that sends as fast as it may, a relay, and a slow reader. What the relay does with what it
 * cannot hand on decides what it holds in memory.
 */

import { join } from 'node:path'
import type { Bench, Experiment } from './experiment.ts'
import { type Chart, type Finding, goal, round, type Series } from './record.ts'
import type { ReaderReport, RelayReport, SourceReport, Way } from './stream-part.ts'
import { highest, median, start, thin } from './stream-process.ts'

const file = join(import.meta.dirname, 'stream-part.ts')
const sampleMs = 100

const contestants: { name: Way; what: string }[] = [
  { name: 'data', what: "on('data') writes each chunk; what write() answers is ignored" },
  { name: 'array', what: "on('data') puts each chunk into an array; a loop writes them one after the other" },
  { name: 'pipeline', what: 'pipeline(from, to) of node:stream/promises' },
  { name: 'sluice', what: 'pipe(fromReadable(from), writeTo(to))' },
  { name: 'channel', what: 'Sluice: fromReadable(from) into a channel of 16 chunks, writeTo(to) out of it' },
]

type Condition = {
  name: string
  bytes: number
  warmBytes: number
  /** Null: as fast as it can. */
  bytesPerSecond: number | null
  rounds: number
  isSummed: boolean
}

function conditions(isQuick: boolean): [slow: Condition, fast: Condition] {
  const megabyte = 1e6
  const slow = { name: 'slow reader', bytesPerSecond: 16 * megabyte, warmBytes: 32 * megabyte, isSummed: true }
  // Without the checksum, which would take more of the two cores than the relay does.
  const fast = { name: 'fast reader', bytesPerSecond: null, warmBytes: 100 * megabyte, isSummed: false }
  return isQuick
    ? [
        { ...slow, bytes: 64 * megabyte, rounds: 1 },
        { ...fast, bytes: 200 * megabyte, rounds: 3 },
      ]
    : [
        { ...slow, bytes: 208 * megabyte, rounds: 3 },
        { ...fast, bytes: 1000 * megabyte, rounds: 11 },
      ]
}

type Run = {
  way: Way
  condition: string
  seconds: number
  cpuSeconds: number
  beforeMb: number
  highestMb: number
  grewMb: number
  relay: RelayReport
  reader: ReaderReport
}

async function runOnce(way: Way, condition: Condition): Promise<Run> {
  const { name, bytes, warmBytes, bytesPerSecond, isSummed } = condition
  const sizes = { bytes: [warmBytes, bytes], isSummed }
  const source = await start<{ port: number }, SourceReport>(file, { part: 'source', ...sizes })
  const pace = { bytesPerSecond, isSummed, sampleMs }
  const reader = await start<{ port: number }, ReaderReport>(file, { part: 'reader', ...pace })
  const [from, to] = [source.ready.port, reader.ready.port]
  const relay = await start<object, RelayReport>(file, { part: 'relay', way, from, to, sampleMs })
  try {
    const [sent, handed, received] = await Promise.all([source.run(), relay.run(), reader.run()])
    if (received.bytes !== bytes || received.crc !== sent.crc)
      throw new Error(`${way}: of ${bytes} bytes ${received.bytes} came, checksum ${received.crc} for ${sent.crc}`)
    const beforeMb = handed.samples[0]![1]
    const highestMb = highest(handed.samples)
    return {
      way,
      condition: name,
      seconds: received.seconds,
      cpuSeconds: handed.cpu,
      beforeMb,
      highestMb,
      grewMb: round(highestMb - beforeMb),
      relay: handed,
      reader: received,
    }
  } finally {
    for (const one of [source, relay, reader]) one.end()
  }
}

async function run({ isQuick, wants, log }: Bench): Promise<Finding> {
  const chosen = contestants.filter(({ name }) => wants(name))
  const all = conditions(isQuick)
  const runs: Run[] = []
  for (const condition of all)
    for (let turn = 1; turn <= condition.rounds; turn++)
      // Each time another one begins.
      for (const { name } of [...chosen.slice(turn % chosen.length), ...chosen.slice(0, turn % chosen.length)]) {
        const one = await runOnce(name, condition)
        runs.push(one)
        log(
          `${condition.name}, ${turn} of ${condition.rounds}, ${name}: ${one.seconds.toFixed(2)} s, grew by ${one.grewMb} MB`,
        )
      }

  const of = (way: Way, condition: Condition) =>
    runs.filter((one) => one.way === way && one.condition === condition.name)
  const figures = all.flatMap((condition) =>
    chosen.map(({ name }) => {
      const its = of(name, condition)
      return {
        contestant: name,
        condition: condition.name,
        beforeMb: median(its.map(({ beforeMb }) => beforeMb)),
        highestMb: median(its.map(({ highestMb }) => highestMb)),
        grewMb: median(its.map(({ grewMb }) => grewMb)),
        grewMostMb: Math.max(...its.map(({ grewMb }) => grewMb)),
        seconds: round(median(its.map(({ seconds }) => seconds)), 3),
        slowestSeconds: round(Math.max(...its.map(({ seconds }) => seconds)), 3),
        megabytesPerSecond: round(condition.bytes / 1e6 / median(its.map(({ seconds }) => seconds))),
        cpuSeconds: round(median(its.map(({ cpuSeconds }) => cpuSeconds)), 2),
      }
    }),
  )
  const figure = (way: Way, condition: Condition) =>
    figures.find((one) => one.contestant === way && one.condition === condition.name)
  /** The median over the rounds, in each of which both ran one soon after the other. */
  const over = (way: Way, condition: Condition, value: (one: Run) => number): number | null => {
    const [its, pipelines] = [of(way, condition), of('pipeline', condition)]
    if (its.length === 0 || pipelines.length === 0) return null
    return round(median(its.map((one, index) => value(one) / value(pipelines[index]!))), 3)
  }
  const [slow, fast] = all
  const ours = ['sluice', 'channel'] as const
  return {
    question:
      'What does a relay between a fast source and a slow reader hold in memory, and does it cost time to hold little?',
    setup: {
      processes: 'source, relay and reader, by TCP on loopback; the source itself waits for drain',
      conditions: all,
      warmUp: 'warmBytes go through the same relay before, by a connection of their own; then 300 ms of rest',
      memory:
        'resident memory of the relay; beforeMb just before the measured connection, grewMb from there to the highest',
      sampleMs,
      order:
        "in rounds, each begun by another; figures are medians of the rounds, times over pipeline's medians of what each round gives; the picture shows the round of the median growth",
      checked: 'every byte arrives: counted in each run, and with a slow reader its CRC-32 compared',
    },
    seeds: [],
    contestants: chosen,
    figures,
    charts: charts(
      chosen.map(({ name }) => name),
      slow,
      fast,
      of,
    ),
    verdict: [
      ...ours.map((way) =>
        goal(
          `slow reader: the relay's memory grows by at most 20 MB (${way})`,
          figure(way, slow)?.grewMb ?? null,
          'MB',
          {
            atMost: 20,
          },
        ),
      ),
      ...all.flatMap((condition) =>
        ours.map((way) =>
          goal(
            `${condition.name}: time to finish over pipeline's (${way})`,
            over(way, condition, ({ seconds }) => seconds),
            'times',
            { atMost: 1.05 },
          ),
        ),
      ),
    ],
  }
}

function charts(ways: Way[], slow: Condition, fast: Condition, of: (way: Way, condition: Condition) => Run[]): Chart[] {
  /** The one that stands for the rounds. */
  const typical = (way: Way): Run => {
    const sorted = of(way, slow).toSorted((a, b) => a.grewMb - b.grewMb)
    return sorted[(sorted.length - 1) >> 1]!
  }
  const seconds = { label: 'since the connection', unit: 's' }
  const memory = (title: string): Chart => ({
    title,
    x: seconds,
    y: { label: 'resident', unit: 'MB' },
    series: ways.map((way) =>
      thin(
        way,
        typical(way).relay.samples.map(([at, rssMb]) => [at, rssMb]),
      ),
    ),
  })
  const perRound = (title: string, unit: string, value: (one: Run) => number): Chart => ({
    title,
    x: { label: 'round', from: 1, ticks: Array.from({ length: fast.rounds }, (_, index) => index + 1) },
    y: { label: title, unit },
    series: ways.map((way) =>
      thin(
        way,
        of(way, fast).map((one, index) => [index + 1, value(one)]),
      ),
    ),
  })
  const taken: Series[] = ways.map((way) =>
    thin(
      way,
      typical(way).relay.samples.map(([at, , bytes]) => [at, bytes! / 1e6]),
    ),
  )
  const last = ways.includes('pipeline') ? 'pipeline' : ways[0]!
  taken.push(
    thin(
      'the reader has',
      typical(last).reader.samples.map(([at, , bytes]) => [at, bytes! / 1e6]),
    ),
  )
  return [
    memory('Slow reader: memory of the relay'),
    { title: 'Slow reader: taken from the source', x: seconds, y: { label: 'taken', unit: 'MB' }, series: taken },
    perRound('Fast reader: throughput', 'MB/s', ({ seconds }) => fast.bytes / 1e6 / seconds),
    perRound('Fast reader: CPU of the relay', 's', ({ cpuSeconds }) => cpuSeconds),
  ]
}

export const stream: Experiment = {
  name: 'stream',
  about: 'a fast source, a relay and a slow reader, with and without backpressure: memory and time',
  contestants: contestants.map(({ name }) => name),
  packages: [],
  run,
}
