import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { pagePolicy } from './security.ts'
import { bigText, frameHtml, testApp, writeSite } from './site.fixture.ts'

let site: Awaited<ReturnType<typeof writeSite>>
let app: Awaited<ReturnType<typeof testApp>>['app']

before(async () => {
  site = await writeSite()
  ;({ app } = await testApp(site.siteDir))
})
after(() => site.remove())

const script = '/_astro/page.DkX12a_3.js'

test('a folder is its index page, never kept without asking', async () => {
  const response = await app.request('/about/')
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
  assert.equal(response.headers.get('cache-control'), 'no-cache')
  assert.match(await response.text(), /about/)
})

test('an SVG picture names its charset', async () => {
  const response = await app.request('/favicon.svg')
  assert.equal(response.headers.get('content-type'), 'image/svg+xml; charset=utf-8')
})

test('a folder without its slash, or with its file name, moves to the page and keeps the query', async () => {
  for (const path of ['/about', '/about/index.html']) {
    const response = await app.request(`${path}?q=1`)
    assert.equal(response.status, 301)
    assert.equal(response.headers.get('location'), '/about/?q=1')
  }
  assert.equal((await app.request('/Gr%C3%B6%C3%9Fe')).headers.get('location'), '/Gr%C3%B6%C3%9Fe/')
})

test('what moved is found at its new address', async () => {
  assert.equal((await app.request('/old/')).headers.get('location'), '/about/')
  assert.equal((await app.request('/old')).headers.get('location'), '/about/')
  assert.equal((await app.request('/older?x=1')).headers.get('location'), '/about/?from=older')
})

test('what is not there is the 404 page with status 404', async () => {
  for (const path of [
    '/nothing',
    '/nothing/',
    '/about/nothing.js',
    '/404.html',
    '/redirects.json',
    '/.secret',
    '/.well-known/.secret',
    '/about/.well-known/',
    `${script}.br`,
    '/%E0%A4%A',
  ]) {
    const response = await app.request(path)
    assert.equal(response.status, 404, path)
    assert.match(await response.text(), /nothing here/)
    assert.equal(response.headers.get('cache-control'), 'no-cache')
  }
})

test('serves security.txt, but no other name that begins with a dot', async () => {
  const response = await app.request('/.well-known/security.txt')
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.equal(await response.text(), 'Contact: https://example.org/\n')
})

test('hashed names are kept for a year, others are asked for again', async () => {
  const cacheOf = async (path: string) => (await app.request(path)).headers.get('cache-control')
  assert.equal(await cacheOf(script), 'public, max-age=31536000, immutable')
  assert.equal(await cacheOf('/engines/0123456789abcdef/python.wasm'), 'public, max-age=31536000, immutable')
  assert.equal(await cacheOf('/engines/manifest.json'), 'no-cache')
  assert.equal(await cacheOf('/_astro/page.DkX12a_4.js'), 'no-cache')
})

test('a client gets the encoding that it likes best, and caches are told so', async () => {
  const get = (accept: string) => app.request(script, { headers: { 'accept-encoding': accept } })
  const brotli = await get('gzip, br')
  assert.equal(brotli.headers.get('content-encoding'), 'br')
  assert.equal(brotli.headers.get('vary'), 'Accept-Encoding')
  assert.equal(brotli.headers.get('content-type'), 'text/javascript; charset=utf-8')
  const gzip = await get('gzip, br;q=0.5')
  assert.equal(gzip.headers.get('content-encoding'), 'gzip')
  const plain = await get('identity')
  assert.equal(plain.headers.get('content-encoding'), null)
  const text = await plain.text()
  assert.equal(brotliDecompressSync(Buffer.from(await brotli.arrayBuffer())).toString(), text)
  assert.equal(gunzipSync(Buffer.from(await gzip.arrayBuffer())).toString(), text)
  const tags = new Set([brotli, gzip, plain].map((response) => response.headers.get('etag')))
  assert.equal(tags.size, 3, 'each encoding has its own validator')
  assert.equal(
    (await app.request('/rss.xml', { headers: { 'accept-encoding': 'br' } })).headers.get('content-encoding'),
    null,
  )
})

test('a known validator is answered with 304 and no body', async () => {
  const first = await app.request('/about/')
  const tag = first.headers.get('etag')
  assert.ok(tag)
  for (const header of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
    const again = await app.request('/about/', { headers: { 'if-none-match': header } })
    assert.equal(again.status, 304, header)
    assert.equal(await again.text(), '')
    assert.equal(again.headers.get('etag'), tag)
    assert.equal(again.headers.get('cache-control'), 'no-cache')
    assert.equal(again.headers.get('vary'), 'Accept-Encoding')
  }
  assert.equal((await app.request('/about/', { headers: { 'if-none-match': '"other"' } })).status, 200)
  assert.equal((await app.request('/nothing', { headers: { 'if-none-match': '*' } })).status, 404)
})

