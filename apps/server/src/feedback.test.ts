import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { after, before, describe, test } from 'node:test'
import { z } from 'zod'
import { DatabaseUnavailable } from './database/index.ts'
import { memoryDatabase, testApp, writeSite } from './site.fixture.ts'

let site: Awaited<ReturnType<typeof writeSite>>
before(async () => {
  site = await writeSite()
})
after(() => site.remove())

type App = Awaited<ReturnType<typeof testApp>>['app']

function post(app: App, body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}) {
  return app.request('/api/feedback', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  })
}

function postForm(app: App, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return post(app, new URLSearchParams(fields).toString(), {
    'content-type': 'application/x-www-form-urlencoded',
    origin: 'http://localhost',
    ...headers,
  })
}

const problemShape = z.object({
  status: z.number(),
  detail: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
})

const good = { kind: 'mistake', message: 'The second fence prints 3.' }

describe('as JSON', () => {
  test('a message is stored and its id given back', async () => {
    const { app, database } = await testApp(site.siteDir)
    const whole = {
      ...good,
      question: 'javascript/closures',
      section: 'Answer',
      page: '/javascript/closures/',
      email: 'a@b.org',
      website: '',
    }
    const response = await post(app, JSON.stringify(whole))
    assert.equal(response.status, 201)
    assert.deepEqual(await response.json(), { id: 'id0' })
    const { website: _trap, ...kept } = whole
    assert.deepEqual(database.kept, [{ ...kept, id: 'id0', createdAt: '2026-11-20T10:00:00.000Z' }])
  })

  test('empty optional fields are absent ones, line ends are one character', async () => {
    const { app, database } = await testApp(site.siteDir)
    assert.equal(
      (await post(app, JSON.stringify({ ...good, message: ' a\r\nb\rc ', email: ' ', question: '' }))).status,
      201,
    )
    assert.equal(database.kept[0]?.message, 'a\nb\nc')
    assert.equal(database.kept[0]?.email, undefined)
  })

  test('any writing system, emoji and right-to-left text are welcome', async () => {
    const { app, database } = await testApp(site.siteDir)
    const message = '你好 שלום \u202Eabc 👩‍👩‍👧‍👦 e\u0301 \uFFFD \u{10FFFF} \u2028'
    assert.equal((await post(app, JSON.stringify({ ...good, message }))).status, 201)
    assert.equal(database.kept[0]?.message, message.trim())
  })

  const longest = '😀'.repeat(3000) + 'a'.repeat(1000)
  test('4,000 characters are read, however many bytes they take', async () => {
    const { app } = await testApp(site.siteDir)
    assert.equal((await post(app, JSON.stringify({ ...good, message: longest }))).status, 201)
    assert.equal((await post(app, JSON.stringify({ ...good, message: `${longest}b` }))).status, 422)
  })

  const refused: [title: string, body: string, field: string, words: RegExp][] = [
    ['no message', '{"kind":"idea"}', 'message', /must be text/],
    ['an empty message', '{"kind":"idea","message":"  \\n "}', 'message', /is empty/],
    ['an unknown kind', '{"kind":"rant","message":"x"}', 'kind', /mistake, idea, praise, other/],
    ['a number for text', '{"kind":"idea","message":5}', 'message', /must be text/],
    ['an unknown field', '{"kind":"idea","message":"x","admin":true}', 'admin', /not a field/],
    ['a field called __proto__', '{"kind":"idea","message":"x","__proto__":{"a":1}}', '__proto__', /not a field/],
    ['half a character', '{"kind":"idea","message":"\\ud800"}', 'message', /lone surrogate/],
    ['NUL', '{"kind":"idea","message":"a\\u0000b"}', 'message', /control characters/],
    ['a terminal escape', '{"kind":"idea","message":"a\\u001b[2Jb"}', 'message', /control characters/],
    ['NUL in an address', '{"kind":"idea","message":"x","email":"a\\u0000@b.org"}', 'email', /e-mail|control/],
    ['no e-mail address', '{"kind":"idea","message":"x","email":"me"}', 'email', /e-mail address/],
    ['an outside page', '{"kind":"idea","message":"x","page":"//evil.example"}', 'page', /path on this site/],
    ['no question id', '{"kind":"idea","message":"x","question":"../../etc"}', 'question', /id of a question/],
    ['an array', '[]', '', /one JSON object/],
    ['null', 'null', '', /one JSON object/],
    ['a text', '"hello"', '', /one JSON object/],
  ]
  for (const [title, body, field, words] of refused) {
    test(`${title} is refused with what is wrong`, async () => {
      const { app, database } = await testApp(site.siteDir)
      const response = await post(app, body)
      assert.equal(response.status, 422)
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
      const problem = problemShape.parse(await response.json())
      assert.equal(problem.status, 422)
      assert.match(problem.detail, words)
      if (field)
        assert.ok(
          problem.errors?.some((error) => error.field === field && words.test(error.message)),
          JSON.stringify(problem),
        )
      assert.equal(database.kept.length, 0)
    })
  }

  test('what is not JSON, or not UTF-8, is 400', async () => {
    const { app } = await testApp(site.siteDir)
    for (const body of ['', '{', '{"kind":', 'kind=idea', '\uFEFF{', '{"a":1}{"b":2}']) {
      const response = await post(app, body)
      assert.equal(response.status, 400, body)
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
    }
    assert.equal((await post(app, new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22]))).status, 400)
  })

  test('deep nesting is a 4xx like any other wrong body', async () => {
    const { app } = await testApp(site.siteDir)
    const { status } = await post(app, `{"message":${'['.repeat(7000)}${']'.repeat(7000)}}`)
    assert.equal(status, 422)
  })

  test('more than 16 KiB is 413, counted while it arrives when no length is stated', async () => {
    const { app } = await testApp(site.siteDir)
    assert.equal((await post(app, `"${'a'.repeat(16 * 1024)}"`)).status, 413)
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1024
        controller.enqueue(new Uint8Array(1024))
      },
    })
    const request = new Request('http://localhost/api/feedback', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: endless,
      duplex: 'half',
    })
    assert.equal((await app.request(request)).status, 413)
    assert.ok(pulled < 32 * 1024, `${pulled} bytes were asked for`)
  })

  test('another content type is 415, another method 405, another site 403', async () => {
    const { app } = await testApp(site.siteDir)
    for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/jsonp', '']) {
      assert.equal((await post(app, '{}', { 'content-type': type, origin: 'http://localhost' })).status, 415, type)
    }
    const get = await app.request('/api/feedback')
    assert.equal(get.status, 405)
    assert.equal(get.headers.get('allow'), 'POST')
    assert.equal((await post(app, JSON.stringify(good), { 'sec-fetch-site': 'cross-site' })).status, 403)
    assert.equal((await post(app, JSON.stringify(good), { 'sec-fetch-site': 'same-origin' })).status, 201)
    assert.equal(
      (await post(app, JSON.stringify(good), { 'content-type': 'Application/JSON; charset=utf-8' })).status,
      201,
    )
  })

  test('a filled honeypot is 202 and stores nothing', async () => {
    const { app, database } = await testApp(site.siteDir)
    assert.equal((await post(app, JSON.stringify({ ...good, website: 'http://spam.example' }))).status, 202)
    assert.equal(database.kept.length, 0)
  })

  test('the sixth message within ten minutes waits; another client does not', async () => {
    const { app, time, database } = await testApp(site.siteDir, { trustedHops: 1 })
    const from = (address: string) => post(app, JSON.stringify(good), { 'x-forwarded-for': address })
    for (let count = 0; count < 5; count++) assert.equal((await from('1.2.3.4')).status, 201)
    const sixth = await from('1.2.3.4')
    assert.equal(sixth.status, 429)
    assert.equal(sixth.headers.get('retry-after'), '120')
    assert.equal((await from('1.2.3.5')).status, 201)
    time.ms += 120_000
    assert.equal((await from('1.2.3.4')).status, 201)
    assert.equal(database.kept.length, 7)
  })

  test('a refused message costs nothing', async () => {
    const { app } = await testApp(site.siteDir)
    for (let count = 0; count < 10; count++) assert.equal((await post(app, '{}')).status, 422)
    assert.equal((await post(app, JSON.stringify(good))).status, 201)
  })
})

