/** What durations and sizes are drawn from. Each knows its mean, and its squared coefficient of variation (variance / mean²), which is what queues feel. */

import { exp, ln, pow } from './exact.ts'
import type { Random } from './random.ts'

export type Distribution = {
  readonly mean: number
  /** 0 for a constant, 1 for the exponential; `Infinity` where the variance does not exist. */
  readonly scv: number
  draw(random: Random): number
}

function positive(name: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value
  throw new RangeError(`${name} must be a number above 0, got ${value}`)
}

/** Always the same. */
export function constant(mean: number): Distribution {
  positive('mean', mean)
  return { mean, scv: 0, draw: () => mean }
}

/** Anything between two bounds, all alike. */
export function uniform(low: number, high: number): Distribution {
  if (!(low >= 0 && high > low)) throw new RangeError(`low and high must be 0 ≤ low < high, got ${low} and ${high}`)
  const mean = (low + high) / 2
  return { mean, scv: (high - low) ** 2 / 12 / mean ** 2, draw: (random) => low + (high - low) * random() }
}

/** Without memory: gaps between independent arrivals, by inversion. */
export function exponential(mean: number): Distribution {
  positive('mean', mean)
  return { mean, scv: 1, draw: (random) => -mean * ln(1 - random()) }
}

/** `stages` exponentials in a row: work that consists of steps; less variable than one. */
export function erlang(stages: number, mean: number): Distribution {
  positive('mean', mean)
  if (!Number.isInteger(stages) || stages < 1)
    throw new RangeError(`stages must be a whole number above 0, got ${stages}`)
  return {
    mean,
    scv: 1 / stages,
    draw(random) {
      let [logs, product] = [0, 1]
      for (let i = 0; i < stages; i++) {
        product *= 1 - random()
        // Before the next factor, 2⁻⁵³ at the least, could make it 0.
        if (product < 2 ** -900) {
          logs += ln(product)
          product = 1
        }
      }
      return (-mean / stages) * (logs + ln(product))
    },
  }
}

/** The product of many small influences: typical of response times. `scv` sets how heavy its tail is. */
export function lognormal(mean: number, scv: number): Distribution {
  positive('mean', mean)
  positive('scv', scv)
  const variance = ln(1 + scv)
  const mu = ln(mean) - variance / 2
  const sigma = Math.sqrt(variance)
  return { mean, scv, draw: (random) => exp(mu + sigma * normal(random)) }
}

/** A power-law tail: file sizes, session lengths. `shape` above 1 (or there is no mean); at 2 or below the variance is infinite. */
export function pareto(shape: number, mean: number): Distribution {
  positive('mean', mean)
  if (!(shape > 1)) throw new RangeError(`shape must be above 1 for a mean to exist, got ${shape}`)
  const least = (mean * (shape - 1)) / shape
  const scv = shape > 2 ? 1 / (shape * (shape - 2)) : Infinity
  return { mean, scv, draw: (random) => least / pow(1 - random(), 1 / shape) }
}

/** One of the values that were measured, each as likely as it was frequent. */
export function empirical(values: readonly number[]): Distribution {
  if (values.length === 0) throw new RangeError('values must hold at least one number')
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  return { mean, scv: variance / mean ** 2, draw: (random) => values[Math.floor(random() * values.length)]! }
}

/** Standard normal, by Marsaglia's polar method (no sine, which engines compute differently). */
export function normal(random: Random): number {
  for (;;) {
    const u = 2 * random() - 1
    const v = 2 * random() - 1
    const s = u * u + v * v
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * ln(s)) / s)
  }
}

/** Ranks from 0 to `count` − 1, the r-th with a weight of 1 / (r + 1)^`skew`: what is popular is asked for more often (Zipf). By a table and bisection. */
export function zipf(count: number, skew: number): { draw(random: Random): number; shares: Float64Array } {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`count must be a whole number above 0, got ${count}`)
  if (!(skew >= 0)) throw new RangeError(`skew must be 0 or more, got ${skew}`)
  const shares = Float64Array.from({ length: count }, (_, rank) => 1 / pow(rank + 1, skew))
  const total = shares.reduce((sum, share) => sum + share, 0)
  let reached = 0
  const upTo = shares.map((share) => (reached += share / total))
  return {
    shares: shares.map((share) => share / total),
    draw(random) {
      const at = random()
      let [low, high] = [0, count - 1]
      while (low < high) {
        const middle = (low + high) >> 1
        if (upTo[middle]! > at) high = middle
        else low = middle + 1
      }
      return low
    },
  }
}
