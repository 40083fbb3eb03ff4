/** Connection caps with real sockets; 127.0.0.x are different addresses on Linux. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type Running, serve, type ServeOptions } from './serve.ts'
import { testApp, writeSite } from './site.fixture.ts'

let site: Awaited<ReturnType<typeof writeSite>>
before(async () => {
  site = await writeSite()
})
after(() => site.remove())

type Events = { message: string; fields: Record<string, unknown> }[]

async function started(options: Partial<ServeOptions>): Promise<{ running: Running; events: Events }> {
  const { app } = await testApp(site.siteDir)
  const events: Events = []
  const running = await serve({
    app,
    port: 0,
    hostname: '127.0.0.1',
    log: (_level, message, fields = {}) => events.push({ message, fields }),
    ...options,
  })
  return { running, events }
}

/** A socket from `from`; what it receives is kept. */
function dial(port: number, from: string): Socket & { text?: string } {
  const socket: Socket & { text?: string } = connect({ port, host: '127.0.0.1', localAddress: from })
  socket.on('error', () => undefined)
  socket.setEncoding('latin1').on('data', (chunk: string) => (socket.text = (socket.text ?? '') + chunk))
  return socket
}

async function dialled(port: number, from: string, count: number): Promise<Socket[]> {
  const sockets = Array.from({ length: count }, () => dial(port, from))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  return sockets
}

/** Waits until the number of open sockets is `count`; fails after two seconds. */
async function openBecomes(sockets: Socket[], count: number): Promise<void> {
  const deadline = performance.now() + 2000
  const open = () => sockets.filter((socket) => !socket.closed).length
  while (open() !== count && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10))
  assert.equal(open(), count)
}

/**
 * A request is in flight once the server has read its headers; the next connection must come after
 * that.
 */
const readByServer = () => new Promise((resolve) => setTimeout(resolve, 200))

async function get(port: number, from: string): Promise<{ status: number; ms: number }> {
  const begun = performance.now()
  const socket = dial(port, from)
  socket.write('GET /about/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  await once(socket, 'close', { signal: AbortSignal.timeout(5000) })
  return { status: Number(socket.text?.slice(9, 12)), ms: performance.now() - begun }
}

const end = (sockets: Socket[]) => sockets.forEach((socket) => socket.destroy())

// Other systems have 127.0.0.1 alone.
const skip = process.platform === 'linux' ? false : 'needs several loopback addresses'

describe('connection caps', { skip }, () => {
  test('600 silent connections of one address leave room for others and for itself', async () => {
    const { running, events } = await started({ maxConnectionsPerClient: 50, maxConnections: 100 })
    const silent = await dialled(running.port, '127.0.0.1', 600)
    await openBecomes(silent, 50)
    for (const from of ['127.0.0.2', '127.0.0.1']) {
      const { status, ms } = await get(running.port, from)
      assert.equal(status, 200)
      assert.ok(ms < 1000, `${from} waited ${Math.round(ms)} ms`)
    }
    const capped = events.filter(({ message }) => message === 'connection cap')
    assert.ok(capped.length > 0 && capped.length < 50, `${capped.length} lines for 550 closed connections`)
    assert.equal(capped[0]?.fields.cap, 'client')
    assert.doesNotMatch(JSON.stringify(capped), /127\.0\.0/)
    end(silent)
    await running.close()
  })

  test('at the total cap the oldest idle connection makes room, never a busy one', async () => {
    const { running } = await started({ maxConnectionsPerClient: 10, maxConnections: 20 })
    const busy = await dialled(running.port, '127.0.0.9', 1)
    busy[0]?.write(
      'POST /api/feedback HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n',
    )
    await readByServer()
    const first = await dialled(running.port, '127.0.0.2', 10)
    const second = await dialled(running.port, '127.0.0.3', 9)
    await openBecomes([...busy, ...first, ...second], 20)
    const third = await dialled(running.port, '127.0.0.4', 10)
    await openBecomes(first, 0)
    assert.equal([...busy, ...second, ...third].filter((socket) => socket.closed).length, 0)
    assert.equal((await get(running.port, '127.0.0.5')).status, 200)
    end([...busy, ...second, ...third])
    await running.close()
  })

  test('when all are busy, the new connection is closed', async () => {
    const { running } = await started({ maxConnectionsPerClient: 3, maxConnections: 100 })
    const busy = await dialled(running.port, '127.0.0.2', 3)
    for (const socket of busy)
      socket.write(
        'POST /api/feedback HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n',
      )
    await readByServer()
    const fourth = await dialled(running.port, '127.0.0.2', 1)
    await openBecomes(fourth, 0)
    await openBecomes(busy, 3)
    end(busy)
    await running.close()
  })

  test('a silent connection is closed after the header timeout', async () => {
    const { running } = await started({ headersTimeoutMs: 300, requestTimeoutMs: 1000 })
    const silent = await dialled(running.port, '127.0.0.2', 5)
    await openBecomes(silent, 0)
    await running.close()
  })

  test('behind a proxy the cap per client does not apply to its connections', async () => {
    const { running } = await started({ maxConnectionsPerClient: 5, maxConnections: 100, trustedHops: 1 })
    const fromProxy = await dialled(running.port, '127.0.0.2', 50)
    assert.equal((await get(running.port, '127.0.0.2')).status, 200)
    await openBecomes(fromProxy, 50)
    end(fromProxy)
    await running.close()
  })

  test('one /64 is one client: IPv6 loopback is capped too', async (t) => {
    const probe = createServer()
    probe.listen(0, '::1')
    const isSupported = await Promise.race([
      once(probe, 'listening').then(() => true),
      once(probe, 'error').then(() => false),
    ])
    probe.close()
    if (!isSupported) return t.skip('no IPv6 on this machine')
    const { running } = await started({ maxConnectionsPerClient: 5, maxConnections: 100, hostname: '::1' })
    const sockets = Array.from({ length: 20 }, () => connect({ port: running.port, host: '::1' }))
    for (const socket of sockets) socket.on('error', () => undefined)
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    await openBecomes(sockets, 5)
    end(sockets)
    await running.close()
  })

  test('a connection that ends leaves its place', async () => {
    const { running, events } = await started({ maxConnectionsPerClient: 5, maxConnections: 6 })
    for (let round = 0; round < 20; round++) assert.equal((await get(running.port, '127.0.0.2')).status, 200)
    assert.deepEqual(
      events.filter(({ message }) => message === 'connection cap'),
      [],
    )
    await running.close()
  })
})
