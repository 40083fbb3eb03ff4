/** An average that forgets: plain over the first samples, exponential afterwards. */

/**
 * While it warms up (`warmup` samples) it is the arithmetic mean, so that the first sample does not stick; then
 * `average += (sample − average) · 2 / (span + 1)`. After `ExpAvgMeasurement` of Netflix's concurrency-limits.
 */
export class ExponentialAverage {
  value = 0
  readonly #span: number
  readonly #warmup: number
  #count = 0

  constructor(span: number, warmup: number) {
    this.#span = span
    this.#warmup = warmup
  }

  add(sample: number): number {
    if (this.#count < this.#warmup) this.value += (sample - this.value) / ++this.#count
    else this.value += ((sample - this.value) * 2) / (this.#span + 1)
    return this.value
  }

  /** Forgets what was and goes on from `value`. */
  set(value: number): void {
    this.value = value
    this.#count = Math.max(1, this.#count)
  }
}
