/** What travels with a piece of work through the policies that stand around it. */

import { InvalidOption, TimedOut } from './errors.ts'

/** Facts about one piece of work. Every policy reads what concerns it and hands on the rest. */
export type Context = {
  /** Calls it off: what waits leaves, what runs is told. */
  readonly signal?: AbortSignal | undefined
  /**
   * When its result is worth nothing any more, on the clock of the policies: by default
   * `performance.now() + ms`, never `Date.now() + ms`.
   */
  readonly deadlineAt?: number | undefined
  /** 0 is the most important; a gate with n levels knows 0 to n − 1. */
  readonly priority?: number | undefined
  /** On whose behalf it is done (a user, a tenant): within a priority, shedding goes by this, and rates are kept per key. */
  readonly key?: string | undefined
  /** Doing it twice does no more than doing it once. Only then is it retried or hedged. */
  readonly idempotent?: boolean | undefined
  /** How many times it was tried before; set by `retries`. */
  readonly attempt?: number | undefined
}

/** A piece of work. It gets the context, whose `signal` it should hand on to whatever it calls. */
export type Work<T> = (context: Context) => T | PromiseLike<T>

/** Something that stands around work: decides whether, when and how often it runs. */
export type Policy = {
  run<T>(work: Work<T>, context?: Context): Promise<T>
}

/** Work that nothing is known about. */
export const noContext: Context = {}

/** No deadline is further away: ten years. */
export const longestDeadlineMs = 315_360_000_000

/**
 * The error of a deadline on another clock (`Date.now()` is some 50 years ahead of
 * `performance.now()`), which would silently be none.
 */
export function wrongDeadline({ deadlineAt }: Context, now: number): InvalidOption | undefined {
  if (deadlineAt === undefined || deadlineAt === Infinity || deadlineAt - now <= longestDeadlineMs) return undefined
  const expected = `a moment within ten years on the clock of the policies, which says ${now} (performance.now() by default, not Date.now())`
  return new InvalidOption('deadlineAt', deadlineAt, expected)
}

/** Calls work as a promise does: what it throws at once becomes a rejection. */
export function call<T>(work: Work<T>, context: Context): Promise<T> {
  try {
    const result = work(context)
    return result instanceof Promise ? result : Promise.resolve(result)
  } catch (error) {
    return Promise.reject(error as Error)
  }
}

/**
 * A promise that is refused a microtask from now. Whoever called has attached its handlers by then, so the engine does not have to note an unhandled
 * rejection and take it back, which costs three times as much as all the rest of a refusal (see `npm run bench`).
 */
export function refused<T>(error: unknown): Promise<T> {
  return new Promise((_resolve, reject) => queueMicrotask(() => reject(error)))
}

/** Contexts of work that was aborted while it was queued: it has not begun. */
const unstarted = new WeakSet<Context>()

/**
 * The work of this context left a queue: what stands around it must not take that for a failure of
 * what it would have called.
 */
export function markUnstarted(context: Context): void {
  unstarted.add(context)
}

/** The reason when work that had begun was aborted because its time was up; else undefined. */
export function expiryOf(context: Context): unknown {
  const { signal } = context
  if (!signal?.aborted || unstarted.has(context)) return undefined
  const reason: unknown = signal.reason
  return reason instanceof TimedOut || (reason as Error | undefined)?.name === 'TimeoutError' ? reason : undefined
}
