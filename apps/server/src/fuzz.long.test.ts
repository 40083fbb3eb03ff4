/**
 * Requests made from the schemas, over a socket: whatever arrives, no 5xx, no stack trace, every
 * security header, valid problem documents, and nothing stored that was refused.
 */
import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { z } from 'zod'
import { feedbackKinds } from './database/index.ts'
import { type Running, serve } from './serve.ts'
import { memoryDatabase, testApp, writeSite } from './site.fixture.ts'

/** Cases of one route. A run stops after `routeMs` too, so that a loaded machine is not held up. */
const cases = 10_000
const routeMs = 10_000
const seed = Number(process.env.VIVA_TEST_SEED ?? 20_261_124)

let site: Awaited<ReturnType<typeof writeSite>>
before(async () => {
  site = await writeSite()
})
after(() => site.remove())

let running: Running
let database: ReturnType<typeof memoryDatabase>
let time: { ms: number }
let agent: Agent
const errors: string[] = []
/** Messages that were stored, so that a run that stores nothing does not pass. */
let storedCount = 0

beforeEach(async () => {
  database = memoryDatabase()
  errors.length = 0
  storedCount = 0
  const log = (level: string, message: string, fields?: Record<string, unknown>) => {
    if (level === 'error') errors.push(`${message} ${JSON.stringify(fields)}`)
  }
  time = { ms: Date.parse('2026-11-20T10:00:00Z') }
  const { app } = await testApp(site.siteDir, { database, log, clock: { now: () => time.ms } })
  running = await serve({ app, port: 0, hostname: '127.0.0.1', log })
  agent = new Agent({ keepAlive: true, maxSockets: 4 })
})
afterEach(async () => {
  agent.destroy()
  await running.close()
})

type Answer = { status: number; headers: Record<string, string | string[] | undefined>; body: string }
type Sent = { method: string; path: string; headers: Record<string, string>; body: Uint8Array | string | undefined }

function send({ method, path, headers, body }: Sent): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const sent = request(
    { port: running.port, host: '127.0.0.1', agent, method, path, headers: { host: 'viva.test', ...headers } },
    (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }))
    },
  )
  sent.on('error', reject)
  sent.end(body)
  return promise
}

const problem = z.object({
  type: z.string(),
  title: z.string().min(3),
  status: z.number(),
  detail: z.string().min(3),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
})

const everywhere = [
  'content-security-policy',
  'cross-origin-resource-policy',
  'origin-agent-cluster',
  'permissions-policy',
  'referrer-policy',
  'x-content-type-options',
]

function checkAnswer({ status, headers, body }: Answer): void {
  assert.ok(status >= 200 && status < 500, `status ${status}`)
  for (const name of everywhere) assert.ok(headers[name], `${status} without ${name}`)
  assert.doesNotMatch(body, /node:internal|\bat .*\.ts:\d+|\/src\//)
  if (headers['content-type'] !== 'application/problem+json' || body === '') return
  assert.equal(problem.parse(JSON.parse(body)).status, status)
}

/** Runs `cases` cases, or as many as fit into `routeMs`. */
async function fuzz<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>): Promise<void> {
  let count = 0
  const property = fc.asyncProperty(arbitrary, async (value) => {
    count++
    await check(value)
  })
  await fc.assert(property, { numRuns: cases, seed, interruptAfterTimeLimit: routeMs })
  assert.deepEqual(errors, [])
  assert.ok(count >= 300, `only ${count} cases within ${routeMs} ms`)
}

const anyUnit = fc.oneof(fc.nat(0x10ffff), fc.nat(0x9f)).map((code) => String.fromCodePoint(code))
const anyText = fc.oneof(fc.string(), fc.string({ unit: anyUnit }), fc.string({ unit: 'grapheme', maxLength: 300 }))
/** Printable ASCII and latin1, which is all that Node's client sends in a header. */
const headerText = fc.string({
  unit: fc
    .nat(0xff)
    .filter((code) => code > 0x1f && code !== 0x7f)
    .map((code) => String.fromCharCode(code)),
})

