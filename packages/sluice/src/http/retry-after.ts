/** When to come again: the field `Retry-After`, spread so that those who were refused together do not come back together. */

import { type Random, systemRandom } from '../clock.ts'
import { checkChoice, checkMs } from '../options.ts'
import { formatRetryAfter } from '../retry.ts'

export type RetryAfterOptions = {
  /** Whole seconds, or the date (IMF-fixdate, for clients whose clock is right). Default `seconds`. */
  format?: 'seconds' | 'date'
  /** Nobody is told to come back earlier. Default 1,000. */
  minMs?: number
  /** So much, or a tenth of the wait if that is more, is added at random. Default 2,000. */
  spreadMs?: number
  random?: Random
  /** Milliseconds since 1970, for dates. */
  wallClock?: () => number
}

/** Writes a `Retry-After` for a wait in milliseconds: never earlier than that. RFC 9110, 10.2.3. */
export function retryAfterWriter(options: RetryAfterOptions = {}): (waitMs: number) => string {
  const format = checkChoice('retryAfter.format', options.format ?? 'seconds', ['seconds', 'date'])
  const minMs = checkMs('retryAfter.minMs', options.minMs ?? 1000)
  const spreadMs = checkMs('retryAfter.spreadMs', options.spreadMs ?? 2000)
  const { random = systemRandom, wallClock = Date.now } = options
  return (waitMs) => {
    const leastMs = Math.max(minMs, waitMs)
    const afterMs = leastMs + (spreadMs === 0 ? 0 : random() * Math.max(spreadMs, leastMs / 10))
    if (format === 'seconds') return formatRetryAfter(afterMs)
    return new Date(Math.ceil((wallClock() + afterMs) / 1000) * 1000).toUTCString()
  }
}
