/** What ten thousand clients that leave too early leave behind: nothing. */

import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gate } from '../gate/gate.ts'
import { admission } from './admission.ts'
import { get, kinds, post } from './kinds.fixture.ts'
import { listen, until } from './sockets.fixture.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Clients of one wave, and how many requests they make: some take an answer that streams, the others ask three times and are in the middle of a body. */
const wave = 100
const perWave = 5 + 95 * 4

/** Waves of clients that leave: before their answers, in the middle of their body, while they wait in line, in the middle of an answer that streams. */
async function leave(port: number, waves: number, hasCome: (requests: number) => Promise<void>): Promise<void> {
  const four = `${get('/held').repeat(3)}${post('content-length: 100\r\n')}half`
  for (let n = 1; n <= waves; n++) {
    const sockets = Array.from({ length: wave }, (_, i) => {
      const socket = connect({ port, host: '127.0.0.1' })
      socket.on('error', () => {})
      socket.write(i % 20 === 0 ? get('/streamed') : four)
      return socket
    })
    await hasCome(n * perWave)
    for (const socket of sockets) socket.destroy()
  }
}

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length

for (const { name, listener } of kinds)
  test(`${name}: places, listeners, timers and memory are as before after 10,000 requests that were given up`, async (t) => {
    const door = admission({
      gate: gate({ limit: 200, queue: { capacity: 400 } }),
      timeoutMs: 600_000,
      onError: () => {},
    })
    let left = 0
    const server: Server = createServer(
      listener(door, async ({ context, path, method, read, stream }) => {
        context.signal.addEventListener('abort', () => left++)
        if (method === 'POST') return `read ${await read()}`
        if (path === '/held')
          return new Promise((_resolve, reject) =>
            context.signal.addEventListener('abort', () => reject(context.signal.reason as Error)),
          )
        await stream(1000, () => {})
        return undefined
      }),
    )
    const port = await listen(t, server)
    const timersBefore = timers()
    const all = (n: number) => until(() => door.gate.stats().arrived === n)
    const nobody = () => until(() => door.gate.inFlight === 0 && door.gate.waiting === 0)
    const heapMb = async (): Promise<number> => {
      await nobody()
      await until(() => timers() === timersBefore)
      for (let i = 0; i < 3; i++) {
        await new Promise(setImmediate)
        collect()
      }
      return process.memoryUsage().heapUsed / 2 ** 20
    }
    await leave(port, 3, all)
    const early = await heapMb()
    const before = 3 * perWave
    await leave(port, 23, (requests) => all(before + requests))
    const late = await heapMb()
    assert.deepEqual([door.gate.inFlight, door.gate.waiting, door.gate.stats().arrived], [0, 0, 26 * perWave])
    assert.ok(left > 0)
    // A request that was kept would be some 5 kB: 8,800 of them 44 MB.
    assert.ok(late - early < 4, `the heap grew from ${early.toFixed(1)} to ${late.toFixed(1)} MB`)
  })
