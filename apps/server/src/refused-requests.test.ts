/**
 * What is not a well-formed request, over a socket: a clear 4xx with every security header and a
 * log line.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { httpsPagePolicy } from './security.ts'
import { type Running, serve } from './serve.ts'
import { testApp, writeSite } from './site.fixture.ts'

let site: Awaited<ReturnType<typeof writeSite>>
let running: Running
const lines: { message: string; fields: Record<string, unknown> }[] = []

before(async () => {
  site = await writeSite()
  const { app } = await testApp(site.siteDir, { siteOrigin: 'https://viva.test' })
  running = await serve({
    app,
    port: 0,
    hostname: '127.0.0.1',
    siteOrigin: 'https://viva.test',
    log: (_level, message, fields = {}) => lines.push({ message, fields }),
    requestTimeoutMs: 400,
    headersTimeoutMs: 200,
  })
})
after(async () => {
  await running.close()
  await site.remove()
})

async function exchange(text: string): Promise<string> {
  const socket = connect({ port: running.port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  let received = ''
  socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')))
  socket.write(text, 'latin1')
  await once(socket, 'close', { signal: AbortSignal.timeout(8000) })
  return received
}

function headersOf(answer: string): Map<string, string> {
  const head = answer.slice(0, answer.indexOf('\r\n\r\n')).split('\r\n').slice(1)
  return new Map(
    head.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  )
}

const get = (target: string, headers = 'Host: viva.test\r\nConnection: close\r\n') =>
  `GET ${target} HTTP/1.1\r\n${headers}\r\n`

const cases: [title: string, request: string, status: number][] = [
  ['a TLS handshake', '\x16\x03\x01\x02\x00', 400],
  ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['no version', 'GET\r\n\r\n', 400],
  ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['no Host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 400],
  ['an empty Host', get('/', 'Host:\r\nConnection: close\r\n'), 400],
  ['two Hosts', get('/', 'Host: viva.test\r\nHost: evil.test\r\nConnection: close\r\n'), 400],
  ['two equal Hosts', get('/', 'Host: viva.test\r\nhost: viva.test\r\nConnection: close\r\n'), 400],
  ['a space in Host', get('/', 'Host: a b\r\nConnection: close\r\n'), 400],
  ['a path in Host', get('/', 'Host: viva.test/x\r\nConnection: close\r\n'), 400],
  ['userinfo in Host', get('/', 'Host: a@viva.test\r\nConnection: close\r\n'), 400],
  ['an encoded Host', get('/', 'Host: %76iva.test\r\nConnection: close\r\n'), 400],
  ['a list in Host', get('/', 'Host: viva.test, evil.test\r\nConnection: close\r\n'), 400],
  ['a Host that is normalised', get('/', 'Host: 1.2.3\r\nConnection: close\r\n'), 400],
  ['a port beyond the last', get('/', 'Host: viva.test:99999\r\nConnection: close\r\n'), 400],
  ['a script in Host', get('/', 'Host: <script>\r\nConnection: close\r\n'), 400],
  ['an address of another host', get('http://evil.test/'), 400],
  ['an address with userinfo', get('http://viva.test@evil.test/'), 400],
  ['an asterisk', get('*'), 400],
  ['a target without a slash', get('about'), 400],
  ['length with chunks', get('/', 'Host: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n') + '0\r\n\r\n', 400],
  ['two lengths', get('/', 'Host: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n') + 'hello', 400],
  ['a negative length', get('/', 'Host: x\r\nContent-Length: -1\r\n'), 400],
  ['a header name with a space', get('/', 'Host: x\r\nA b: c\r\n'), 400],
  ['a NUL in a header', get('/', 'Host: x\r\nA: b\0c\r\n'), 400],
  ['a NUL in the target', get('/a\0b'), 400],
  ['a folded header', get('/', 'Host: x\r\nA: b\r\n c\r\nConnection: close\r\n'), 400],
  ['a bare carriage return', get('/', 'Host: x\r\nA: b\rX: c\r\n'), 400],
  ['an encoded NUL', get('/a%00b'), 404],
  ['an encoded slash', get('/about%2f'), 404],
  ['an encoded line break', get('/about%0d%0aSet-Cookie:%20a=b'), 404],
  ['invalid percent-encoding', get('/%E0%A4%A'), 404],
  ['a lone percent sign', get('/%'), 404],
  ['a long address', get(`/${'a'.repeat(8000)}`), 414],
  ['an address beyond the header limit', get(`/${'a'.repeat(20_000)}`), 431],
  ['large headers', get('/', `Host: x\r\nA: ${'a'.repeat(20_000)}\r\n`), 431],
  ['an unknown expectation', get('/', 'Host: x\r\nExpect: a-miracle\r\nConnection: close\r\n'), 417],
  ['CONNECT', 'CONNECT viva.test:443 HTTP/1.1\r\nHost: viva.test\r\n\r\n', 405],
  ['an unknown method', 'FROBNICATE / HTTP/1.1\r\nHost: x\r\n\r\n', 400],
  ['headers that do not end', 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ', 408],
  ['silence', '', 408],
]

for (const [title, request, status] of cases) {
  test(`${title} is ${status}, with every security header`, async () => {
    const answer = await exchange(request)
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), answer.slice(0, 200))
    assert.doesNotMatch(answer, /set-cookie|node:internal|\.ts:\d/i)
    const headers = headersOf(answer)
    assert.equal(headers.get('content-security-policy'), httpsPagePolicy)
    for (const name of [
      'cross-origin-opener-policy',
      'cross-origin-resource-policy',
      'origin-agent-cluster',
      'permissions-policy',
      'referrer-policy',
      'reporting-endpoints',
      'x-content-type-options',
      'x-frame-options',
    ])
      assert.ok(headers.has(name), name)
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
    assert.equal(Number(headers.get('content-length')), body.length)
    if (status === 404) return
    assert.equal(headers.get('content-type'), 'application/problem+json')
    assert.equal(headers.get('strict-transport-security'), 'max-age=31536000')
    const problem: { status?: number; detail?: string } = JSON.parse(body)
    assert.equal(problem.status, status)
    assert.ok(problem.detail)
  })
}

test('an absolute target on the own host is served, as RFC 9112 asks', async () => {
  assert.match(await exchange(get('http://viva.test/about/')), /^HTTP\/1\.1 200 /)
})

test('refused requests are logged with a pseudonym, and a flood of them is not', async () => {
  // The burst of this kind of event is used up by the cases above.
  const before = lines.filter(({ message }) => message === 'malformed request')
  assert.ok(before.length >= 20 && before.length <= 30, `${before.length} lines`)
  for (const { fields } of before) {
    assert.match(String(fields.client), /^[\w-]{12}$/)
    assert.doesNotMatch(JSON.stringify(fields), /127\.0\.0\.1/)
  }
  for (let count = 0; count < 50; count++) await exchange('GET\r\n\r\n')
  const after = lines.filter(({ message }) => message === 'malformed request')
  assert.ok(after.length - before.length < 10, `${after.length - before.length} lines for 50 requests`)
})

test('an error in the middle of a response ends the connection without a second response', async () => {
  const answer = await exchange(`GET /about/ HTTP/1.1\r\nHost: x\r\n\r\n\0\0\0\r\n\r\n`)
  assert.ok(answer.split('HTTP/1.1 ').length <= 3)
  assert.doesNotMatch(answer, /<title>about.*<title>about/s)
})
