/** Stops calling what fails, and tries again carefully. */

import { attempt, report } from './callbacks.ts'
import { type Patient, stopWaitingOn, waitOn } from './channel/call-off.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Context, expiryOf, noContext, type Policy, refused, type Work } from './context.ts'
import { InvalidOption, Overloaded } from './errors.ts'
import { checkCount, checkFunction, checkMs } from './options.ts'
import { consecutiveFailures, type Trip } from './trip.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

export type BreakerOptions = {
  /** When to stop. Default `consecutiveFailures(5)`. */
  trip?: Trip
  /** How long it stays open before it tries again; a function of how many times in a row it has opened, if it should grow. Default 10,000. */
  openMs?: number | ((opened: number) => number)
  /** How many calls are let through to try, at once and in all; it closes when all of them succeed, and opens again at the first failure. Default 1. */
  probes?: number
  /**
   * How long a probe may take. One that has not settled by then counts as a failure: the breaker
   * opens again with the next call. Default 30,000; `Infinity`: as long as it likes.
   */
  probeTimeoutMs?: number
  /**
   * Whether an error is a failure of what is called. Default: all but `Overloaded` (it was not
   * called) and what came after the signal was aborted. When a signal is aborted because time is
   * up, the call need not settle: its `TimedOut` (or `TimeoutError`) is judged at once, by default
   * as a failure.
   */
  isFailure?: (error: unknown) => boolean
  /** Told of each change. */
  onChange?: (state: BreakerState, before: BreakerState) => void
  clock?: Clock
}

export type Breaker = Policy & {
  readonly state: BreakerState
  /** Opens by hand: stays open until `close` (maintenance, a known outage). */
  open(): void
  /** Closes by hand, whatever was. */
  close(): void
  stats(): { state: BreakerState; failures: number; successes: number; refused: number; opened: number }
}

/**
 * A circuit breaker.
 *
 * Why: calling what is down costs both sides; refusing at once lets it recover and gives callers
 * their time back.
 *
 * States:
 * - closed: calls go through and are counted;
 * - open: all are refused with `Overloaded`, cause `breaker-open`, and when to come again;
 * - half-open, from the first call after `openMs`: `probes` calls go through, others are refused. A
 *   probe that takes longer than `probeTimeoutMs` has failed.
 *
 * A call that began in an earlier state and ends later is not counted. A call whose deadline passes
 * is a failure at that moment, whether it settles or not; one that was still queued inside (at a
 * gate, a rate) has not reached what is called, and counts for nothing.
 *
 * Source: Nygard, "Release It!"; the behaviours that cockatiel and opossum document.
 */
export function breaker(options: BreakerOptions = {}): Breaker {
  return new CircuitBreaker(options)
}

class CircuitBreaker implements Breaker {
  state: BreakerState = 'closed'
  readonly #trip: Trip
  readonly #isTimed: boolean
  readonly #openMs: (opened: number) => number
  readonly #probes: number
  readonly #probeTimeoutMs: number
  readonly #isFailure: ((error: unknown) => boolean) | undefined
  readonly #onChange: BreakerOptions['onChange']
  readonly #clock: Clock
  /** Until when it is open; `Infinity` by hand. */
  #openUntil = 0
  /** How many times it has opened without closing between. */
  #opened = 0
  /** Counts the states it has been in: a call of an earlier one is not counted. */
  #era = 0
  #probing = 0
  /** When the last probe began. */
  #probedAt = 0
  #succeeded = 0
  #failures = 0
  #successes = 0
  #refused = 0
  #openings = 0

