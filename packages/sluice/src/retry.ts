/** Tries again what failed, when that is safe, worth it and affordable. */

import { attempt } from './callbacks.ts'
import { type Patient, stopWaitingOn, waitOn } from './channel/call-off.ts'
import { type Clock, type Random, systemClock, systemRandom } from './clock.ts'
import { call, type Context, noContext, type Policy, type Work } from './context.ts'
import { Overloaded } from './errors.ts'
import { checkCount, checkFunction, checkMs, checkNumber } from './options.ts'

/** How long to wait before a retry: `retry` counts from 1, `previousMs` is the wait before the last one (0 at first). */
export type Backoff = (retry: number, previousMs: number, random: Random) => number

export type BackoffOptions = {
  /** The first wait. Default 100. */
  baseMs?: number
  /** No wait is longer. Default 30,000. */
  maxMs?: number
}

function checkBackoff({ baseMs = 100, maxMs = 30_000 }: BackoffOptions): { baseMs: number; maxMs: number } {
  checkMs('baseMs', baseMs)
  return { baseMs, maxMs: checkMs('maxMs', maxMs, { min: baseMs }) }
}

/**
 * `random(0, min(maxMs, baseMs · 2^(retry − 1)))`: exponential with full jitter, so that callers who failed together do not come back together.
 * Source: Brooker, "Exponential backoff and jitter", AWS, 2015.
 */
export function exponential(options: BackoffOptions & { /** Default 2. */ factor?: number } = {}): Backoff {
  const { baseMs, maxMs } = checkBackoff(options)
  const factor = checkNumber('factor', options.factor ?? 2, { min: 1 })
  return (retry, _previousMs, random) => random() * Math.min(maxMs, baseMs * factor ** (retry - 1))
}

/** `min(maxMs, random(baseMs, 3 · previous wait))`: spreads wider and never comes at once. The same source. */
export function decorrelatedJitter(options: BackoffOptions = {}): Backoff {
  const { baseMs, maxMs } = checkBackoff(options)
  return (_retry, previousMs, random) => {
    const highest = Math.max(baseMs, previousMs) * 3
    return Math.min(maxMs, baseMs + random() * (highest - baseMs))
  }
}

export type RetryBudgetOptions = {
  /** Retries per call, over time: 0.1 allows one for ten calls. Default 0.1. */
  ratio?: number
  /** So many a second are allowed whatever the ratio says, for callers that call seldom. Default 1. */
  minPerSecond?: number
  /** How many retries can be saved up. Default 10. */
  burst?: number
  clock?: Clock
}

/** What all retries of those who share it may spend. */
export type RetryBudget = {
  /** A call was made for the first time: pays in. */
  deposit(): void
  /** A retry is to be made: true if it can be paid for. */
  withdraw(): boolean
  /** How many retries could be made now. */
  readonly balance: number
}

/**
 * A budget for retries. Share one among all callers of a resource.
 *
 * Why: with three attempts each, callers triple the load on what is already failing; with a budget retries add a tenth at most, however much fails.
 *
 * Source: "retry budgets" in Finagle, and Google's "Site Reliability Engineering", chapter 21.
 */
export function retryBudget(options: RetryBudgetOptions = {}): RetryBudget {
  const ratio = checkNumber('ratio', options.ratio ?? 0.1, { min: 0, max: 10 })
  const perMs = checkNumber('minPerSecond', options.minPerSecond ?? 1, { min: 0 }) / 1000
  const burst = checkCount('burst', options.burst ?? 10)
  const { clock = systemClock } = options
  let balance = burst
  let refilledAt = clock.now()
  const refill = (): void => {
    const now = clock.now()
    balance = Math.min(burst, balance + (now - refilledAt) * perMs)
    refilledAt = now
  }
  return {
    deposit() {
      balance = Math.min(burst, balance + ratio)
    },
    withdraw() {
      refill()
      // Ten times a tenth is a little less than one.
      if (balance < 1 - 1e-9) return false
      balance = Math.max(0, balance - 1)
      return true
    },
    get balance() {
      refill()
      return Math.floor(balance + 1e-9)
    },
  }
}

export type RetriesOptions = {
  /** How many times it is tried at most, the first included. Default 3. */
  attempts?: number
  /**
   * Milliseconds before a retry. Default `exponential()`, which also stands in for one that throws
   * or gives no finite number of at least 0.
   */
  backoff?: Backoff
  /** Default: none. Give one, shared, to whatever can be overloaded. */
  budget?: RetryBudget
  /** Work that does not say whether it is idempotent, is. Default false: it is not retried. */
  idempotent?: boolean
  /** Whether an error is worth another try. Default: all. */
  isRetryable?: (error: unknown) => boolean
  /** Told before each retry. */
  onRetry?: (retry: number, delayMs: number, error: unknown) => void
  clock?: Clock
  random?: Random
}

