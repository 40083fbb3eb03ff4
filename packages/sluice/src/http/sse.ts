/** Server-sent events, no faster than they are taken. */

import type { ServerResponse } from 'node:http'
import { InvalidOption } from '../errors.ts'
import { checkMs } from '../options.ts'
import { ClientGone } from './errors.ts'
import { type ClientSender, type Outlet, SlowClient, type SlowClientOptions } from './slow-client.ts'

export type ServerSentEvent = {
  /** May have several lines. */
  data: string
  /** What the client sends as `Last-Event-ID` when it comes back. */
  id?: string
  /** Its type; default `message`. */
  event?: string
  /** After how long the client should come back. */
  retryMs?: number
}

const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' }

/** One event as text (HTML standard, 9.2.5). A line break in `id` or `event` would be another field, and is refused. */
export function writeEvent({ data, id, event, retryMs }: ServerSentEvent): string {
  for (const [name, value] of Object.entries({ id, event }))
    if (value !== undefined && /[\r\n\0]/.test(value)) throw new InvalidOption(name, value, 'text of one line')
  let text = ''
  if (event !== undefined) text += `event: ${event}\n`
  if (id !== undefined) text += `id: ${id}\n`
  if (retryMs !== undefined) text += `retry: ${Math.round(checkMs('retryMs', retryMs))}\n`
  for (const line of data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`
  return `${text}\n`
}

/**
 * Events over a response of node:http: `await events.send({ data })` waits, by its policy, until the socket has drained. An admitted request should give its
 * place back (`admitted.release()`): a stream of events is open for long and does little.
 */
export function eventSender(
  response: ServerResponse,
  options: SlowClientOptions<ServerSentEvent> = {},
): ClientSender<ServerSentEvent> {
  const outlet: Outlet<ServerSentEvent, string> = {
    encode: writeEvent,
    write: (text) => void response.write(text),
    // Asked, not remembered: it may have drained while nobody waited for that.
    isFull: () => response.writableNeedDrain,
    drained: (signal) =>
      new Promise((resolve, reject) => {
        const settle = (): void => {
          response.off('drain', onDrain)
          signal.removeEventListener('abort', onAbort)
        }
        const onDrain = (): void => {
          settle()
          resolve()
        }
        const onAbort = (): void => {
          settle()
          reject(signal.reason as Error)
        }
        response.on('drain', onDrain)
        signal.addEventListener('abort', onAbort)
      }),
    end(reason) {
      if (reason === undefined) response.end()
      else response.destroy()
    },
  }
  const client = new SlowClient(outlet, options)
  response.on('close', () => client.stop(new ClientGone()))
  response.writeHead(200, headers)
  response.flushHeaders()
  return client
}

/** Events in a `Response` of Fetch: what is sent waits until the runtime asks for more. */
export function eventResponse(
  options: SlowClientOptions<ServerSentEvent> = {},
): ClientSender<ServerSentEvent> & { readonly response: Response } {
  const encoder = new TextEncoder()
  let controller: ReadableStreamDefaultController<Uint8Array>
  let onPull: () => void = () => {}
  const stream = new ReadableStream<Uint8Array>({
    start: (own) => void (controller = own),
    pull: () => onPull(),
    cancel: () => client.stop(new ClientGone()),
  })
  const outlet: Outlet<ServerSentEvent, string> = {
    encode: writeEvent,
    write: (text) => controller.enqueue(encoder.encode(text)),
    isFull: () => (controller.desiredSize ?? 0) <= 0,
    drained: (signal) =>
      new Promise((resolve, reject) => {
        const onAbort = (): void => reject(signal.reason as Error)
        onPull = () => {
          signal.removeEventListener('abort', onAbort)
          resolve()
        }
        signal.addEventListener('abort', onAbort, { once: true })
      }),
    end(reason) {
      // After a cancel it is closed already.
      if (reason === undefined) controller.close()
      else if (!(reason instanceof ClientGone)) controller.error(reason)
    },
  }
  const client = new SlowClient(outlet, options)
  return Object.assign(client, { response: new Response(stream, { headers }) })
}
