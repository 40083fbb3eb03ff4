/** Figures and curves out of what became of each request. */

import { type Outcome, type Outcomes, outcomes as names } from './messages.ts'
import { round } from './record.ts'

/** Requests that arrived in a span of time; `null` for a figure of nothing. */
export class Span {
  readonly #found: Outcomes
  readonly #first: number
  readonly #end: number
  readonly #which: (index: number) => boolean
  readonly #deadlineMs: number
  readonly ms: number

  constructor(
    found: Outcomes,
    fromMs: number,
    toMs: number,
    deadlineMs: number,
    which: (index: number) => boolean = () => true,
  ) {
    this.#found = found
    this.#first = found.at.findIndex((at) => at >= fromMs)
    if (this.#first < 0) this.#first = found.at.length
    const end = found.at.findIndex((at) => at >= toMs)
    this.#end = end < 0 ? found.at.length : end
    this.#which = which
    this.#deadlineMs = deadlineMs
    this.ms = toMs - fromMs
  }

  count(...wanted: Outcome[]): number {
    let count = 0
    this.#each(
      (index) => (count += Number(wanted.length === 0 || wanted.includes(names[this.#found.outcome[index]!]!))),
    )
    return count
  }

  /** Answers in time. */
  get good(): number {
    return this.count('good')
  }

  /** Of what was possible: as many as came, or as the capacity (a second) allows. */
  ofIdeal(perSecond: number): number | null {
    const possible = Math.min(this.count(), (perSecond * this.ms) / 1000)
    return possible === 0 ? null : round((this.good / possible) * 100)
  }

  /** The 99th percentile of those that were let in; who gave up waited until the deadline. */
  get p99(): number | null {
    return this.#p99('good', 'gaveUp', 'broken')
  }

  get refusalP99(): number | null {
    return this.#p99('refused')
  }

  lateMs(share: number): number | null {
    return percentile(
      this.#values((index) => this.#found.lateMs[index]!),
      share,
    )
  }

  #p99(...wanted: Outcome[]): number | null {
    const values = this.#values((index) => {
      const outcome = names[this.#found.outcome[index]!]!
      if (!wanted.includes(outcome)) return undefined
      return outcome === 'good' || outcome === 'refused' ? this.#found.tookMs[index]! : this.#deadlineMs
    })
    return percentile(values, 0.99)
  }

  #values(of: (index: number) => number | undefined): number[] {
    const values: number[] = []
    this.#each((index) => {
      const value = of(index)
      if (value !== undefined) values.push(value)
    })
    return values
  }

  #each(visit: (index: number) => void): void {
    for (let index = this.#first; index < this.#end; index++) if (this.#which(index)) visit(index)
  }
}

/** The least value that this share of all does not exceed. */
export function percentile(values: number[], share: number): number | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  return round(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)]!)
}

/** A figure for each step of time, by the moment of arrival. */
export function overTime(
  found: Outcomes,
  { toMs, stepMs, deadlineMs }: { toMs: number; stepMs: number; deadlineMs: number },
  figure: (span: Span) => number | null,
): [number, number][] {
  const points: [number, number][] = []
  for (let from = 0; from + stepMs <= toMs; from += stepMs) {
    const value = figure(new Span(found, from, from + stepMs, deadlineMs))
    if (value !== null) points.push([(from + stepMs / 2) / 1000, value])
  }
  return points
}

/**
 * How long after `fromMs` all is well again: from then on, of those that come within half a second and of all that come until the end, 95 and 98 in a
 * hundred are answered in time. `null`: never.
 */
export function recoveryMs(found: Outcomes, fromMs: number, toMs: number, deadlineMs: number): number | null {
  const share = (from: number, to: number) => {
    const span = new Span(found, from, to, deadlineMs)
    return span.good / span.count()
  }
  for (let from = fromMs; from + 500 <= toMs; from += 50)
    if (share(from, from + 500) >= 0.95 && share(from, toMs) >= 0.98) return from - fromMs
  return null
}
