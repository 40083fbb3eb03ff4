/** What the experiments with one server have in common: the doors beside one another, the pool, the capacity, the curves. */

import type { Bench } from './experiment.ts'
import type { Door, LoadPlan, ServerPlan } from './messages.ts'
import { overTime, Span } from './outcomes.ts'
import { type Chart, type Contestant, curve, round } from './record.ts'
import type { Server, Stage, Watched } from './stage.ts'

export const slots = 8
export const serviceMs = 40
export const deadlineMs = 1000
export const waitingTold = 64
export const nominalPerSecond = (slots * 1000) / serviceMs

export const packages = ['fastify', '@fastify/under-pressure', 'express', 'express-rate-limit', 'p-queue'] as const

export const doors: readonly Door[] = ['bare', 'under-pressure', 'rate-limit', 'p-queue', 'ours']

const what: Record<Door, string> = {
  bare: 'node:http, no protection',
  'under-pressure': 'fastify with @fastify/under-pressure: maxEventLoopDelay 100 ms, maxEventLoopUtilization 0.98',
  'rate-limit': 'express with express-rate-limit, told the capacity: so many in each second',
  'p-queue': 'node:http with p-queue, told the capacity: so many at once, at most 64 waiting, the rest is refused',
  ours: 'node:http behind admission() of @viva/sluice/http, told nothing',
}

export function contestants(bench: Bench, all: readonly Door[] = doors): (Contestant & { name: Door })[] {
  return all.filter((name) => bench.wants(name)).map((name) => ({ name, what: what[name] }))
}

/** What the pool can do when there is always something to do: answers a second, by a closed loop of twice as many connections as slots. */
export async function poolCapacity(stage: Stage, isQuick: boolean): Promise<number> {
  const server = await stage.server(poolServer('bare', 1))
  const perSecond = await stage.capacity(server, { connections: 2 * slots, ms: isQuick ? 1000 : 4000 })
  await server.end()
  return round(perSecond)
}

export function poolServer(door: Door, perSecond: number, more: Partial<ServerPlan> = {}): ServerPlan {
  return {
    door,
    work: { kind: 'pool', slots, serviceMs },
    told: { atOnce: slots, waiting: waitingTold, perSecond: Math.floor(perSecond) },
    ...more,
  }
}

/** What a record says of the pool and its clients. */
export function poolSetup(perSecond: number): Record<string, unknown> {
  return {
    slots,
    serviceMs,
    deadlineMs,
    nominalPerSecond,
    capacityPerSecond: perSecond,
    toldWaiting: waitingTold,
    ideal: `min(arrived, capacity), where the capacity is that of a closed loop of ${2 * slots} connections at the bare server, measured in this run`,
    latency:
      'from the moment at which a request was to be sent; p99 is of those that were let in, and who gave up counts with the deadline',
  }
}

/** One contestant under one load, in a process that has just begun. */
export async function run(
  stage: Stage,
  plan: ServerPlan,
  load: Omit<LoadPlan, 'port' | 'deadlineMs'>,
  at?: (server: Server) => [ms: number, change: () => void][],
): Promise<Watched> {
  const server = await stage.server(plan)
  const [watched] = await stage.load({ ...load, port: server.port, deadlineMs }, [server], at?.(server))
  await server.end()
  return watched!
}

export function peakMb({ samples }: Watched): number | null {
  const known = samples.map(({ memoryMb }) => memoryMb).filter((mb) => mb > 0)
  return known.length === 0 ? null : round(Math.max(...known))
}

/** Of what a server finished, the share that was for clients already gone. */
export function forGone({ count }: Watched): number | null {
  return count.finished === 0 ? null : round((count.forGone / count.finished) * 100)
}

/** The load generator's own lateness, over everything that it did: the 99th percentile and the greatest, ms. */
export function lateness(all: Watched[]): { lateP99Ms: number | null; lateMostMs: number | null } {
  const late = all.map(({ outcomes }) => new Span(outcomes, 0, Infinity, deadlineMs).lateMs(0.99) ?? 0)
  const most = all.map(({ outcomes }) => outcomes.lateMs.reduce((a, b) => Math.max(a, b), 0))
  return { lateP99Ms: round(Math.max(...late)), lateMostMs: round(Math.max(...most)) }
}

/** A figure of each contestant against the load that was offered. `found` holds a row for each contestant and load; a figure of nothing is left out. */
export function loadChart<Figure extends string>(
  found: ({ contestant: string; load: number } & Record<Figure, number | null>)[],
  { title, unit, figure, ...more }: { title: string; unit: string; figure: Figure; y: object; marks?: Chart['marks'] },
): Chart {
  const loads = [...new Set(found.map(({ load }) => load))]
  const names = [...new Set(found.map(({ contestant }) => contestant))]
  const points = (name: string): [number, number][] =>
    found.flatMap((row) => {
      const value: number | null = row[figure]
      return row.contestant === name && value !== null ? [[row.load, value] as [number, number]] : []
    })
  return {
    title,
    x: { label: 'offered', unit: '× capacity', scale: 'log', ticks: loads, from: loads[0]!, to: loads.at(-1)! },
    y: { label: title, unit, ...more.y },
    series: names.map((name) => curve(name, points(name))),
    ...(more.marks && { marks: more.marks }),
  }
}

export type Timed = { name: string; watched: Watched }

/** Goodput, latency and memory over time. */
export function timeCharts(
  all: Timed[],
  toMs: number,
  spans: NonNullable<Chart['spans']>,
  marks: Chart['marks'] = [],
): Chart[] {
  const stepMs = 500
  const time = { label: 'time', unit: 's', from: 0, to: toMs / 1000 }
  const over = (figure: (span: Span) => number | null) =>
    all.map(({ name, watched }) => curve(name, overTime(watched.outcomes, { toMs, stepMs, deadlineMs }, figure)))
  return [
    {
      title: 'Answers in time',
      x: time,
      y: { label: 'goodput', unit: '/s' },
      series: over((span) => (span.good * 1000) / stepMs),
      spans,
      marks,
    },
    {
      title: 'p99 of those let in',
      x: time,
      y: { label: 'p99', unit: 'ms', from: 0, to: deadlineMs },
      series: over((span) => span.p99),
      spans,
      gap: 3 * (stepMs / 1000),
    },
    {
      title: 'Resident memory',
      x: time,
      y: { label: 'memory', unit: 'MB' },
      series: all.map(({ name, watched }) =>
        curve(
          name,
          watched.samples.filter(({ memoryMb }) => memoryMb > 0).map(({ atMs, memoryMb }) => [atMs / 1000, memoryMb]),
        ),
      ),
      spans,
    },
  ]
}
