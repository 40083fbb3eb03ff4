/** `viva lab`: runs a lab in the terminal, with its knobs as flags, and says what was measured and which claims hold. */
import { glob, writeFile } from 'node:fs/promises'
import { join, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import {
  engineOf,
  formatFigure,
  type Knob,
  type Lab,
  readKnobs,
  type Run,
  runLab,
  type Verdict,
  verdicts,
} from '@viva/lab'
import { createNodeRunner } from '@viva/runner/node'
import { drawChart } from './lab/chart.ts'
import { svgOf } from './lab/svg.ts'
import { table } from './lab/table.ts'
import { UsageError, type World } from './world.ts'

/** What every lab understands beside its knobs. */
const flagsOfAll = ['seed', 'json', 'svg']

export async function lab(args: string[], world: World): Promise<number> {
  const labs = await findLabs(world.root)
  const [id, ...flags] = args
  if (id === undefined || id === '--help' || id === '-h') {
    world.print(
      id === undefined
        ? await listOf(labs)
        : `Usage: npm run viva -- lab ID [--KNOB VALUE…] [--seed N] [--json FILE] [--svg FILE]\n\n${await listOf(labs)}`,
    )
    return 0
  }
  if (id.startsWith('-')) throw new UsageError(`the lab comes first, then its flags; found ${id}.`)
  const file = labs.get(nameOf(id))
  if (file === undefined)
    throw new UsageError(`no lab ${JSON.stringify(id)}. Known: ${[...labs.keys()].join(', ') || 'none yet'}.`)
  const found = await load(file)
  if (flags.includes('--help') || flags.includes('-h')) {
    world.print(explain(nameOf(id), found))
    return 0
  }
  const { knobs, seed, json, svg } = readFlags(found, flags)
  const runner = createNodeRunner()
  try {
    const status = world.isInteractive ? (text: string) => world.print(text) : () => {}
    const run = await runLab(found, knobs, { seed, engine: engineOf(runner), status })
    const claims = verdicts(found, run)
    world.print(report(found, run, claims))
    if (json !== undefined) {
      const { figures, series, rows } = run
      const { kind, title } = found
      const text = { lab: nameOf(id), kind, title, seed, knobs, figures, claims, why: found.why(run), series, rows }
      await write(world, json, `${JSON.stringify(text, undefined, 2)}\n`)
    }
    if (svg !== undefined) await write(world, svg, svgOf(found, run))
    return claims.some(({ holds }) => holds === false) ? 1 : 0
  } finally {
    await runner.close()
  }
}

/** Files by name: `microservices/backpressure` for its `lab.ts`, `microservices/backpressure/messaging` for `lab-messaging.ts`. */
async function findLabs(root: string): Promise<Map<string, string>> {
  const files: string[] = []
  const cwd = join(root, 'content/questions')
  for await (const file of glob('*/*/lab*.ts', { cwd })) files.push(file.split(sep).join('/'))
  const named = files.flatMap((file) => {
    const match = /^([^/]+\/[^/]+)\/lab(?:-([a-z0-9-]+))?\.ts$/.exec(file)
    if (!match) return []
    return [[match[2] === undefined ? match[1]! : `${match[1]}/${match[2]}`, join(cwd, file)] as [string, string]]
  })
  return new Map(named.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** The site's names (`…/lab`, `…/lab-messaging`) and paths are understood as well. */
function nameOf(id: string): string {
  return id
    .replace(/^content\//, '')
    .replace(/^questions\//, '')
    .replace(/\.ts$/, '')
    .replace(/\/lab$|\/$/, '')
    .replace(/^([^/]+\/[^/]+)\/lab-/, '$1/')
}

async function load(file: string): Promise<Lab> {
  return ((await import(pathToFileURL(file).href)) as { default: Lab }).default
}

async function listOf(labs: Map<string, string>): Promise<string> {
  if (labs.size === 0) return 'No labs yet.'
  const rows = await Promise.all(
    [...labs].map(async ([name, file]) => {
      const { kind, title } = await load(file)
      return [name, kind, title]
    }),
  )
  return table(rows)
}

function rangeOf(knob: Knob): string {
  if (knob.kind === 'switch') return 'on or off'
  if (knob.kind === 'choice') return knob.options.map(({ value }) => value).join(', ')
  return `${knob.min} to ${knob.max} ${knob.unit}`.trim()
}

function settingOf({ kind, value }: Knob): string {
  return kind === 'switch' ? (value ? 'on' : 'off') : String(value)
}

function explain(name: string, { title, task, knobs, presets }: Lab): string {
  const flags = Object.entries(knobs).map(([flag, knob]) => [
    `  --${flag}`,
    knob.label,
    `${rangeOf(knob)} (now ${settingOf(knob)})`,
  ])
  const named = presets.map(({ name: preset, knobs: set }) => [
    `  ${preset}`,
    Object.entries(set)
      .map(([flag, value]) => `--${flag} ${value === true ? 'on' : value === false ? 'off' : String(value)}`)
      .join(' '),
  ])
  return [
    `${title}: ${task}`,
    '',
    `npm run viva -- lab ${name} …`,
    table(flags),
    ...(named.length > 0 ? ['', 'Worth seeing:', table(named)] : []),
  ].join('\n')
}

function readFlags(found: Lab, args: string[]) {
  const names = [...Object.keys(found.knobs), ...flagsOfAll]
  const known = Object.entries(found.knobs)
    .map(([flag, knob]) => `--${flag} (${rangeOf(knob)})`)
    .join(', ')
  let given: Record<string, string | undefined>
  try {
    const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
    given = parseArgs({ args, options, strict: true }).values
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error)
    throw new UsageError(`${message.replace(/\.$/, '')}. Knobs: ${known}; also --seed, --json, --svg.`, {
      cause: error,
    })
  }
  const { seed = '1', json, svg } = given
  const texts = Object.entries(given).flatMap(([name, text]) =>
    text === undefined || flagsOfAll.includes(name) ? [] : [[name, text] as [string, string]],
  )
  const { values, problems } = readKnobs(found.knobs, texts)
  if (!/^\d{1,10}$/.test(seed) || Number(seed) >= 2 ** 32)
    problems.push(`--seed can be a whole number from 0 to ${2 ** 32 - 1}, not ${JSON.stringify(seed)}`)
  if (problems.length > 0) throw new UsageError(`${problems.join('; ')}.`)
  return { knobs: values, seed: Number(seed), json, svg }
}

async function write(world: World, file: string, text: string): Promise<void> {
  await writeFile(resolve(world.root, file), text).catch((error: Error) => {
    throw new UsageError(`cannot write ${file}: ${error.message}`, { cause: error })
  })
}

const signs = new Map([
  [true, '✓'],
  [false, '✗'],
])

function report(found: Lab, run: Run, claims: Verdict[]): string {
  const settings = Object.entries(found.knobs).map(([name, knob]) => {
    const set = settingOf({ ...knob, value: run.knobs[name] } as Knob)
    return `${knob.label} ${set}${knob.kind === 'number' && knob.unit !== '' ? ` ${knob.unit}` : ''}`
  })
  const figures = Object.entries(found.figures).flatMap(([name, { label, unit = '', digits, hidden }]) =>
    hidden === true || run.figures[name] === undefined
      ? []
      : [[`  ${label}`, `${formatFigure(run.figures[name], digits)} ${unit}`.trim()]],
  )
  const tables = Object.entries(found.tables ?? {}).flatMap(([name, { title, columns }]) => {
    const rows = run.rows[name]
    return rows === undefined || rows.length === 0
      ? []
      : ['', title, table([columns, ...rows.map((row) => row.map((cell) => formatFigure(cell)))])]
  })
  const says = claims.map(({ says, holds }) =>
    holds === undefined ? `– ${says} (does not apply here)` : `${signs.get(holds)} ${says}`,
  )
  const charts = found.charts.flatMap((chart) => ['', drawChart(chart, found, run)])
  return [
    found.title,
    [...settings, found.kind === 'simulation' ? `seed ${run.seed}` : found.kind].join(' · '),
    ...charts,
    '',
    table(figures),
    ...tables,
    '',
    found.why(run),
    '',
    ...says,
  ].join('\n')
}
