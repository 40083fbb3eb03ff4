/** The range of a chart's axis, and where a value stands in it. */

import type { ChartSpec, Knobs, Points, Run } from '@viva/lab'

/** From 0 to 1 along the axis; outside of it for what is outside. */
export type Scale = { low: number; high: number; at(value: number): number }

/** The points of a chart's lines, and its theory. */
export function linesOf<K extends Knobs>(chart: ChartSpec<K>, run: Run<K>) {
  const lines = chart.lines.map((name) => ({ name, points: run.series[name] ?? [] }))
  return { lines, theory: chart.theory?.(run.knobs) }
}

export function scaleOf(axis: { range?: [number, number]; log?: boolean }, values: number[], fromZero: boolean): Scale {
  const isLog = axis.log === true
  const usable = values.filter((value) => Number.isFinite(value) && (!isLog || value > 0))
  let [low, high] = [Infinity, -Infinity]
  for (const value of usable) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (usable.length === 0) [low, high] = isLog ? [1, 10] : [0, 1]
  if (fromZero && !isLog) [low, high] = [Math.min(0, low), Math.max(0, high)]
  if (axis.range) [low, high] = axis.range
  if (low === high) high = low === 0 ? 1 : low + Math.abs(low) * 0.5
  const place = (value: number): number => (isLog ? Math.log(Math.max(value, Number.MIN_VALUE)) : value)
  return { low, high, at: (value) => (place(value) - place(low)) / (place(high) - place(low)) }
}

/** Every second number, from the first or the second. */
export function column(points: Points, which: 0 | 1): number[] {
  return points.filter((_, index) => index % 2 === which)
}
