/** Time and chance as they are passed to every part: nothing in Sluice reads the machine's clock or dice by itself. */

/** A source of time. `systemClock` is the machine's; `virtualClock()` of `@viva/sluice/testing` is moved by hand. */
export type Clock = {
  /** Milliseconds since an arbitrary origin; never goes back. */
  now(): number
  /** Calls `run` once, `delayMs` from now (0 or less: as soon as possible, never before it returns). Returns how to cancel. */
  schedule(delayMs: number, run: () => void): () => void
}

/** A source of chance: uniform in [0, 1), as `Math.random`. */
export type Random = () => number

/** The longest delay that `setTimeout` keeps; a longer one would fire at once, so it is walked in steps. */
const longestTimerMs = 2 ** 31 - 1

/** The machine's monotonic clock and its timers. A delay of any length is kept; `Infinity` never fires. */
export const systemClock: Clock = {
  now: () => performance.now(),
  schedule(delayMs, run) {
    if (delayMs === Infinity) return () => {}
    let timer: ReturnType<typeof setTimeout>
    const walk = (leftMs: number): void => {
      if (leftMs <= longestTimerMs) timer = setTimeout(run, leftMs)
      else timer = setTimeout(() => walk(leftMs - longestTimerMs), longestTimerMs)
    }
    walk(delayMs)
    return () => clearTimeout(timer)
  },
}

/** The default chance. Pass a seeded one (`seededRandom` of `@viva/sluice/testing`) for runs that repeat. */
export const systemRandom: Random = () => Math.random()
