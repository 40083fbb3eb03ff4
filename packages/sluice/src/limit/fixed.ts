/** A limit that stays: for a bulkhead, or where the capacity is known and does not change. */

import { checkCount } from '../options.ts'
import type { Limit } from './limit.ts'

/** A constant limit. Samples are ignored. */
export function fixed(limit: number): Limit {
  const value = checkCount('limit', limit)
  return { value, update: () => value }
}
