/** `batch`: items in arrays, full or after a time. */

import { type Clock, systemClock } from '../clock.ts'
import { checkCount, checkMs } from '../options.ts'
import { flow, Stage } from './stage.ts'
import type { Operator, Source } from './types.ts'
import type { Upstream } from './upstream.ts'

export type BatchOptions = {
  /** The most items in a batch. */
  size: number
  /** Milliseconds from a batch's first item until it is given though not full. Default: however long it takes. */
  ms?: number
  clock?: Clock
}

/**
 * Gives arrays of `size` items, or of fewer when `ms` have gone by or the source has ended. Holds at most `size` items, pulled only while
 * the consumer waits; put `buffer` before it to collect meanwhile. Items before an error are given before it.
 */
export function batch<In>({ size, ms = Infinity, clock = systemClock }: BatchOptions): Operator<In, In[]> {
  checkCount('size', size)
  checkMs('ms', ms, { unbounded: true })
  return (source) => flow(() => new BatchStage(source, size, ms, clock))
}

class BatchStage<In> extends Stage<In[]> {
  readonly #upstream: Upstream<In>
  readonly #size: number
  readonly #ms: number
  readonly #clock: Clock
  #batch: In[] = []
  #isDue = false
  #cancelTimer: (() => void) | undefined
  #finale: (() => void) | undefined

  constructor(source: Source<In>, size: number, ms: number, clock: Clock) {
    super()
    this.#size = size
    this.#ms = ms
    this.#clock = clock
    this.#upstream = this.open(source, {
      item: (item) => this.#onItem(item),
      end: () => this.#stop(() => this.end()),
      error: (error) => this.#stop(() => this.fail(error)),
    })
  }

  protected override onDemand(): void {
    if (this.isWanted && (this.#isDue || this.#batch.length === this.#size)) this.#give()
    if (this.#batch.length === 0) this.#finale?.()
    if (this.isWanted && this.#batch.length < this.#size && this.#finale === undefined) this.#upstream.pull()
  }

  protected override onOver(): void {
    this.#cancelTimer?.()
    this.#batch = []
  }

  #onItem(item: In): void {
    this.#batch.push(item)
    if (this.#batch.length === 1 && this.#ms !== Infinity) {
      const due = this.guard(() => {
        this.#isDue = true
        this.onDemand()
      })
      this.#cancelTimer = this.#clock.schedule(this.#ms, due)
    }
    this.onDemand()
  }

  #give(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const batch = this.#batch
    this.#batch = []
    this.#isDue = false
    this.emit(batch)
  }

  #stop(finale: () => void): void {
    this.#finale = finale
    this.#isDue = this.#batch.length > 0
    this.onDemand()
  }
}
