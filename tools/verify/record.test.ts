import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordFile, whyStale } from './record.ts'

const hash = 'a'.repeat(64)
const engines = { js: { name: 'Node', version: '26.10.0' }, git: { name: 'git', version: '2.39.5' } }
const record = { hash, on: '2026-11-24', engines, matches: true }

test('a record holds for the same fences and engines', () => {
  assert.equal(whyStale(record, hash, engines), undefined)
})

test('another git on this machine changes nothing; another Node does', () => {
  assert.equal(whyStale(record, hash, { ...engines, git: { name: 'git', version: '2.50.0' } }), undefined)
  assert.match(
    whyStale(record, hash, { ...engines, js: { name: 'Node', version: '26.11.0' } }) ?? '',
    /Node 26\.10\.0.*Node 26\.11\.0/,
  )
})

test('changed fences, a missing record and a new language make it stale', () => {
  assert.match(whyStale(record, 'b'.repeat(64), engines) ?? '', /changed/)
  assert.match(whyStale(undefined, hash, engines) ?? '', /no verified\.json/)
  assert.match(whyStale(record, hash, { ...engines, sql: { name: 'PostgreSQL', version: '18.6' } }) ?? '', /sql/)
})

test('a record lies beside its file', () => {
  assert.equal(recordFile('content/questions/git/rebase/question.md'), 'content/questions/git/rebase/verified.json')
  assert.equal(recordFile('content/posts/2026-11-24-why.md'), 'content/posts/2026-11-24-why.verified.json')
})
