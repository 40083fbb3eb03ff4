/** What measures: tallies of single values, levels over time, confidence from batches. Exact whatever is drawn. */

import hdr from 'hdr-histogram-js/dist/Float64Histogram.js'

type Histogram = InstanceType<typeof hdr.default>
/** Node gives a CommonJS module's exports as its default, a bundler may give their `default`. Its own entry brings 60 KB of codecs. */
const Histogram = (hdr as Partial<typeof hdr>).default ?? (hdr as unknown as typeof hdr.default)

/** Of 20 batches: Student's t with 19 degrees of freedom, 97.5 % point (two-sided 95 %). */
const batchCount = 20
const t19 = 2.0930240544082634

/** A mean and how far it may be off, at 95 % confidence. `halfWidth` is `Infinity` while there is too little to say. */
export type Interval = { mean: number; halfWidth: number }

/** A mean of correlated values with its confidence: 20 batches whose means are nearly independent (Law, Simulation Modeling and Analysis, §9.5.3). Memory is flat. */
export class BatchMeans {
  /** Up to 40 sums over `size` values each; when full, neighbours are joined and the size doubles. */
  #sums: number[] = []
  #size = 1
  #sum = 0
  #filled = 0

  add(value: number): void {
    this.#sum += value
    if (++this.#filled < this.#size) return
    this.#sums.push(this.#sum)
    this.#sum = 0
    this.#filled = 0
    if (this.#sums.length < 2 * batchCount) return
    this.#sums = Array.from({ length: batchCount }, (_, i) => this.#sums[2 * i]! + this.#sums[2 * i + 1]!)
    this.#size *= 2
  }

  interval(): Interval {
    // 20 to 39 small batches become 20 of equal size from the newest back.
    const per = Math.floor(this.#sums.length / batchCount)
    if (per === 0) return { mean: Number.NaN, halfWidth: Infinity }
    const used = this.#sums.slice(this.#sums.length - per * batchCount)
    const means = Array.from({ length: batchCount }, (_, i) => {
      const batch = used.slice(i * per, (i + 1) * per)
      return batch.reduce((sum, value) => sum + value, 0) / (per * this.#size)
    })
    const mean = means.reduce((sum, value) => sum + value, 0) / batchCount
    const variance = means.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (batchCount - 1)
    return { mean, halfWidth: t19 * Math.sqrt(variance / batchCount) }
  }
}

/** Single values, such as waits: mean, greatest, percentiles to three digits (HdrHistogram), confidence. */
export class Tally {
  count = 0
  max = 0
  #sum = 0
  #batches = new BatchMeans()
  #histogram: Histogram | undefined

  /** `value` is 0 or more, in whatever unit; percentiles resolve a thousandth of it. */
  record(value: number): void {
    this.count++
    this.#sum += value
    if (value > this.max) this.max = value
    this.#batches.add(value)
    this.#histogram ??= newHistogram()
    this.#histogram.recordValue(Math.round(value * 1000))
  }

  /** 0 when nothing was recorded. */
  get mean(): number {
    return this.count === 0 ? 0 : this.#sum / this.count
  }

  /** `percent` from 0 to 100; 0 when nothing was recorded. */
  percentile(percent: number): number {
    // The histogram knows its buckets; the greatest is known exactly.
    return Math.min(this.max, (this.#histogram?.getValueAtPercentile(percent) ?? 0) / 1000)
  }

  interval(): Interval {
    return this.#batches.interval()
  }
}

function newHistogram(): Histogram {
  const histogram = new Histogram(1, 2, 3)
  histogram.autoResize = true
  return histogram
}

/** A level that changes over time, such as a queue's depth: its mean weighs each value by how long it held. */
export class Level {
  value = 0
  max = 0
  min = 0
  readonly #now: () => number
  #since: number
  #changedAt: number
  #area = 0

  constructor(now: () => number) {
    this.#now = now
    this.#since = this.#changedAt = now()
  }

  set(value: number): void {
    const now = this.#now()
    this.#area += this.value * (now - this.#changedAt)
    this.#changedAt = now
    this.value = value
    if (value > this.max) this.max = value
    if (value < this.min) this.min = value
  }

  add(change: number): void {
    this.set(this.value + change)
  }

  /** Over time, since the start or the last `reset`. */
  get mean(): number {
    const now = this.#now()
    const spanned = now - this.#since
    return spanned === 0 ? this.value : (this.#area + this.value * (now - this.#changedAt)) / spanned
  }

  /** Forgets what was, keeps the value: after a warm-up. */
  reset(): void {
    this.#since = this.#changedAt = this.#now()
    this.#area = 0
    this.max = this.min = this.value
  }
}
