/** A clock that a test moves by hand: no sleep, no flake, hours in milliseconds. */

import type { Clock } from '../clock.ts'
import { checkMs } from '../options.ts'

/** A `Clock` that stands still until it is advanced. */
export type VirtualClock = Clock & {
  /** Timers that are set and have not fired. */
  readonly pending: number
  /** Moves time by `ms`, firing what falls due in order, and lets promises settle after each firing. */
  advance(ms: number): Promise<void>
  /** Fires timers, however far ahead, until none is left (or `limit` have fired, which is an error: a timer that renews itself). */
  run(limit?: number): Promise<void>
  /** Fires timers until `promise` has settled, and gives its outcome. An error when none is left and it still waits: it would for ever. */
  until<T>(promise: Promise<T> | T): Promise<T>
  /** Lets every promise that can settle now settle, without moving time. */
  settle(): Promise<void>
}

type Timer = { at: number; order: number; run: () => void; index: number }

/** A virtual clock that begins at `startMs`. Timers due at the same moment fire in the order they were set. */
export function virtualClock(startMs = 0): VirtualClock {
  let now = startMs
  let order = 0
  const heap: Timer[] = []

  const fireNext = async (): Promise<void> => {
    const timer = heap[0]!
    remove(heap, timer)
    now = Math.max(now, timer.at)
    timer.run()
    await settle()
  }

  return {
    now: () => now,
    get pending() {
      return heap.length
    },
    schedule(delayMs, run) {
      if (delayMs === Infinity) return () => {}
      const timer: Timer = { at: now + Math.max(0, delayMs), order: order++, run, index: heap.length }
      heap.push(timer)
      lift(heap, timer)
      return () => remove(heap, timer)
    },
    async advance(ms) {
      checkMs('ms', ms)
      const until = now + ms
      await settle()
      while (heap.length > 0 && heap[0]!.at <= until) await fireNext()
      now = until
    },
    async run(limit = 1_000_000) {
      await settle()
      for (let fired = 0; heap.length > 0; fired++) {
        if (fired === limit)
          throw new Error(`${limit} timers fired and ${heap.length} are still set: one renews itself`)
        await fireNext()
      }
    },
    async until(promise) {
      let isSettled = false
      const note = (): void => {
        isSettled = true
      }
      Promise.resolve(promise).then(note, note)
      await settle()
      for (let fired = 0; !isSettled; fired++) {
        if (fired === 100_000) throw new Error(`It has not settled after ${fired} timers, at ${now} ms`)
        if (heap.length === 0) throw new Error(`It never settles: it is ${now} ms, it waits, and no timer is set`)
        await fireNext()
      }
      return promise
    },
    settle,
  }
}

/** A macrotask turn: every promise job that is queued now, and every one those queue, has run when it resolves. */
const settle = (): Promise<void> => new Promise((resolve) => nextTurn(resolve))

const nextTurn: (run: () => void) => void = typeof setImmediate === 'function' ? setImmediate : messageTurn()

/** Browsers have no `setImmediate`, and clamp nested timers to 4 ms: a message to oneself is their shortest macrotask. */
function messageTurn(): (run: () => void) => void {
  const waiting: (() => void)[] = []
  const { port1, port2 } = new MessageChannel()
  port1.addEventListener('message', () => waiting.shift()?.())
  port1.start()
  return (run) => {
    waiting.push(run)
    port2.postMessage(null)
  }
}

const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

function place(heap: Timer[], timer: Timer, index: number): void {
  heap[index] = timer
  timer.index = index
}

function lift(heap: Timer[], timer: Timer): void {
  let index = timer.index
  while (index > 0) {
    const above = (index - 1) >> 1
    if (!isBefore(timer, heap[above]!)) break
    place(heap, heap[above]!, index)
    index = above
  }
  place(heap, timer, index)
}

function sink(heap: Timer[], timer: Timer): void {
  let index = timer.index
  for (;;) {
    let below = 2 * index + 1
    if (below >= heap.length) break
    if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++
    if (!isBefore(heap[below]!, timer)) break
    place(heap, heap[below]!, index)
    index = below
  }
  place(heap, timer, index)
}

function remove(heap: Timer[], timer: Timer): void {
  if (heap[timer.index] !== timer) return
  const last = heap.pop()!
  if (last === timer) return
  last.index = timer.index
  place(heap, last, timer.index)
  lift(heap, last)
  sink(heap, last)
}