const own = 'http://viva.test'
const odd = (name: string, likely: fc.Arbitrary<string>) =>
  fc
    .option(fc.oneof({ weight: 4, arbitrary: likely }, { weight: 1, arbitrary: headerText }), { nil: undefined })
    .map((value): Record<string, string> => (value === undefined ? {} : { [name]: value }))
const someHeaders = fc
  .tuple(
    odd('origin', fc.constantFrom(own, own, own, 'http://evil.test', 'null', 'HTTP://VIVA.TEST:80')),
    odd('sec-fetch-site', fc.constantFrom('same-origin', 'same-origin', 'cross-site', 'none')),
    odd('cookie', fc.constantFrom('a=b')),
    odd('accept-encoding', fc.constantFrom('br', 'gzip', '*;q=0', 'identity;q=0')),
    odd('if-none-match', fc.constantFrom('*', '"a"', 'W/"a"')),
    odd('range', fc.constantFrom('bytes=0-1', 'bytes=9-1')),
    odd('x-forwarded-for', fc.constantFrom('1.2.3.4', '[::1]:80', 'unknown')),
    odd('x-forwarded-host', fc.constantFrom('evil.test')),
  )
  .map((all): Record<string, string> => Object.assign({}, ...all))

const fields = fc.record(
  {
    kind: fc.oneof(fc.constantFrom(...feedbackKinds), anyText),
    message: fc.oneof(anyText, fc.string({ minLength: 3900, maxLength: 4100 })),
    question: fc.oneof(fc.constantFrom('a/b', '../x'), anyText),
    section: anyText,
    page: fc.oneof(fc.webPath(), anyText),
    email: fc.oneof(fc.emailAddress(), anyText),
    website: fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: anyText }),
    extra: anyText,
  },
  { requiredKeys: ['kind', 'message'] },
)
const wellFormed = fc.record({ kind: fc.constantFrom(...feedbackKinds), message: fc.string({ minLength: 1 }) })

/** A response is checked; a message was stored if and only if the answer says so. */
async function checkStored(sent: Sent): Promise<void> {
  time.ms += 600_000
  const answer = await send(sent)
  checkAnswer(answer)
  const [stored, ...more] = database.kept.splice(0)
  assert.equal(more.length, 0)
  const isJson = answer.headers['content-type'] === 'application/json'
  if (answer.status !== 201) assert.equal(stored, undefined, `stored with ${answer.status}`)
  else if (isJson) assert.ok(stored)
  if (!stored) return
  storedCount++
  const { origin } = sent.headers
  assert.ok(origin === undefined || origin.toLowerCase().replace(/:80$/, '') === own, `stored for ${origin}`)
  assert.ok([undefined, 'same-origin'].includes(sent.headers['sec-fetch-site']?.trim()))
  const texts = Object.values(stored).map(String)
  // oxlint-disable-next-line no-control-regex -- these must not be stored
  assert.ok(texts.every((text) => text.isWellFormed() && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text)))
}

