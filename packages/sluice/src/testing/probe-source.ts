/** A source that knows what was done to it. */

import type { Clock } from '../clock.ts'

export type ProbeOptions = {
  /** How many numbers it gives, 0, 1, 2, …; then it ends. Default: never. */
  count?: number
  /** Milliseconds before it answers. Default: at once. `Infinity`: never. */
  delayMs?: number | ((index: number) => number)
  /** Answers this one with `error`. */
  failAt?: number
  error?: unknown
  /** Milliseconds that `return()` takes. */
  cleanUpMs?: number
  clock: Clock
}

export type ProbeSource = AsyncIterable<number> & {
  /** Iterators opened. */
  readonly opened: number
  /** Calls of `next()`. */
  readonly pulled: number
  /** Numbers given. */
  readonly given: number
  /** Calls of `return()`. */
  readonly returned: number
  /** What must never be done to a source and was. */
  readonly violations: readonly string[]
}

/** Numbers from 0 on, as slow as wanted, that count how they are asked and left. */
export function probeSource({
  count = Infinity,
  delayMs = 0,
  failAt = -1,
  error,
  cleanUpMs = 0,
  clock,
}: ProbeOptions): ProbeSource {
  const delayOf = typeof delayMs === 'number' ? () => delayMs : delayMs
  const violations: string[] = []
  const seen = { opened: 0, pulled: 0, given: 0, returned: 0 }
  const later = (ms: number): Promise<void> =>
    ms === 0 ? Promise.resolve() : new Promise((resolve) => void clock.schedule(ms, resolve))

  function iterator(): AsyncIterator<number> {
    let index = 0
    let isAsked = false
    let isOver = false
    return {
      async next() {
        seen.pulled++
        if (isAsked) violations.push('next() was called while another next() was under way')
        if (isOver) violations.push('next() was called after the end')
        isAsked = true
        const mine = index++
        await later(delayOf(mine))
        isAsked = false
        if (isOver) return { value: undefined, done: true }
        isOver = mine === failAt || mine >= count
        if (mine === failAt) throw error
        if (isOver) return { value: undefined, done: true }
        seen.given++
        return { value: mine, done: false }
      },
      async return() {
        seen.returned++
        if (isOver) violations.push('return() was called after the end')
        isOver = true
        await later(cleanUpMs)
        return { value: undefined, done: true }
      },
    }
  }

  return {
    get opened() {
      return seen.opened
    },
    get pulled() {
      return seen.pulled
    },
    get given() {
      return seen.given
    },
    get returned() {
      return seen.returned
    },
    violations,
    [Symbol.asyncIterator]() {
      seen.opened++
      return iterator()
    },
  }
}
