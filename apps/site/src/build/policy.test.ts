import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createApp, openDatabase } from '@viva/server'
import { metaPolicy, referrerPolicy } from './policy.ts'

/** Directives that a browser ignores in a `<meta>`. */
const headerOnly = /^(frame-ancestors|report-to|report-uri|sandbox)\b/

function directives(policy: string): string[] {
  return policy.split(';').map((directive) => directive.trim())
}

test('a page carries the policy that the server sends, without what only a header can say', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'viva-policy-'))
  const database = await openDatabase({ folder })
  t.after(async () => {
    await database.close()
    await rm(folder, { recursive: true })
  })
  await writeFile(join(folder, 'index.html'), '<!doctype html>')
  const log = () => undefined
  const app = await createApp({ siteDir: folder, database, log, clock: { now: () => 0 } })
  const { headers } = await app.request('/')
  const sent = directives(headers.get('content-security-policy') ?? '')
  assert.ok(sent.some((directive) => headerOnly.test(directive)))
  assert.deepEqual(
    directives(metaPolicy),
    sent.filter((directive) => !headerOnly.test(directive)),
  )
  assert.equal(referrerPolicy, headers.get('referrer-policy'))
})
