/** Admission around a handler of node:http. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { LinkedController } from '../channel/call-off.ts'
import type { Context } from '../context.ts'
import { InvalidOption } from '../errors.ts'
import { type NodeRequest, type NodeResponse, setContext } from './admitted.ts'
import { boundRequestBody, failRequestBody, hasBody } from './body.ts'
import { type Door, isPushback, pushedBack, type Refusal, type RequestHead, streamed, type Verdict } from './door.ts'
import { ClientGone, ReaderStalled } from './errors.ts'
import { streamOf } from './http2.ts'
import { isSending, lingerAndEnd } from './linger.ts'
import { asMethod, mute, restore, type Untouched, untouched } from './overrule.ts'
import { PermitHold } from './permit-hold.ts'

/**
 * A listener of node:http (or node:http2), as Express, Fastify or Koa give one.
 * `contextOf(request)` tells it of its admission.
 */
export type NodeHandler<Req = IncomingMessage, Res = ServerResponse> = (request: Req, response: Res) => unknown

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
  ofRequest: NodeRequest,
  ofResponse: NodeResponse,
  mustContinue: boolean,
): void {
  // The compatibility API of node:http2 has the methods that are used here.
  const [request, response] = [ofRequest as IncomingMessage, ofResponse as ServerResponse]
  const verdict = door.judge(new NodeHead(request))
  if ('status' in verdict) refuse(request, response, verdict, mustContinue)
  else new Exchange(door, handler, request, response, mustContinue, verdict.fields).start(verdict)
}

/** One admitted request: from its place in the queue to the release of its permit. */
class Exchange {
  readonly #door: Door
  readonly #handler: NodeHandler
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #mustContinue: boolean
  readonly #fields: Record<string, string> | undefined
  readonly #gone = new LinkedController()
  /** The response before its handler had it; set when the handler is called. */
  #before: Untouched | undefined
  #hold: PermitHold | undefined
  /** As it was before the handler had it. */
  #destroy: (() => void) | undefined
  #isRefused = false

  constructor(
    door: Door,
    handler: NodeHandler,
    request: IncomingMessage,
    response: ServerResponse,
    mustContinue: boolean,
    fields: Record<string, string> | undefined,
  ) {
    this.#door = door
    this.#handler = handler
    this.#request = request
    this.#response = response
    this.#mustContinue = mustContinue
    this.#fields = fields
  }

