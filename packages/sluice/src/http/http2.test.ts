/** HTTP/2, by the compatibility API of node:http2: a real server and a real client on loopback. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { gate } from '../index.ts'
import { admission } from './admission.ts'
import { contextOf } from './admitted.ts'
import type { AdmissionOptions } from './door.ts'
import { ClientGone, ReaderStalled } from './errors.ts'
import { until } from './sockets.fixture.ts'

type Handler = (request: Http2ServerRequest, response: Http2ServerResponse) => unknown

async function serve(t: TestContext, handler: Handler, options: AdmissionOptions = {}) {
  const errors: unknown[] = []
  const door = admission({
    gate: gate({ limit: 2, queue: { capacity: 0 } }),
    onError: (error) => errors.push(error),
    ...options,
  })
  const server: Http2Server = createServer(door.node(handler))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  t.after(() => {
    session.destroy()
    server.close()
  })
  return { door, server, session, errors, isFree: () => until(() => door.gate.inFlight === 0) }
}

async function ask(session: ClientHttp2Session, headers: Record<string, string> = {}, body?: string | Buffer[]) {
  const stream = session.request({ ':path': '/', ...headers })
  stream.on('error', () => {})
  const head = once(stream, 'response')
  if (typeof body === 'string') stream.end(body)
  else if (body === undefined) stream.end()
  else for (const part of body) stream.write(part)
  const [fields] = (await head) as [Record<string, string | number>]
  let text = ''
  for await (const part of stream) text += String(part)
  return { status: fields[':status'], fields, text, stream }
}

const readAll = async (request: Http2ServerRequest): Promise<number> => {
  let bytes = 0
  for await (const part of request) bytes += (part as Buffer).length
  return bytes
}

describe('HTTP/2', () => {
  test('admits, hands on the context, and refuses with 503 and Retry-After', async (t) => {
    const held = Promise.withResolvers<void>()
    const { door, session, isFree } = await serve(t, async (request, response) => {
      const { signal, deadlineAt } = contextOf(request)!
      await held.promise
      response.end(`${signal.aborted} ${deadlineAt! > 0}`)
    })
    const all = [1, 2].map(() => ask(session, { 'request-timeout-ms': '60000' }))
    await until(() => door.gate.inFlight === 2)
    const refused = await ask(session)
    assert.equal(refused.status, 503)
    assert.ok(Number(refused.fields['retry-after']) >= 1)
    assert.equal(refused.fields['connection'], undefined)
    held.resolve()
    for (const { status, text } of await Promise.all(all)) assert.deepEqual([status, text], [200, 'false true'])
    await isFree()
  })

  test('a body without a length is bounded by maxBytes: 413, and its handler fails', async (t) => {
    const { session, isFree } = await serve(
      t,
      async (request, response) => response.end(`${await readAll(request)} bytes`),
      { body: { maxBytes: 1000 } },
    )
    assert.equal((await ask(session, { ':method': 'POST' }, 'x'.repeat(1000))).text, '1000 bytes')
    const parts = Array.from({ length: 11 }, () => Buffer.alloc(100))
    const long = await ask(session, { ':method': 'POST' }, parts)
    assert.equal(long.status, 413)
    assert.match(long.text, /1000 bytes/)
    await isFree()
    // The session lives on.
    assert.equal((await ask(session, { ':method': 'POST' }, 'x')).text, '1 bytes')
  })

  test('a body that stops coming is a 408', async (t) => {
    const { session, isFree } = await serve(t, async (request, response) => response.end(`${await readAll(request)}`), {
      stallMs: 100,
    })
    const slow = await ask(session, { ':method': 'POST' }, [Buffer.from('half')])
    assert.equal(slow.status, 408)
    await isFree()
  })

  test('a client that resets its stream is seen: the signal is aborted, the permit released', async (t) => {
    const reasons: unknown[] = []
    const { door, session, isFree } = await serve(
      t,
      (request) =>
        new Promise((_resolve, reject) => {
          const { signal } = contextOf(request)!
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason)
            reject(signal.reason as Error)
          })
        }),
    )
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => {})
    await until(() => door.gate.inFlight === 1)
    stream.close(constants.NGHTTP2_CANCEL)
    await isFree()
    assert.ok(reasons[0] instanceof ClientGone)
  })

  test('an answer that ends well aborts nothing', async (t) => {
    let signal: AbortSignal | undefined
    const { session, isFree } = await serve(t, (request, response) => {
      signal = contextOf(request)!.signal
      response.end('whole')
    })
    const { stream, text } = await ask(session)
    assert.equal(text, 'whole')
    if (!stream.closed) await once(stream, 'close')
    await isFree()
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(signal!.aborted, false)
  })

  test('a client that takes nothing of its answer for stallMs is cut off', async (t) => {
    let reason: unknown
    const { session, isFree } = await serve(
      t,
      (request, response) => {
        const { signal } = contextOf(request)!
        signal.addEventListener('abort', () => (reason = signal.reason))
        response.end(Buffer.alloc(4 * 2 ** 20))
      },
      { stallMs: 100 },
    )
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => {})
    await once(stream, 'response')
    // It never reads: its window is soon full.
    await until(() => reason !== undefined)
    assert.ok(reason instanceof ReaderStalled)
    await until(() => stream.closed || stream.destroyed)
    await isFree()
  })

  test('its deadline is a 503 in place of the handler, which cannot bring the server down', async (t) => {
    let isDone = false
    const { session, isFree } = await serve(t, (request, response) => {
      contextOf(request)!.signal.addEventListener('abort', () =>
        setImmediate(() => {
          response.setHeader('x-late', '1')
          response.writeHead(200)
          response.write('late')
          response.end('late')
          isDone = true
        }),
      )
    })
    const late = await ask(session, { 'request-timeout-ms': '30' })
    assert.equal(late.status, 503)
    await until(() => isDone)
    await isFree()
    assert.doesNotMatch(late.text, /late/)
  })

  test('a handler that throws is a 500, and told', async (t) => {
    const { session, isFree, errors } = await serve(t, () => {
      throw new Error('early')
    })
    assert.equal((await ask(session)).status, 500)
    await isFree()
    assert.equal((errors[0] as Error).message, 'early')
  })

  test('attached: one that waits for 100 Continue is refused before its body, or goes on', async (t) => {
    const door = admission({ gate: gate({ limit: 1, queue: { capacity: 0 } }) })
    const server = createServer()
    door.attach(server, async (request: Http2ServerRequest, response: Http2ServerResponse) =>
      response.end(`${await readAll(request)} bytes`),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    t.after(() => {
      session.destroy()
      server.close()
    })
    const head = { ':method': 'POST', expect: '100-continue' }
    assert.equal((await ask(session, head, 'four')).text, '4 bytes')
    await door.gate.acquire()
    assert.equal((await ask(session, head, 'four')).status, 503)
  })
})
