/**
 * Responses written without the application: what is not a readable request gets the same headers
 * and format.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { problemBody } from './problem.ts'
import type { SecurityHeaders } from './security.ts'

/** Why a request is refused before the application sees it. */
export type Refusal = { status: number; detail: string }

function headersOf(securityHeaders: SecurityHeaders, body: string): Headers {
  const headers = new Headers({
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
    'cache-control': 'no-store',
    connection: 'close',
  })
  securityHeaders(headers)
  return headers
}

/**
 * A whole response as bytes for a socket whose request could not be parsed. The connection closes
 * after it.
 */
export function rawResponse({ status, detail }: Refusal, securityHeaders: SecurityHeaders): string {
  const body = problemBody(status, detail)
  const lines = [...headersOf(securityHeaders, body)].map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`
}

/** The same response through Node's own writer. */
export function writeRefusal(outgoing: ServerResponse, { status, detail }: Refusal, headers: SecurityHeaders): void {
  const body = problemBody(status, detail)
  outgoing.writeHead(status, [...headersOf(headers, body)].flat())
  outgoing.end(body)
}

/** Longest request target in bytes; the longest address of a page is a tenth of it. */
const targetLimit = 4096

const hostForm = /^(?:[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9.])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i

/**
 * Why the application cannot take this request, from its request line and `Host`; `undefined` when
 * it can. `Host` occurs once and is a name or address with an optional port (RFC 9112 §3.2). The
 * target is a path, or an absolute address on that same host (§3.2.2).
 */
export function malformed({ url = '', rawHeaders, headers }: IncomingMessage): Refusal | undefined {
  let hosts = 0
  for (let index = 0; index < rawHeaders.length; index += 2) if (rawHeaders[index]?.toLowerCase() === 'host') hosts++
  if (hosts !== 1) return { status: 400, detail: `Send one Host header; this request has ${hosts}.` }
  const host = headers.host ?? ''
  const own = hostForm.test(host) ? URL.parse(`http://${host}`) : null
  // Only in the form that it will be compared in: the URL parser reads the host `1.2.3` as
  // `1.2.0.3`.
  if (own?.hostname !== host.replace(/:\d+$/, '').toLowerCase())
    return { status: 400, detail: 'Host is not a host name or address with an optional port.' }
  if (url.length > targetLimit)
    return { status: 414, detail: `The address is longer than ${targetLimit} bytes. Shorten it.` }
  if (url.startsWith('/') || url === '*') return undefined
  const absolute = /^https?:\/\//i.test(url) ? URL.parse(url) : null
  if (absolute && !absolute.username && absolute.host === URL.parse(`${absolute.protocol}//${host}`)?.host)
    return undefined
  return { status: 400, detail: 'The request target is not a path on this host.' }
}

const parserRefusals = new Map<string | undefined, Refusal>([
  ['ERR_HTTP_REQUEST_TIMEOUT', { status: 408, detail: 'The request did not arrive in time. Send it again.' }],
  ['HPE_HEADER_OVERFLOW', { status: 431, detail: 'The address and headers are too large. Shorten them.' }],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', { status: 413, detail: 'The chunk extensions are too large. Leave them out.' }],
])

/** The answer to what Node's HTTP parser refused, by its error code. */
export function parserRefusal(code: string | undefined): Refusal {
  return parserRefusals.get(code) ?? { status: 400, detail: 'This is not a valid HTTP/1.1 request.' }
}
