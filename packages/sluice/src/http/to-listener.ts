/** A handler in the style of Fetch as a listener of node:http: bodies are pulled and written as they are asked for. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { attempt } from '../callbacks.ts'
import { hasBody } from './body.ts'
import { ClientGone } from './errors.ts'
import { isSending, lingerAndEnd } from './linger.ts'
import { checkFunction } from '../options.ts'
import { isTold } from './web-handler.ts'

export type ListenerOptions = {
  /** Told what the handler throws (the client gets a 500), and why an answer broke off (the client sees that); not that a client has left. Default: to the console. */
  onError?: (error: unknown) => void
}

/**
 * Serves a `Request → Response` handler with node:http. The body of a request is read as the handler pulls it; of an answer, no more is pulled than
 * the socket takes; a client that hangs up aborts the request's signal and cancels the answer. A target or a host that make no URL, and methods that
 * Fetch has not (TRACE), are a 400.
 */
export function toListener(
  handler: (request: Request) => Response | PromiseLike<Response>,
  options: ListenerOptions = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  checkFunction('handler', handler)
  const told = checkFunction('onError', options.onError ?? console.error)
  const onError = (error: unknown): void => attempt(() => told(error), undefined)
  return (request, response) => {
    const gone = new AbortController()
    response.on('close', () => {
      if (!response.writableFinished) gone.abort(new ClientGone())
    })
    void (async () => {
      const asked = toRequest(request, gone.signal)
      if (asked === undefined) {
        response.writeHead(400, { connection: 'close' }).end()
        return
      }
      try {
        await write(await handler(asked), request, response)
      } catch (error) {
        if (!gone.signal.aborted && !isTold(error)) onError(error)
        // The answer broke off in the middle, and the client has to see that.
        if (response.headersSent) response.destroy()
        else response.writeHead(500).end()
      }
    })()
  }
}

/** Undefined if its target or host make no URL. */
function toRequest(request: IncomingMessage, signal: AbortSignal): Request | undefined {
  const { method = 'GET', rawHeaders } = request
  const target = urlOf(request)
  if (target === undefined) return undefined
  const init: RequestInit & { duplex?: string } = { method, signal }
  if (hasBody(request) && method !== 'GET' && method !== 'HEAD') {
    init.body = toStream(request)
    init.duplex = 'half'
  }
  try {
    const headers = new Headers()
    for (let i = 0; i < rawHeaders.length; i += 2) headers.append(rawHeaders[i]!, rawHeaders[i + 1]!)
    return new Request(target, { ...init, headers })
  } catch {
    return undefined
  }
}

/** A path with the host beside it, or a whole URL, which counts more than the host (RFC 9112, 3.2.2). */
function urlOf({ url = '/', headers, socket }: IncomingMessage): string | undefined {
  if (/^https?:\/\//i.test(url)) return URL.canParse(url) ? url : undefined
  // An empty one would make a host of the path, and one with a slash or a question mark a path of the host.
  const host = headers.host || 'localhost'
  if (!url.startsWith('/') || /[/?#@\\\s]/.test(host)) return undefined
  const target = `${'encrypted' in socket ? 'https' : 'http'}://${host}${url}`
  return URL.canParse(target) ? target : undefined
}

/** Asks the socket for more only when it is asked. Leaving it early keeps the connection for the answer. */
function toStream(request: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await chunks.return?.()
        request.resume()
      },
    },
    { highWaterMark: 0 },
  )
}

async function write(answer: Response, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers: Record<string, string | string[]> = Object.fromEntries(answer.headers)
  const cookies = answer.headers.getSetCookie()
  if (cookies.length > 0) headers['set-cookie'] = cookies
  const isLong = isSending(request)
  if (isLong) headers.connection = 'close'
  if (answer.statusText === '') response.writeHead(answer.status, headers)
  else response.writeHead(answer.status, answer.statusText, headers)
  const { body } = answer
  if (body === null || request.method === 'HEAD') {
    await body?.cancel()
    end(request, response, isLong)
    return
  }
  const reader = (body as ReadableStream<Uint8Array>).getReader()
  // What waits for the next part has to hear that nobody does any more.
  response.once('close', () => void reader.cancel(new ClientGone()).catch(() => {}))
  // One that is called off while the socket is full is not read: the client has to be let go nevertheless.
  reader.closed.catch(() => response.destroy())
  for (;;) {
    const { done, value } = await reader.read()
    if (response.destroyed) return
    if (done) break
    if (!response.write(value)) await drained(response)
  }
  end(request, response, isLong)
}

function end(request: IncomingMessage, response: ServerResponse, isLong: boolean): void {
  if (!isLong || request.complete) {
    response.end()
    return
  }
  response.flushHeaders()
  lingerAndEnd(request, response)
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      response.off('drain', settle)
      response.off('close', settle)
      resolve()
    }
    response.on('drain', settle)
    response.on('close', settle)
  })
}
