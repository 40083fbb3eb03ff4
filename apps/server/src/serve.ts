/**
 * The application on a socket, with limits against slow and numerous clients and an end that loses
 * nothing.
 */
import { getRequestListener, RequestError } from '@hono/node-server'
import type { Hono } from 'hono'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Client, clientFrom, clientOf } from './client.ts'
import { type ConnectionCaps, capConnections } from './connections.ts'
import type { Log } from './log.ts'
import { malformed, parserRefusal, rawResponse, type Refusal, writeRefusal } from './raw-response.ts'
import { problem } from './problem.ts'
import { securityHeaders } from './security.ts'
import { type SecurityLog, securityLog } from './security-log.ts'

export type ServeOptions = {
  // oxlint-disable-next-line typescript/no-explicit-any -- any Hono application, whatever its bindings
  app: Pick<Hono<any>, 'fetch'>
  /** 0 takes a free one. */
  port: number
  /** Address to listen on; every one by default. */
  hostname?: string
  log: Log
  /** The site's public origin, for the headers of responses that the application does not make. */
  siteOrigin?: string | undefined
  /** Adds `includeSubDomains` to the `Strict-Transport-Security` of an https site. */
  hstsSubdomains?: boolean
  /**
   * Proxies in front of the server. With one, the cap per client does not apply: all connections
   * are the proxy's.
   */
  trustedHops?: number
  /** Connections per IPv4 address or IPv6 /64. */
  maxConnectionsPerClient?: number
  /** Connections of everybody together. */
  maxConnections?: number
  /** Called once, after the last request ended: closes what the application used. */
  onClose?: () => Promise<void>
  /** How long requests in flight may go on after `close()`. */
  graceMs?: number
  /** How long a client may take to send a whole request. */
  requestTimeoutMs?: number
  /** How long a client may take to send the headers, from the start of a new connection. */
  headersTimeoutMs?: number
}

/** A running server. */
export type Running = {
  port: number
  /**
   * Stops accepting, lets requests in flight end within the grace time, cuts off the rest. Safe to
   * call twice.
   */
  close(): Promise<void>
}

type Answering = Pick<ServeOptions, 'app' | 'log' | 'siteOrigin' | 'hstsSubdomains' | 'trustedHops'> & {
  events: SecurityLog
}

const failed = 'The error was logged. Try again later.'

/** Listeners of the server: requests, and what Node itself would answer without our headers. */
function listeners({ app, log, siteOrigin, hstsSubdomains, trustedHops = 0, events }: Answering) {
  const addHeaders = securityHeaders(siteOrigin, hstsSubdomains)
  const clientBehind = ({ socket, headers }: IncomingMessage): Client => {
    const forwarded = headers['x-forwarded-for']
    return clientOf(socket.remoteAddress, Array.isArray(forwarded) ? forwarded.join(',') : forwarded, trustedHops)
  }
  const refuse = (incoming: IncomingMessage, outgoing: ServerResponse, refusal: Refusal) => {
    const { method, url = '' } = incoming
    const { status, detail } = refusal
    events('malformed request', clientBehind(incoming), { status, detail, method, target: url.slice(0, 200) })
    writeRefusal(outgoing, refusal, addHeaders)
  }
  const answer = getRequestListener(app.fetch, {
    errorHandler: (error: unknown) => {
      const isRefused = error instanceof RequestError
      if (!isRefused) log('error', 'request failed', { reason: String(error) })
      const response = isRefused ? problem(400, 'Host or address cannot be read.') : problem(500, failed)
      addHeaders(response.headers)
      return response
    },
  })
  return {
    request(incoming: IncomingMessage, outgoing: ServerResponse): void {
      // Node still hands out what it has parsed of a connection that a cap has closed.
      if (incoming.socket.destroyed) return
      const refusal = malformed(incoming)
      if (refusal) refuse(incoming, outgoing, refusal)
      else void answer(incoming, outgoing)
    },
    expectation(incoming: IncomingMessage, outgoing: ServerResponse): void {
      refuse(incoming, outgoing, { status: 417, detail: 'The only supported expectation is 100-continue.' })
    },
    connect(_incoming: IncomingMessage, socket: Socket): void {
      reject(socket, { status: 405, detail: 'This server is no proxy: CONNECT is not supported.' })
    },
    reject,
  }

  function reject(socket: Socket, refusal: Refusal, code?: string): void {
    const client = clientFrom(socket.remoteAddress ?? 'unknown') ?? { network: 'unknown' }
    const event = refusal.status === 408 ? 'timed out request' : 'malformed request'
    events(event, client, { status: refusal.status, ...(code === undefined ? {} : { code }) })
    socket.end(rawResponse(refusal, addHeaders), () => socket.destroy())
  }
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function protect(server: Server, caps: ConnectionCaps, answering: Answering): void {
  const { request, expectation, connect, reject } = listeners(answering)
  const connections = capConnections(server, caps, (client, cap) => answering.events('connection cap', client, { cap }))
  server.on('request', request)
  server.on('checkExpectation', expectation)
  server.on('connect', connect)
  server.on('clientError', (error: Error, stream) => {
    const socket = stream as Socket
    // A client that hung up, or that would take the error for a part of the response.
    if (codeOf(error) === 'ECONNRESET' || !socket.writable || connections.hasBegunResponse(socket)) socket.destroy()
    else reject(socket, parserRefusal(codeOf(error)), codeOf(error))
  })
}

/** A warning for a server that listens on every address of the machine, in plain HTTP. */
export function openAddressWarning(hostname: string | undefined): string | undefined {
  if (hostname !== undefined && !/^(?:0\.0\.0\.0|\[?::\]?)$/.test(hostname)) return undefined
  return (
    'The server listens on every address of this machine, in plain HTTP. Set HOST=127.0.0.1 for this machine alone ' +
    'or behind a proxy that adds HTTPS.'
  )
}

/** Listens, and resolves when connections are accepted; rejects when the port cannot be had. */
export async function serve(options: ServeOptions): Promise<Running> {
  const { app, port, log, onClose, siteOrigin, hstsSubdomains = false, trustedHops = 0, graceMs = 10_000 } = options
  const { requestTimeoutMs = 30_000, headersTimeoutMs = 5000 } = options
  const { maxConnections = 2000, maxConnectionsPerClient = 100 } = options
  const server = createServer({
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    // How often the two are checked; Node's own 30 s would triple them.
    connectionsCheckingInterval: Math.min(1000, requestTimeoutMs / 2),
    keepAliveTimeout: 10_000,
    maxHeaderSize: 16 * 1024,
    // Checked with the rest of the request: Node's own 400 has none of our headers.
    requireHostHeader: false,
  })
  // A client that reads nothing for this long while we have something to send.
  server.timeout = 60_000
  const perClient = trustedHops > 0 ? Infinity : maxConnectionsPerClient
  const events = securityLog({ log, clock: Date })
  protect(server, { perClient, total: maxConnections }, { app, log, siteOrigin, hstsSubdomains, trustedHops, events })

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
    // A connection that is kept alive becomes idle when its request ends; nothing else would close
    // it then.
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
