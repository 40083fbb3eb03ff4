/** What a server has asked for: when to come again, and how much is left. */

import type { InnerList, Item } from 'structured-headers'
import { parseRetryAfter } from '../retry.ts'
import { parseList } from '../http/structured-fields.ts'

/**
 * Milliseconds from a `Retry-After`; `undefined` for none, or for what is neither seconds nor a date (a negative number is neither). A moment that has
 * passed is 0.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const value = headers.get('retry-after')
  return value === null ? undefined : parseRetryAfter(value, nowMs)
}

/**
 * Milliseconds until the quota of a `RateLimit` field (draft-ietf-httpapi-ratelimit-headers-11) is given again, if all of one is used up, else 0. What is
 * malformed is ignored, as the draft asks, and what comes from a cache (a positive `Age`).
 */
export function exhaustedMs(headers: Headers): number {
  const value = headers.get('ratelimit')
  if (value === null || Number(headers.get('age') ?? 0) > 0) return 0
  let items: (Item | InnerList)[]
  try {
    items = parseList(value)
  } catch {
    return 0
  }
  let longest = 0
  for (const [name, parameters] of items) {
    const [left, seconds] = [parameters.get('r'), parameters.get('t')]
    if (typeof name !== 'string' || left !== 0 || !Number.isInteger(seconds)) continue
    longest = Math.max(longest, (seconds as number) * 1000)
  }
  return longest
}
