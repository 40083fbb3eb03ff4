import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Tally } from './tally.ts'

test('lists failures again with how to rerun them, skips with why, and ends with the count', () => {
  const tally = new Tally({ strict: false })
  tally.pass()
  tally.pass(3)
  tally.fail({ stage: 'unit', name: 'adds', detail: '1 !== 2\n  at x.ts:1\n', rerun: 'npm test -- unit x.test.ts' })
  tally.skip('unit', 'on PostgreSQL', 'no server; start one', 'npm test -- unit')
  assert.equal(
    tally.summary(),
    '\nFailed:\n\n✖ unit: adds\n    1 !== 2\n      at x.ts:1\n  again: npm test -- unit x.test.ts\n\nSkipped:\n- on PostgreSQL: no server; start one\n\n4 passed, 1 failed',
  )
})

test('in CI a skip is a failure', () => {
  const tally = new Tally({ strict: true })
  tally.skip('unit', 'on PostgreSQL', 'no server', 'npm test -- unit')
  assert.equal(tally.failed, 1)
  assert.match(tally.summary(), /skipped, which CI=true forbids: no server/)
  assert.ok(tally.summary().endsWith('\n0 passed, 1 failed'))
})

test('without anything to tell, only the count', () => {
  assert.equal(new Tally({ strict: true }).summary(), '\n0 passed, 0 failed')
})
