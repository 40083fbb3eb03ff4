/** When a result is worth nothing any more, and that moment handed on to everything below. */

import { LinkedController } from './channel/call-off.ts'
import { type Clock, systemClock } from './clock.ts'
import { type Context, longestDeadlineMs, noContext, type Policy, type Work, wrongDeadline } from './context.ts'
import { Overloaded, TimedOut } from './errors.ts'
import { checkMs, checkOptions } from './options.ts'

export type DeadlineOptions = {
  /** How long it may take, waiting included, from `run` on. */
  timeoutMs: number
  clock?: Clock
}

/**
 * Gives work a deadline. Nested ones never grow: inside, `deadlineAt` is the earlier of its own and the one it came with. When it passes,
 * `run` rejects with `TimedOut`, and the signal that the work was given is aborted with that error, so that whatever it does can stop.
 * If it has passed already, the work does not begin: `Overloaded` with the cause `deadline`.
 */
export function deadline(options: DeadlineOptions): Policy {
  const givenMs = checkMs('timeoutMs', checkOptions(options, '{ timeoutMs: 1000 }').timeoutMs, { unbounded: true })
  const timeoutMs = givenMs > longestDeadlineMs ? Infinity : givenMs
  const { clock = systemClock } = options
  return {
    run<T>(work: Work<T>, context: Context = noContext): Promise<T> {
      const now = clock.now()
      const wrong = wrongDeadline(context, now)
      if (wrong !== undefined) return Promise.reject(wrong)
      const deadlineAt = Math.min(context.deadlineAt ?? Infinity, now + timeoutMs)
      if (context.signal?.aborted) return Promise.reject(context.signal.reason as Error)
      if (now >= deadlineAt) return Promise.reject(new Overloaded('deadline'))
      return new Promise<T>((resolve, reject) => {
        const linked = new LinkedController(context.signal)
        const cancelTimer = clock.schedule(deadlineAt - now, () => {
          const error = new TimedOut(deadlineAt - now)
          linked.unlink()
          linked.abort(error)
          reject(error)
        })
        const fail = (error: unknown): void => {
          cancelTimer()
          linked.unlink()
          reject(error)
        }
        let result: T | PromiseLike<T>
        try {
          result = work({ ...context, signal: linked.signal, deadlineAt })
        } catch (error) {
          fail(error)
          return
        }
        Promise.resolve(result).then((value) => {
          cancelTimer()
          linked.unlink()
          resolve(value)
        }, fail)
      })
    },
  }
}

/** How much of the time is left; `Infinity` without a deadline, 0 when it has passed. For a call to another process: send this, not the moment, since clocks differ. */
export function remainingMs(context: Context, clock: Clock = systemClock): number {
  return context.deadlineAt === undefined ? Infinity : Math.max(0, context.deadlineAt - clock.now())
}
