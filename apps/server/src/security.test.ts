import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hstsSubdomainsFrom, httpsPagePolicy, pagePolicy, securityHeaders, siteOriginFrom } from './security.ts'

function headersFor(path: string, siteOrigin?: string, init: Record<string, string> = {}): Headers {
  const headers = new Headers(init)
  securityHeaders(siteOrigin)(headers, path)
  return headers
}

describe('security headers', () => {
  test('a page has the whole set', () => {
    const headers = headersFor('/about/')
    assert.equal(headers.get('content-security-policy'), pagePolicy)
    assert.match(pagePolicy, /; report-uri \/api\/reports\/csp$/)
    assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin')
    assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin')
    assert.equal(headers.get('origin-agent-cluster'), '?1')
    assert.equal(headers.get('x-frame-options'), 'DENY')
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('referrer-policy'), 'strict-origin-when-cross-origin')
    for (const feature of ['camera', 'microphone', 'geolocation', 'usb', 'serial', 'payment', 'clipboard-read'])
      assert.ok(headers.get('permissions-policy')?.includes(`${feature}=()`), feature)
    assert.match(headers.get('permissions-policy') ?? '', /clipboard-write=\(self\)/)
  })

  for (const path of ['/og/git.png', '/og/git/rebase.png', '/blog/rss.xml', '/favicon.svg', '/sitemap-0.xml']) {
    test(`${path} may be embedded by other sites`, () => {
      assert.equal(headersFor(path).get('cross-origin-resource-policy'), 'cross-origin')
    })
  }
  for (const path of ['/', '/og/', '/search.json', '/engines/x/frame.html', '/a/og/x.png', '/x/sitemap-0.xml']) {
    test(`${path} may not`, () => {
      assert.equal(headersFor(path).get('cross-origin-resource-policy'), 'same-origin')
    })
  }

  test('violations go to report-uri over plain HTTP, and to the Reporting API over https', () => {
    assert.doesNotMatch(pagePolicy, /report-to/)
    assert.equal(headersFor('/').get('reporting-endpoints'), null)
    const headers = headersFor('/', 'https://viva.test')
    assert.equal(headers.get('content-security-policy'), httpsPagePolicy)
    assert.match(httpsPagePolicy, /report-uri \/api\/reports\/csp; report-to csp$/)
    assert.equal(headers.get('reporting-endpoints'), 'csp="/api/reports/csp"')
  })

  test('HSTS is for a year, and only for an https site', () => {
    assert.equal(headersFor('/', 'https://viva.test').get('strict-transport-security'), 'max-age=31536000')
    assert.equal(headersFor('/', 'http://viva.test').get('strict-transport-security'), null)
    assert.equal(headersFor('/').get('strict-transport-security'), null)
  })

  test('HSTS includes subdomains on request, and stays off over plain HTTP', () => {
    const transportOf = (siteOrigin: string) => {
      const headers = new Headers()
      securityHeaders(siteOrigin, true)(headers)
      return headers.get('strict-transport-security')
    }
    assert.equal(transportOf('https://viva.test'), 'max-age=31536000; includeSubDomains')
    assert.equal(transportOf('http://viva.test'), null)
  })

  test('a response with a policy of its own keeps it and reports nothing', () => {
    const headers = headersFor('/engines/x/frame.html', undefined, { 'content-security-policy': 'sandbox' })
    assert.equal(headers.get('content-security-policy'), 'sandbox')
    assert.equal(headers.get('reporting-endpoints'), null)
    assert.equal(headers.get('x-frame-options'), null)
  })
})

describe('SITE_URL', () => {
  const cases: [text: string | undefined, origin: string | undefined][] = [
    [undefined, undefined],
    [' ', undefined],
    ['https://viva.test', 'https://viva.test'],
    ['https://Viva.test:443/sub/', 'https://viva.test'],
    ['http://localhost:4000', 'http://localhost:4000'],
  ]
  for (const [text, origin] of cases)
    test(`${JSON.stringify(text)} is ${origin}`, () => assert.equal(siteOriginFrom(text), origin))
  for (const text of ['viva.test', 'ftp://viva.test', 'https://a:b@viva.test', 'https://'])
    test(`${text} is refused`, () => assert.throws(() => siteOriginFrom(text), /SITE_URL is "/))
})

describe('HSTS_SUBDOMAINS', () => {
  test('is off without a value, and with 0', () => {
    for (const text of [undefined, '', ' 0 ']) assert.equal(hstsSubdomainsFrom(text, undefined), false)
  })
  test('is on with 1 for an https site', () => assert.equal(hstsSubdomainsFrom('1', 'https://viva.test'), true))
  test('anything else is an error', () =>
    assert.throws(() => hstsSubdomainsFrom('yes', 'https://viva.test'), /HSTS_SUBDOMAINS is "yes"\. It is 1/))
  test('without an https site it is an error', () => {
    for (const origin of [undefined, 'http://viva.test'])
      assert.throws(() => hstsSubdomainsFrom('1', origin), /without an https SITE_URL/)
  })
})
