import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { jsonLog, logLevel } from './log.ts'
import { memoryDatabase, testApp, writeSite } from './site.fixture.ts'

let site: Awaited<ReturnType<typeof writeSite>>
before(async () => {
  site = await writeSite()
})
after(() => site.remove())

test('health is the database answering', async () => {
  const { app } = await testApp(site.siteDir)
  const response = await app.request('/healthz')
  assert.equal(response.status, 200)
  assert.deepEqual(await response.json(), { status: 'ok' })
  assert.equal(response.headers.get('cache-control'), 'no-store')
})

test('a database that fails or hangs is 503, without its secrets', async () => {
  const failing = { ...memoryDatabase(), check: () => Promise.reject(new Error('password secret')) }
  const hanging = { ...memoryDatabase(), check: () => new Promise<void>(() => undefined) }
  for (const database of [failing, hanging]) {
    const { app } = await testApp(site.siteDir, { database, checkTimeoutMs: 10 })
    const response = await app.request('/healthz')
    assert.equal(response.status, 503)
    assert.equal(response.headers.get('content-type'), 'application/problem+json')
    assert.doesNotMatch(await response.text(), /secret/)
  }
})

test('one log line a request, without query, address or browser', async () => {
  const { app, lines } = await testApp(site.siteDir)
  await app.request('/about/?email=me@example.org', {
    headers: { 'user-agent': 'browser', 'x-forwarded-for': '1.2.3.4' },
  })
  assert.equal(lines.length, 1)
  const { ms, ...rest } = lines[0]?.fields ?? {}
  assert.equal(typeof ms, 'number')
  assert.deepEqual(rest, { method: 'GET', path: '/about/', status: 200, bytes: 35 })
})

test('an error inside is logged, and told to nobody', async () => {
  const database = memoryDatabase()
  database.feedback.add = () => Promise.reject(new Error('disk full at /srv/secret'))
  const { app, lines } = await testApp(site.siteDir, { database })
  const response = await app.request('/api/feedback', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"kind":"idea","message":"x"}',
  })
  assert.equal(response.status, 500)
  assert.doesNotMatch(await response.text(), /secret/)
  assert.ok(lines.some(({ level, fields }) => level === 'error' && String(fields?.reason).includes('disk full')))
})

test('unknown addresses under /api/ are problems, not pages', async () => {
  const { app } = await testApp(site.siteDir)
  const response = await app.request('/api/nothing')
  assert.equal(response.status, 404)
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
})

test('log lines are JSON, and lower levels are left out', () => {
  const lines: string[] = []
  const log = jsonLog('warn', (line) => lines.push(line))
  log('info', 'not this')
  log('error', 'line\nbreak', { path: '/\u2028"' })
  assert.equal(lines.length, 1)
  assert.equal(lines[0]?.indexOf('\n'), (lines[0]?.length ?? 0) - 1)
  const { time, ...rest }: Record<string, unknown> = JSON.parse(lines[0] ?? '')
  assert.match(String(time), /^\d{4}-/)
  assert.deepEqual(rest, { level: 'error', message: 'line\nbreak', path: '/\u2028"' })
  assert.equal(logLevel(undefined), 'info')
  assert.equal(logLevel('DEBUG'), 'debug')
  assert.throws(() => logLevel('loud'), /LOG_LEVEL is "loud"/)
})

test('sends includeSubDomains in HSTS when configured', async () => {
  const { app } = await testApp(site.siteDir, { siteOrigin: 'https://viva.test', hstsSubdomains: true })
  const response = await app.request('https://viva.test/about/')
  assert.equal(response.headers.get('strict-transport-security'), 'max-age=31536000; includeSubDomains')
})
