/** Operators that go by time: `throttle` slows the source down, `debounce` and `sample` pick from what comes. */

import { Ring } from '../channel/ring.ts'
import { type None, none } from '../channel/types.ts'
import { type Clock, systemClock } from '../clock.ts'
import { checkCount, checkMs } from '../options.ts'
import { flow, Stage } from './stage.ts'
import type { Operator, Source } from './types.ts'
import type { Upstream } from './upstream.ts'

export type ThrottleOptions = {
  /** The most items in any `ms`. Default 1. */
  limit?: number
  ms: number
  clock?: Clock
}

/** Gives at most `limit` items in any span of `ms`, by asking the source later: nothing is dropped. Holds nothing. */
export function throttle<In>({ limit = 1, ms, clock = systemClock }: ThrottleOptions): Operator<In, In> {
  checkCount('limit', limit)
  checkMs('ms', ms)
  return (source) => flow(() => new ThrottleStage(source, limit, ms, clock))
}

class ThrottleStage<In> extends Stage<In> {
  readonly #upstream: Upstream<In>
  readonly #limit: number
  readonly #ms: number
  readonly #clock: Clock
  /** When the last `limit` items were given. */
  readonly #times = new Ring<number>()
  #cancelTimer: (() => void) | undefined

  constructor(source: Source<In>, limit: number, ms: number, clock: Clock) {
    super()
    this.#limit = limit
    this.#ms = ms
    this.#clock = clock
    this.#upstream = this.open(source, {
      item: (item) => {
        if (this.#times.length === this.#limit) this.#times.shift()
        this.#times.push(this.#clock.now())
        this.emit(item)
        if (this.isWanted) this.onDemand()
      },
    })
  }

  protected override onDemand(): void {
    if (this.#cancelTimer !== undefined) return
    const waitMs = this.#times.length < this.#limit ? 0 : this.#times.peek()! + this.#ms - this.#clock.now()
    if (waitMs <= 0) return this.#upstream.pull()
    const retry = this.guard(() => {
      this.#cancelTimer = undefined
      this.onDemand()
    })
    this.#cancelTimer = this.#clock.schedule(waitMs, retry)
  }

  protected override onOver(): void {
    this.#cancelTimer?.()
  }
}

/** What `debounce` and `sample` share: they pull all the time and hold the latest item until it is both picked and wanted. */
abstract class LatestStage<In> extends Stage<In> {
  readonly #upstream: Upstream<In>
  protected held: In | None = none
  protected cancelTimer: (() => void) | undefined
  #isPicked = false
  #finale: (() => void) | undefined

  constructor(source: Source<In>) {
    super()
    this.#upstream = this.open(source, {
      item: (item) => {
        this.held = item
        this.onHeld()
        this.onDemand()
      },
      end: () => this.#stop(() => this.end()),
      error: (error) => this.#stop(() => this.fail(error)),
    })
  }

  /** A new item is held: decide when it is picked. */
  protected abstract onHeld(): void

  protected set isPicked(isPicked: boolean) {
    this.#isPicked = isPicked
  }

  protected override onDemand(): void {
    if (this.isWanted && this.held !== none && this.#isPicked) {
      this.emit(this.held)
      this.held = none
      this.#isPicked = this.#finale !== undefined
    }
    if (this.held === none) this.#finale?.()
    if (this.#finale === undefined) this.#upstream.pull()
  }

  protected override onOver(): void {
    this.cancelTimer?.()
    this.held = none
  }

  /** What is held at the end is given: it is the last there is. */
  #stop(finale: () => void): void {
    this.#finale = finale
    this.#isPicked = true
    this.cancelTimer?.()
    this.onDemand()
  }
}

export type PaceOptions = { ms: number; clock?: Clock }

/** Gives an item once no other has come for `ms`, and the last one at the end. Drops the others. Holds one. */
export function debounce<In>({ ms, clock = systemClock }: PaceOptions): Operator<In, In> {
  checkMs('ms', ms)
  return (source) => flow(() => new DebounceStage(source, ms, clock))
}

class DebounceStage<In> extends LatestStage<In> {
  readonly #ms: number
  readonly #clock: Clock
  #lastAt = 0

  constructor(source: Source<In>, ms: number, clock: Clock) {
    super(source)
    this.#ms = ms
    this.#clock = clock
  }

  protected override onHeld(): void {
    this.isPicked = false
    this.#lastAt = this.#clock.now()
    this.cancelTimer ??= this.#clock.schedule(this.#ms, this.#check)
  }

  /** One timer at a time: it is not set anew for each item, but looks how long it has been quiet. */
  readonly #check = this.guard(() => {
    const leftMs = this.#lastAt + this.#ms - this.#clock.now()
    this.cancelTimer = leftMs > 0 ? this.#clock.schedule(leftMs, this.#check) : undefined
    if (leftMs > 0) return
    this.isPicked = true
    this.onDemand()
  })
}

/** Gives the latest item once every `ms`, counted from the first `next()`, if there is a new one; the last one at the end. Drops the others. Holds one. */
export function sample<In>({ ms, clock = systemClock }: PaceOptions): Operator<In, In> {
  checkMs('ms', ms, { min: Number.MIN_VALUE })
  return (source) => flow(() => new SampleStage(source, ms, clock))
}

class SampleStage<In> extends LatestStage<In> {
  readonly #ms: number
  readonly #clock: Clock
  #startedAt: number | undefined

  constructor(source: Source<In>, ms: number, clock: Clock) {
    super(source)
    this.#ms = ms
    this.#clock = clock
  }

  protected override onDemand(): void {
    this.#startedAt ??= this.#clock.now()
    super.onDemand()
  }

  /** No timer runs while there is nothing to sample. */
  protected override onHeld(): void {
    const sinceTickMs = (this.#clock.now() - this.#startedAt!) % this.#ms
    this.cancelTimer ??= this.#clock.schedule(this.#ms - sinceTickMs, this.#tick)
  }

  readonly #tick = this.guard(() => {
    this.cancelTimer = undefined
    this.isPicked = true
    this.onDemand()
  })
}
