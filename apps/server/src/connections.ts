/**
 * Connection caps: per client network, per IPv6 /48 and in total. The oldest idle connection makes
 * room.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Client, clientFrom } from './client.ts'

export type ConnectionCaps = {
  /**
   * Connections of one IPv4 address or IPv6 /64; `Infinity` behind a proxy, whose address all
   * connections have.
   */
  perClient: number
  /** Connections of everybody together. */
  total: number
}

/**
 * Connections that share a cap. `idle` has those without a request in flight, the longest idle
 * first.
 */
type Group = { size: number; idle: Set<Connection> }

type Connection = { groups: Group[]; inFlight: Set<ServerResponse>; isOpen: boolean; close(): void }

/**
 * Unanswered requests of one connection. Node starts a handler for each pipelined request at once,
 * so without a bound one connection could hold thousands of open files. Browsers do not pipeline.
 */
const maxInFlight = 8

/** How many networks of one /48 can use their whole share at the same time. */
const networksPerSite = 4

/** What the server asks about its connections. */
export type Connections = {
  /**
   * True when a response on this connection has begun: an error response would be read as its
   * content.
   */
  hasBegunResponse(socket: Socket): boolean
}

/**
 * Applies the caps to a server. At a cap the group's oldest idle connection is closed; a connection
 * that has sent no request yet is idle too. When all of the group are busy, the new connection is
 * closed.
 *
 * @param onCapped Called for each connection that a cap closed, with the client that reached the
 * cap.
 */
export function capConnections(
  server: Server,
  { perClient, total }: ConnectionCaps,
  onCapped: (client: Client, cap: string) => void,
): Connections {
  const groups = new Map<string, Group>()
  const connections = new WeakMap<Socket, Connection>()

  /** The caps that hold for a client: name for the log, key of the group, connections. */
  function capsOf({ network, site }: Client): [name: string, key: string, cap: number][] {
    const caps: [string, string, number][] = [['client', network, perClient]]
    if (site !== undefined) caps.push(['site', site, perClient * networksPerSite])
    return [...caps, ['total', '*', total]]
  }

  /** True when the group has room, if need be after closing its oldest idle connection. */
  function makeRoom(name: string, key: string, cap: number, client: Client): boolean {
    const group = groups.get(key)
    if (!group || group.size < cap) return true
    onCapped(client, name)
    const [oldest] = group.idle
    oldest?.close()
    return oldest !== undefined
  }

  function join(key: string, connection: Connection): Group {
    const group = groups.get(key) ?? { size: 0, idle: new Set() }
    groups.set(key, group)
    group.size++
    group.idle.add(connection)
    return group
  }

  function leave(connection: Connection, keys: string[]): void {
    if (!connection.isOpen) return
    connection.isOpen = false
    for (const group of connection.groups) {
      group.size--
      group.idle.delete(connection)
    }
    for (const key of keys) if (groups.get(key)?.size === 0) groups.delete(key)
  }

  server.on('connection', (socket: Socket) => {
    const client = clientFrom(socket.remoteAddress ?? 'unknown') ?? { network: 'unknown' }
    const caps = capsOf(client)
    if (!caps.every(([name, key, cap]) => makeRoom(name, key, cap, client))) {
      socket.destroy()
      return
    }
    const keys = caps.map(([, key]) => key)
    const connection: Connection = {
      groups: [],
      inFlight: new Set(),
      isOpen: true,
      close() {
        // At once, not on 'close': the new connection needs the place in this turn.
        leave(connection, keys)
        socket.destroy()
      },
    }
    connection.groups = keys.map((key) => join(key, connection))
    connections.set(socket, connection)
    socket.once('close', () => leave(connection, keys))
  })

  const begin = ({ socket }: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(socket)
    if (!connection) return
    if (connection.inFlight.size >= maxInFlight) {
      if (!socket.destroyed)
        onCapped(clientFrom(socket.remoteAddress ?? 'unknown') ?? { network: 'unknown' }, 'pipelined')
      socket.destroy()
      return
    }
    connection.inFlight.add(response)
    for (const { idle } of connection.groups) idle.delete(connection)
    response.once('close', () => {
      connection.inFlight.delete(response)
      if (connection.inFlight.size > 0 || !connection.isOpen) return
      for (const { idle } of connection.groups) idle.add(connection)
    })
  }
  server.prependListener('request', begin)
  server.prependListener('checkExpectation', begin)

  return {
    hasBegunResponse(socket) {
      const { inFlight = [] } = connections.get(socket) ?? {}
      return [...inFlight].some((response) => response.headersSent)
    },
  }
}
