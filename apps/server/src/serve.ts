/** The application on a socket, with limits against slow clients and an end that loses nothing. */
import { createAdaptorServer } from '@hono/node-server'
import type { Hono } from 'hono'
import { Server } from 'node:http'
import type { Log } from './log.ts'

export type ServeOptions = {
  // oxlint-disable-next-line typescript/no-explicit-any -- any Hono application, whatever its bindings
  app: Pick<Hono<any>, 'fetch'>
  /** 0 takes a free one. */
  port: number
  /** Address to listen on; every one by default. */
  hostname?: string
  log: Log
  /** Called once, after the last request ended: closes what the application used. */
  onClose?: () => Promise<void>
  /** How long requests in flight may go on after `close()`. */
  graceMs?: number
  /** How long a client may take to send a whole request, and its headers. */
  requestTimeoutMs?: number
  headersTimeoutMs?: number
}

/** A server that runs. */
export type Running = {
  port: number
  /** Stops accepting, lets requests in flight end within the grace time, cuts off the rest. Safe to call twice. */
  close(): Promise<void>
}

/** Listens, and resolves when connections are accepted; rejects when the port cannot be had. */
export async function serve(options: ServeOptions): Promise<Running> {
  const { app, port, log, onClose, graceMs = 10_000, requestTimeoutMs = 30_000, headersTimeoutMs = 10_000 } = options
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      // How often the two are looked at; Node's own 30 s would triple them.
      connectionsCheckingInterval: Math.min(1000, requestTimeoutMs / 2),
      keepAliveTimeout: 10_000,
      maxHeaderSize: 16 * 1024,
    },
  })
  if (!(server instanceof Server)) throw new TypeError('expected an HTTP/1.1 server')
  server.maxConnections = 2000
  server.maxRequestsPerSocket = 1000
  // A client that reads nothing for this long while we have something to send.
  server.timeout = 60_000

  const listening = Promise.withResolvers<void>()
  server.once('error', listening.reject)
  server.listen(port, options.hostname, () => {
    server.off('error', listening.reject)
    listening.resolve()
  })
  await listening.promise
  server.on('error', (error) => log('error', 'server error', { reason: String(error) }))
  const address = server.address()
  const actual = typeof address === 'object' && address ? address.port : port

  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    // A connection that is kept alive becomes idle when its request ends; nobody else would close it then.
    const sweep = setInterval(() => server.closeIdleConnections(), 50)
    const cut = setTimeout(() => {
      log('warn', 'requests cut off', { afterMs: graceMs })
      server.closeAllConnections()
    }, graceMs)
    await closed
    clearInterval(sweep)
    clearTimeout(cut)
    await onClose?.()
    log('info', 'stopped')
  }

  let stopped: Promise<void> | undefined
  return {
    port: actual,
    close() {
      stopped ??= stop()
      return stopped
    },
  }
}

/** A terminal's Ctrl+C reaches every process of its group, and npm and its children hand it on again: one wish, several signals. */
const sameWishMs = 1000

/** Ends the process cleanly, with 0, on SIGTERM and SIGINT; at once, with 1, when it is asked again later. */
export function closeOnSignals(running: Running, log: Log): void {
  let askedAt: number | undefined
  const stop = (signal: NodeJS.Signals): void => {
    if (askedAt !== undefined) {
      if (performance.now() - askedAt > sameWishMs) process.exit(1)
      return
    }
    askedAt = performance.now()
    log('info', 'stopping', { signal })
    running.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log('error', 'stopping failed', { reason: String(error) })
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
