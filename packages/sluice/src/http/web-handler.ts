/** Admission around a handler in the style of Fetch: `Request` in, `Response` out, as in Hono, Bun, Deno and workers. */

import { LinkedController } from '../channel/call-off.ts'
import type { Clock } from '../clock.ts'
import type { Context } from '../context.ts'
import { type Door, isPushback, pushedBack, type Refusal, type RequestHead, streamed } from './door.ts'
import { BodyTooLarge, BodyTooSlow, ClientGone, ReaderStalled } from './errors.ts'
import { type Admitted, setContext } from './admitted.ts'
import { PermitHold } from './permit-hold.ts'

export type WebHandler<Rest extends unknown[] = unknown[]> = (
  request: Request,
  ...rest: Rest
) => Response | PromiseLike<Response>

/** Errors that the door tells, or that are none: whoever writes the answer need not. */
const told = new WeakSet<object>()
export const isTold = (error: unknown): boolean => typeof error === 'object' && error !== null && told.has(error)
function take(error: unknown): void {
  if (typeof error === 'object' && error !== null) told.add(error)
}

function webHeadOf(request: Request): RequestHead {
  return { method: request.method, url: request.url, header: (name) => request.headers.get(name) ?? undefined }
}

/** All of it is ASCII: its length is its bytes. */
const toResponse = ({ status, headers, body }: Refusal): Response =>
  new Response(body, { status, headers: { ...headers, 'content-length': String(body.length) } })

/** Serves one request. */
export function respond<Rest extends unknown[]>(
  door: Door,
  handler: WebHandler<Rest>,
  request: Request,
  rest: Rest,
): Promise<Response> {
  const verdict = door.judge(webHeadOf(request))
  if ('status' in verdict) return Promise.resolve(toResponse(verdict))
  const { context, policy, fields } = verdict
  return new Promise<Response>((resolve) => {
    const gone = new LinkedController()
    const onGone = (): void => gone.abort(new ClientGone())
    if (request.signal.aborted) onGone()
    else request.signal.addEventListener('abort', onGone, { once: true })
    let isFailed = false
    const fail = (error: unknown): void => {
      if (isFailed) return
      isFailed = true
      const refusal = door.refusalOf(error, fields)
      if (refusal.status === 500 && !(error instanceof ClientGone || error instanceof ReaderStalled))
        door.onError(error)
      // Nobody hears it who has hung up, or has an answer already.
      resolve(toResponse(refusal))
    }
    // The client is answered at once; the permit is held until the handler has stopped.
    gone.signal.addEventListener('abort', () => fail(gone.signal.reason), { once: true })
    const work = (inside: Context): Promise<void> => answer(door, handler, request, rest, inside, gone, fields, resolve)
    policy.run(work, { ...context, signal: gone.signal }).then(
      () => request.signal.removeEventListener('abort', onGone),
      (error: unknown) => {
        if (error === streamed || error === pushedBack) return
        request.signal.removeEventListener('abort', onGone)
        fail(error)
      },
    )
  })
}

function answer<Rest extends unknown[]>(
  door: Door,
  handler: WebHandler<Rest>,
  request: Request,
  rest: Rest,
  context: Context,
  gone: AbortController,
  fields: Record<string, string> | undefined,
  give: (response: Response) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // Behind a deadline it is another one, which stops to follow when the place was given back.
    const signal = context.signal === gone.signal ? gone.signal : AbortSignal.any([context.signal!, gone.signal])
    const { deadlineAt, priority, key } = context
    const admitted: Admitted = { signal, deadlineAt, priority, key, release: () => reject(streamed) }
    const beganAt = door.clock.now()
    const hold = new PermitHold(door, signal, reject)
    const bounded = request.body === null ? request : boundRequest(door, request, gone)
    setContext(bounded, admitted)
    const onEnd = (firstAt: number, status: number): void => {
      const streamedMs = door.clock.now() - firstAt
      if (isPushback(status)) reject(pushedBack)
      else if (streamedMs > 1 && streamedMs > firstAt - beganAt) reject(streamed)
      else resolve()
    }
    new Promise<Response>((done) => {
      done(handler(bounded, ...rest))
    })
      .then(async (response) => {
        if (signal.aborted) {
          await response.body?.cancel(signal.reason).catch(() => {})
          // Nobody is there to take it. But it was done, and tells how long that takes.
          if (signal.reason instanceof ClientGone) resolve()
          hold.stop()
          return
        }
        checkResponse(response)
        const { body, status } = response
        if (body === null) {
          give(fields === undefined ? response : withFields(response, null, fields))
          onEnd(door.clock.now(), status)
          return
        }
        const isHead = request.method === 'HEAD'
        const bodied = boundAnswer(door, body, hold, signal, gone, isHead, (firstAt) => onEnd(firstAt, status))
        give(withFields(response, bodied, fields))
      })
      .catch((error: unknown) => {
        hold.stop()
        reject(error as Error)
      })
  })
}

