import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from './limits.ts'
import { readEvent, readLine } from './read.ts'

const nowMs = Date.UTC(2026, 10, 24, 9, 30)
const now = () => nowMs
const id = '018f0000-0000-7000-8000-000000000001'
const at = '2026-11-24T09:30:00.000Z'
const reveal = { id, at, type: 'reveal', question: 'q' }

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

const refused: [value: unknown, error: string][] = [
  [[], 'found []; expected one JSON object'],
  [null, 'found null; expected one JSON object'],
  [{ at, type: 'reveal', question: 'q' }, 'id: found nothing; expected a UUIDv7 in lower case'],
  [
    { ...reveal, id: '018f0000-0000-4000-8000-000000000000' },
    'id: found "018f0000-0000-4000-8000-000000000000"; expected a UUIDv7 in lower case',
  ],
  [
    { ...reveal, id: '018F0000-0000-7000-8000-000000000000' },
    'id: found "018F0000-0000-7000-8000-000000000000"; expected a UUIDv7 in lower case',
  ],
  [{ ...reveal, at: 'today' }, 'at: found "today"; expected a calendar date and a time like 2026-11-24T09:30:00.000Z'],
  [
    { ...reveal, at: '2026-02-30T09:30:00.000Z' },
    'at: found "2026-02-30T09:30:00.000Z"; expected a calendar date and a time like 2026-11-24T09:30:00.000Z',
  ],
  [{ ...reveal, at: '2019-12-31T23:59:59.999Z' }, 'at: found "2019-12-31T23:59:59.999Z"; expected a date from 2020 on'],
  [
    { ...reveal, at: '9999-12-31T23:59:59.999Z' },
    'at: found "9999-12-31T23:59:59.999Z"; expected at most 24 hours from now (this device\'s clock shows 2026-11-24T09:30:00.000Z)',
  ],
  [
    { ...reveal, id: 'ffffffff-ffff-7000-8000-000000000000' },
    "id: found the time +010889-08-02T05:31:50.655Z; expected at most 24 hours from now (this device's clock shows 2026-11-24T09:30:00.000Z)",
  ],
  [{ id, at }, 'type: found nothing; expected a name'],
  [{ id, at, type: 'bookmark', question: 'q', on: 1 }, 'on: found 1; expected true or false'],
  [{ ...reveal, question: '' }, 'question: found ""; expected something that is not empty or below 0'],
  [{ ...reveal, question: 'q'.repeat(301) }, 'question: found 301 characters; expected at most 300'],
  [{ id, at, type: 't'.repeat(101) }, 'type: found 101 characters; expected at most 100'],
  [
    { id, at, type: 'note', question: 'q', text: 'x'.repeat(65_537) },
    'text: found 65537 characters; expected at most 65536',
  ],
  [
    { id, at, type: 'checklist', question: 'q', points: Array.from({ length: 101 }, () => ''), of: 1 },
    'points: found 101 entries; expected at most 100',
  ],
  [{ id, at, type: 'quiz-started', scope: 'git', seed: 1.5, count: 1 }, 'seed: found 1.5; expected a whole number'],
  [
    {
      ...{ id, at, type: 'prediction', question: 'q', fence: 'f', predicted: '', actual: '', right: true },
      judged: 'ok',
    },
    'judged: found "ok"; expected one of exact, equivalent, wrong',
  ],
  [{ ...reveal, deep: nested(32) }, 'found more than 32 levels of nesting; expected at most 32'],
  [{ ...reveal, deep: nested(100_000) }, 'found more than 32 levels of nesting; expected at most 32'],
  [nested(5000), 'found more than 32 levels of nesting; expected at most 32'],
  [
    JSON.parse(`{"id":"${id}","at":"${at}","type":"card","inner":{"__proto__":{"on":true}}}`),
    'found the field "__proto__"; expected an event without it',
  ],
  [{ id, at, type: 'card', value: Infinity }, 'found a number beyond 1.8e308; expected a smaller one'],
]
for (const [value, error] of refused)
  test(`refuses with: ${error}`, () => assert.equal(readEvent(value, { now }), error))

test('accepts an event at each bound', () => {
  const accepted: object[] = [
    { ...reveal, at: '2020-01-01T00:00:00.000Z' },
    { ...reveal, at: '2026-11-25T09:30:00.000Z' },
    { ...reveal, deep: nested(31) },
    { ...reveal, question: 'q'.repeat(limits.idChars) },
    { ...reveal, constructor: 'c', toString: 1 },
    { id, at, type: 'constructor' },
    { id, at, type: 'note', question: '\u0000\u202E\uD800', text: 'x'.repeat(limits.textChars) },
  ]
  for (const event of accepted) assert.equal(readEvent(event, { now }), event)
})

test('refuses a line nested 5,000 deep without overflowing the stack', () => {
  const line = `{"id":"${id}","at":"${at}","type":"card","deep":${'['.repeat(5000)}${']'.repeat(5000)}}`
  assert.equal(readLine(line, { now }), 'found more than 32 levels of nesting; expected at most 32')
  assert.match(String(readLine('['.repeat(500_000), { now })), /expected one JSON object$/)
})
