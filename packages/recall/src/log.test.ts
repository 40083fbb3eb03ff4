import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type EventInput, isEvent, type LoggedEvent, newEvent } from './event.ts'
import { formatLog, mergeLogs, parseLog, readEvent } from './log.ts'

const id = (n: number) => `018f0000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`
const at = '2026-11-24T09:30:00.000Z'

/** One of every type that is written. */
const inputs: EventInput[] = [
  {
    type: 'attempt',
    question: 'git/rebase',
    item: 'what',
    kind: 'multi',
    right: true,
    answer: ['a', 'b'],
    seed: 7,
    ms: 1200,
  },
  { type: 'prediction', question: 'git/rebase', fence: 'git/rebase#1', predicted: '', actual: '1', right: false },
  {
    type: 'prediction',
    question: 'git/rebase',
    fence: 'git/rebase#1',
    predicted: '2',
    actual: '1',
    right: true,
    judged: 'wrong',
    override: true,
  },
  { type: 'reveal', question: 'git/rebase' },
  { type: 'written', question: 'git/rebase', text: 'It replays\n"commits".' },
  { type: 'run', question: 'git/rebase', fence: 'git/rebase#1', edited: true },
  { type: 'quiz-started', scope: 'git', seed: 4_294_967_295, count: 10 },
  { type: 'quiz-finished', scope: 'git', seed: 7, right: 3, of: 10 },
  { type: 'bookmark', question: 'git/rebase', on: true },
  { type: 'note', question: 'git/rebase', text: '' },
  { type: 'checklist', question: 'git/rebase', points: ['copies'], of: 4 },
]

const event: fc.Arbitrary<LoggedEvent> = fc
  .record({
    // Few ids, so that logs overlap; one id may even carry two different events.
    id: fc.integer({ min: 0, max: 15 }).map(id),
    at: fc.integer({ min: 0, max: 3 }).map((ms) => new Date(ms).toISOString()),
    input: fc.oneof(
      fc.constantFrom(...inputs),
      fc.record({
        type: fc.constantFrom('card', 'plan'),
        value: fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value))),
      }),
    ),
  })
  .map(({ id, at, input }) => ({ id, at, ...input }))
const log = fc.array(event, { maxLength: 12 })

test('a stamped event of every type can be read back', () => {
  let ms = Date.UTC(2026, 10, 24)
  const events = inputs.map((input) => newEvent(input, { now: () => ms++, random: () => 0.5 }))
  assert.ok(events.every(isEvent))
  assert.deepEqual(parseLog(formatLog(events)), { events, errors: [] })
  assert.equal(events[0]?.at, '2026-11-24T00:00:00.000Z')
  assert.equal(events[0]?.id.slice(0, 15), '01a20ada-2c00-7', 'the id begins with the time')
})

test('ids made within a millisecond are unique and in order', () => {
  const ids = Array.from({ length: 2000 }, () => newEvent({ type: 'reveal', question: 'q' }).id)
  assert.deepEqual(ids.toSorted(), ids)
  assert.equal(new Set(ids).size, ids.length)
})

test('merging is associative, commutative and idempotent', () => {
  fc.assert(
    fc.property(log, log, log, (a, b, c) => {
      assert.deepEqual(mergeLogs(mergeLogs(a, b), c), mergeLogs(a, mergeLogs(b, c)))
      assert.deepEqual(mergeLogs(a, b), mergeLogs(b, a))
      assert.deepEqual(mergeLogs(a, a), mergeLogs(a))
      assert.deepEqual(new Set(mergeLogs(a, b).map(({ id }) => id)), new Set([...a, ...b].map(({ id }) => id)))
    }),
  )
})

test('a log that was written reads back as the same set, events of unknown types too', () => {
  fc.assert(
    fc.property(log, (events) =>
      assert.deepEqual(parseLog(formatLog(events)), { events: mergeLogs(events), errors: [] }),
    ),
  )
})

test('any text at all: what is no event is an error with its line, never a throw', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.json())), (lines) => {
      const text = lines.join('\n')
      const { events, errors } = parseLog(text)
      const filled = text.split('\n').filter((line) => line.trim() !== '').length
      assert.equal(events.length + errors.length, filled)
      for (const { line, message } of errors) assert.ok(line >= 1 && message.startsWith(`line ${line}: `))
    }),
  )
})

test('a log from Windows, with empty lines and a byte order mark', () => {
  const line = JSON.stringify({ id: id(1), at, type: 'reveal', question: 'q' })
  assert.deepEqual(parseLog(`\uFEFF${line}\r\n\r\n`), { events: [JSON.parse(line)], errors: [] })
})

test('what a newer version adds is kept', () => {
  const events = [
    { id: id(1), at, type: 'reveal', question: 'q', mood: 'calm' },
    { id: id(2), at, type: 'telepathy', depth: { of: [1] } },
  ]
  assert.deepEqual(parseLog(events.map((event) => JSON.stringify(event)).join('\n')).events, events)
})

const refused: [value: unknown, error: string][] = [
  [[], 'found "[]"; expected one JSON object'],
  [null, 'found "null"; expected one JSON object'],
  [{ at, type: 'reveal', question: 'q' }, 'id: found nothing; expected a UUIDv7'],
  [
    { id: '018f0000-0000-4000-8000-000000000000', at, type: 'reveal', question: 'q' },
    'id: found "\\"018f0000-0000-4000-8000-000000000000\\""; expected a UUIDv7',
  ],
  [
    { id: id(1), at: 'today', type: 'reveal', question: 'q' },
    'at: found "\\"today\\""; expected a time like 2026-11-24T09:30:00.000Z',
  ],
  [{ id: id(1), at }, 'type: found nothing; expected a name'],
  [{ id: id(1), at, type: 'bookmark', question: 'q', on: 1 }, 'on: found "1"; expected true or false'],
  [
    { id: id(1), at, type: 'reveal', question: '' },
    'question: found "\\"\\""; expected something that is not empty or below 0',
  ],
  [
    { id: id(1), at, type: 'quiz-started', scope: 'git', seed: 1.5, count: 1 },
    'seed: found "1.5"; expected a whole number',
  ],
  [
    {
      id: id(1),
      at,
      type: 'prediction',
      question: 'q',
      fence: 'f',
      predicted: '',
      actual: '',
      right: true,
      judged: 'ok',
    },
    'judged: found "\\"ok\\""; expected one of exact, equivalent, wrong',
  ],
]
for (const [value, error] of refused) test(`refused: ${error}`, () => assert.equal(readEvent(value), error))

test('an error names the line in the file', () => {
  const good = JSON.stringify({ id: id(1), at, type: 'reveal', question: 'q' })
  const { events, errors } = parseLog(`${good}\n\n{"id":\n${good}`)
  assert.equal(events.length, 1)
  assert.deepEqual(errors, [{ line: 3, message: 'line 3: found "{\\"id\\":"; expected one JSON object' }])
})
