/** Runs a lab once, and says what came of it: figures, verdicts on its claims, and on a prediction. */

import { Bench, type BenchHost } from './bench.ts'
import { type Knobs, type KnobValues, whyNot } from './knobs.ts'
import type { Lab, Prediction, Run } from './lab.ts'
import type { Points } from './series.ts'

/** How a claim stands: `undefined` where it does not apply. */
export type Verdict = { says: string; holds: boolean | undefined }

export type RunLabOptions = BenchHost & {
  seed?: number
  /** Given the bench before the run starts: a host that draws reads from it. */
  onBench?: (bench: Bench) => void
}

/** Runs it to its end. Throws a RangeError for a knob out of range. */
export async function runLab<K extends Knobs>(
  lab: Lab<K>,
  knobs: KnobValues<K>,
  { seed = 1, onBench, ...host }: RunLabOptions = {},
): Promise<Run<K>> {
  const problems = Object.entries(lab.knobs).flatMap(([name, knob]) => whyNot(knob, knobs[name]) ?? [])
  if (problems.length > 0) throw new RangeError(problems.join('; '))
  const bench = new Bench(seed, host)
  onBench?.(bench)
  await lab.run(knobs, bench)
  return runOf(knobs, bench)
}

function runOf<K extends Knobs>(knobs: KnobValues<K>, bench: Bench): Run<K> {
  const { figures, rows, seed } = bench
  const get = (name: string, type: 'number' | 'string') => {
    const value = figures[name]
    if (typeof value === type) return value
    throw new ReferenceError(
      `the run has no ${type === 'number' ? 'figure' : 'word'} "${name}", it has: ${Object.keys(figures).join(', ')}`,
    )
  }
  return {
    knobs,
    seed,
    figures,
    rows,
    series: bench.points(),
    figure: (name) => get(name, 'number') as number,
    word: (name) => get(name, 'string') as string,
  }
}

/** What became of a lab's claims in a run. */
export function verdicts<K extends Knobs>(lab: Lab<K>, run: Run<K>): Verdict[] {
  return lab.claims.map(({ says, when, holds }) => ({
    says,
    holds: when === undefined || when(run) ? holds(run) : undefined,
  }))
}

/** What the reader said: a number, a choice, or the y of a drawn curve as points. */
export type Said = number | string | Points

/** `share` says how far off a number or a curve was, as a share of what was measured (of the range, for a curve). */
export type Outcome = { isRight: boolean; actual: number | string | undefined; share?: number }

/** A curve counts as right when it is off by less than this share of the y range, on the mean. */
const curveShare = 0.12

/** Compares a prediction with a run; `undefined` when this run cannot say. */
export function judge<R extends Pick<Run, 'series'>>(predict: Prediction<R>, said: Said, run: R): Outcome | undefined {
  if (predict.kind === 'choice') {
    const actual = predict.actual(run)
    return actual === undefined ? undefined : { isRight: said === actual, actual }
  }
  if (predict.kind === 'number') {
    const actual = predict.actual(run)
    if (actual === undefined || typeof said !== 'number') return undefined
    const off = Math.abs(said - actual)
    const allowed = Math.max(Math.abs(actual) * (predict.share ?? 0.25), predict.slack ?? 0)
    return {
      isRight: off <= allowed,
      actual,
      share: actual === 0 ? (off === 0 ? 0 : Infinity) : off / Math.abs(actual),
    }
  }
  const measured = run.series[predict.series]
  if (measured === undefined || !Array.isArray(said) || said.length < 4) return undefined
  const [low, high] = predict.y
  const [from, to] = predict.x
  const samples = 50
  let off = 0
  for (let i = 0; i < samples; i++) {
    const x = from + ((to - from) * (i + 0.5)) / samples
    const clamp = (y: number): number => Math.min(high, Math.max(low, y))
    off += Math.abs(clamp(valueAt(said, x)) - clamp(valueAt(measured, x)))
  }
  const share = off / samples / (high - low)
  return { isRight: share <= curveShare, actual: undefined, share }
}

/** y at an x, between the points on both sides. */
export function valueAt(points: Points, x: number): number {
  if (points.length === 0) return 0
  let [low, high] = [0, points.length / 2 - 1]
  if (x <= points[0]!) return points[1]!
  if (x >= points[2 * high]!) return points[2 * high + 1]!
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (points[2 * middle]! <= x) low = middle
    else high = middle
  }
  const [x0, y0, x1, y1] = [points[2 * low]!, points[2 * low + 1]!, points[2 * high]!, points[2 * high + 1]!]
  return x1 === x0 ? y1 : y0 + ((y1 - y0) * (x - x0)) / (x1 - x0)
}
