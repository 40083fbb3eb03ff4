import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { Hono } from 'hono'
import type { Log } from './log.ts'
import { openAddressWarning, type Running, serve } from './serve.ts'
import { bigText, testApp, writeSite } from './site.fixture.ts'

const silent: Log = () => undefined

let site: Awaited<ReturnType<typeof writeSite>>
let running: Running
let app: Awaited<ReturnType<typeof testApp>>['app']

before(async () => {
  site = await writeSite()
  ;({ app } = await testApp(site.siteDir))
  running = await serve({
    app,
    port: 0,
    hostname: '127.0.0.1',
    log: silent,
    requestTimeoutMs: 600,
    headersTimeoutMs: 300,
  })
})
after(async () => {
  await running.close()
  await site.remove()
})

async function dial(port = running.port): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Everything that the server says until it closes. */
async function everything(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  await once(socket, 'close', { signal: AbortSignal.timeout(8000) })
  return text
}

async function exchange(text: string): Promise<string> {
  const socket = await dial()
  socket.write(text, 'latin1')
  return everything(socket)
}

async function isAlive(): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${running.port}/healthz`)).status === 200
}

const post = (headers: string, body = '') =>
  `POST /api/feedback HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n\r\n${body}`

test('serves pages over a socket, with lengths and without a doubled body for HEAD', async () => {
  const whole = await exchange('GET /about/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.match(whole, /^HTTP\/1\.1 200 /)
  assert.match(whole, /content-length: 35\r\n/i)
  assert.ok(whole.endsWith('<title>about</title>'))
  const head = await exchange('HEAD /about/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.match(head, /^HTTP\/1\.1 200 .*content-length: 35\r\n/is)
  assert.ok(head.endsWith('\r\n\r\n'))
})

test('304 over a socket has no body', async () => {
  const first = await fetch(`http://127.0.0.1:${running.port}/about/`)
  const tag = first.headers.get('etag') ?? ''
  const second = await exchange(
    `GET /about/ HTTP/1.1\r\nHost: x\r\nIf-None-Match: ${tag}\r\nAccept-Encoding: gzip, br\r\nConnection: close\r\n\r\n`,
  )
  assert.match(second, /^HTTP\/1\.1 304 |^HTTP\/1\.1 200 /)
  const third = await exchange(`GET /about/ HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\nConnection: close\r\n\r\n`)
  assert.match(third, /^HTTP\/1\.1 304 /)
  assert.ok(third.endsWith('\r\n\r\n'))
})

test('a large file arrives whole, also when a client before gave up on it', async () => {
  const socket = await dial()
  socket.write('GET /big.txt HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'data')
  socket.destroy()
  assert.equal(await (await fetch(`http://127.0.0.1:${running.port}/big.txt`)).text(), bigText)
})

test('raw paths that climb, however written, find nothing', async () => {
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/about/../../secret.txt',
    '//../secret.txt',
    '/..\\secret.txt',
    '/\\..\\secret.txt',
    'http://x/../secret.txt',
  ]) {
    const answer = await exchange(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    assert.match(answer, /^HTTP\/1\.1 4\d\d /, path)
    assert.doesNotMatch(answer, /outside/)
  }
})

test('a message over a socket is stored', async () => {
  const body = '{"kind":"idea","message":"over a socket"}'
  const answer = await exchange(post(`Content-Length: ${body.length}\r\nConnection: close`, body))
  assert.match(answer, /^HTTP\/1\.1 201 /)
})

test('a stated length that is too large is refused before the body is sent', async () => {
  const socket = await dial()
  socket.write(post('Content-Length: 99999999'))
  assert.match(await everything(socket), /^HTTP\/1\.1 413 /)
  assert.ok(await isAlive())
})

test('a chunked body without end is cut at the limit', async () => {
  const socket = await dial()
  socket.write(post('Transfer-Encoding: chunked'))
  const chunk = `400\r\n${'a'.repeat(1024)}\r\n`
  let text = ''
  socket.on('data', (data: Buffer) => (text += data.toString()))
  for (let count = 0; count < 200 && !socket.destroyed; count++) {
    socket.write(chunk)
    await new Promise(setImmediate)
  }
  if (!socket.destroyed) await once(socket, 'close', { signal: AbortSignal.timeout(8000) })
  assert.match(text, /^HTTP\/1\.1 413 /)
  assert.ok(await isAlive())
})

test('a body that comes too slowly is ended with 408', async () => {
  const socket = await dial()
  socket.write(post('Content-Length: 1000', '{"kind":'))
  assert.match(await everything(socket), /^HTTP\/1\.1 408 /)
  assert.ok(await isAlive())
})

test('headers that come too slowly are ended with 408', async () => {
  const socket = await dial()
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')
  assert.match(await everything(socket), /^HTTP\/1\.1 408 /)
})

