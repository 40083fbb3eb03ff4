/** Rate limits: one token bucket per client, forgotten when full again. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Client } from './client.ts'

/** A bucket holds `capacity` tokens and gains one every `refillMs` milliseconds. */
export type RateLimitOptions = { capacity: number; refillMs: number; maxClients?: number; clock: { now(): number } }

export type RateLimit = {
  /** Takes a token: 0 when there was one, else the milliseconds until there is. */
  take(client: string): number
  /** Number of clients in memory. */
  readonly size: number
}

/** Clients are kept as a hash with a salt of this process: memory and logs hold no address. */
export function rateLimit({ capacity, refillMs, maxClients = 10_000, clock }: RateLimitOptions): RateLimit {
  const salt = randomBytes(32)
  const buckets = new Map<string, { tokens: number; at: number }>()

  const refilled = (bucket: { tokens: number; at: number }, now: number) =>
    Math.min(capacity, bucket.tokens + Math.max(0, now - bucket.at) / refillMs)

  function forget(now: number): void {
    for (const [key, bucket] of buckets) if (refilled(bucket, now) >= capacity) buckets.delete(key)
    // A flood of addresses: drop the oldest, so that memory stays bounded.
    for (const key of buckets.keys()) {
      if (buckets.size < maxClients) break
      buckets.delete(key)
    }
  }

  return {
    take(client) {
      const now = clock.now()
      const key = createHmac('sha256', salt).update(client).digest('base64')
      const bucket = buckets.get(key) ?? { tokens: capacity, at: now }
      const tokens = refilled(bucket, now)
      const isAllowed = tokens >= 1
      buckets.delete(key)
      if (buckets.size >= maxClients) forget(now)
      buckets.set(key, { tokens: isAllowed ? tokens - 1 : tokens, at: now })
      return isAllowed ? 0 : Math.ceil((1 - tokens) * refillMs)
    },
    get size() {
      return buckets.size
    },
  }
}

/**
 * The limits of one kind of request. `site` is the wider limit of an IPv6 /48, shared by all
 * networks in it.
 */
export type ClientLimitOptions = { network: Rate; site: Rate; clock: { now(): number } }
type Rate = { capacity: number; refillMs: number }

/** Takes a token for a client; 0 when it was allowed, else the milliseconds to wait. */
export type ClientLimit = { take(client: Client): number }

/**
 * Limits clients by network, and additionally by /48, so that an IPv6 allocation does not multiply
 * the limit.
 */
export function clientLimit({ network, site, clock }: ClientLimitOptions): ClientLimit {
  const networks = rateLimit({ ...network, clock })
  const sites = rateLimit({ ...site, clock })
  return {
    take(client) {
      // The network first: one that is over its own limit must not use up its neighbours' share of
      // the /48.
      const waitMs = networks.take(client.network)
      return waitMs > 0 || client.site === undefined ? waitMs : sites.take(client.site)
    },
  }
}
