/**
 * `npm run bench -w @viva/lab`: events a second of M/M/1 at 70 % load, here, in a worker thread and on other libraries; then the heap as simulated time grows.
 * Writes what it found into README.md, between the markers; with `--dry` it prints it and no more.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import { type Measured, mm1 } from './mm1.ts'
import { simscript } from './simscript.ts'

const rounds = 5
const customers = 1_000_000
/** The others take a hundred times as long. */
const fewer = 20_000

async function median(measure: () => Measured | Promise<Measured>, times = rounds): Promise<Measured> {
  const found: Measured[] = []
  for (let i = 0; i < times; i++) found.push(await measure())
  return found.toSorted((a, b) => a.seconds - b.seconds)[times >> 1]!
}

function inWorker(worker: Worker): Promise<Measured> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.postMessage(customers)
  })
}

/** Undefined where Python or SimPy is not there. */
function simpy(count: number): Measured | undefined {
  const { status, stdout } = spawnSync('python3', [new URL('./mm1.py', import.meta.url).pathname, String(count)], {
    encoding: 'utf8',
  })
  return status === 0 ? (JSON.parse(stdout) as Measured) : undefined
}

const mega = (value: number): string => (value / 1e6).toFixed(value < 1e6 ? 3 : 2)

function row(name: string, { customers: count, events, seconds, meanTime }: Measured): string {
  return `| ${name} | ${mega(events / seconds)} | ${mega(count / seconds)} | ${count.toLocaleString('en')} | ${meanTime.toFixed(3)} |`
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** The heap in use after so many customers, everything that can be collected gone. */
function heapAfter(counts: number[]): [count: number, megabytes: number][] {
  const found: [number, number][] = []
  mm1(counts.at(-1)!, (count) => {
    if (!counts.includes(count)) return
    collect()
    found.push([count, process.memoryUsage().heapUsed / 2 ** 20])
  })
  return found
}

const lines = [
  `Measured on ${cpus()[0]?.model.trim() ?? 'an unknown processor'}, Node ${process.versions.node}, with a load of ${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores when it began. Medians of ${rounds} rounds.`,
  '',
  '| M/M/1 at 70 % | million events/s | million customers/s | customers | mean time (theory 2.333) |',
  '|---|--:|--:|--:|--:|',
  row('**@viva/lab**, this process', await median(() => mm1(customers))),
]
const worker = new Worker(new URL('./worker.ts', import.meta.url))
lines.push(row('**@viva/lab**, worker thread', await median(() => inWorker(worker))))
await worker.terminate()
lines.push(row('simscript 1.0.37', await median(() => simscript(fewer), 3)))
const python = simpy(fewer)
if (python !== undefined) lines.push(row('SimPy', await median(() => simpy(fewer)!, 3)))
lines.push('', 'An event is one happening on a library’s own agenda, so compare customers. ')
if (python === undefined) lines.push('SimPy was not there to be measured: this Python cannot import it.')
lines.push('', '| customers simulated | heap in use, MB |', '|--:|--:|')
for (const [count, megabytes] of heapAfter([100_000, 1_000_000, 10_000_000]))
  lines.push(`| ${count.toLocaleString('en')} | ${megabytes.toFixed(1)} |`)

const table = lines.map((line) => line.trimEnd()).join('\n')
console.log(table)
if (!process.argv.includes('--dry')) {
  const readme = new URL('../README.md', import.meta.url)
  const [start, end] = ['<!-- bench -->', '<!-- /bench -->']
  const text = readFileSync(readme, 'utf8')
  const [from, to] = [text.indexOf(start), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`README.md lacks ${start} and ${end}`)
  writeFileSync(readme, `${text.slice(0, from + start.length)}\n${table}\n${text.slice(to)}`)
}
