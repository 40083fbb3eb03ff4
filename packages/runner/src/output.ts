/**
 * Joins what a run prints into few messages. A message costs the page far more than a `print` costs a loop, so a loop that
 * prints could keep the page busy for minutes.
 *
 * Rule: a print leaves at once while the burst lasts (200 messages, one more every 10 ms). After that, text is joined, and
 * leaves with the first print after 10 ms, at 4,096 UTF-16 units, by a timer after 10 ms, or at the end of the run. A hang
 * right after a flood can therefore swallow only what was printed in the 10 ms before it, at most 4,095 units. Code that
 * prints at most 200 times, or at most once every 10 ms, loses nothing.
 */
import { now, startTimer, stringSlice } from './primordials.ts'

const burst = 200
const renewedEveryMs = 10
const joinedUnits = 4_096

export type OutputOptions = {
  post: (text: string) => void
  /** UTF-16 units: no fewer than bytes, which the receiver counts exactly. */
  limitUnits: number
  now?: () => number
  later?: (callback: () => void, ms: number) => void
}

export type Output = {
  /** False once the limit is reached; the text up to it has been sent. */
  print: (text: string) => boolean
  flush: () => void
}

export function createOutput(options: OutputOptions): Output {
  const { post, limitUnits } = options
  const clock = options.now ?? now
  const later = options.later ?? startTimer
  let waiting = ''
  let leftUnits = limitUnits
  let tokens = burst
  let renewedAt = clock()
  let isScheduled = false

  const flush = () => {
    if (waiting === '') return
    const text = waiting
    waiting = ''
    post(text)
  }
  const takeToken = () => {
    const renewed = (clock() - renewedAt) / renewedEveryMs
    if (renewed >= 1) {
      // Not Math.min: a property of an object that sandboxed code can change.
      tokens = tokens + renewed > burst ? burst : tokens + renewed
      renewedAt = clock()
    }
    if (tokens < 1) return false
    tokens--
    return true
  }
  const onTimer = () => {
    isScheduled = false
    tokens--
    flush()
  }
  return {
    print: (text) => {
      const isCut = text.length > leftUnits
      waiting += isCut ? stringSlice(text, 0, leftUnits) : text
      leftUnits -= isCut ? leftUnits : text.length
      if (isCut || waiting.length >= joinedUnits || takeToken()) flush()
      else if (!isScheduled) {
        isScheduled = true
        later(onTimer, renewedEveryMs)
      }
      return !isCut
    },
    flush,
  }
}

/** The most messages that an honest worker sends in a run of these limits, with room to spare. */
export function messageLimit(limits: { timeoutMs: number; outputLimitBytes: number }): number {
  return 2 * (burst + limits.timeoutMs / renewedEveryMs + limits.outputLimitBytes / joinedUnits) + 100
}