test('a changed file has a new validator', async () => {
  const before = (await app.request('/rss.xml')).headers.get('etag')
  await writeFile(join(site.siteDir, 'rss.xml'), '<rss>new</rss>')
  assert.notEqual((await app.request('/rss.xml')).headers.get('etag'), before)
})

test('HEAD says what GET would, without the body', async () => {
  for (const path of ['/about/', '/big.txt', '/nothing']) {
    const get = await app.request(path)
    const head = await app.request(path, { method: 'HEAD' })
    assert.equal(head.status, get.status)
    assert.deepEqual(Object.fromEntries(head.headers), Object.fromEntries(get.headers))
    assert.equal(await head.text(), '')
    assert.notEqual(await get.text(), '')
  }
})

test('a large file arrives whole, and its validator works', async () => {
  const response = await app.request('/big.txt')
  assert.equal(response.headers.get('content-length'), String(bigText.length))
  assert.equal(await response.text(), bigText)
  const tag = response.headers.get('etag') ?? ''
  assert.equal((await app.request('/big.txt', { headers: { 'if-none-match': tag } })).status, 304)
})

test('nothing outside the folder is reachable', async () => {
  const attempts = [
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/about/..%2f..%2fsecret.txt',
    '/about/%2e%2e/%2e%2e/secret.txt',
    '/..%5csecret.txt',
    '/..\\secret.txt',
    '/%252e%252e%252fsecret.txt',
    '/about%00/../../secret.txt',
    '//secret.txt',
    '///etc/passwd',
    '/c:/windows/win.ini',
    `/${'a'.repeat(5000)}`,
  ]
  for (const path of attempts) {
    const response = await app.request(`http://localhost${path}`)
    assert.equal(response.status, 404, path)
    assert.doesNotMatch(await response.text(), /outside/)
  }
})

test('a doubled slash never becomes a redirect to another host', async () => {
  for (const path of ['//about', '//evil.example/about', '/\\evil.example', '/%5cevil.example/about']) {
    const response = await app.request(`http://localhost${path}`)
    assert.doesNotMatch(response.headers.get('location') ?? '/', /^(\/\/|\/\\|\\|https?:)/, path)
  }
})

test('pages are read only', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const response = await app.request('/about/', { method, headers: { origin: 'http://localhost' } })
    assert.equal(response.status, 405)
    assert.equal(response.headers.get('allow'), 'GET, HEAD')
  }
})

test('every answer carries the policy, whatever it is', async () => {
  const requests: [string, RequestInit?][] = [
    ['/'],
    ['/about/'],
    ['/about'],
    ['/nothing'],
    [script],
    ['/big.txt'],
    ['/healthz'],
    ['/api/x'],
    ['/api/feedback', { method: 'POST' }],
    ['/', { method: 'PUT' }],
    ['/', { headers: { 'if-none-match': '*' } }],
  ]
  for (const [path, init] of requests) {
    const { headers } = await app.request(path, init)
    assert.equal(headers.get('content-security-policy'), pagePolicy, path)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin')
    assert.equal(headers.get('referrer-policy'), 'strict-origin-when-cross-origin')
    assert.match(headers.get('permissions-policy') ?? '', /camera=\(\)/)
  }
  assert.doesNotMatch(pagePolicy, /unsafe/)
})

test("the runner's frame has the policy that it states, is sandboxed, and only this site frames it", async () => {
  const response = await app.request('/engines/0123456789abcdef/frame.html')
  assert.equal(await response.text(), frameHtml)
  assert.equal(
    response.headers.get('content-security-policy'),
    "default-src 'none'; script-src 'unsafe-inline' blob:; frame-ancestors 'self'; sandbox allow-scripts",
  )
  assert.equal(response.headers.get('x-frame-options'), null)
  assert.equal((await app.request('/frame.html')).headers.get('content-security-policy'), pagePolicy)
})

test('a redirect that would leave the site is refused at start', async () => {
  const other = await writeSite()
  await writeFile(join(other.siteDir, 'redirects.json'), '{"/old/":"//evil.example/"}')
  await assert.rejects(testApp(other.siteDir), /redirects\.json.*one slash/s)
  await other.remove()
})