  start({ policy, context }: Verdict): void {
    const [response, stream] = [this.#response, streamOf(this.#request)]
    const onClose = (): void => {
      // A stream that the client has reset may have been ended all the same.
      if (stream?.aborted || !response.writableFinished) this.#abort(new ClientGone())
    }
    if (stream === undefined) response.on('close', onClose)
    else stream.on('close', onClose)
    const work = (inside: Context): Promise<void> => {
      this.#before = untouched(this.#response)
      return new Promise((resolve, reject) => this.#answer(inside, resolve, reject))
    }
    policy.run(work, { ...context, signal: this.#gone.signal }).catch((error: unknown) => this.#fail(error))
  }

  #abort(error: Error): void {
    this.#gone.abort(error)
    // The client is answered at once; the permit is held until the handler has stopped.
    this.#fail(error)
  }

  /** Answers the client in place of the handler, where it can be answered. */
  #fail(error: unknown): void {
    const response = this.#response
    if (error === streamed || error === pushedBack || error instanceof ClientGone) return
    const isStalled = error instanceof ReaderStalled
    if (this.#isRefused || (response.writableEnded && !isStalled)) return
    this.#isRefused = true
    const refusal = this.#door.refusalOf(error, this.#fields)
    if (refusal.status === 500 && !isStalled) this.#door.onError(error)
    if (isStalled || response.headersSent) {
      this.#destroy?.()
      return
    }
    refuse(this.#request, response, refusal, this.#mustContinue, this.#before, () => this.#hold?.stop())
    if (hasBody(this.#request)) failRequestBody(this.#request, error as Error)
  }

  /** Runs the handler. `resolve` and `reject` release the permit. */
  #answer(context: Context, resolve: () => void, reject: (reason: Error) => void): void {
    const [request, response, door] = [this.#request, this.#response, this.#door]
    const gone = this.#gone.signal
    // Behind a deadline it is another one, which stops to follow when the place was given back.
    const signal = context.signal === gone ? gone : AbortSignal.any([context.signal!, gone])
    const hold = new PermitHold(door, signal, reject)
    this.#hold = hold
    this.#watchEnd(hold, resolve, reject)
    // As when something is written after the end: without a listener it would end the process.
    response.on('error', door.onError)
    // The close of the response takes the pipe off, after this listener was added.
    signal.addEventListener('abort', () => response.on('unpipe', () => hold.isDetached && hold.stop()), { once: true })
    const abort = this.#abort.bind(this)
    watchProgress(door, request, response, abort)
    if (hasBody(request)) boundRequestBody(request, response, door, abort)
    if (signal.aborted) return hold.stop()
    if (this.#fields !== undefined)
      for (const [name, value] of Object.entries(this.#fields)) response.setHeader(name, value)
    if (this.#mustContinue) response.writeContinue()
    // Written out: a spread of the context would lose its shape.
    const { deadlineAt, priority, key } = context
    setContext(request, { signal, deadlineAt, priority, key, release: () => reject(streamed) })
    const onError = (error: unknown): void => {
      hold.stop()
      // After an abort, failing is what was asked for.
      if (signal.aborted) return
      if (response.writableEnded) door.onError(error)
      reject(error as Error)
    }
    let result: unknown
    try {
      result = this.#handler(request, response)
    } catch (error) {
      return onError(error)
    }
    if (typeof result !== 'object' || result === null) return hold.detach()
    // A promise that settles after the abort has heeded it. Before, the response may still be
    // worked on.
    new Promise((done) => done(result)).then(() => (signal.aborted ? hold.stop() : hold.detach()), onError)
  }

  /** Releases the permit when the handler has ended its response. */
  #watchEnd(hold: PermitHold, resolve: () => void, reject: (reason: Error) => void): void {
    const [response, { clock }] = [this.#response, this.#door]
    const beganAt = clock.now()
    /** When the first part of the answer was written before its end. */
    let firstAt = 0
    const write = response.write.bind(response) as (...args: unknown[]) => boolean
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse
    const destroy = response.destroy.bind(response)
    this.#destroy = destroy
    response.write = asMethod((...args: unknown[]) => {
      if (firstAt === 0) firstAt = clock.now()
      return write(...args)
    })
    // The handler has said all it has to say; what the socket still holds is bounded by `stallMs`. Not when it was sent: an answer may have to wait for
    // that of an earlier request on its connection, which may wait for this place.
    response.end = asMethod((...args: unknown[]) => {
      const result = end(...args)
      if (isPushback(response.statusCode)) reject(pushedBack)
      const streamedMs = firstAt === 0 ? 0 : clock.now() - firstAt
      if (streamedMs > 1 && streamedMs > firstAt - beganAt) reject(streamed)
      else resolve()
      return result
    }) as ServerResponse['end']
    response.destroy = asMethod((error?: Error) => {
      if (hold.isDetached) hold.stop()
      return destroy(error)
    })
  }
}

/** Cuts off a client that takes nothing of what is written, or sends nothing of what is read. Node's own timer tells progress also inside a long write. */
function watchProgress(
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
  abort: (error: Error) => void,
): void {
  const { stallMs } = door
  if (stallMs === Infinity || stallMs >= 2 ** 31) return
  const stream = streamOf(request)
  const timer = stream ?? request.socket
  timer.setTimeout(stallMs)
  const onTimeout = (): void => {
    if ((stream ?? response).writableLength > 0) {
      abort(new ReaderStalled(stallMs))
    } else {
      // It is the handler that takes its time, or the body, whose time is bounded by itself.
      timer.setTimeout(stallMs)
    }
  }
  if (stream === undefined) response.on('timeout', onTimeout)
  else stream.on('timeout', onTimeout)
}

/**
 * Answers without the work, or in its place; `onEnd` is called when the handler ends its own
 * response. What the client still sends is not kept.
 */
function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Refusal,
  mustContinue: boolean,
  before?: Untouched,
  onEnd: () => void = () => {},
): void {
  if (before !== undefined) restore(response, before)
  const stream = streamOf(request)
  if (stream !== undefined) {
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
    response.end(body)
    // What the client still sends is not read: the stream ends with its response (RFC 9113, 8.1).
    if (hasBody(request) && !request.complete) request.resume()
    if (before !== undefined) mute(response, onEnd)
    return
  }
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
  if (before !== undefined) mute(response, onEnd)
}

export function checkHandler<F>(handler: F): F {
  if (typeof handler !== 'function') throw new InvalidOption('handler', handler, 'a function')
  return handler
}
