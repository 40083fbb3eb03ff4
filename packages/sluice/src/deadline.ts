/** When a result is worth nothing any more, and that moment handed on to everything below. */

import { type Clock, systemClock } from './clock.ts'
import { type Context, noContext, type Policy, type Work } from './context.ts'
import { Overloaded, TimedOut } from './errors.ts'
import { checkMs } from './options.ts'

export type DeadlineOptions = {
  /** How long it may take, waiting included, from `run` on. */
  timeoutMs: number
  clock?: Clock
}

/**
 * Gives work a deadline. Nested ones never grow: inside, `deadlineAt` is the earlier of its own and the one it came with. When it passes,
 * `run` rejects with `TimedOut`, and the signal that the work was given is aborted with that error, so that whatever it does can stop.
 * If it has passed already, the work does not begin: `Overloaded` with the cause `deadline`.
 *
 * The signal is made when the work first reads it: work that does not, does not pay for it.
 */
export function deadline(options: DeadlineOptions): Policy {
  const timeoutMs = checkMs('timeoutMs', options.timeoutMs, { unbounded: true })
  const { clock = systemClock } = options
  return {
    run<T>(work: Work<T>, context: Context = noContext): Promise<T> {
      const now = clock.now()
      const deadlineAt = Math.min(context.deadlineAt ?? Infinity, now + timeoutMs)
      if (context.signal?.aborted) return Promise.reject(context.signal.reason as Error)
      if (now >= deadlineAt) return Promise.reject(new Overloaded('deadline'))
      const linked = new LinkedSignal(context.signal)
      return new Promise<T>((resolve, reject) => {
        const cancelTimer = clock.schedule(deadlineAt - now, () => {
          const error = new TimedOut(deadlineAt - now)
          linked.unlink()
          linked.abort(error)
          reject(error)
        })
        const settle = (): void => {
          cancelTimer()
          linked.unlink()
        }
        const fail = (error: unknown): void => {
          settle()
          reject(error)
        }
        let result: T | PromiseLike<T>
        try {
          result = work(withSignal(context, linked, deadlineAt))
        } catch (error) {
          fail(error)
          return
        }
        Promise.resolve(result).then((value) => {
          settle()
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

/** A context like this one whose signal is made when it is read. Spreading it reads it: right, only not free. */
export function withSignal(context: Context, linked: LinkedSignal, deadlineAt = context.deadlineAt): Context {
  const { priority, key, idempotent, attempt } = context
  return {
    get signal() {
      return linked.signal
    },
    deadlineAt,
    priority,
    key,
    idempotent,
    attempt,
  }
}

/** A signal that follows another and can be aborted by itself; neither is touched before somebody asks for it. */
export class LinkedSignal {
  readonly #outer: AbortSignal | undefined
  #controller: AbortController | undefined
  #isUnlinked = false
  #abortedWith: { reason: unknown } | undefined

  constructor(outer: AbortSignal | undefined) {
    this.#outer = outer
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#abortedWith) this.#controller.abort(this.#abortedWith.reason)
      else if (this.#outer?.aborted) this.#controller.abort(this.#outer.reason)
      else if (!this.#isUnlinked) this.#outer?.addEventListener('abort', this)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#abortedWith ??= { reason }
    this.#controller?.abort(reason)
  }

  /** Lets go of the outer signal: the work has ended. */
  unlink(): void {
    this.#isUnlinked = true
    if (this.#controller !== undefined) this.#outer?.removeEventListener('abort', this)
  }

  handleEvent(_event: Event): void {
    this.abort(this.#outer!.reason)
  }
}
