/** Which client a request is from: the address for limits, and a pseudonym for logs. */
import { createHmac, randomBytes } from 'node:crypto'
import ipaddr from 'ipaddr.js'

/**
 * Who is asking. `network` is an IPv4 address or an IPv6 /64; `site` is the /48 around an IPv6
 * client.
 */
export type Client = { network: string; site?: string }

/**
 * A client from an address as sockets and proxies write it: with a port, brackets, a zone, or as
 * IPv4 in IPv6. RFC 7239 §6.3 identifiers (`_x`, `unknown`) are clients of their own. `undefined`
 * for anything else.
 */
export function clientFrom(text: string): Client | undefined {
  const trimmed = text.trim()
  if (trimmed === 'unknown' || /^_[\w.-]{1,100}$/.test(trimmed)) return { network: trimmed }
  const bare = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(trimmed)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(trimmed)?.[1] ?? trimmed
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return { network: bare }
  const address = bare.split('%')[0] ?? ''
  if (!address.includes(':') || !ipaddr.IPv6.isValid(address)) return undefined
  const parsed = ipaddr.IPv6.parse(address)
  if (parsed.isIPv4MappedAddress()) return { network: parsed.toIPv4Address().toString() }
  const groups = parsed.parts.map((part) => part.toString(16))
  return { network: `${groups.slice(0, 4).join(':')}::/64`, site: `${groups.slice(0, 3).join(':')}::/48` }
}

/**
 * The client of a request. Without a proxy it is the connection's address. Behind `trustedHops`
 * proxies it is the entry of `X-Forwarded-For` that the outermost of them appended: counted from
 * the right, because a client can write the rest.
 */
export function clientOf(address: string | undefined, forwardedFor: string | undefined, trustedHops: number): Client {
  const connection = clientFrom(address ?? 'unknown') ?? { network: 'unknown' }
  if (trustedHops === 0 || !forwardedFor) return connection
  const hops = forwardedFor.split(',')
  return clientFrom(hops[Math.max(0, hops.length - trustedHops)] ?? '') ?? connection
}

/**
 * `TRUST_PROXY` as a number of proxies in front of the server: 0 without one.
 *
 * @throws Error when it is not a whole number from 0 to 10.
 */
export function trustedHopsFrom(text: string | undefined): number {
  const trimmed = text?.trim() ?? ''
  if (trimmed === '') return 0
  if (!/^\d{1,2}$/.test(trimmed) || Number(trimmed) > 10)
    throw new Error(`TRUST_PROXY is "${text}". It is the number of proxies in front of the server, from 0 to 10.`)
  return Number(trimmed)
}

const processKey = randomBytes(32)

/**
 * The client's pseudonym in logs: equal within one process, unlinkable across restarts and to the
 * address.
 */
export function pseudonym({ network }: Client, key: Uint8Array = processKey): string {
  return createHmac('sha256', key).update(network).digest('base64url').slice(0, 12)
}
