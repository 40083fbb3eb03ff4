import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addSecurityHeaders } from '../../apps/server/src/security.ts'
import { metaPolicy, referrerPolicy } from '../../apps/site/src/build/policy.ts'

/** Directives that a browser ignores in a `<meta>`. */
const headerOnly = /^(frame-ancestors|report-to|report-uri|sandbox)\b/

function directives(policy: string): string[] {
  return policy.split(';').map((directive) => directive.trim())
}

test('the pages carry the policy that the server sends, without what only a header can say', () => {
  const headers = new Headers()
  addSecurityHeaders(headers)
  const sent = directives(headers.get('content-security-policy') ?? '')
  assert.ok(sent.some((directive) => headerOnly.test(directive)))
  assert.deepEqual(
    directives(metaPolicy),
    sent.filter((directive) => !headerOnly.test(directive)),
  )
  assert.equal(referrerPolicy, headers.get('referrer-policy'))
})
