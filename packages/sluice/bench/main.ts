/**
 * `npm run bench -w @viva/sluice`: hand-offs and bounded maps beside their peers, each contestant in a process of its own, then policies.ts.
 * Writes what it found into README.md, between the markers; with `--dry`, or asked for some parts only, it prints it and no more.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { Kind, Measured } from './child.ts'

const rounds = 5
const here = new URL('./', import.meta.url)
const built = mkdtempSync(join(tmpdir(), 'sluice-bench-'))

/** One line of the table; `count` where the group's would take minutes. */
type Row = [title: string, library: string, name: string, count?: number]
type Group = { title: string; kind: Kind; count: number; rows: Row[] }

const groups: Group[] = [
  {
    title: 'Hand-off, waiting only when full or empty',
    kind: 'handOffs',
    count: 1_000_000,
    rows: [
      ['**Sluice** `trySend`, `receiveUpTo`', 'sluice', 'bulk'],
      ['**Sluice** `send`, `receive`', 'sluice', 'single'],
      ['Node `pipeline`', 'node-streams', 'pipeline'],
      ['effect `Queue.takeAll`', 'effect', 'takeAll'],
      ['effect `Stream.buffer`', 'effect', 'buffer'],
      ['Web Streams `pipeTo`', 'web-streams', 'pipeTo'],
      ['_a ring by hand: the least there is_', 'by-hand', 'ring'],
    ],
  },
  {
    title: 'Hand-off, every item awaited',
    kind: 'handOffs',
    count: 1_000_000,
    rows: [
      ['**Sluice** `for await`', 'sluice', 'iterate'],
      ['Node Readable `for await`', 'node-streams', 'iterate'],
      ['effect `Queue.take`', 'effect', 'take'],
      ['Web Streams `for await`', 'web-streams', 'iterate'],
      ['async-channel', 'async-channel', 'iterate'],
      ['it-pushable, held to 64 by `onEmpty`', 'it-pushable', 'iterate'],
      ['@repeaterjs/repeater (100,000)', 'repeater', 'iterate', 100_000],
      ['IxJS, pulled, nothing held (100,000)', 'ix', 'map', 100_000],
      ['RxJS `concatMap`, no bound (100,000)', 'rxjs', 'concatMap', 100_000],
    ],
  },
  {
    title: '`map`, 16 at a time, tasks that end with the next promise',
    kind: 'mappings',
    count: 100_000,
    rows: [
      ['**Sluice** `map`', 'sluice', 'map'],
      ['**Sluice** `map`, as completed', 'sluice', 'completed'],
      ['Node `Readable.map`', 'node-streams', 'map'],
      ['effect `Stream.mapEffect`', 'effect', 'mapEffect'],
      ['RxJS `mergeMap`', 'rxjs', 'mergeMap'],
    ],
  },
  {
    title: '`map`, 16 at a time, tasks that end with the next turn of the event loop',
    kind: 'turns',
    count: 100_000,
    rows: [
      ['**Sluice** `map`', 'sluice', 'map'],
      ['**Sluice** `map`, as completed', 'sluice', 'completed'],
      ['Node `Readable.map`', 'node-streams', 'map'],
      ['effect `Stream.mapEffect`', 'effect', 'mapEffect'],
      ['RxJS `mergeMap`', 'rxjs', 'mergeMap'],
    ],
  },
  {
    title: 'Hand-off of ten times as many: memory does not grow',
    kind: 'handOffs',
    count: 10_000_000,
    rows: [
      ['**Sluice** `trySend`, `receiveUpTo`', 'sluice', 'bulk'],
      ['**Sluice** `for await`', 'sluice', 'iterate'],
    ],
  },
]

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

function child(...args: (string | number)[]): Measured {
  const script = join(built, 'child.mjs')
  const printed = execFileSync(process.execPath, [script, ...args.map(String)], { encoding: 'utf8' })
  return JSON.parse(printed.trim().split('\n').at(-1)!) as Measured
}

/** Rounds alternate, so that a slow minute of the machine is everybody's. */
function compare({ title, kind, count, rows }: Group): string[] {
  const found: Measured[][] = rows.map(() => [])
  for (let round = 0; round < rounds; round++)
    rows.forEach(([, library, name, fewer = count], index) => found[index]!.push(child(library, kind, name, fewer)))
  const isMap = kind !== 'handOffs'
  const each = found.map((all, index) => (median(all.map(({ ms }) => ms)) * 1000) / (rows[index]![3] ?? count))
  const lines = rows.map(([what], index) => {
    const us = each[index]!
    const speed = isMap ? `${us.toFixed(2)} µs` : `${(1 / us).toFixed(2)} M/s`
    const ratio = (us / each[0]!).toFixed(2)
    const peakMb = median(found[index]!.map((one) => one.peakMb)).toFixed(0)
    const most = isMap ? ` ${Math.max(...found[index]!.map((one) => one.most))} |` : ''
    return `| ${what} | ${speed} | ${ratio}× | ${peakMb} MB |${most}`
  })
  const head = `| ${title} | ${isMap ? 'a task' : 'items'} | time | peak memory |${isMap ? ' most at once |' : ''}`
  return ['', head, `|---|--:|--:|--:|${isMap ? '--:|' : ''}`, ...lines]
}

const place = (): string =>
  `Node ${process.version}, ${cpus()[0]?.model ?? 'an unknown processor'}, ${availableParallelism()} cores; medians of ${rounds}. ` +
  `Load of the machine before: ${loadavg()[0]!.toFixed(1)}.`

async function main(): Promise<void> {
  // As an application ships it: stripping types at run time would be measured with it, and takes 20 MB.
  await build({
    entryPoints: [fileURLToPath(new URL('child.ts', here))],
    outdir: built,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node26',
    mainFields: ['module', 'main'],
    outExtension: { '.js': '.mjs' },
    logLevel: 'warning',
  })
  const lines = [place()]
  const only = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
  try {
    lines.push(`An empty process takes ${child().peakMb.toFixed(0)} MB.`)
    for (const group of groups) {
      if (only.length > 0 && !only.includes(group.kind)) continue
      const table = compare(group)
      console.log(table.join('\n'))
      lines.push(...table)
    }
    const policies = fileURLToPath(new URL('policies.ts', here))
    if (only.length === 0 || only.includes('policies')) {
      const table = execFileSync(process.execPath, [policies, '--table'], { encoding: 'utf8' }).trimEnd()
      console.log(table)
      lines.push('', ...table.split('\n'))
    }
  } finally {
    rmSync(built, { recursive: true, force: true })
  }
  if (only.length > 0 || process.argv.includes('--dry')) return
  const readme = new URL('../README.md', here)
  const text = readFileSync(readme, 'utf8')
  const [before, after] = [text.split('<!-- bench -->')[0], text.split('<!-- /bench -->')[1]]
  if (before === undefined || after === undefined) throw new Error('README.md has lost its markers for the table')
  writeFileSync(readme, `${before}<!-- bench -->\n\n${lines.join('\n')}\n\n<!-- /bench -->${after}`)
}

await main()
