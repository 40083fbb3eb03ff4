/** An answer that is taken from its handler, and given in its place. */

import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/**
 * Fit to be put on a request or a response in place of a method. A closure that is stored there as it is makes V8 (14.6 of Node 26) carry everything it
 * refers to over to the old generation, garbage or not: 280 KB in each collection of an overloaded server, against 2; a bound one does not.
 */
export function asMethod<Args extends unknown[], Result>(call: (...args: Args) => Result): (...args: Args) => Result {
  return call.bind(undefined)
}

const methods = ['writeHead', 'write', 'end', 'setHeader', 'removeHeader', 'getHeaders'] as const

/** A response as it was before its handler had it: whatever stands around the admission may have set headers, or wrapped its methods. */
export type Untouched = Pick<ServerResponse, (typeof methods)[number]> & { headers: OutgoingHttpHeaders | undefined }

export function untouched(response: ServerResponse): Untouched {
  const { writeHead, write, end, setHeader, removeHeader, getHeaders } = response
  const headers = response.getHeaderNames().length === 0 ? undefined : response.getHeaders()
  return { writeHead, write, end, setHeader, removeHeader, getHeaders, headers }
}

/** Takes back what the handler has prepared, none of which was sent. */
export function restore(response: ServerResponse, before: Untouched): void {
  for (const name of methods) response[name] = before[name] as never
  const headers = before.headers ?? {}
  for (const name of response.getHeaderNames()) if (!(name in headers)) response.removeHeader(name)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value!)
  // HTTP/2 has none.
  if (response.req.httpVersionMajor !== 2) response.statusMessage = ''
}

function callBack(args: unknown[]): void {
  const callback = args.findLast((arg) => typeof arg === 'function') as ((error: Error) => void) | undefined
  if (callback) queueMicrotask(() => callback(new Error('The request was answered in place of its handler')))
}

function nothing(this: ServerResponse): ServerResponse {
  return this
}

const silent = {
  writeHead: nothing,
  setHeader: nothing,
  setHeaders: nothing,
  appendHeader: nothing,
  removeHeader: nothing,
  addTrailers: nothing,
  flushHeaders: nothing,
  writeContinue: nothing,
  writeProcessing: nothing,
  writeEarlyHints: nothing,
  write(...args: unknown[]): boolean {
    callBack(args)
    return false
  },
}

/**
 * Ignores what the handler still writes: to Node, setting a header after the response is an
 * exception, which in a callback ends the process. `onEnd` is called when the handler ends its
 * response.
 */
export function mute(response: ServerResponse, onEnd: () => void): void {
  Object.assign(response, silent)
  response.end = asMethod((...args: unknown[]) => {
    callBack(args)
    onEnd()
    return response
  }) as ServerResponse['end']
}
