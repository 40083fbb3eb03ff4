import assert from 'node:assert/strict'
import { Hono } from 'hono'
import { describe, test } from 'node:test'
import { crossOriginReason, sameOrigin } from './same-origin.ts'

const form = 'application/x-www-form-urlencoded'

type Case = {
  title: string
  url?: string
  headers?: Record<string, string>
  siteOrigin?: string
  trustProxy?: boolean
  method?: string
}

function reason({
  url = 'http://viva.test/api/x',
  headers = {},
  siteOrigin,
  trustProxy = false,
  method = 'POST',
}: Case) {
  const request = new Request(url, { method, headers: { 'content-type': form, ...headers } })
  return crossOriginReason(request, { siteOrigin, trustProxy })
}

const https = 'https://viva.test'

const accepted: Case[] = [
  { title: 'a form post over plain HTTP', headers: { origin: 'http://viva.test' } },
  { title: 'a script of the page', headers: { origin: 'http://viva.test', 'sec-fetch-site': 'same-origin' } },
  { title: 'fetch metadata without Origin', headers: { 'sec-fetch-site': 'same-origin' } },
  { title: 'a port', url: 'http://viva.test:4000/', headers: { origin: 'http://viva.test:4000' } },
  { title: 'IPv4', url: 'http://127.0.0.1:4000/', headers: { origin: 'http://127.0.0.1:4000' } },
  { title: 'IPv6', url: 'http://[::1]:4000/', headers: { origin: 'http://[::1]:4000' } },
  { title: 'a long form of IPv6', url: 'http://[::1]/', headers: { origin: 'http://[0:0:0:0:0:0:0:1]' } },
  { title: 'upper case', headers: { origin: 'HTTP://VIVA.TEST' } },
  { title: 'a stated default port', headers: { origin: 'http://viva.test:80' } },
  { title: 'a stated default port in Host', url: 'http://viva.test:443/', headers: { origin: https } },
  { title: 'TLS that ends at a proxy', headers: { origin: https } },
  { title: 'the configured site', siteOrigin: https, url: 'http://10.0.0.5:4000/', headers: { origin: https } },
  { title: 'the configured site with its port', siteOrigin: https, headers: { origin: 'https://viva.test:443' } },
  {
    title: 'a trusted X-Forwarded-Host',
    trustProxy: true,
    url: 'http://10.0.0.5:4000/',
    headers: { origin: https, 'x-forwarded-host': 'evil.test, viva.test' },
  },
  { title: 'a program with JSON', headers: { 'content-type': 'application/json; charset=utf-8' } },
  { title: 'a report', headers: { 'content-type': 'application/reports+json' } },
]

const refused: Case[] = [
  { title: 'another site', headers: { origin: 'http://evil.test' } },
  { title: 'another site with JSON', headers: { origin: 'http://evil.test', 'content-type': 'application/json' } },
  { title: 'null', headers: { origin: 'null' } },
  { title: 'null with same-origin metadata', headers: { origin: 'null', 'sec-fetch-site': 'same-origin' } },
  { title: 'an empty Origin', headers: { origin: '' } },
  { title: 'a subdomain', headers: { origin: 'http://a.viva.test' } },
  { title: 'a longer domain', headers: { origin: 'http://viva.test.evil.test' } },
  { title: 'a trailing dot', headers: { origin: 'http://viva.test.' } },
  { title: 'another port', headers: { origin: 'http://viva.test:81' } },
  { title: 'a port out of range', headers: { origin: 'http://viva.test:99999' } },
  { title: 'userinfo before another host', headers: { origin: 'http://viva.test@evil.test' } },
  { title: 'userinfo before the own host', headers: { origin: 'http://evil.test@viva.test' } },
  { title: 'a path', headers: { origin: 'http://viva.test/' } },
  { title: 'a backslash', headers: { origin: 'http://viva.test\\@evil.test' } },
  { title: 'two values, own first', headers: { origin: 'http://viva.test, http://evil.test' } },
  { title: 'two values, own last', headers: { origin: 'http://evil.test, http://viva.test' } },
  { title: 'two own values', headers: { origin: 'http://viva.test, http://viva.test' } },
  { title: 'two values with a space', headers: { origin: 'http://viva.test http://viva.test' } },
  { title: 'an extension', headers: { origin: 'chrome-extension://viva.test' } },
  { title: 'a file', headers: { origin: 'file://' } },
  { title: 'no scheme', headers: { origin: 'viva.test' } },
  { title: 'another IPv6 host', url: 'http://[::1]/', headers: { origin: 'http://[::2]' } },
  { title: 'cross-site metadata', headers: { origin: 'http://viva.test', 'sec-fetch-site': 'cross-site' } },
  { title: 'same-site metadata', headers: { origin: 'http://viva.test', 'sec-fetch-site': 'same-site' } },
  { title: 'none as metadata', headers: { 'sec-fetch-site': 'none' } },
  { title: 'two values of metadata', headers: { 'sec-fetch-site': 'same-origin, cross-site' } },
  { title: 'the scheme of the configured site', siteOrigin: https, headers: { origin: 'http://viva.test' } },
  {
    title: 'the own host when a site is configured',
    siteOrigin: https,
    url: 'http://evil.test/',
    headers: { origin: 'http://evil.test' },
  },
  {
    title: 'X-Forwarded-Host without a proxy',
    headers: { origin: 'http://evil.test', 'x-forwarded-host': 'evil.test' },
  },
  { title: 'garbage as X-Forwarded-Host', trustProxy: true, headers: { origin: https, 'x-forwarded-host': 'a/b' } },
  { title: 'a form without Origin', headers: {} },
  { title: 'text without Origin', headers: { 'content-type': 'text/plain' } },
  { title: 'JSON in a parameter', headers: { 'content-type': 'text/plain; a=application/json' } },
  { title: 'a cookie without Origin', headers: { 'content-type': 'application/json', cookie: 'a=b' } },
  { title: 'PUT', method: 'PUT', headers: { origin: 'http://evil.test' } },
  { title: 'an unknown method', method: 'PURGE', headers: { origin: 'http://evil.test' } },
]

describe('a state-changing request is accepted from', () => {
  for (const one of accepted) test(one.title, () => assert.equal(reason(one), undefined))
})

describe('a state-changing request is refused for', () => {
  for (const one of refused) test(one.title, () => assert.equal(typeof reason(one), 'string'))
})

for (const method of ['GET', 'HEAD', 'OPTIONS']) {
  test(`${method} is never refused`, () => {
    assert.equal(reason({ title: '', method, headers: { origin: 'http://evil.test' } }), undefined)
  })
}

test('a route added later is covered, and its handler does not run', async () => {
  const app = new Hono()
  const reasons: string[] = []
  app.use('*', sameOrigin({ trustProxy: false, onRefused: (_request, reason) => reasons.push(reason) }))
  app.delete('/later', (context) => {
    reasons.push('handler ran')
    return context.text('deleted')
  })
  const response = await app.request('http://viva.test/later', {
    method: 'DELETE',
    headers: { origin: 'http://evil.test' },
  })
  assert.equal(response.status, 403)
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  assert.deepEqual(reasons, ['Origin is another site'])
})
