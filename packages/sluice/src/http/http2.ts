/**
 * What differs for HTTP/2: a request is a stream of its session, with its own timer, and may be
 * reset alone.
 */

import type { ServerHttp2Stream } from 'node:http2'
import type { NodeRequest } from './admitted.ts'

/** The stream of a request of node:http2; undefined for HTTP/1. */
export function streamOf(request: NodeRequest): ServerHttp2Stream | undefined {
  return request.httpVersionMajor === 2 ? (request as { stream?: ServerHttp2Stream }).stream : undefined
}
