/** The front door of a server: who is let in, who waits, and what the others are told. */

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Http2SecureServer, Http2Server, Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import type { Gate } from '../gate/gate.ts'
import type { NodeRequest, NodeResponse } from './admitted.ts'
import { type AdmissionOptions, Door } from './door.ts'
import { checkHandler, type NodeHandler, serve } from './node-listener.ts'
import { respond, type WebHandler } from './web-handler.ts'

export type Admission = {
  /** What enforces the limit: its `stats()` tell how things are. */
  readonly gate: Gate
  /**
   * A listener of node:http, node:https or node:http2 behind the admission:
   * `createServer(door.node(handler))`. The handler gets the request and the response and nothing
   * else, so an Express, Connect, Fastify or Koa application is one; `contextOf(request)` has the
   * signal and `release`.
   */
  node(handler: NodeHandler): (request: IncomingMessage, response: ServerResponse) => void
  node(
    handler: NodeHandler<Http2ServerRequest, Http2ServerResponse>,
  ): (request: Http2ServerRequest, response: Http2ServerResponse) => void
  /** The same for both events of a server: one that waits for "100 Continue" is then refused before it sends its body. */
  attach(server: Server, handler: NodeHandler): void
  attach(server: Http2Server | Http2SecureServer, handler: NodeHandler<Http2ServerRequest, Http2ServerResponse>): void
  /**
   * A handler in the style of Fetch behind the admission. What else the runtime passes is passed
   * on.
   */
  fetch<Rest extends unknown[]>(handler: WebHandler<Rest>): (request: Request, ...rest: Rest) => Promise<Response>
}

/**
 * Admission for a server. Without options it protects against overload: it finds out how much the
 * server can do, lets as many wait as there run, and refuses the rest at once.
 *
 * - Refused before the body is read: 503 when it is too much for the server, 429 when it is too
 *   much of this client, both with `Retry-After` (never two clients at the same moment) and a
 *   problem document (RFC 9457).
 * - A permit is held until the handler has ended its response. When the client disconnects or the
 *   deadline passes, the signal is aborted, and the permit is released when the handler has
 *   settled: at once where it heeds the signal. Work that goes on is counted, so no client can push
 *   more work past the limit by leaving early. A handler without a promise (Express) settles when
 *   it ends its response; one that stops without a sign keeps its permit for a minute.
 *   `releaseAfterAbortMs` releases earlier.
 * - An answer that is streamed for longer than it was worked on does not count for the limit; its
 *   place is held until its end.
 * - An `Overloaded` that a handler throws, because what it calls has refused, is a 503 too; that,
 *   and a 503 or 504 of its own, lowers the limit, so that in a chain of services the first one
 *   refuses.
 *
 * @example
 * import { createServer } from 'node:http'
 * import { admission } from '@viva/sluice/http'
 *
 * const door = admission()
 * createServer(door.node((request, response) => response.end('let in'))).listen(8080)
 */
export function admission(options: AdmissionOptions = {}): Admission {
  const door = new Door(options)
  const listener =
    (handler: NodeHandler<never, never>, mustContinue: boolean) =>
    (request: NodeRequest, response: NodeResponse): void =>
      serve(door, handler as NodeHandler, request, response, mustContinue)
  return {
    gate: door.gate,
    node(handler: NodeHandler<never, never>) {
      return listener(checkHandler(handler), false)
    },
    attach(server: Server | Http2Server | Http2SecureServer, handler: NodeHandler<never, never>) {
      checkHandler(handler)
      ;(server as Server).on('request', listener(handler, false))
      ;(server as Server).on('checkContinue', listener(handler, true))
    },
    fetch(handler) {
      checkHandler(handler)
      return (request, ...rest) => respond(door, handler, request, rest)
    },
  }
}
