/** The body of a request to node:http: bounded in length and in time, for whoever reads it, in whatever way. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Door } from './door.ts'
import { BodyTooLarge, BodyTooSlow } from './errors.ts'
import { streamOf } from './http2.ts'
import { asMethod } from './overrule.ts'

export function hasBody(request: IncomingMessage): boolean {
  // HTTP/2 frames its bodies: it says nothing about their length, or that there is one.
  const stream = streamOf(request)
  if (stream !== undefined) return !stream.endAfterHeaders
  const { headers } = request
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * Counts what comes. Beyond `maxBytes` the rest is not kept; slower than the time for so many bytes, and it ends too. A body that waits because
 * nobody reads it is not slow: Node stops reading from the socket, and the client sees that.
 */
export function boundRequestBody(
  request: IncomingMessage,
  response: ServerResponse,
  { clock, maxBytes, bodyTimeoutMs, minBytesPerSecond, stallMs }: Door,
  abort: (error: Error) => void,
): void {
  // What came while it waited at the gate is at most what a stream holds.
  let bytes = request.readableLength
  if (bytes > maxBytes) abort(new BodyTooLarge(maxBytes))
  if (request.complete || bytes > maxBytes) return
  let beganAt = clock.now()
  let changedAt = beganAt
  let seenBytes = -1
  let cancel: () => void = () => {}
  const { push } = request
  request.push = asMethod((chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null) {
      cancel()
      return push.call(request, null)
    }
    bytes += chunk.length
    changedAt = clock.now()
    if (bytes <= maxBytes) return push.call(request, chunk, encoding)
    cancel()
    abort(new BodyTooLarge(maxBytes))
    return true
  })
  /** How long the rest of the body may take to bring a sign of life. */
  const leftMs = (now: number): number =>
    Math.min(changedAt + stallMs, beganAt + bodyTimeoutMs + (bytes / minBytesPerSecond) * 1000) - now
  const check = (): void => {
    const now = clock.now()
    if (request.complete || request.destroyed) return
    // It is the reader who takes his time: the client's begins anew.
    if (request.readableLength > 0) {
      changedAt = now
      if (leftMs(now) <= 0) beganAt = now
    }
    if (leftMs(now) > 0) {
      cancel = clock.schedule(leftMs(now), check)
    } else if (seenBytes === bytes) {
      abort(new BodyTooSlow())
    } else {
      // An event loop that is late runs its timers before it reads: what has come by now is read first.
      seenBytes = bytes
      cancel = clock.schedule(0, check)
    }
  }
  if (leftMs(beganAt) < Infinity) cancel = clock.schedule(leftMs(beganAt), check)
  // A request whose rest nobody reads is never told that it has closed; its answer is.
  response.once('close', () => cancel())
}

/**
 * Fails the rest of a body that is refused, so that a handler that reads it does not wait for ever.
 * The socket stays open for the response.
 */
export function failRequestBody(request: IncomingMessage, error: Error): void {
  if (request.complete || request.destroyed) return
  request.on('error', () => {})
  // Node's own destroys the socket as well.
  request._destroy = (failure, done) => done(failure)
  request.destroy(error)
}