  constructor(options: BreakerOptions) {
    const { openMs = defaultOpenMs } = options
    this.#trip = options.trip ?? consecutiveFailures(5)
    if (typeof this.#trip?.record !== 'function')
      throw new InvalidOption('trip', this.#trip, 'a rule such as consecutiveFailures(5)')
    this.#isTimed = this.#trip.ignoresTime !== true
    if (typeof openMs === 'number') checkMs('openMs', openMs)
    else checkFunction('openMs', openMs)
    this.#openMs = typeof openMs === 'number' ? () => openMs : openMs
    this.#probes = checkCount('probes', options.probes ?? 1)
    this.#probeTimeoutMs = checkMs('probeTimeoutMs', options.probeTimeoutMs ?? 30_000, { unbounded: true })
    this.#isFailure = options.isFailure && checkFunction('isFailure', options.isFailure)
    this.#onChange = options.onChange && checkFunction('onChange', options.onChange)
    this.#clock = options.clock ?? systemClock
  }

  run<T>(work: Work<T>, context: Context = noContext): Promise<T> {
    if (this.state !== 'closed') {
      const refusal = this.#refuseOrProbe(this.#clock.now())
      if (refusal !== undefined) return refused(refusal)
    }
    const call = new Call(this, context, this.#isTimed ? this.#clock.now() : 0, this.#era)
    let result: T | PromiseLike<T>
    try {
      result = work(context)
    } catch (error) {
      call.fail(error)
      return Promise.reject(error as Error)
    }
    return settle(result, call)
  }

  open(): void {
    this.#become('open')
    this.#openUntil = Infinity
  }

  close(): void {
    this.#become('closed')
  }

  stats(): ReturnType<Breaker['stats']> {
    return {
      state: this.state,
      failures: this.#failures,
      successes: this.#successes,
      refused: this.#refused,
      opened: this.#openings,
    }
  }

  /** For `Call`: one has ended. */
  end({ startedAt, era }: Call, isFailure: boolean): void {
    if (era !== this.#era) return
    if (isFailure) this.#failures++
    else this.#successes++
    if (this.state === 'closed') {
      const now = this.#isTimed ? this.#clock.now() : 0
      if (attempt(() => this.#trip.record(now, now - startedAt, isFailure), false)) this.#become('open')
    } else if (isFailure) {
      this.#become('open')
    } else {
      this.#probing--
      if (++this.#succeeded === this.#probes) this.#become('closed')
    }
  }

  /** For `Call`: one has failed. */
  fail(call: Call, error: unknown): void {
    if (this.#isFailureOf(call.context, error)) this.end(call, true)
    // It says nothing about what is called: the place of the probe is free again.
    else if (call.era === this.#era && this.state === 'half-open') this.#probing--
  }

  #isFailureOf(context: Context, error: unknown): boolean {
    const isFailure = this.#isFailure
    // What cannot be judged counts as a failure.
    if (isFailure !== undefined) return attempt(() => isFailure(expiryOf(context) ?? error), true)
    if (context.signal?.aborted) return expiryOf(context) !== undefined
    return !(error instanceof Overloaded)
  }

  /** While it is not closed: a refusal, or undefined and one probe more. */
  #refuseOrProbe(now: number): Overloaded | undefined {
    if (this.state === 'open' && now >= this.#openUntil) this.#become('half-open')
    else if (this.state === 'half-open' && this.#probing > 0 && now - this.#probedAt >= this.#probeTimeoutMs) {
      this.#failures++
      this.#become('open')
    }
    // `onChange` may have closed it.
    if (this.state === 'closed') return undefined
    if (this.state === 'open' || this.#probing + this.#succeeded >= this.#probes) {
      this.#refused++
      const waitMs = this.#openUntil - now
      return new Overloaded('breaker-open', waitMs > 0 && waitMs < Infinity ? waitMs : undefined)
    }
    this.#probing++
    this.#probedAt = now
    return undefined
  }

  #become(state: BreakerState): void {
    const before = this.state
    if (state === before && state !== 'open') return
    this.state = state
    this.#era++
    this.#probing = this.#succeeded = 0
    if (state === 'open') {
      this.#openings++
      const openMs = attempt(() => checkMs('openMs', this.#openMs(++this.#opened), { unbounded: true }), defaultOpenMs)
      this.#openUntil = this.#clock.now() + openMs
    }
    if (state === 'closed') {
      this.#opened = 0
      attempt(() => this.#trip.reset(), undefined)
    }
    if (state === before) return
    try {
      this.#onChange?.(state, before)
    } catch (error) {
      report(error)
    }
  }
}

const defaultOpenMs = 10_000

/** One call under way: its outcome counts once. */
class Call implements Patient {
  readonly context: Context
  readonly startedAt: number
  readonly era: number
  readonly #breaker: CircuitBreaker
  #isOver = false

  constructor(circuit: CircuitBreaker, context: Context, startedAt: number, era: number) {
    this.#breaker = circuit
    this.context = context
    this.startedAt = startedAt
    this.era = era
    const { signal } = context
    if (signal !== undefined && !signal.aborted) waitOn(signal, this)
  }

  succeed(): void {
    if (this.#leave()) this.#breaker.end(this, false)
  }

  fail(error: unknown): void {
    if (this.#leave()) this.#breaker.fail(this, error)
  }

  /** The signal was aborted. If its time is up, the work need not settle for that to be known. */
  handleEvent(): void {
    // A queue inside hears of it after this.
    queueMicrotask(() => {
      const expiry = expiryOf(this.context)
      if (expiry !== undefined) this.fail(expiry)
    })
  }

  /** True the first time. */
  #leave(): boolean {
    if (this.#isOver) return false
    this.#isOver = true
    const { signal } = this.context
    if (signal !== undefined) stopWaitingOn(signal, this)
    return true
  }
}

async function settle<T>(result: T | PromiseLike<T>, call: Call): Promise<T> {
  let value: T
  try {
    value = await result
  } catch (error) {
    call.fail(error)
    throw error
  }
  call.succeed()
  return value
}
