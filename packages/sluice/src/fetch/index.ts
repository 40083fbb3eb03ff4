/** `fetch`, as a good guest: bounded, with a deadline, and one that listens to what servers say. */

import { type Clock, type Random, systemClock, systemRandom } from '../clock.ts'
import { compose } from '../compose.ts'
import type { Context, Policy } from '../context.ts'
import { LinkedController } from '../channel/call-off.ts'
import { deadline, remainingMs } from '../deadline.ts'
import { InvalidOption } from '../errors.ts'
import { hedge, type HedgeOptions, Superseded } from '../hedge.ts'
import { writeItem } from '../http/structured-fields.ts'
import { checkCount, checkFunction, checkMs } from '../options.ts'
import { type Backoff, exponential, retries } from '../retry.ts'
import { exhaustedMs, retryAfterMs } from './honour.ts'
import { Failed, Host, type HostPolicies } from './host.ts'

export { exhaustedMs, retryAfterMs } from './honour.ts'
export type { HostPolicies } from './host.ts'

export type FetcherOptions = {
  /** What is called in the end. Default: the global `fetch`. */
  fetch?: typeof globalThis.fetch
  /** A request takes no longer, attempts, pauses and waiting included. Default 30,000; `Infinity`: any. */
  timeoutMs?: number
  /** How many times a request is tried at most; 1: no retries. Default 3. */
  attempts?: number
  /** Default `exponential()`. */
  backoff?: Backoff
  /** Asks a second time, of safe methods without a body only. Default: never. */
  hedge?: Omit<HedgeOptions, 'clock' | 'budget' | 'idempotent'>
  /** Policies of a host that are made when it is called first; what is left out is the default: a gate with a gradient, a breaker at half the calls failing, a budget of a tenth. */
  host?: (origin: string) => HostPolicies
  /** Hosts remembered; then the one not called for longest is forgotten. Default 1,000. */
  maxHosts?: number
  /** No server can silence a host for longer, and what it asks to come back for later than that is not retried. Default 60,000. */
  maxRetryAfterMs?: number
  /** The header that tells how long the answer is still waited for, in milliseconds; false: none. Default `request-timeout-ms`. */
  deadlineHeader?: string | false
  /** Which answers are failures: they are retried where that is safe, and counted by the breaker. Default: 408, 429, 500, 502, 503, 504. */
  isFailure?: (response: Response) => boolean
  clock?: Clock
  random?: Random
  /** Milliseconds since 1970, for dates in `Retry-After`. */
  wallClock?: () => number
}

export type FetchInit = RequestInit & {
  /** Sent as `Idempotency-Key`, the same with each attempt, which makes it safe to retry. `true`: a random one. */
  idempotencyKey?: string | true
  /** Of this request; the earlier of this and the fetcher's counts. */
  timeoutMs?: number
  /** The context of the request that this one is made for: its deadline, signal, priority and key are handed on. */
  context?: Context
}

export type Fetcher = ((input: string | URL | Request, init?: FetchInit) => Promise<Response>) & {
  /** What is kept for an origin (`https://example.org`), if it was called. */
  host(origin: string): Required<HostPolicies> | undefined
}

const safe = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
const idempotent = new Set([...safe, 'PUT', 'DELETE'])
const failures = new Set([408, 429, 500, 502, 503, 504])

/**
 * A `fetch` that protects whom it calls and whoever calls it.
 *
 * - Order: deadline, retries, hedge, then per host breaker, silence, gate. Retries of all callers of a host share a budget.
 * - It gives what `fetch` gives: after the last attempt the answer, be it a failure. It rejects with `Overloaded` where it did not ask (the gate is full, the
 *   breaker open, the server wants silence), with `TimedOut`, or as `fetch` does.
 * - Retried: idempotent methods (RFC 9110, 9.2.2), those with an idempotency key, never a body that is a stream. A retry comes no earlier than `Retry-After` says.
 * - 429, and a `RateLimit` with nothing left, silence the host that answers for everybody until then. A 503 concerns that request: the others slow down by the gate.
 * - The deadline and the place last until the head of the answer is there; the caller's signal reaches its body as well. Bodies of failures that are not given are cancelled.
 *
 * @example
 * import { fetcher } from '@viva/sluice/fetch'
 *
 * const fetch = fetcher({ timeoutMs: 2000 })
 * const response = await fetch('http://localhost:8080/orders', { method: 'POST', body: '{}', idempotencyKey: true })
 */
