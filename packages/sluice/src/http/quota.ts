/** An agreed rate per client, and how it is told: the fields `RateLimit-Policy` and `RateLimit`. */

import type { List } from 'structured-headers'
import { type Clock, systemClock } from '../clock.ts'
import type { Context } from '../context.ts'
import { InvalidOption } from '../errors.ts'
import { type Meter, type MeterRule, rate } from '../rate.ts'
import { writeList } from './structured-fields.ts'

export type QuotaOptions = {
  /** Its name in the fields: printable ASCII. */
  name: string
  /** `slidingWindow({ … })`, `gcra({ … })` or one's own. */
  rule: MeterRule
  /** Each `key` of a context is counted by itself. Default true. */
  perKey?: boolean
  /** Keys remembered at most. Default 100,000. */
  maxKeys?: number
  /** What a client is told of its key (`pk`). Take care not to tell what is secret. Default: nothing. */
  partition?: (key: string) => Uint8Array
  clock?: Clock
}

/** How a quota stands for one client. */
export type Standing = {
  /** Milliseconds until one more is allowed; 0: now. */
  waitMs: number
  /** How many are allowed now (`r`). */
  available: number
  /** Seconds within which no more than that are allowed (`t`). */
  windowSeconds: number
}

/** An item of the fields (RFC 9651): the quota's name, and its parameters in their order. */
export type QuotaItem = [name: string, parameters: Map<string, string | number | Uint8Array>]

/** A quota: over it, requests are answered with 429. */
export type Quota = {
  readonly name: string
  /** Its item of the field `RateLimit-Policy`. */
  readonly policy: QuotaItem
  /** Takes `cost` if it is allowed; the standing afterwards. With a cost of 0 it only looks. */
  take(context: Context, cost: number): Standing
  /** Its item of the field `RateLimit`. */
  limit(context: Context, standing: Standing): QuotaItem
}

/**
 * A quota on the rules of `rate`.
 *
 * `q` and `w` are the most that the rule gives at once and how long it takes to have all of it again (for a rule that is faster than that, what
 * it gives in a second); `r` is what is left, `t` until when it is no more.
 *
 * Source: draft-ietf-httpapi-ratelimit-headers-11 (23 May 2026), sections 3 and 4; fields after RFC 9651.
 */
export function quota(options: QuotaOptions): Quota {
  const { name, rule, perKey = true, maxKeys, partition, clock = systemClock } = options
  if (typeof name !== 'string' || !/^[\x20-\x7e]+$/.test(name)) {
    throw new InvalidOption('name', name, 'printable ASCII text')
  }
  /** The meter that was last asked: `rate` keeps them by key. */
  let asked: Meter | undefined
  const watched: MeterRule = {
    most: rule.most,
    create() {
      const meter = rule.create()
      return {
        waitMs(nowMs, cost) {
          asked = meter
          return meter.waitMs(nowMs, cost)
        },
        take: (nowMs, cost) => meter.take(nowMs, cost),
      }
    },
  }
  const limiter = rate({ rule: watched, perKey, clock, ...(maxKeys === undefined ? {} : { maxKeys }) })
  const partitionOf = (context: Context): [string, Uint8Array][] =>
    perKey && partition !== undefined && context.key !== undefined ? [['pk', partition(context.key)]] : []

  return {
    name,
    policy: policyOf(name, rule),
    take(context, cost) {
      const waitMs = limiter.tryTake(context, cost)
      const now = clock.now()
      const meter = asked!
      const available = most(rule.most, (count) => meter.waitMs(now, count) === 0)
      const windowSeconds = Math.ceil(meter.waitMs(now, available + 1) / 1000)
      return { waitMs: cost > 0 ? waitMs : meter.waitMs(now, 1), available, windowSeconds }
    },
    limit: (context, { available, windowSeconds }) => [
      name,
      new Map<string, number | Uint8Array>([['r', available], ['t', windowSeconds], ...partitionOf(context)]),
    ],
  }
}

/** The greatest count up to `max` for which it is true; 0 if for none. */
function most(max: number, isAllowed: (count: number) => boolean): number {
  let [low, high] = [0, max]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (isAllowed(middle)) low = middle
    else high = middle - 1
  }
  return low
}

function policyOf(name: string, rule: MeterRule): QuotaItem {
  const meter = rule.create()
  meter.take(0, rule.most)
  const fullMs = meter.waitMs(0, rule.most)
  const seconds = Math.max(1, Math.ceil(fullMs / 1000))
  const isFast = fullMs > 0 && fullMs < 1000
  const count = isFast ? Math.floor((rule.most * 1000) / fullMs) : rule.most
  return [
    name,
    new Map([
      ['q', count],
      ['w', seconds],
    ]),
  ]
}

/** To the library, bytes that might be shared are none. */
const write = (items: QuotaItem[]): string => writeList(items as List)

/** The values of the two fields, for quotas and how they stand. */
export function rateLimitFields(
  quotas: readonly Quota[],
  context: Context,
  standings: readonly Standing[],
): { policy: string; limit: string } {
  return {
    policy: write(quotas.map(({ policy }) => policy)),
    limit: write(quotas.map((one, index) => one.limit(context, standings[index]!))),
  }
}
