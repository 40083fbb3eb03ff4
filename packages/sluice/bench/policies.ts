/** What gates, breakers and compositions cost per call, beside their peers, in one process: medians of rounds that alternate. */

import { availableParallelism, cpus } from 'node:os'
import {
  bulkhead as cockatielBulkhead,
  circuitBreaker,
  ConsecutiveBreaker,
  ConstantBackoff,
  handleAll,
  IsolatedCircuitError,
  retry as cockatielRetry,
  timeout as cockatielTimeout,
  TimeoutStrategy,
  wrap,
} from 'cockatiel'
import fastq from 'fastq'
import Opossum from 'opossum'
import pLimit from 'p-limit'
import PQueue from 'p-queue'
import { breaker, deadline, fixed, gate, gradient, Overloaded, protect, retries } from '../src/index.ts'

const concurrency = 16
const rounds = 5
/** For the README. */
const asTable = process.argv.includes('--table')

/** One way to do the same: microseconds an operation. */
type Row = { name: string; run: () => Promise<number>; note?: string }

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

async function microseconds(count: number, run: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await run()
  return ((performance.now() - start) * 1000) / count
}

async function compare(title: string, rows: Row[]): Promise<Map<string, number>> {
  const found = new Map(rows.map(({ name }) => [name, [] as number[]]))
  for (const { run } of rows) await run()
  for (let round = 0; round < rounds; round++) for (const { name, run } of rows) found.get(name)!.push(await run())
  const medians = new Map([...found].map(([name, values]) => [name, median(values)]))
  const [first] = medians.values()
  const line = (what: string, each: string, ratio: string, note = ''): string =>
    asTable
      ? `| ${what}${note && ` (${note})`} | ${each} | ${ratio} |`
      : `  ${what.padEnd(40)} ${each.padStart(10)} ${ratio.padStart(8)}  ${note}`
  console.log(asTable ? `\n| ${title} | each | time |\n|---|--:|--:|` : `\n${title}`)
  for (const { name, note } of rows) {
    const value = medians.get(name)!
    const what = asTable ? name.replace(/^sluice/, '**Sluice**') : name
    console.log(line(what, `${value.toFixed(2)} µs`, `${(value / first!).toFixed(2)}×`, note))
  }
  return medians
}

/** How many ran at once, at most. */
let [running, most] = [0, 0]
const turn = Promise.resolve()
const task = async (): Promise<void> => {
  if (++running > most) most = running
  await turn
  running--
}

const many =
  (count: number, start: (index: number) => Promise<unknown>): Row['run'] =>
  () =>
    microseconds(count, () => Promise.all(Array.from({ length: count }, (_, index) => start(index))))
const oneByOne =
  (count: number, start: () => Promise<unknown>): Row['run'] =>
  () =>
    microseconds(count, async () => {
      for (let i = 0; i < count; i++) await start()
    })

const door = (levels = 1) =>
  gate({ limit: concurrency, queue: { capacity: Infinity, order: 'fifo' }, priority: { levels } })

async function gates(count: number): Promise<Map<string, number>> {
  const sluice = door()
  const adaptive = gate({ limit: gradient({ max: 1000 }), queue: { capacity: Infinity, order: 'fifo' } })
  const limit = pLimit(concurrency)
  const queue = fastq.promise(task, concurrency)
  const pQueue = new PQueue({ concurrency })
  const bulkhead = cockatielBulkhead(concurrency, Infinity)
  const rows: Row[] = [
    { name: 'sluice gate', run: many(count, () => sluice.run(task)) },
    { name: 'sluice gate, gradient', run: many(count, () => adaptive.run(task)), note: 'limit adapts, up to 1,000' },
    { name: 'p-limit', run: many(count, () => limit(task)) },
    { name: 'fastq', run: many(count, () => queue.push(undefined)) },
    { name: 'p-queue', run: many(count, () => pQueue.add(task)) },
  ]
  if (count <= 20_000) rows.push({ name: 'cockatiel bulkhead', run: many(count, () => bulkhead.execute(task)) })
  return compare(`${count.toLocaleString('en')} tasks sent at once, ${concurrency} at a time`, rows)
}

