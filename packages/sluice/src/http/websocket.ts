/** Sending over a WebSocket, a browser's, `ws`' or another, no faster than it is taken. */

import { checkCount, checkMs } from '../options.ts'
import { pause } from '../retry.ts'
import { systemClock } from '../clock.ts'
import { type ClientSender, type Outlet, SlowClient, type SlowClientOptions } from './slow-client.ts'

/** The part of a WebSocket that is used. */
export type WebSocketLike<T> = {
  readonly bufferedAmount: number
  /** 1 while it is open. */
  readonly readyState?: number
  send(data: T): void
  close(code?: number, reason?: string): void
  /** Of `ws`: ends it at once; a client that takes nothing takes no closing frame either. */
  terminate?(): void
  addEventListener?(type: 'close', listener: () => void): void
}

export type WebSocketSenderOptions<T> = SlowClientOptions<T> & {
  /** It is full from so many bytes that the socket still holds, and takes more from half of it on. Default 64 KiB. */
  highWaterBytes?: number
  /** A WebSocket tells nobody when it has drained, so while somebody waits it is asked so often. Default 20. */
  pollMs?: number
}

/**
 * A sender for one client. `await sender.send(message)` waits, by its policy, until `bufferedAmount` has room. A client that is let go gets the code 1013
 * ("try again later").
 *
 * @example
 * const prices = webSocketSender(socket, { onSlow: 'conflate', keyOf: (message) => JSON.parse(message).symbol })
 * feed.on('price', (message) => prices.isClosed || prices.send(message))
 */
export function webSocketSender<T extends string | ArrayBufferLike | ArrayBufferView>(
  socket: WebSocketLike<T>,
  options: WebSocketSenderOptions<T> = {},
): ClientSender<T> {
  const highWaterBytes = checkCount('highWaterBytes', options.highWaterBytes ?? 65_536)
  const pollMs = checkMs('pollMs', options.pollMs ?? 20, { min: 1 })
  const { clock = systemClock } = options
  const outlet: Outlet<T, T> = {
    encode: (item) => item,
    write: (item) => socket.send(item),
    isFull: () => socket.bufferedAmount >= highWaterBytes,
    async drained(signal) {
      while (socket.bufferedAmount > highWaterBytes / 2) await pause(pollMs, signal, clock)
    },
    end(reason) {
      if (reason === undefined) {
        socket.close(1000)
        return
      }
      socket.close(1013, 'Too slow')
      socket.terminate?.()
    },
  }
  const client = new SlowClient(outlet, options)
  socket.addEventListener?.('close', () => client.stop(new Error('The socket was closed')))
  return client
}