/**
 * Retries what failed. When it gives up it rejects with the error of the last attempt.
 *
 * - Work is retried only if its context says `idempotent`, or the option does. An exception is a
 *   refusal (`Overloaded`): that work has not begun.
 * - An open breaker is not waited for: its refusal is passed on at once, or every caller would wait
 *   for as long as the breaker is open.
 * - An error's `retryAfterMs` is honoured: it never comes back earlier.
 * - It does not wait for a deadline to pass: if the wait is longer than the time left, it gives up
 *   at once.
 * - `context.attempt` tells the work how many times it was tried before.
 */
export function retries(options: RetriesOptions = {}): Policy {
  const attempts = checkCount('attempts', options.attempts ?? 3)
  const backoff = checkFunction('backoff', options.backoff ?? exponential())
  const isRetryable = checkFunction('isRetryable', options.isRetryable ?? (() => true))
  const { budget, idempotent = false, onRetry, clock = systemClock, random = systemRandom } = options

  /** A backoff that throws, or gives what is no time to wait, gives way to the default. */
  const delayOf = (retry: number, previousMs: number): number => {
    const delayMs = attempt(() => checkMs('backoff', backoff(retry, previousMs, random)), -1)
    return delayMs < 0 ? exponential()(retry, previousMs, systemRandom) : delayMs
  }

  const again = async <T>(work: Work<T>, context: Context, first: unknown): Promise<T> => {
    let error = first
    let delayMs = 0
    for (let retry = 1; retry < attempts; retry++) {
      const isSafe = (context.idempotent ?? idempotent) || error instanceof Overloaded
      const failure = error
      if (!isSafe || isOpen(failure) || context.signal?.aborted || !attempt(() => isRetryable(failure), false)) break
      delayMs = delayOf(retry, delayMs)
      const waitMs = Math.max(delayMs, retryAfterOf(error))
      if (context.deadlineAt !== undefined && clock.now() + waitMs >= context.deadlineAt) break
      if (budget !== undefined && !attempt(() => budget.withdraw(), false)) break
      attempt(() => onRetry?.(retry, waitMs, failure), undefined)
      await pause(waitMs, context.signal, clock)
      try {
        return await work({ ...context, attempt: retry })
      } catch (latest) {
        error = latest
      }
    }
    throw error
  }

  return {
    run<T>(work: Work<T>, context: Context = noContext): Promise<T> {
      if (budget !== undefined) attempt(() => budget.deposit(), undefined)
      const first = call(work, context)
      return attempts === 1 ? first : first.catch((error: unknown) => again(work, context, error))
    },
  }
}

/** A breaker has refused. */
const isOpen = (error: unknown): boolean => error instanceof Overloaded && error.cause === 'breaker-open'

/** The `retryAfterMs` of an error, if it has one that makes sense; else 0. */
export function retryAfterOf(error: unknown): number {
  const value = typeof error === 'object' && error !== null ? (error as { retryAfterMs?: unknown }).retryAfterMs : 0
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0
}

/** Waits, unless it is called off. */
export function pause(delayMs: number, signal: AbortSignal | undefined, clock: Clock): Promise<void> {
  return new Promise((resolve, reject) => {
    const wait: Patient = {
      handleEvent() {
        cancel()
        reject(signal!.reason as Error)
      },
    }
    const cancel = clock.schedule(delayMs, () => {
      if (signal !== undefined) stopWaitingOn(signal, wait)
      resolve()
    })
    if (signal !== undefined) waitOn(signal, wait)
  })
}

/**
 * Reads a `Retry-After` header (RFC 9110, 10.2.3): seconds, or a date, to be compared with `nowMs` since 1970. Milliseconds; `undefined` if it is neither.
 */
export function parseRetryAfter(value: string, nowMs: number = Date.now()): number | undefined {
  const text = value.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // IMF-fixdate, RFC 850 and asctime all begin with the name of a day.
  if (!/^(mon|tue|wed|thu|fri|sat|sun)/i.test(text)) return undefined
  // asctime has no zone and means GMT.
  const at = Date.parse(/gmt$/i.test(text) ? text : `${text} GMT`)
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs)
}

/** A `Retry-After` value: whole seconds, rounded up, at least 1 so that nobody comes back at once. */
export function formatRetryAfter(ms: number): string {
  checkMs('ms', ms)
  return String(Math.max(1, Math.ceil(ms / 1000)))
}
