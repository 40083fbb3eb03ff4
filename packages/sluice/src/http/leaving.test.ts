/** Whose place is free when, after a client has hung up: through real sockets. */

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { gate, type GateObserver } from '../index.ts'
import { admission } from './admission.ts'
import type { Admitted } from './node-listener.ts'
import { listen, RawClient, until } from './sockets.fixture.ts'
import { toListener } from './to-listener.ts'
import { contextOf } from './web-handler.ts'

const get = 'GET / HTTP/1.1\r\nHost: shop\r\n\r\n'

for (const style of ['node', 'fetch'] as const) {
  const serve = (work: (admitted: Admitted) => Promise<void>, stallMs = 10_000) => {
    const ends: [rttMs: number, outcome: string][] = []
    const observer: GateObserver = { onRelease: (rttMs, outcome) => void ends.push([rttMs, outcome]) }
    const door = admission({ gate: gate({ limit: 4, observer }), stallMs, onError() {} })
    const server =
      style === 'node'
        ? createServer(
            door.node(async (_request, response, admitted) => {
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

  describe(`${style}: a client has hung up`, () => {
    test('work that goes on keeps its place, and tells how long it took', async (t) => {
      let finish = () => {}
      let isCalledOff = false
      const { door, server, ends } = serve((admitted) => {
        admitted.signal.addEventListener('abort', () => (isCalledOff = true))
        return new Promise<void>((resolve) => (finish = resolve))
      })
      const client = new RawClient(t, await listen(t, server)).write(get)
      await until(() => door.gate.inFlight === 1)
      await new Promise((resolve) => setTimeout(resolve, 300))
      client.socket.destroy()
      await until(() => isCalledOff)
      assert.equal(door.gate.inFlight, 1)
      await new Promise((resolve) => setTimeout(resolve, 20))
      assert.equal(door.gate.inFlight, 1)
      finish()
      await until(() => door.gate.inFlight === 0)
      assert.equal(ends[0]![1], 'done')
      assert.ok(ends[0]![0] >= 310, `${ends[0]![0]} ms`)
    })

    test('work that heeds its signal gives the place back, and counts for nothing', async (t) => {
      const { door, server, ends } = serve(
        ({ signal }) =>
          new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      )
      const client = new RawClient(t, await listen(t, server)).write(get)
      await until(() => door.gate.inFlight === 1)
      await new Promise((resolve) => setTimeout(resolve, 300))
      const hungUpAt = performance.now()
      client.socket.destroy()
      await until(() => door.gate.inFlight === 0)
      assert.ok(performance.now() - hungUpAt < 250)
      assert.equal(ends[0]![1], 'ignored')
    })

    test('work that never ends gives it back after twice as long again, and never later than `stallMs`', async (t) => {
      for (const [stallMs, heldMs, leastMs] of [
        [10_000, 100, 160],
        [30, 400, 10],
      ] as const) {
        const { door, server, ends } = serve(() => new Promise(() => {}), stallMs)
        const client = new RawClient(t, await listen(t, server)).write(get)
        await until(() => door.gate.inFlight === 1)
        await new Promise((resolve) => setTimeout(resolve, heldMs))
        client.socket.destroy()
        const hungUpAt = performance.now()
        await until(() => door.gate.inFlight === 0)
        assert.ok(performance.now() - hungUpAt >= leastMs, `${performance.now() - hungUpAt} ms`)
        assert.equal(ends[0]![1], 'ignored')
      }
    })
  })
}
