import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { serve } from './serve.ts'

/** Sends `count` requests in one write; gives how many handlers started and how many were answered. */
async function pipeline(count: number): Promise<{ started: number; answered: number }> {
  let started = 0
  const release = Promise.withResolvers<void>()
  const app = {
    fetch: async () => {
      started++
      await release.promise
      return new Response('ok')
    },
  }
  const running = await serve({ app: app as never, port: 0, hostname: '127.0.0.1', log: () => undefined })
  const socket = connect(running.port, '127.0.0.1')
  let received = ''
  socket.on('data', (data: Buffer) => (received += data.toString()))
  socket.on('error', () => undefined)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write(
    `GET / HTTP/1.1\r\nHost: a\r\n\r\n`.repeat(count - 1) + 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  )
  // Let go when as many have started as will start, or when the server has closed the connection.
  const isClosed = closed.then(() => true)
  while (started < Math.min(count, 8) && !(await Promise.race([isClosed, new Promise((r) => setImmediate(r, false))])));
  release.resolve()
  await closed
  await running.close()
  return { started, answered: received.split('HTTP/1.1 200').length - 1 }
}

test('answers a few pipelined requests', async () => {
  assert.deepEqual(await pipeline(4), { started: 4, answered: 4 })
})

test('closes a connection with more unanswered requests, and starts no handler for the rest', async () => {
  const { started } = await pipeline(2000)
  assert.equal(started, 8)
})
