/** What a handler is told of the admission of its request, found by the request. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Context } from '../context.ts'

/** A request and a response of node:http, node:https, or of node:http2 by its compatibility API. */
export type NodeRequest = IncomingMessage | Http2ServerRequest
export type NodeResponse = ServerResponse | Http2ServerResponse

/** The context of an admitted request, for its handler. */
export type Admitted = Context & {
  /**
   * Aborted when the client has disconnected, or the deadline has passed: hand it on to whatever is
   * called.
   */
  readonly signal: AbortSignal
  /**
   * Releases the permit before the response has ended: for what stays open for long and does
   * nothing (events, a socket).
   */
  release(): void
}

const contexts = new WeakMap<object, Admitted>()

/**
 * The context of an admitted request: its signal, deadline, priority, key and `release`. Takes what
 * the handler was given: the request of node:http (of Express as it is, `request.raw` of Fastify)
 * or of Fetch. Undefined for one that came another way.
 */
export function contextOf(request: Request | NodeRequest): Admitted | undefined {
  return contexts.get(request)
}

export function setContext(request: Request | NodeRequest, admitted: Admitted): void {
  contexts.set(request, admitted)
}

/** A copy of a request was admitted as it was. */
export function admitCopy(copy: Request, of: Request): Request {
  const admitted = contexts.get(of)
  if (admitted !== undefined) contexts.set(copy, admitted)
  return copy
}