export function fetcher(options: FetcherOptions = {}): Fetcher {
  const { clock = systemClock, random = systemRandom, wallClock = Date.now } = options
  const ask = checkFunction('fetch', options.fetch ?? globalThis.fetch.bind(globalThis))
  const timeoutMs = checkMs('timeoutMs', options.timeoutMs ?? 30_000, { unbounded: true })
  const attempts = checkCount('attempts', options.attempts ?? 3)
  const backoff = checkFunction('backoff', options.backoff ?? exponential())
  const maxHosts = checkCount('maxHosts', options.maxHosts ?? 1000)
  const maxRetryAfterMs = checkMs('maxRetryAfterMs', options.maxRetryAfterMs ?? 60_000)
  const isFailure = checkFunction('isFailure', options.isFailure ?? (({ status }: Response) => failures.has(status)))
  const policiesOf = checkFunction('host', options.host ?? (() => ({})))
  const { deadlineHeader = 'request-timeout-ms' } = options
  const hosts = new Map<string, { host: Host; plain: Policy; hedged: Policy }>()

  const hostOf = (origin: string): { host: Host; plain: Policy; hedged: Policy } => {
    let known = hosts.get(origin)
    if (known === undefined) {
      if (hosts.size >= maxHosts) hosts.delete(hosts.keys().next().value!)
      const host = new Host(clock, policiesOf(origin))
      const retry = retries({
        attempts,
        backoff,
        budget: host.budget,
        isRetryable: (error) => !(isFailed(error) && (error.retryAfterMs ?? 0) > maxRetryAfterMs),
        onRetry: (_retry, _delayMs, error) => isFailed(error) && discard(error.response),
        clock,
        random,
      })
      const hedging = options.hedge && hedge({ ...options.hedge, budget: host.budget, clock })
      const plain = compose(retry, host.policy)
      known = { host, plain, hedged: hedging === undefined ? plain : compose(retry, hedging, host.policy) }
    } else hosts.delete(origin)
    // The last in the map is the one called last.
    hosts.set(origin, known)
    return known
  }

  const fetcher = async (input: string | URL | Request, init: FetchInit = {}): Promise<Response> => {
    const { idempotencyKey, timeoutMs: ownMs = Infinity, context: outer = {}, ...plainInit } = init
    const request = input instanceof Request ? input : undefined
    // In a page, as `fetch` has it, a path is meant from where the page is.
    const url = new URL(request?.url ?? (input as string | URL), (globalThis as { location?: URL }).location?.href)
    const method = (init.method ?? request?.method ?? 'GET').toUpperCase()
    const headers = new Headers(init.headers ?? request?.headers)
    if (idempotencyKey !== undefined) headers.set('idempotency-key', keyField(idempotencyKey))
    const body = init.body ?? request?.body
    const signal = anyOf(outer.signal, init.signal ?? request?.signal)
    const context: Context = {
      ...outer,
      signal,
      idempotent: isRepeatable(body) && (idempotent.has(method) || idempotencyKey !== undefined),
    }
    const { host, plain, hedged } = hostOf(url.origin)
    /** Answers that are failures: one of them may be given in the end. */
    const failed: Failed[] = []
    const work = async (inside: Context): Promise<Response> => {
      const leftMs = remainingMs(inside, clock)
      const own = new Headers(headers)
      if (deadlineHeader !== false && leftMs < Infinity) own.set(deadlineHeader, String(Math.floor(leftMs)))
      // That of the policies is let go of when the head is there: an attempt that comes too late must not take the body of an answer with it.
      const head = new LinkedController(inside.signal)
      let response: Response
      try {
        // The caller's own still calls off the body.
        response = await ask(input, { ...plainInit, headers: own, signal: anyOf(head.signal, signal) ?? null })
      } catch (error) {
        if (signal?.aborted || inside.signal?.reason instanceof Superseded) host.isNoFailure(error)
        throw error
      } finally {
        head.unlink()
      }
      const answering = hostOfAnswer(response, url)
      const afterMs = retryAfterMs(response.headers, wallClock())
      const isQuota = response.status === 429
      // Retry-After comes first (section 7 of the draft); in any other answer than a 429 it concerns this request only.
      const silenceMs = afterMs === undefined ? exhaustedMs(response.headers) : isQuota ? afterMs : 0
      if (silenceMs > 0) (answering ?? host).silence(Math.min(silenceMs, maxRetryAfterMs))
      // It comes too late: another attempt has answered, or the deadline has passed.
      if (inside.signal?.aborted) discard(response)
      if (!isFailure(response)) return response
      const failure = new Failed(response, afterMs ?? (isQuota ? silenceMs : undefined), answering !== undefined)
      if (answering !== undefined) host.isNoFailure(failure)
      failed.push(failure)
      throw failure
    }
    const canHedge = safe.has(method) && (body === undefined || body === null)
    const limitMs = Math.min(timeoutMs, checkMs('timeoutMs', ownMs, { unbounded: true }))
    const policy = compose(deadline({ timeoutMs: limitMs, clock }), canHedge ? hedged : plain)
    let given: unknown
    try {
      return await policy.run(work, context)
    } catch (error) {
      given = error
      // To whoever called it is an answer.
      if (isFailed(error)) return error.response
      throw error
    } finally {
      for (const one of failed) if (one !== given) discard(one.response)
    }
  }
  /** Of an answer that came by a redirect from somewhere else: what it says concerns that host. */
  const hostOfAnswer = ({ redirected, url }: Response, asked: URL): Host | undefined => {
    if (!redirected || !URL.canParse(url)) return undefined
    const { origin } = new URL(url)
    return origin === asked.origin ? undefined : hostOf(origin).host
  }
  return Object.assign(fetcher, { host: (origin: string) => hosts.get(origin)?.host })
}

const isFailed = (error: unknown): error is Failed => error instanceof Failed

/** Nobody will read it, and its connection should be free. */
function discard({ body }: Response): void {
  if (body?.locked === false) body.cancel().catch(() => {})
}

/** Whether a body can be sent a second time: not if it is a stream of whatever kind, or if that is not known. */
function isRepeatable(body: unknown): boolean {
  if (body === undefined || body === null || typeof body === 'string') return true
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return true
  return [Blob, FormData, URLSearchParams].some((kind) => body instanceof kind)
}

function keyField(key: string | true): string {
  if (key !== true && (typeof key !== 'string' || key === ''))
    throw new InvalidOption('idempotencyKey', key, 'true, or a text that is not empty')
  try {
    return writeItem([key === true ? crypto.randomUUID() : key, new Map()])
  } catch {
    throw new InvalidOption('idempotencyKey', key, 'printable ASCII text')
  }
}

function anyOf(one: AbortSignal | undefined, other: AbortSignal | null | undefined): AbortSignal | undefined {
  if (one === undefined || other === undefined || other === null) return one ?? other ?? undefined
  return AbortSignal.any([one, other])
}
