/** Requests that may arrive twice, done once: the server's side of `Idempotency-Key`. */

import { InvalidOption } from '../errors.ts'
import { type IdempotencyStore, memoryStore } from '../idempotency.ts'
import { checkCount, checkFunction, checkMs } from '../options.ts'
import { BodyTooLarge } from './errors.ts'
import { parseItem } from './structured-fields.ts'
import { admitCopy } from './admitted.ts'

export type IdempotencyKeysOptions = {
  /** Default `memoryStore()`, for one process. Answers are kept as `StoredAnswer`, which is JSON. */
  store?: IdempotencyStore
  /** A request without a key is answered with 400. Default false: it is handled as any other. */
  required?: boolean
  /** Which methods take a key; of others it is ignored, since they are idempotent by themselves. Default POST and PATCH. */
  methods?: readonly string[]
  /** Whose key it is: one client must never get another one's answer. Default: the value of `Authorization`; give one where clients are told apart by a cookie or a certificate, or where a token is renewed between tries. It is kept as part of a hash only. */
  scope?: (request: Request) => string
  /** Which answers are final. Others (the work was not done, or might go well next time) free the key. Default: all but 408, 425, 429 and 5xx. */
  isFinal?: (response: Response) => boolean
  /** Payloads and answers are held in memory whole, to be compared and kept: the most of each. A longer payload is a 413; a longer answer is given, and not kept. Default 1 MiB. */
  maxBytes?: number
  /** How long answers are kept. Default a day. */
  ttlMs?: number
  /** After this long a run counts as dead, in stores that outlive their callers, and the next request with its key is handled: longer than any run. Default a minute. */
  leaseMs?: number
  /** Told when the store fails at the end of a run. The answer is given all the same; the key stays taken until its lease is over. Default: to the console. */
  onError?: (error: unknown) => void
}

/** An answer as it is kept. */
export type StoredAnswer = { status: number; headers: [string, string][] /** In base 64. */; body: string | null }

type Handler<Rest extends unknown[]> = (request: Request, ...rest: Rest) => Response | PromiseLike<Response>

/**
 * Gives a Fetch-style handler idempotency keys.
 *
 * - The first request with a key is handled, and its answer kept; later ones get that, with `Idempotent-Replayed: true`.
 * - While the first is handled: 409. The same key with another payload, method or path: 422. A key that is no structured string, or a required one that is missing: 400.
 * - If the handler throws, or its answer is not final, the key is free again.
 *
 * Put it inside the admission: what is refused has not been begun.
 *
 * Source: draft-ietf-httpapi-idempotency-key-header-07, section 2; problem documents after RFC 9457.
 */
export function idempotencyKeys<Rest extends unknown[]>(
  handler: Handler<Rest>,
  options: IdempotencyKeysOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  checkFunction('handler', handler)
  const store = options.store ?? memoryStore()
  checkFunction('store.begin', store.begin)
  const { required = false, methods = ['POST', 'PATCH'] } = options
  const scope = checkFunction('scope', options.scope ?? ((request) => request.headers.get('authorization') ?? ''))
  const isFinal = checkFunction('isFinal', options.isFinal ?? isDone)
  const maxBytes = checkCount('maxBytes', options.maxBytes ?? 2 ** 20)
  const ttlMs = checkMs('ttlMs', options.ttlMs ?? 86_400_000, { min: Number.MIN_VALUE, unbounded: true })
  const leaseMs = checkMs('leaseMs', options.leaseMs ?? 60_000, { min: Number.MIN_VALUE, unbounded: true })
  const onError = checkFunction('onError', options.onError ?? console.error)
  if (!Array.isArray(methods)) throw new InvalidOption('methods', methods, "names of methods, as ['POST']")

  return async (request, ...rest) => {
    if (!methods.includes(request.method)) return handler(request, ...rest)
    const field = request.headers.get('idempotency-key')
    if (field === null) {
      if (required) return problem(400, 'Idempotency-Key is missing', 'This operation requires an Idempotency-Key')
      return handler(request, ...rest)
    }
    const name = readKey(field)
    if (name === undefined)
      return problem(400, 'Idempotency-Key is malformed', 'It has to be one string in quotes, as "8e03978e-40d5"')
    let payload: Uint8Array<ArrayBuffer>
    try {
      payload = await gather(request.body, maxBytes)
    } catch (error) {
      if (error instanceof BodyTooLarge) return problem(413, error.message)
      throw error
    }
    const { pathname, search } = new URL(request.url)
    const fingerprint = await digest(`${request.method} ${pathname}${search}\n`, payload)
    const key = await digest(`${scope(request)}\n${name}`)
    const begun = await store.begin(key, fingerprint, { ttlMs, leaseMs })
    if (begun.state !== 'begun') {
      if (begun.fingerprint !== fingerprint)
        return problem(422, 'Idempotency-Key is already used', 'It was used with another payload, method or path')
      if (begun.state === 'done') return replay(begun.result as StoredAnswer)
      return problem(409, 'A request is outstanding for this Idempotency-Key', 'It is still being processed')
    }
    const { token } = begun
    let response: Response
    let answer: StoredAnswer | undefined
    try {
      const body = request.body === null ? null : payload
      response = await handler(withBody(request, body), ...rest)
      if (isFinal(response)) {
        const kept = await keep(response, maxBytes)
        response = kept.response
        answer = kept.answer
      }
    } catch (error) {
      await store.abandon(key, token, error).catch(onError)
      throw error
    }
    // What was done was done: the client that hears so has no reason to ask again.
    if (answer === undefined) await store.abandon(key, token, new Error('The answer was not final')).catch(onError)
    else await store.finish(key, token, answer).catch(onError)
    return response
  }
}

