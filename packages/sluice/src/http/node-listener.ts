/** Admission around a handler of node:http. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context } from '../context.ts'
import { InvalidOption } from '../errors.ts'
import { boundRequestBody, hasBody } from './body.ts'
import { type Door, isPushback, pushedBack, type Refusal, type RequestHead, streamed } from './door.ts'
import { ClientGone, ReaderStalled } from './errors.ts'
import { whenLeft } from './leaving.ts'
import { isSending, lingerAndEnd } from './linger.ts'
import { asMethod, mute, restore, type Untouched, untouched } from './overrule.ts'

/** What a handler is told of its admission. */
export type Admitted = Context & {
  /** Aborted when the client has hung up, or the deadline has passed: hand it on to whatever is called. */
  readonly signal: AbortSignal
  /** Gives the place back before the answer has ended: for what stays open for long and does nothing (events, a socket). */
  release(): void
}

export type NodeHandler = (request: IncomingMessage, response: ServerResponse, admitted: Admitted) => unknown

class NodeHead implements RequestHead {
  readonly method: string
  readonly url: string
  readonly #request: IncomingMessage

  constructor(request: IncomingMessage) {
    this.method = request.method ?? 'GET'
    this.url = request.url ?? '/'
    this.#request = request
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
}

/** Serves one request. `mustContinue`: the client waits for a "100 Continue" before it sends the body. */
export function serve(
  door: Door,
  handler: NodeHandler,
  request: IncomingMessage,
  response: ServerResponse,
  mustContinue: boolean,
): void {
  const verdict = door.judge(new NodeHead(request))
  if ('status' in verdict) {
    refuse(request, response, verdict, mustContinue)
    return
  }
  const gone = new AbortController()
  const abort = (error: Error): void => gone.abort(error)
  response.on('close', () => {
    if (!response.writableFinished) abort(new ClientGone())
  })
  const { fields, policy, context } = verdict
  let before: Untouched | undefined
  const work = (inside: Context): Promise<void> => {
    before = untouched(response)
    return answer(door, handler, request, response, inside, fields, gone, mustContinue)
  }
  policy.run(work, { ...context, signal: gone.signal }).catch((error: unknown) => {
    if (error === streamed || error === pushedBack || error instanceof ClientGone || response.writableEnded) return
    const refusal = door.refusalOf(error, fields)
    const isStalled = error instanceof ReaderStalled
    if (refusal.status === 500 && !isStalled) door.onError(error)
    if (isStalled || response.headersSent) response.destroy()
    else refuse(request, response, refusal, mustContinue, before)
  })
}

/** Runs the handler; settles when the place is free again. */
function answer(
  door: Door,
  handler: NodeHandler,
  request: IncomingMessage,
  response: ServerResponse,
  context: Context,
  fields: Record<string, string> | undefined,
  gone: AbortController,
  mustContinue: boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // Behind a deadline it is another one, which stops to follow when the place was given back.
    const signal = context.signal === gone.signal ? gone.signal : AbortSignal.any([context.signal!, gone.signal])
    const abort = (error: Error): void => gone.abort(error)
    const beganAt = door.clock.now()
    /** When the first part of the answer was written before its end. */
    let firstAt = 0
    const write = response.write.bind(response) as (...args: unknown[]) => boolean
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse
    response.write = asMethod((...args: unknown[]) => {
      if (firstAt === 0) firstAt = door.clock.now()
      return write(...args)
    })
    // The handler has said all it has to say; what the socket still holds is bounded by `stallMs`. Not when it was sent: an answer may have to wait for
    // that of an earlier request on its connection, which may wait for this place.
    response.end = asMethod((...args: unknown[]) => {
      const result = end(...args)
      if (isPushback(response.statusCode)) reject(pushedBack)
      const streamedMs = firstAt === 0 ? 0 : door.clock.now() - firstAt
      if (streamedMs > 1 && streamedMs > firstAt - beganAt) reject(streamed)
      else resolve()
      return result
    }) as ServerResponse['end']
    // As when something is written after the end: without a listener it would end the process.
    response.on('error', door.onError)
    const hasEnded = whenLeft(door, signal, beganAt, reject)
    watchProgress(door, request, response, abort)
    if (hasBody(request)) boundRequestBody(request, response, door, abort)
    if (signal.aborted) return
    if (fields !== undefined) for (const [name, value] of Object.entries(fields)) response.setHeader(name, value)
    if (mustContinue) response.writeContinue()
    // Written out: a spread of the context would lose its shape.
    const { deadlineAt, priority, key } = context
    const admitted: Admitted = { signal, deadlineAt, priority, key, release: () => reject(streamed) }
    // A handler may throw at once, or later.
    new Promise((done) => {
      done(handler(request, response, admitted))
    }).then(hasEnded, (error: unknown) => {
      hasEnded()
      // After an abort, failing is what was asked for.
      if (signal.aborted) return
      if (response.writableEnded) door.onError(error)
      reject(error as Error)
    })
  })
}

/** Cuts off a client that takes nothing of what is written, or sends nothing of what is read. Node's own timer tells progress also inside a long write. */
function watchProgress(
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
  abort: (error: Error) => void,
): void {
  const { stallMs } = door
  const { socket } = request
  if (stallMs === Infinity || stallMs >= 2 ** 31) return
  socket.setTimeout(stallMs)
  response.on('timeout', () => {
    if (response.writableLength > 0) {
      abort(new ReaderStalled(stallMs))
      response.destroy()
    } else {
      // It is the handler that takes its time, or the body, whose time is bounded by itself.
      socket.setTimeout(stallMs)
    }
  })
}

/** Answers without the work, or in its place. What the client still sends is not kept. */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Refusal,
  mustContinue: boolean,
  before?: Untouched,
): void {
  if (before !== undefined) restore(response, before)
  const length = Buffer.byteLength(body)
  // One that waits for "100 Continue" has not sent its body, and will not.
  const isLong = !mustContinue && isSending(request)
  const isLast = mustContinue || isLong
  response.writeHead(status, { ...headers, 'content-length': length, ...(isLast ? { connection: 'close' } : {}) })
  if (isLong) {
    // Not the one that the handler will be left with.
    const end = response.end.bind(response) as () => void
    response.write(body)
    lingerAndEnd(request, response, end)
  } else {
    response.end(body)
  }
  if (before !== undefined) mute(response)
}

export function checkHandler<F>(handler: F): F {
  if (typeof handler !== 'function') throw new InvalidOption('handler', handler, 'a function')
  return handler
}
