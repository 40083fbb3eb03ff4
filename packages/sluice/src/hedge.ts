/** Asks a second time when the first answer takes unusually long, and takes whichever comes first. */

import { attempt } from './callbacks.ts'
import { LinkedController } from './channel/call-off.ts'
import { type Clock, systemClock } from './clock.ts'
import { call, type Context, noContext, type Policy, type Work } from './context.ts'
import { checkCount, checkFunction, checkMs, checkOptions } from './options.ts'
import type { RetryBudget } from './retry.ts'

export type HedgeOptions = {
  /** How long to wait for an answer before asking again: about the 95th percentile, so that one in twenty is asked twice. A function if it follows measurements. */
  afterMs: number | (() => number)
  /** How many are asked besides the first, each `afterMs` after the one before. Default 1. */
  extra?: number
  /** What the extra ones may cost, in all. */
  budget?: RetryBudget
  /** Work that does not say whether it is idempotent, is. Default false: it is not hedged. */
  idempotent?: boolean
  clock?: Clock
}

/** The answer of another attempt came first; the reason with which the others are called off. */
export class Superseded extends Error {
  constructor() {
    super('Another attempt has answered first')
  }

  override get name(): string {
    return 'Superseded'
  }
}

/**
 * Hedged requests, against the slowest few.
 *
 * The first success wins and the others are called off through their signals. A failure is no reason to ask again (that is what `retries` is
 * for): if every attempt that was begun fails, it rejects with the first error. Only work that is idempotent is hedged.
 *
 * Source: Dean and Barroso, "The Tail at Scale", 2013.
 */
export function hedge(options: HedgeOptions): Policy {
  const { afterMs, budget, idempotent = false, clock = systemClock } = checkOptions(options, '{ afterMs: 100 }')
  if (typeof afterMs === 'number') checkMs('afterMs', afterMs)
  else checkFunction('afterMs', afterMs)
  const delayOf = typeof afterMs === 'number' ? () => afterMs : afterMs
  const extra = checkCount('extra', options.extra ?? 1)
  return {
    run<T>(work: Work<T>, context: Context = noContext): Promise<T> {
      if (budget !== undefined) attempt(() => budget.deposit(), undefined)
      if (!(context.idempotent ?? idempotent)) return call(work, context)
      return new Promise<T>((resolve, reject) => {
        const links: LinkedController[] = []
        let [pending, isSettled] = [0, false]
        let firstError: { error: unknown } | undefined
        let cancelTimer: () => void = () => {}
        const settle = (winner?: LinkedController): void => {
          isSettled = true
          cancelTimer()
          for (const link of links) {
            link.unlink()
            if (link !== winner) link.abort(new Superseded())
          }
        }
        const askLater = (delayMs: number): void => {
          // A continuation, not the timer itself: it runs in the async context of the caller,
          // whatever clock there is.
          const wait = new Promise<void>((resolveWait) => (cancelTimer = clock.schedule(delayMs, resolveWait)))
          void wait.then(() => {
            if (
              !isSettled &&
              !context.signal?.aborted &&
              (budget === undefined || attempt(() => budget.withdraw(), false))
            )
              ask()
          })
        }
        const ask = (): void => {
          const link = new LinkedController(context.signal)
          links.push(link)
          pending++
          // Without a delay that makes sense it is not asked again.
          if (links.length <= extra)
            askLater(attempt(() => checkMs('afterMs', delayOf(), { unbounded: true }), Infinity))
          call(work, { ...context, signal: link.signal }).then(
            (value) => {
              if (isSettled) return
              settle(link)
              resolve(value)
            },
            (error: unknown) => {
              pending--
              firstError ??= { error }
              if (isSettled || pending > 0) return
              settle(link)
              reject(firstError.error)
            },
          )
        }
        ask()
      })
    },
  }
}
