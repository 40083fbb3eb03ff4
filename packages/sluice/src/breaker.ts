/** Stops calling what fails, and tries again carefully. */

import { type Clock, systemClock } from './clock.ts'
import { type Context, noContext, type Policy, refused, type Work } from './context.ts'
import { InvalidOption, Overloaded } from './errors.ts'
import { checkCount, checkFunction, checkMs, checkNumber } from './options.ts'

/** A rule for when to stop: told of each call that ended while the breaker was closed. */
export type Trip = {
  /** True if the breaker should open now. */
  record(nowMs: number, tookMs: number, isFailure: boolean): boolean
  /** It does not look at times: the breaker then does not look at the clock for it, and gives it zeros. */
  readonly ignoresTime?: boolean
  /** The breaker has closed again: begin anew. */
  reset(): void
}

/** Opens after so many failures in a row. For what is called seldom, or either works or does not. */
export function consecutiveFailures(count: number): Trip {
  checkCount('count', count)
  let failures = 0
  return {
    record: (_now, _took, isFailure) => (failures = isFailure ? failures + 1 : 0) >= count,
    reset: () => (failures = 0),
    ignoresTime: true,
  }
}

export type RollingOptions = {
  /** The share, above 0 and up to 1, at which it opens. */
  share: number
  /** Over which time it is counted. Default 10,000. */
  windowMs?: number
  /** Fewer calls than this in the window say nothing. Default 10. */
  minCalls?: number
}

/** Opens when the share of failures in a rolling window is too great. For what is called often and fails now and then. */
export function failureRate(options: RollingOptions): Trip {
  return rolling(options, (_tookMs, isFailure) => isFailure)
}

/** Opens when the share of calls that took `slowerThanMs` or longer is too great, failed or not: slowness fills queues, and comes before failure. */
export function slowCallRate(options: RollingOptions & { slowerThanMs: number }): Trip {
  const slowerThanMs = checkMs('slowerThanMs', options.slowerThanMs)
  return rolling(options, (tookMs) => tookMs >= slowerThanMs)
}

/** Opens when one of them says so. */
export function anyOf(...trips: Trip[]): Trip {
  return {
    record: (now, took, isFailure) => {
      let isTripped = false
      for (const trip of trips) if (trip.record(now, took, isFailure)) isTripped = true
      return isTripped
    },
    reset: () => trips.forEach((trip) => trip.reset()),
    ignoresTime: trips.every((trip) => trip.ignoresTime),
  }
}

/** A rolling window moves in so many steps. */
const steps = 10

function rolling(options: RollingOptions, isBad: (tookMs: number, isFailure: boolean) => boolean): Trip {
  const share = checkNumber('share', options.share, { above: 0, max: 1 })
  const stepMs = checkMs('windowMs', options.windowMs ?? 10_000, { min: Number.MIN_VALUE }) / steps
  const minCalls = checkCount('minCalls', options.minCalls ?? 10)
  const calls = new Float64Array(steps)
  const bad = new Float64Array(steps)
  let [current, sumCalls, sumBad] = [-Infinity, 0, 0]
  const clear = (): void => {
    calls.fill(0)
    bad.fill(0)
    sumCalls = sumBad = 0
  }
  return {
    record(nowMs, tookMs, isFailure) {
      const step = Math.floor(nowMs / stepMs)
      if (step - current >= steps) clear()
      else
        for (let left = current + 1; left <= step; left++) {
          sumCalls -= calls[left % steps]!
          sumBad -= bad[left % steps]!
          calls[left % steps] = bad[left % steps] = 0
        }
      current = step
      calls[step % steps]!++
      sumCalls++
      // A good call is never what opens it.
      if (!isBad(tookMs, isFailure)) return false
      bad[step % steps]!++
      sumBad++
      return sumCalls >= minCalls && sumBad >= share * sumCalls
    },
    reset: clear,
  }
}

export type BreakerState = 'closed' | 'open' | 'half-open'

