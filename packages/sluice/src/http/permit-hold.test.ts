/** When an aborted request releases its permit: through real sockets. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import express from 'express'
import { gate, type GateObserver } from '../index.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { admission } from './admission.ts'
import type { AdmissionOptions } from './door.ts'
import { type Admitted, contextOf } from './admitted.ts'
import { listen, RawClient, until } from './sockets.fixture.ts'
import { toListener } from './to-listener.ts'

const get = 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n'
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

for (const style of ['node', 'fetch'] as const) {
  const serve = (work: (admitted: Admitted) => Promise<void>, options: AdmissionOptions = {}) => {
    const ends: [rttMs: number, outcome: string][] = []
    const observer: GateObserver = { onRelease: (rttMs, outcome) => void ends.push([rttMs, outcome]) }
    const door = admission({ gate: gate({ limit: 4, observer }), onError() {}, ...options })
    const server =
      style === 'node'
        ? createServer(
            door.node(async (request, response) => {
              const admitted = contextOf(request)!
              await work(admitted)
              response.end('done')
            }),
          )
        : createServer(
            toListener(
              door.fetch(async (request: Request) => {
                await work(contextOf(request)!)
                return new Response('done')
              }),
            ),
          )
    return { door, server, ends }
  }

  describe(`${style}: a client has disconnected`, () => {
    test('work that goes on holds its permit, and its round-trip time is measured', async (t) => {
      let finish = () => {}
      let isAborted = false
      const { door, server, ends } = serve((admitted) => {
        admitted.signal.addEventListener('abort', () => (isAborted = true))
        return new Promise<void>((resolve) => (finish = resolve))
      })
      const client = new RawClient(t, await listen(t, server)).write(get)
      await until(() => door.gate.inFlight === 1)
      const startedAt = performance.now()
      client.socket.destroy()
      await until(() => isAborted)
      // Longer than any multiple of the time that the client waited.
      await sleep(200)
      assert.equal(door.gate.inFlight, 1)
      const tookMs = performance.now() - startedAt
      finish()
      await until(() => door.gate.inFlight === 0)
      assert.equal(ends[0]![1], 'done')
      assert.ok(ends[0]![0] >= tookMs, `${ends[0]![0]} ms`)
    })

    test('work that heeds its signal releases the permit at once, and is not measured', async (t) => {
      const { door, server, ends } = serve(
        ({ signal }) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      )
      const client = new RawClient(t, await listen(t, server)).write(get)
      await until(() => door.gate.inFlight === 1)
      client.socket.destroy()
      await until(() => door.gate.inFlight === 0)
      assert.equal(ends[0]![1], 'ignored')
    })

    test('`releaseAfterAbortMs` releases the permit of work that never settles', async (t) => {
      const clock = virtualClock()
      const { door, server, ends } = serve(() => new Promise(() => {}), { clock, releaseAfterAbortMs: 5000 })
      const client = new RawClient(t, await listen(t, server)).write(get)
      await until(() => door.gate.inFlight === 1)
      const timers = clock.pending
      client.socket.destroy()
      await until(() => clock.pending > timers)
      await clock.advance(4999)
      assert.equal(door.gate.inFlight, 1)
      await clock.advance(1)
      assert.equal(door.gate.inFlight, 0)
      assert.equal(ends[0]![1], 'ignored')
    })

    test('clients that leave after 5 ms do not push more work past the limit, nor do those with a short deadline', async (t) => {
      for (const [leaveMs, head] of [
        [5, get],
        [60, 'GET / HTTP/1.1\r\nHost: shop\r\nRequest-Timeout-Ms: 5\r\n\r\n'],
      ] as const) {
        let [inside, most] = [0, 0]
        const { server } = serve(
          async () => {
            most = Math.max(most, ++inside)
            await sleep(500)
            inside--
          },
          { gate: gate({ limit: 8, queue: { capacity: 4 } }) },
        )
        const port = await listen(t, server)
        for (let i = 0; i < 60; i++) {
          const client = new RawClient(t, port).write(head)
          setTimeout(() => client.socket.destroy(), leaveMs)
          await sleep(5)
        }
        assert.equal(most, 8)
        await until(() => inside === 0)
      }
    })
  })
}

describe('a handler without a promise', () => {
  /** A pool of 8, as of a database driver: it counts what is inside and what waits. */
  const pool = () => {
    const waiting: (() => void)[] = []
    const stats = { inside: 0, most: 0 }
    const query = (done: () => void): void => {
      stats.most = Math.max(stats.most, ++stats.inside)
      setTimeout(() => {
        stats.inside--
        done()
      }, 300)
    }
    return { stats, query, waiting }
  }

  test('of Express: clients that leave after 5 ms do not push more work past the limit', async (t) => {
    const { stats, query } = pool()
    const app = express()
    app.get('/', (_request, response) => query(() => response.json({ ok: true })))
    const door = admission({ gate: gate({ limit: 8, queue: { capacity: 4 } }), onError() {} })
    const listener = door.node((request: IncomingMessage, response: ServerResponse) => app(request, response))
    const port = await listen(t, listener)
    for (let i = 0; i < 60; i++) {
      const client = new RawClient(t, port).write(get)
      setTimeout(() => client.socket.destroy(), 5)
      await sleep(5)
    }
    assert.equal(stats.most, 8)
    await until(() => door.gate.inFlight === 0)
  })

  test('that pipes a stream releases its permit when the pipe is taken off', async (t) => {
    const door = admission({ gate: gate({ limit: 1 }), onError() {} })
    const port = await listen(
      t,
      door.node((_request, response) => {
        const endless = new Readable({
          read() {
            setTimeout(() => this.push('x'), 1)
          },
        })
        endless.pipe(response)
        t.after(() => endless.destroy())
      }),
    )
    const client = new RawClient(t, port).write(get)
    await client.gets(/x/)
    assert.equal(door.gate.inFlight, 1)
    client.socket.destroy()
    await until(() => door.gate.inFlight === 0)
  })

  test('that destroys its response releases its permit', async (t) => {
    const door = admission({ gate: gate({ limit: 1 }), onError() {} })
    const port = await listen(
      t,
      door.node((_request, response) => void setTimeout(() => response.destroy(), 5)),
    )
    await new RawClient(t, port).write(get).closes()
    await until(() => door.gate.inFlight === 0)
  })

  test('that stops without a sign releases its permit after a minute', async (t) => {
    const clock = virtualClock()
    const door = admission({ gate: gate({ limit: 1 }), clock, onError() {} })
    const client = new RawClient(
      t,
      await listen(
        t,
        door.node(() => {}),
      ),
    ).write(get)
    await until(() => door.gate.inFlight === 1)
    const timers = clock.pending
    client.socket.destroy()
    await until(() => clock.pending > timers)
    await clock.advance(59_999)
    assert.equal(door.gate.inFlight, 1)
    await clock.advance(1)
    assert.equal(door.gate.inFlight, 0)
  })
})

