/** What an experiment found, as it is kept: where it ran, what was asked, every figure, the curves, and the verdict. */

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { join } from 'node:path'

/** At most so many points a curve, and so many bytes a record. */
export const mostPoints = 200
export const mostBytes = 100_000

export type Axis = {
  label: string
  /** Written behind the numbers of the axis and its label. */
  unit?: string
  /** Default `linear`, from 0. */
  scale?: 'linear' | 'log'
  /** Default: what the points need. */
  from?: number
  to?: number
  /** Default: round numbers. */
  ticks?: number[]
}

/** A curve. `name` is a contestant's, or says what else it is (`ideal`). Where nothing was there to measure, the point is left out. */
export type Series = { name: string; x: number[]; y: number[] }

export type Chart = {
  title: string
  x: Axis
  y: Axis
  series: Series[]
  /** Times in which something is the case: a burst, a slow backend. */
  spans?: { from: number; to: number; label: string }[]
  /** Values of y to compare with: a goal, a bound. */
  marks?: { at: number; label: string }[]
  /** A curve is broken where x jumps by more than this. Default: nowhere. */
  gap?: number
}

/** One figure to reach. `measured` is `null` where there was nothing to measure, which is a miss. */
export type Goal = {
  goal: string
  measured: number | null
  unit: string
  atLeast?: number
  atMost?: number
  is: 'met' | 'missed'
}

export type Contestant = {
  name: string
  /** What it is, and what it was told. */
  what: string
}

/** What an experiment itself has to say. */
export type Finding = {
  /** The question that it answers, one sentence. */
  question: string
  /** What was set: sizes, rates, times, with units in the names; and how the ideal was come by. */
  setup: Record<string, unknown>
  seeds: number[]
  contestants: Contestant[]
  /** One row for each contestant and condition. */
  figures: Record<string, string | number | null>[]
  charts: Chart[]
  verdict: Goal[]
}

export type ExperimentRecord = Finding & {
  experiment: string
  /** The day, UTC. */
  date: string
  machine: { cpu: string; cores: number; memoryGb: number; system: string; loadBefore: number }
  versions: Record<string, string>
}

/** A goal with its verdict. Give one bound. */
export function goal(
  text: string,
  measured: number | null,
  unit: string,
  bound: { atLeast?: number; atMost?: number },
): Goal {
  const { atLeast = -Infinity, atMost = Infinity } = bound
  const isMet = measured !== null && measured >= atLeast && measured <= atMost
  return { goal: text, measured, unit, ...bound, is: isMet ? 'met' : 'missed' }
}

export function machine(): ExperimentRecord['machine'] {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    loadBefore: round(loadavg()[0]!, 2),
  }
}

/** The versions of packages that stand in this repository, and of Node. */
export function versions(packages: string[]): Record<string, string> {
  const found: Record<string, string> = { node: process.versions.node }
  const { resolve } = createRequire(import.meta.url)
  for (const name of packages) {
    const folder = (resolve.paths(name) ?? []).map((path) => join(path, name)).find((path) => existsSync(path))
    if (folder === undefined) throw new Error(`${name} is not installed. Run: npm ci`)
    found[name] = (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version
  }
  return found
}

/** A curve of at most `mostPoints` points, evenly chosen, the first and the last among them. */
export function curve(name: string, points: [x: number, y: number][]): Series {
  const { length } = points
  const kept =
    length <= mostPoints
      ? points
      : Array.from({ length: mostPoints }, (_, index) => points[Math.round((index * (length - 1)) / (mostPoints - 1))]!)
  return { name, x: kept.map(([x]) => round(x, 3)), y: kept.map(([, y]) => round(y, 3)) }
}

export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits))
}

/** The text of a record, laid out as the repository's formatter wants it. Throws where it is too much to be kept. */
export function format(record: ExperimentRecord): string {
  for (const { title, series } of record.charts)
    for (const { name, x, y } of series) {
      if (x.length !== y.length)
        throw new Error(`${record.experiment}: "${name}" in "${title}" has ${x.length} x, ${y.length} y`)
      if (x.length > mostPoints)
        throw new Error(
          `${record.experiment}: "${name}" in "${title}" has ${x.length} points; at most ${mostPoints} are kept`,
        )
    }
  const text = `${laidOut(record, '', 0)}\n`
  if (text.length > mostBytes)
    throw new Error(`${record.experiment}: the record has ${text.length} bytes; at most ${mostBytes} are kept`)
  return text
}

const lineWidth = 120

/** `used`: how much of the line is taken before the value; a comma may follow it. */
function laidOut(value: unknown, indent: string, used: number): string {
  const flat = inLine(value)
  if (typeof value !== 'object' || value === null || used + flat.length + 1 <= lineWidth) return flat
  const inner = `${indent}  `
  if (!Array.isArray(value)) {
    const rows = entries(value).map(([key, one]) => {
      const head = `${inner}${JSON.stringify(key)}: `
      return head + laidOut(one, inner, head.length)
    })
    return `{\n${rows.join(',\n')}\n${indent}}`
  }
  if (!value.every((one) => typeof one === 'number'))
    return `[\n${value.map((one) => inner + laidOut(one, inner, inner.length)).join(',\n')}\n${indent}]`
  const lines = ['']
  for (const [index, one] of value.entries()) {
    const text = `${one}${index === value.length - 1 ? '' : ','}`
    const last = lines.at(-1)!
    if (last === '') lines[lines.length - 1] = inner + text
    else if (last.length + 1 + text.length <= lineWidth) lines[lines.length - 1] = `${last} ${text}`
    else lines.push(inner + text)
  }
  return `[\n${lines.join('\n')}\n${indent}]`
}

function inLine(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(inLine).join(', ')}]`
  const rows = entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${inLine(one)}`)
  return rows.length === 0 ? '{}' : `{ ${rows.join(', ')} }`
}

function entries(value: object): [string, unknown][] {
  return Object.entries(value).filter(([, one]) => one !== undefined)
}