export type BreakerOptions = {
  /** When to stop. Default `consecutiveFailures(5)`. */
  trip?: Trip
  /** How long it stays open before it tries again; a function of how many times in a row it has opened, if it should grow. Default 10,000. */
  openMs?: number | ((opened: number) => number)
  /** How many calls are let through to try, at once and in all; it closes when all of them succeed, and opens again at the first failure. Default 1. */
  probes?: number
  /** Whether an error is a failure of what is called. Default: all but `Overloaded` (it was not called) and a call that was called off by its own signal. */
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
 * Why: calling what is down costs both sides; refusing at once lets it recover and gives callers their time back.
 *
 * States: closed (calls go through and are counted); open (all are refused with `Overloaded`, cause `breaker-open`, and when to come
 * again); half-open, from the first call after `openMs` (`probes` calls go through, others are refused). A call that began in an earlier state
 * and ends later is not counted.
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
  #succeeded = 0
  #failures = 0
  #successes = 0
  #refused = 0
  #openings = 0

  constructor(options: BreakerOptions) {
    const { openMs = 10_000 } = options
    this.#trip = options.trip ?? consecutiveFailures(5)
    if (typeof this.#trip?.record !== 'function')
      throw new InvalidOption('trip', this.#trip, 'a rule such as consecutiveFailures(5)')
    this.#isTimed = this.#trip.ignoresTime !== true
    if (typeof openMs === 'number') checkMs('openMs', openMs)
    else checkFunction('openMs', openMs)
    this.#openMs = typeof openMs === 'number' ? () => openMs : openMs
    this.#probes = checkCount('probes', options.probes ?? 1)
    this.#isFailure = options.isFailure && checkFunction('isFailure', options.isFailure)
    this.#onChange = options.onChange && checkFunction('onChange', options.onChange)
    this.#clock = options.clock ?? systemClock
  }

  run<T>(work: Work<T>, context: Context = noContext): Promise<T> {
    if (this.state !== 'closed') {
      const now = this.#clock.now()
      if (this.state === 'open' && now >= this.#openUntil) this.#become('half-open')
      if (this.state === 'open' || this.#probing + this.#succeeded >= this.#probes) {
        this.#refused++
        const waitMs = this.#openUntil - now
        return refused(new Overloaded('breaker-open', waitMs > 0 && waitMs < Infinity ? waitMs : undefined))
      }
      this.#probing++
    }
    const now = this.#isTimed ? this.#clock.now() : 0
    const era = this.#era
    let result: T | PromiseLike<T>
    try {
      result = work(context)
    } catch (error) {
      this.#onError(error, context, now, era)
      return Promise.reject(error as Error)
    }
    return Promise.resolve(result).then(
      (value) => {
        if (era === this.#era) this.#onEnd(now, false)
        return value
      },
      (error: unknown) => {
        this.#onError(error, context, now, era)
        throw error
      },
    )
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

  #onError(error: unknown, context: Context, startedAt: number, era: number): void {
    if (era !== this.#era) return
    const isFailure =
      this.#isFailure === undefined
        ? !(error instanceof Overloaded) && !context.signal?.aborted
        : this.#isFailure(error)
    if (isFailure) this.#onEnd(startedAt, true)
    // It says nothing about what is called: the place of the probe is free again.
    else if (this.state === 'half-open') this.#probing--
  }

  #onEnd(startedAt: number, isFailure: boolean): void {
    if (isFailure) this.#failures++
    else this.#successes++
    if (this.state === 'closed') {
      const now = this.#isTimed ? this.#clock.now() : 0
      if (this.#trip.record(now, now - startedAt, isFailure)) this.#become('open')
    } else if (isFailure) {
      this.#become('open')
    } else {
      this.#probing--
      if (++this.#succeeded === this.#probes) this.#become('closed')
    }
  }

  #become(state: BreakerState): void {
    const before = this.state
    if (state === before && state !== 'open') return
    this.state = state
    this.#era++
    this.#probing = this.#succeeded = 0
    if (state === 'open') {
      this.#openings++
      this.#openUntil = this.#clock.now() + this.#openMs(++this.#opened)
    }
    if (state === 'closed') {
      this.#opened = 0
      this.#trip.reset()
    }
    if (state !== before) this.#onChange?.(state, before)
  }
}