describe('as a form, without script', () => {
  test('the answer is a page that says it was sent, without an address of its own', async () => {
    const { app, database } = await testApp(site.siteDir)
    const response = await postForm(app, { ...good, email: '', website: '' })
    assert.equal(response.status, 201)
    assert.equal(response.headers.get('location'), null)
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.equal(response.headers.get('cache-control'), 'no-store')
    const html = await response.text()
    assert.match(html, /<h1>Thanks, sent<\/h1>/)
    assert.match(html, /<link rel="stylesheet" href="\/_astro\/page\.css">/)
    assert.doesNotMatch(html, /<script|<style|style=/)
    assert.equal(database.kept[0]?.message, good.message)
  })

  const cases: [title: string, fields: Record<string, string>, status: number, words: RegExp][] = [
    ['an empty message', { kind: 'idea', message: '' }, 422, /message is empty; write something/],
    ['a wrong address', { kind: 'idea', message: 'x', email: 'me' }, 422, /email must be an e-mail address/],
    ['an unknown field', { kind: 'idea', message: 'x', admin: '1' }, 422, /admin is not a field/],
    ['markup', { kind: 'idea', message: 'x', '<script>': '1' }, 422, /&#60;script&#62; is not a field/],
    ['too much', { kind: 'idea', message: 'x'.repeat(20_000) }, 413, /longer than 16384 bytes/],
  ]
  for (const [title, fields, status, words] of cases) {
    test(`${title} is ${status}, with the reason on the page and nothing stored`, async () => {
      const { app, database } = await testApp(site.siteDir)
      const response = await postForm(app, fields)
      assert.equal(response.status, status)
      const html = await response.text()
      assert.match(html, words)
      assert.match(html, /<h1>Not sent<\/h1>/)
      assert.doesNotMatch(html, /Thanks|<script/)
      assert.equal(database.kept.length, 0)
    })
  }

  test('a filled honeypot stores nothing', async () => {
    const { app, database } = await testApp(site.siteDir)
    await postForm(app, { kind: 'idea', message: 'x', website: 'spam' })
    assert.equal(database.kept.length, 0)
  })

  test('too many messages are 429 with the time to wait', async () => {
    const { app } = await testApp(site.siteDir)
    for (let count = 0; count < 5; count++) await postForm(app, good)
    const response = await postForm(app, good)
    assert.equal(response.status, 429)
    assert.equal(response.headers.get('retry-after'), '120')
    assert.match(await response.text(), /Not sent.*in 120 seconds/s)
  })

  test('a field given twice is refused', async () => {
    const { app } = await testApp(site.siteDir)
    const response = await post(app, 'kind=idea&message=a&message=b', {
      'content-type': 'application/x-www-form-urlencoded',
      origin: 'http://localhost',
    })
    assert.equal(response.status, 422)
  })

  test('a form of another site, or without Origin, is refused before it is read', async () => {
    const { app, database, lines } = await testApp(site.siteDir)
    for (const headers of [{ origin: 'http://evil.test' }, { origin: 'null' }, { origin: '' }])
      assert.equal((await postForm(app, good, headers)).status, 403)
    assert.equal(database.kept.length, 0)
    const refused = lines.filter(({ message }) => message === 'refused origin')
    assert.equal(refused.length, 3)
    assert.match(String(refused[0]?.fields?.client), /^[\w-]{12}$/)
  })
})

describe('when the database is busy', () => {
  test('JSON and form are 503 with Retry-After, and say that nothing was stored', async () => {
    const database = memoryDatabase()
    database.feedback.add = () => Promise.reject(new DatabaseUnavailable('locked'))
    const { app } = await testApp(site.siteDir, { database })
    for (const response of [await post(app, JSON.stringify(good)), await postForm(app, good)]) {
      assert.equal(response.status, 503)
      assert.equal(response.headers.get('retry-after'), '5')
      assert.match(await response.text(), /was not stored/)
    }
  })
})

describe('whatever arrives', () => {
  const anyText = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
  )
  const nearly = fc.record(
    {
      kind: fc.oneof(fc.constantFrom('mistake', 'idea', 'praise', 'other'), anyText, fc.anything()),
      message: fc.oneof(anyText, fc.anything()),
      question: fc.oneof(fc.constant('a/b'), anyText, fc.anything()),
      section: fc.oneof(anyText, fc.anything()),
      page: fc.oneof(fc.constant('/'), anyText),
      email: fc.oneof(fc.emailAddress(), anyText),
      website: fc.oneof(fc.constant(''), fc.anything()),
    },
    { requiredKeys: [] },
  )
  const bodies = fc.oneof(
    nearly.map((value) =>
      JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)),
    ),
    fc.json(),
    anyText,
  )

  test('a JSON body never fails the server, and what is stored can be stored', async () => {
    const { app, database, time } = await testApp(site.siteDir)
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        time.ms += 600_000
        const { status } = await post(app, body)
        assert.ok([201, 202, 400, 413, 422].includes(status), `${status}`)
        for (const one of database.kept.splice(0)) {
          const stored = Object.values(one).join('')
          assert.ok(stored.isWellFormed() && !stored.includes('\0'))
        }
      }),
      { numRuns: 300 },
    )
  })

  test('a form body never fails the server', async () => {
    const { app, time } = await testApp(site.siteDir)
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyText, fc.uint8Array()), async (body) => {
        time.ms += 600_000
        const bytes = typeof body === 'string' ? body : new Uint8Array(body)
        const type = 'application/x-www-form-urlencoded'
        const { status } = await post(app, bytes, { 'content-type': type, origin: 'http://localhost' })
        assert.ok([201, 400, 413, 422].includes(status), `${status}`)
      }),
      { numRuns: 200 },
    )
  })

  test('an address never fails the server', async () => {
    const { app } = await testApp(site.siteDir)
    await fc.assert(
      fc.asyncProperty(fc.oneof(anyText, fc.webPath()), async (path) => {
        let request: Request
        try {
          request = new Request(`http://localhost/${path}`)
        } catch {
          return
        }
        assert.ok((await app.request(request)).status < 500)
      }),
      { numRuns: 300 },
    )
  })
})
