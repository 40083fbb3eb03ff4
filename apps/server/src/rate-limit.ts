/** How often one client may do a thing: a token bucket each, forgotten when full again. */
import { createHmac, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'

/** A bucket holds `capacity` tokens and gains one every `refillMs`. */
export type RateLimitOptions = { capacity: number; refillMs: number; maxClients?: number; clock: { now(): number } }

export type RateLimit = {
  /** Takes a token: 0 when there was one, else the milliseconds until there is. */
  take(client: string): number
  /** Clients that are remembered now. */
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
    // Still too many: a flood of addresses. The oldest go, so that memory stays bounded.
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
 * Who is asking: the connection's address, or, behind a proxy that is trusted, the address that the proxy added last.
 * An IPv6 client is its /64, the smallest network that one household gets.
 */
export function clientOf(address: string | undefined, forwardedFor: string | undefined, trustProxy: boolean): string {
  const last = forwardedFor?.split(',').at(-1)?.trim()
  const chosen = trustProxy && last && isIP(last) ? last : (address ?? 'unknown')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(chosen)?.[1]
  if (mapped || isIP(chosen) !== 6) return mapped ?? chosen
  const [head = '', tail] = (chosen.split('%')[0] ?? '').split('::')
  const front = head ? head.split(':') : []
  const back = tail ? tail.split(':') : []
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length
  const groups = [...front, ...Array.from({ length: zeros }, () => '0'), ...back]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
