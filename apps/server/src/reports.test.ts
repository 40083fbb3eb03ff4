import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { after, before, test } from 'node:test'
import { jsonLog } from './log.ts'
import { testApp, writeSite } from './site.fixture.ts'

let site: Awaited<ReturnType<typeof writeSite>>
before(async () => {
  site = await writeSite()
})
after(() => site.remove())

type App = Awaited<ReturnType<typeof testApp>>['app']

async function post(app: App, value: unknown, type = 'application/reports+json', headers = {}): Promise<Response> {
  const body = typeof value === 'string' ? value : JSON.stringify(value)
  return app.request('/api/reports/csp', { method: 'POST', headers: { 'content-type': type, ...headers }, body })
}

const report = {
  type: 'csp-violation',
  body: {
    documentURL: 'https://viva.test/quiz/?answer=secret#x',
    blockedURL: `https://evil.test/${'a'.repeat(1000)}`,
    effectiveDirective: 'script-src-elem',
    sourceFile: 'https://viva.test/_astro/a.js?x',
    lineNumber: 7,
    sample: 'what the reader typed',
  },
}

test('a report of the Reporting API is logged, cut and without queries, and stored nowhere', async () => {
  const { app, lines, database } = await testApp(site.siteDir)
  const response = await post(app, [report, { type: 'deprecation', body: {} }, report])
  assert.equal(response.status, 204)
  const violations = lines.filter(({ message }) => message === 'policy violation')
  assert.equal(violations.length, 2)
  const { client, ...fields } = violations[0]?.fields ?? {}
  assert.match(String(client), /^[\w-]{12}$/)
  assert.deepEqual(fields, {
    page: 'https://viva.test/quiz/',
    blocked: `https://evil.test/${'a'.repeat(182)}`,
    directive: 'script-src-elem',
    source: 'https://viva.test/_astro/a.js',
    line: 7,
  })
  assert.doesNotMatch(JSON.stringify(lines), /secret|typed/)
  assert.equal(database.kept.length, 0)
})

test('a report of report-uri is logged', async () => {
  const { app, lines } = await testApp(site.siteDir)
  const body = { 'csp-report': { 'document-uri': 'https://viva.test/', 'violated-directive': 'img-src' } }
  assert.equal((await post(app, body, 'application/csp-report')).status, 204)
  assert.equal(lines[0]?.fields?.directive, 'img-src')
})

test('fields cannot steer the terminal that shows the log', async () => {
  const written: string[] = []
  const { app } = await testApp(site.siteDir, { log: jsonLog('info', (line) => written.push(line)) })
  await post(app, [{ type: 'csp-violation', body: { effectiveDirective: 'a\u202e\u009b\u200b\n\u001b' } }])
  assert.match(written[0] ?? '', /a\\u202e\\u009b\\u200b\\n\\u001b/)
})

test('at most ten reports of one body are logged', async () => {
  const { app, lines } = await testApp(site.siteDir)
  await post(
    app,
    Array.from({ length: 50 }, () => ({ type: 'csp-violation', body: {} })),
  )
  assert.equal(lines.filter(({ message }) => message === 'policy violation').length, 10)
})

test('reports have a limit of their own, and messages keep theirs', async () => {
  const { app, lines, time } = await testApp(site.siteDir)
  for (let count = 0; count < 20; count++) assert.equal((await post(app, [])).status, 204)
  const response = await post(app, [])
  assert.equal(response.status, 429)
  assert.equal(response.headers.get('retry-after'), '3')
  assert.ok(lines.some(({ message }) => message === 'rate limited'))
  const message = await app.request('/api/feedback', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"kind":"idea","message":"x"}',
  })
  assert.equal(message.status, 201)
  time.ms += 3000
  assert.equal((await post(app, [])).status, 204)
})

test('wrong bodies, types, methods and origins are a clear 4xx', async () => {
  const { app } = await testApp(site.siteDir)
  assert.equal((await post(app, '{')).status, 400)
  assert.equal((await post(app, `"${'a'.repeat(17_000)}"`)).status, 413)
  assert.equal((await post(app, '{}', 'text/plain', { origin: 'http://localhost' })).status, 415)
  assert.equal((await post(app, '{}', 'text/plain')).status, 403)
  assert.equal((await post(app, [report], 'application/csp-report', { origin: 'http://evil.test' })).status, 403)
  const get = await app.request('/api/reports/csp')
  assert.equal(get.status, 405)
  assert.equal(get.headers.get('allow'), 'POST')
})

test('any JSON is 204 or 4xx', async () => {
  const { app, time } = await testApp(site.siteDir)
  const near = fc.record({ type: fc.constant('csp-violation'), body: fc.anything() })
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.jsonValue(), fc.array(near)), async (value) => {
      time.ms += 60_000
      const text = JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one)) ?? ''
      const { status } = await post(app, text)
      assert.ok([204, 400, 413].includes(status), `${status}`)
    }),
    { numRuns: 300 },
  )
})