async function priorities(count: number): Promise<void> {
  const sluice = door(8)
  const queue = new PQueue({ concurrency })
  await compare(`${count.toLocaleString('en')} tasks of 8 priorities`, [
    { name: 'sluice gate', run: many(count, (index) => sluice.run(task, { priority: index & 7 })) },
    { name: 'p-queue', run: many(count, (index) => queue.add(task, { priority: index & 7 })) },
  ])
}

async function breakers(count: number): Promise<void> {
  const sluice = breaker()
  const cockatiel = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) })
  const opossum = new Opossum(task, { timeout: false })
  await compare('a call through a closed breaker', [
    { name: 'sluice breaker', run: oneByOne(count, () => sluice.run(task)) },
    { name: 'cockatiel', run: oneByOne(count, () => cockatiel.execute(task)) },
    { name: 'opossum', run: oneByOne(count, () => opossum.fire()) },
    { name: 'no breaker', run: oneByOne(count, task) },
  ])
  sluice.open()
  const held = cockatiel.isolate()
  opossum.open()
  const refused = (start: () => Promise<unknown>, kind: (error: unknown) => boolean) => async (): Promise<void> => {
    try {
      await start()
    } catch (error) {
      if (kind(error)) return
    }
    throw new Error('It was not refused')
  }
  await compare('a refusal by an open breaker', [
    {
      name: 'sluice breaker',
      run: oneByOne(
        count,
        refused(
          () => sluice.run(task),
          (error) => error instanceof Overloaded,
        ),
      ),
    },
    {
      name: 'cockatiel',
      run: oneByOne(
        count,
        refused(
          () => cockatiel.execute(task),
          (error) => error instanceof IsolatedCircuitError,
        ),
      ),
    },
    {
      name: 'opossum',
      run: oneByOne(
        count,
        refused(
          () => opossum.fire(),
          () => true,
        ),
      ),
    },
  ])
  held.dispose()
  opossum.shutdown()
}

async function composed(count: number): Promise<void> {
  const parts = () => ({
    retries: retries({ idempotent: true }),
    breaker: breaker(),
    gate: gate({ limit: fixed(concurrency) }),
  })
  const without = protect(parts())
  const withDeadline = protect({ ...parts(), deadline: deadline({ timeoutMs: 1000 }) })
  const cockatiel = () =>
    [
      cockatielRetry(handleAll, { maxAttempts: 3, backoff: new ConstantBackoff(100) }),
      circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) }),
      cockatielBulkhead(concurrency, 100),
    ] as const
  const cockatielWithout = wrap(...cockatiel())
  const cockatielWith = wrap(cockatielTimeout(1000, TimeoutStrategy.Aggressive), ...cockatiel())
  await compare('retries + breaker + gate', [
    { name: 'sluice protect', run: oneByOne(count, () => without.run(task)) },
    { name: 'cockatiel wrap', run: oneByOne(count, () => cockatielWithout.execute(task)) },
  ])
  await compare('deadline + retries + breaker + gate', [
    { name: 'sluice protect', run: oneByOne(count, () => withDeadline.run(task)) },
    { name: 'cockatiel wrap', run: oneByOne(count, () => cockatielWith.execute(task)) },
  ])
}

if (import.meta.main) {
  if (!asTable)
    console.log(`Node ${process.version}, ${cpus()[0]?.model}, ${availableParallelism()} cores; medians of ${rounds}`)
  const few = await gates(10_000)
  const lots = await gates(100_000)
  const growth = lots.get('sluice gate')! / few.get('sluice gate')!
  console.log(
    `\nOne of 100,000 waiting costs ${growth.toFixed(2)}× one of 10,000 in a Sluice gate; at most ${most} ran at once in any row.`,
  )
  await priorities(100_000)
  await breakers(200_000)
  await composed(100_000)
}