function checkResponse(given: unknown): void {
  const { body, headers, status } = (given ?? {}) as Partial<Response>
  const isOne = body === null || typeof body?.getReader === 'function'
  // An error's status is 0.
  if (!isOne || headers === undefined || !(status! >= 100)) throw new TypeError('The handler gave what is no Response')
}

function withFields(
  response: Response,
  body: ReadableStream | null,
  fields: Record<string, string> | undefined,
): Response {
  const { status, statusText } = response
  // One that upgrades (of Deno, workers) is not to be copied.
  if (status === 101) return response
  const headers = new Headers(response.headers)
  if (fields !== undefined) for (const [name, value] of Object.entries(fields)) headers.set(name, value)
  return new Response(body, { status, statusText, headers })
}

/**
 * The answer, pulled as it is taken. The permit is held until its end, or until its source is
 * cancelled; a client that asks for nothing more for `stallMs` is cut off.
 */
function boundAnswer(
  { clock, stallMs }: Door,
  body: ReadableStream<Uint8Array>,
  hold: PermitHold,
  signal: AbortSignal,
  gone: AbortController,
  isHead: boolean,
  onEnd: (firstAt: number) => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const firstAt = clock.now()
  let cancelTimer = arm(clock, stallMs, gone, () => new ReaderStalled(stallMs))
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        signal.addEventListener(
          'abort',
          () => {
            cancelTimer()
            take(signal.reason)
            controller.error(signal.reason)
            const stop = (): void => hold.stop()
            reader.cancel(signal.reason).then(stop, stop)
          },
          { once: true },
        )
      },
      async pull(controller) {
        cancelTimer()
        try {
          const { done, value } = await reader.read()
          if (signal.aborted) return
          if (done) {
            controller.close()
            onEnd(firstAt)
          } else {
            controller.enqueue(value)
            cancelTimer = arm(clock, stallMs, gone, () => new ReaderStalled(stallMs))
          }
        } catch (error) {
          if (signal.aborted) return
          take(error)
          controller.error(error)
          gone.abort(error)
        }
      },
      async cancel(reason) {
        cancelTimer()
        // The answer to HEAD is its head: that nobody wants the body is no sign that the client has left.
        if (isHead) onEnd(firstAt)
        else gone.abort(new ClientGone())
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

/** The request with a body that is pulled as the handler reads it, counted and timed. */
function boundRequest(
  { clock, maxBytes, bodyTimeoutMs, minBytesPerSecond, stallMs }: Door,
  request: Request,
  gone: AbortController,
): Request {
  const reader = (request.body as ReadableStream<Uint8Array>).getReader()
  let bytes = 0
  /** How long the reader was waited for: that is not the client's fault. */
  let idleMs = 0
  const beganAt = clock.now()
  let servedAt = beganAt
  const fail = (error: Error, controller: ReadableStreamDefaultController<Uint8Array>): void => {
    controller.error(error)
    gone.abort(error)
    reader.cancel(error).catch(() => {})
  }
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const askedAt = clock.now()
        idleMs += askedAt - servedAt
        const leftMs = beganAt + idleMs + bodyTimeoutMs + (bytes / minBytesPerSecond) * 1000 - askedAt
        let isLate = false
        const cancelTimer = clock.schedule(Math.min(stallMs, leftMs), () => {
          isLate = true
          fail(new BodyTooSlow(), controller)
        })
        const { done, value } = await reader.read().finally(cancelTimer)
        servedAt = clock.now()
        if (isLate) return
        if (done) {
          controller.close()
          return
        }
        bytes += value.length
        if (bytes > maxBytes) fail(new BodyTooLarge(maxBytes), controller)
        else controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  const { method, headers } = request
  return new Request(request.url, {
    method,
    headers,
    body,
    signal: request.signal,
    redirect: request.redirect,
    duplex: 'half',
  } as RequestInit)
}

function arm(clock: Clock, ms: number, gone: AbortController, error: () => Error): () => void {
  return ms === Infinity ? () => {} : clock.schedule(ms, () => gone.abort(error()))
}
