/** Operators for what goes wrong: `retry`, `timeout` and `abortOn`. They hold nothing. */

import { stopWaitingOn, waitOn } from '../channel/call-off.ts'
import { type Clock, systemClock } from '../clock.ts'
import { InvalidOption, TimedOut } from '../errors.ts'
import { checkCount, checkFunction, checkMs } from '../options.ts'
import { flow, Stage } from './stage.ts'
import type { Operator, Source } from './types.ts'
import type { Upstream } from './upstream.ts'

export type RetryOptions = {
  /** How many failures in a row are followed by another try; an item in between begins a new row. */
  limit: number
  /** Milliseconds before a try: the same each time, or by the number of failures in a row, from 1. Default 0. */
  delayMs?: number | ((failures: number, error: unknown) => number)
  /** Whether to try again after this error. Default: after every one. */
  when?: (error: unknown) => boolean
  clock?: Clock
}

/**
 * Opens the source anew when it fails. The source decides where it goes on: a list starts over, so give one that resumes. One that can be
 * iterated only once (a generator's result) is refused.
 */
export function retry<In>({
  limit,
  delayMs = 0,
  when = () => true,
  clock = systemClock,
}: RetryOptions): Operator<In, In> {
  checkCount('limit', limit, { unbounded: true })
  if (typeof delayMs !== 'function') checkMs('delayMs', delayMs)
  checkFunction('when', when)
  const delayOf = typeof delayMs === 'function' ? delayMs : () => delayMs
  return (source) => {
    if (isOneShot(source))
      throw new InvalidOption('source', source, 'one that can be iterated again, to be opened anew')
    return flow(() => new RetryStage(source, limit, delayOf, when, clock))
  }
}

/** An iterator that is its own iterable has nothing to start over. */
function isOneShot(source: Source<unknown>): boolean {
  return typeof Object(source).next === 'function'
}

class RetryStage<In> extends Stage<In> {
  readonly #source: Source<In>
  readonly #limit: number
  readonly #delayOf: (failures: number, error: unknown) => number
  readonly #when: (error: unknown) => boolean
  readonly #clock: Clock
  #upstream: Upstream<In> | undefined
  #failures = 0
  #cancelTimer: (() => void) | undefined

  constructor(
    source: Source<In>,
    limit: number,
    delayOf: (failures: number, error: unknown) => number,
    when: (error: unknown) => boolean,
    clock: Clock,
  ) {
    super()
    this.#source = source
    this.#limit = limit
    this.#delayOf = delayOf
    this.#when = when
    this.#clock = clock
    this.#start()
  }

  protected override onDemand(): void {
    this.#upstream?.pull()
  }

  protected override onOver(): void {
    this.#cancelTimer?.()
  }

  #start(): void {
    this.#upstream = this.open(this.#source, {
      item: (item) => {
        this.#failures = 0
        this.emit(item)
        if (this.isWanted) this.onDemand()
      },
      error: (error) => {
        this.#upstream = undefined
        if (this.#failures === this.#limit || !this.#when(error)) return this.fail(error)
        this.#failures++
        const again = this.guard(() => {
          this.#start()
          if (this.isWanted) this.onDemand()
        })
        this.#cancelTimer = this.#clock.schedule(checkMs('delayMs', this.#delayOf(this.#failures, error)), again)
      },
    })
  }
}

/** Fails with `TimedOut` when the source has not answered `ms` after it was asked. Time in which nobody asks does not count. */
export function timeout<In>({ ms, clock = systemClock }: { ms: number; clock?: Clock }): Operator<In, In> {
  checkMs('ms', ms)
  return (source) => flow(() => new TimeoutStage(source, ms, clock))
}

class TimeoutStage<In> extends Stage<In> {
  readonly #upstream: Upstream<In>
  readonly #ms: number
  readonly #clock: Clock
  #askedAt = 0
  #cancelTimer: (() => void) | undefined

  constructor(source: Source<In>, ms: number, clock: Clock) {
    super()
    this.#ms = ms
    this.#clock = clock
    this.#upstream = this.open(source, {
      item: (item) => {
        this.emit(item)
        if (this.isWanted) this.onDemand()
      },
    })
  }

  protected override onDemand(): void {
    if (this.#upstream.isPulling) return
    this.#askedAt = this.#clock.now()
    this.#upstream.pull()
    this.#cancelTimer ??= this.#clock.schedule(this.#ms, this.#check)
  }

  protected override onOver(): void {
    this.#cancelTimer?.()
  }

  /** One timer for many items: when it fires it looks whether the present wait is as old. */
  readonly #check = this.guard(() => {
    this.#cancelTimer = undefined
    if (!this.#upstream.isPulling) return
    const leftMs = this.#askedAt + this.#ms - this.#clock.now()
    if (leftMs > 0) this.#cancelTimer = this.#clock.schedule(leftMs, this.#check)
    else this.fail(new TimedOut(this.#ms, 'The next item'))
  })
}

/** Fails with the signal's reason when it fires, and tells the source at once. */
export function abortOn<In>(signal: AbortSignal): Operator<In, In> {
  return (source) => flow(() => new AbortStage(source, signal))
}

class AbortStage<In> extends Stage<In> {
  readonly #upstream: Upstream<In>
  readonly #signal: AbortSignal
  #isListening = false

  constructor(source: Source<In>, signal: AbortSignal) {
    super()
    this.#signal = signal
    this.#upstream = this.open(source, {
      item: (item) => {
        this.emit(item)
        if (this.isWanted) this.#upstream.pull()
      },
    })
  }

  protected override onDemand(): void {
    if (this.#signal.aborted) return this.fail(this.#signal.reason)
    if (!this.#isListening) waitOn(this.#signal, this)
    this.#isListening = true
    this.#upstream.pull()
  }

  protected override onOver(): void {
    if (this.#isListening) stopWaitingOn(this.#signal, this)
  }

  handleEvent(): void {
    this.fail(this.#signal.reason)
  }
}