test('a client that hangs up in the middle of its body harms nobody', async () => {
  for (const leave of ['end', 'destroy', 'resetAndDestroy'] as const) {
    const socket = await dial()
    socket.write(post('Content-Length: 1000', '{"kind":'))
    await new Promise(setImmediate)
    socket[leave]()
    if (!socket.destroyed) await once(socket.resume(), 'close', { signal: AbortSignal.timeout(8000) })
    assert.ok(await isAlive(), leave)
  }
})

test('what is not HTTP is 400, never a crash', async () => {
  for (const text of [
    '\x16\x03\x01\x02\x00',
    'GET\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n',
    post('Content-Length: 5\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n',
  ]) {
    assert.match(await exchange(text), /^HTTP\/1\.1 400 /, JSON.stringify(text))
  }
  assert.match(await exchange(`GET / HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
  assert.ok(await isAlive())
})

test('odd methods are refused', async () => {
  for (const method of ['TRACE', 'PROPFIND', 'M-SEARCH', 'QUERY']) {
    assert.match(
      await exchange(`${method} / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1\.1 4\d\d /,
      method,
    )
  }
})

test('a taken port is an error that says so', async () => {
  await assert.rejects(serve({ app, port: running.port, hostname: '127.0.0.1', log: silent }), { code: 'EADDRINUSE' })
})

/** An application whose one answer waits until it is let go. */
function held() {
  const arrived = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const slow = new Hono()
  slow.get('/', async (context) => {
    arrived.resolve()
    await gate.promise
    return context.text('done')
  })
  return { slow, arrived: arrived.promise, letGo: gate.resolve }
}

test('closing lets a request in flight end, takes no other, then closes what it used', async () => {
  const { slow, arrived, letGo } = held()
  const events: string[] = []
  const server = await serve({
    app: slow,
    port: 0,
    hostname: '127.0.0.1',
    log: silent,
    onClose: () => {
      events.push('database closed')
      return Promise.resolve()
    },
  })
  const idle = await dial(server.port)
  const answer = fetch(`http://127.0.0.1:${server.port}/`).then(async (response) => events.push(await response.text()))
  await arrived
  const closing = server.close()
  await assert.rejects(fetch(`http://127.0.0.1:${server.port}/`))
  assert.deepEqual(events, [])
  letGo()
  await Promise.all([answer, closing, server.close()])
  assert.deepEqual(events, ['done', 'database closed'])
  idle.destroy()
})

test('closing cuts off what outlasts the grace time', async () => {
  const { slow, arrived } = held()
  const server = await serve({ app: slow, port: 0, hostname: '127.0.0.1', log: silent, graceMs: 50 })
  const answer = assert.rejects(fetch(`http://127.0.0.1:${server.port}/`))
  await arrived
  await server.close()
  await answer
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends the process with 0 after the request in flight, also when it comes twice`, async () => {
    const script = `
      const { serve, closeOnSignals, jsonLog } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))})
      const { Hono } = await import(${JSON.stringify(import.meta.resolve('hono'))})
      const app = new Hono()
      app.get('/', (context) => {
        process.send('arrived')
        return new Promise((resolve) => process.once('message', () => resolve(context.text('done'))))
      })
      const log = jsonLog('info')
      const running = await serve({ app, port: 0, hostname: '127.0.0.1', log, onClose: async () => log('info', 'database closed') })
      closeOnSignals(running, log)
      process.send(running.port)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    let output = ''
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const ended = once(child, 'close')
    const [port] = await once(child, 'message')
    const answered = new Promise<string>((resolve, reject) => {
      httpRequest({ port: Number(port), host: '127.0.0.1' }, (response) => {
        response.on('data', (chunk: Buffer) => resolve(chunk.toString()))
      })
        .on('error', reject)
        .end()
    })
    await once(child, 'message')
    child.kill(signal)
    child.kill('SIGINT')
    while (!output.includes('"stopping"')) await once(child.stdout ?? child, 'data')
    child.send('go on')
    assert.equal(await answered, 'done')
    const [code] = await ended
    assert.equal(code, 0)
    assert.match(output, /database closed.*\n.*"stopped"/)
  })
}

for (const hostname of [undefined, '0.0.0.0', '::'])
  test(`listening on ${hostname ?? 'no named address'} is a warning that names HOST=127.0.0.1`, () =>
    assert.match(openAddressWarning(hostname) ?? '', /every address.*plain HTTP\. Set HOST=127\.0\.0\.1/))

for (const hostname of ['127.0.0.1', '::1', '192.0.2.7'])
  test(`listening on ${hostname} is no warning`, () => assert.equal(openAddressWarning(hostname), undefined))