const isDone = ({ status }: Response): boolean =>
  status >= 200 && status < 500 && status !== 408 && status !== 425 && status !== 429

/** One structured string that is not empty, without parameters that would change it. */
function readKey(field: string): string | undefined {
  try {
    const [value] = parseItem(field)
    return typeof value === 'string' && value !== '' ? value : undefined
  } catch {
    return undefined
  }
}

function withBody(request: Request, body: Uint8Array<ArrayBuffer> | null): Request {
  if (body === null) return request
  const { method, headers, signal } = request
  return admitCopy(new Request(request.url, { method, headers, body, signal }), request)
}

/** All of a body, if that is no more than so many bytes. */
async function gather(body: ReadableStream | null, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  if (body !== null)
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > maxBytes) throw new BodyTooLarge(maxBytes)
      chunks.push(chunk)
    }
  return join(chunks, bytes)
}

function join(chunks: Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

async function digest(text: string, bytes: Uint8Array = new Uint8Array()): Promise<string> {
  const head = new TextEncoder().encode(text)
  const hash = await crypto.subtle.digest('SHA-256', join([head, bytes], head.length + bytes.length))
  return hex(new Uint8Array(hash))
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** What is kept of an answer, and the answer to give; one that is longer than `maxBytes` is only given. */
async function keep(response: Response, maxBytes: number): Promise<{ response: Response; answer?: StoredAnswer }> {
  const { status, statusText, headers } = response
  const remembered: [string, string][] = [...headers]
  if (response.body === null) return { response, answer: { status, headers: remembered, body: null } }
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value)
    bytes += value.length
    if (bytes > maxBytes) {
      const rest = new ReadableStream<Uint8Array>({
        async pull(controller) {
          const next = chunks.shift() ?? (await reader.read()).value
          if (next === undefined) controller.close()
          else controller.enqueue(next)
        },
        cancel: (reason) => reader.cancel(reason),
      })
      return { response: new Response(rest, { status, statusText, headers }) }
    }
  }
  const body = join(chunks, bytes)
  const answer = { status, headers: remembered, body: toBase64(body) }
  return { response: new Response(body, { status, statusText, headers }), answer }
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

function replay({ status, headers, body }: StoredAnswer): Response {
  const bytes = body === null ? null : Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0))
  const response = new Response(bytes, { status, headers })
  response.headers.set('idempotent-replayed', 'true')
  return response
}

function problem(status: number, title: string, detail?: string): Response {
  const body = JSON.stringify({ type: 'about:blank', title, status, ...(detail ? { detail } : {}) })
  return new Response(body, { status, headers: { 'content-type': 'application/problem+json' } })
}