test('the permit of a handler that stopped without a sign does not keep the process alive', () => {
  const script = `
    import { createServer, get } from 'node:http'
    const { admission } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))})
    const { gate } = await import(${JSON.stringify(import.meta.resolve('../index.ts'))})
    const door = admission({ gate: gate({ limit: 1 }) })
    const server = createServer(door.node(() => {}))
    server.listen(0, '127.0.0.1', () => {
      const request = get({ port: server.address().port, host: '127.0.0.1' })
      request.on('error', () => server.close(() => console.log('closed', door.gate.inFlight)))
      const poll = setInterval(() => {
        if (door.gate.inFlight === 0) return
        clearInterval(poll)
        request.destroy()
      }, 1)
    })
  `
  const options = { encoding: 'utf8', env: {}, timeout: 30_000 } as const
  assert.equal(execFileSync(process.execPath, ['--input-type=module', '-e', script], options), 'closed 1\n')
})

test('a Fetch-style body: the permit is held until its source is cancelled', async (t) => {
  const door = admission({ gate: gate({ limit: 1 }), onError() {} })
  const cancelled = Promise.withResolvers<void>()
  let isCancelling = false
  const body = (): ReadableStream =>
    new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('first')),
      cancel() {
        isCancelling = true
        return cancelled.promise
      },
    })
  const port = await listen(t, toListener(door.fetch(() => new Response(body()))))
  const client = new RawClient(t, port).write(get)
  await client.gets(/first/)
  client.socket.destroy()
  await until(() => isCancelling)
  await sleep(20)
  assert.equal(door.gate.inFlight, 1)
  cancelled.resolve()
  await until(() => door.gate.inFlight === 0)
})
