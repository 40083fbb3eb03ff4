import assert from 'node:assert/strict'
import { test } from 'node:test'
import { securityTxt } from './security-txt.ts'

const nowMs = Date.parse('2026-11-24T13:45:00Z')

test('there is no file without a contact', () => {
  for (const contact of [undefined, '', '  ']) assert.equal(securityTxt({ contact, nowMs }), undefined)
})

test('names the contacts, the day a year later and the address of the file', () => {
  const contact = 'mailto:security@example.org https://example.org/report'
  assert.equal(
    securityTxt({ contact, siteUrl: 'https://viva.example.org', nowMs }),
    `Contact: mailto:security@example.org
Contact: https://example.org/report
Expires: 2027-11-24T00:00:00.000Z
Preferred-Languages: en
Canonical: https://viva.example.org/.well-known/security.txt
`,
  )
})

test('a site without https has no canonical address', () => {
  for (const siteUrl of [undefined, 'http://localhost:4000', 'nonsense'])
    assert.doesNotMatch(securityTxt({ contact: 'tel:+1-201-555-0123', siteUrl, nowMs }) ?? '', /Canonical/)
})

test('rejects a contact that is no address, also one with another line in it', () => {
  for (const contact of [
    'security@example.org',
    'http://example.org',
    'javascript:x',
    'mailto:',
    'https://',
    'mailto:a@b\nX: y',
  ])
    assert.throws(() => securityTxt({ contact, nowMs }), /^Error: SECURITY_CONTACT: found .*; expected an address like/)
})