describe('any request', () => {
  test('feedback as JSON', async () => {
    const bodies = fc.oneof(
      { weight: 2, arbitrary: wellFormed.map((value) => JSON.stringify(value)) },
      { weight: 4, arbitrary: fields.map((value) => JSON.stringify(value)) },
      { weight: 1, arbitrary: fc.json() },
      { weight: 1, arbitrary: anyText },
      { weight: 1, arbitrary: fc.uint8Array().map((bytes) => new Uint8Array(bytes)) },
    )
    const types = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('application/json', 'Application/JSON; charset=utf-8') },
      { weight: 1, arbitrary: headerText },
    )
    await fuzz(fc.tuple(bodies, types, someHeaders), async ([body, type, headers]) =>
      checkStored({ method: 'POST', path: '/api/feedback', headers: { ...headers, 'content-type': type }, body }),
    )
    assert.ok(storedCount > 10, `${storedCount} stored`)
  })

  test('feedback as a form', async () => {
    const bodies = fc.oneof(
      { weight: 2, arbitrary: wellFormed.map((value) => new URLSearchParams(value).toString()) },
      { weight: 4, arbitrary: fields.map((value) => new URLSearchParams(value).toString()) },
      { weight: 1, arbitrary: anyText },
    )
    const type = 'application/x-www-form-urlencoded'
    await fuzz(fc.tuple(bodies, someHeaders), async ([body, headers]) =>
      checkStored({ method: 'POST', path: '/api/feedback', headers: { ...headers, 'content-type': type }, body }),
    )
    assert.ok(storedCount > 10, `${storedCount} stored`)
  })

  test('policy reports', async () => {
    const report = fc.record({ type: fc.constantFrom('csp-violation', 'x'), body: fc.oneof(fc.object(), anyText) })
    const bodies = fc.oneof(
      fc.array(report).map((value) => JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? 0 : one))),
      fc.record({ 'csp-report': fc.dictionary(anyText, anyText) }).map((value) => JSON.stringify(value)),
      fc.json(),
      anyText,
    )
    const types = fc.constantFrom('application/reports+json', 'application/csp-report', 'text/plain')
    await fuzz(fc.tuple(bodies, types, someHeaders), async ([body, type, headers]) =>
      checkStored({ method: 'POST', path: '/api/reports/csp', headers: { ...headers, 'content-type': type }, body }),
    )
  })

  const methods = fc.constantFrom('GET', 'GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND')
  const pieces = fc.oneof(
    fc.constantFrom('..', '.', '%2e%2e', '%2f', '%5c', '%00', '%E0%A4%A', '%', 'about', 'index.html', 'frame.html'),
    fc.constantFrom('engines', '_astro', 'api', 'feedback', 'healthz', '.secret', 'secret.txt', 'big.txt.br', ''),
    fc.string().map((text) => encodeURIComponent(text.toWellFormed())),
  )
  const paths = fc.array(pieces, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`)

  test('pages, files and unknown addresses, with any method', async () => {
    await fuzz(
      fc.tuple(methods, paths, fc.webQueryParameters(), someHeaders),
      async ([method, path, query, headers]) => {
        const answer = await send({ method, path: `${path}?${query}`, headers, body: undefined })
        checkAnswer(answer)
        assert.doesNotMatch(answer.body, /^(outside|never)$/)
        assert.doesNotMatch(String(answer.headers.location ?? '/'), /^(\/\/|\/\\|\\|[a-z]+:)/i)
        assert.equal(answer.headers['set-cookie'], undefined)
      },
    )
  })

  test('health, with any method', async () => {
    await fuzz(fc.tuple(methods, someHeaders), async ([method, headers]) =>
      checkAnswer(await send({ method, path: '/healthz', headers, body: undefined })),
    )
  })

  /** One connection for each: what Node's client would not send. */
  test('raw bytes in place of a request', async () => {
    const bytes = fc.string({ unit: fc.nat(0xff).map((code) => String.fromCharCode(code)), maxLength: 80 })
    const line = fc.oneof(bytes, fc.constantFrom('GET / HTTP/1.1', 'POST /api/feedback HTTP/1.1', 'GET /%00 HTTP/1.0'))
    const header = fc.oneof(
      bytes,
      fc.constantFrom('Host: viva.test', 'Host: a, b', 'Content-Length: 5', 'Transfer-Encoding: chunked', 'Expect: x'),
      fc.constantFrom('Connection: upgrade', 'Upgrade: websocket', 'Transfer-Encoding: gzip', 'Content-Length: 1e3'),
    )
    const texts = fc
      .tuple(line, fc.array(header, { maxLength: 5 }))
      .map(([first, rest]) => [first, ...rest].join('\r\n'))
    await fuzz(texts, async (text) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const socket = connect({ port: running.port, host: '127.0.0.1' })
      let received = ''
      socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      // Half-closed: the server answers what it has, and closes.
      socket.end(`${text}\r\n\r\n`, 'latin1')
      await promise
      for (const [, status] of received.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)) assert.ok(Number(status) < 500, received)
      if (received.startsWith('HTTP/1.1 ')) {
        const head = received.slice(0, received.indexOf('\r\n\r\n')).toLowerCase()
        for (const name of everywhere) assert.ok(head.includes(`\r\n${name}: `), `${head} without ${name}`)
      }
      assert.doesNotMatch(received, /node:internal|\bat .*\.ts:\d+/)
    })
  })
})
