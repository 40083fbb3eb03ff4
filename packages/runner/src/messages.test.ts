import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageLimits, parseFromWorker } from './messages.ts'

const parse = (data: unknown) => parseFromWorker(data, 100)

test('takes each message of the protocol as it is', () => {
  for (const message of [
    { type: 'ready' },
    { type: 'ready', snapshot: new Uint8Array(4) },
    { type: 'failed', message: 'no engine' },
    { type: 'output', text: 'a\n' },
    { type: 'end', durationMs: 0 },
    { type: 'end', durationMs: 1.5, stopped: 'exit', notice: 'n', error: { name: 'E', message: 'm', line: 3 } },
  ])
    assert.deepEqual(parse(message), message)
})

const malformed: [string, unknown][] = [
  ['no object', 'ready'],
  ['null', null],
  ['an array', ['ready']],
  ['an unknown type', { type: 'load' }],
  ['a type that is no string', { type: { toString: () => 'ready' } }],
  ['an unknown field', { type: 'ready', keep: {} }],
  ['a snapshot that is no bytes', { type: 'ready', snapshot: 'x' }],
  ['a snapshot beyond its limit', { type: 'ready', snapshot: new Uint8Array(messageLimits.snapshotBytes + 1) }],
  ['empty output', { type: 'output', text: '' }],
  ['output that is no text', { type: 'output', text: ['a'] }],
  ['output beyond its limit', { type: 'output', text: 'x'.repeat(101) }],
  ['no duration', { type: 'end' }],
  ['a duration that is no number', { type: 'end', durationMs: '1' }],
  ['a negative duration', { type: 'end', durationMs: -1 }],
  ['an endless duration', { type: 'end', durationMs: Number.POSITIVE_INFINITY }],
  ['a duration of NaN', { type: 'end', durationMs: Number.NaN }],
  ['a cause that the worker cannot know', { type: 'end', durationMs: 1, stopped: 'abort' }],
  ['a cause that does not exist', { type: 'end', durationMs: 1, stopped: 'constructor' }],
  ['a notice beyond its limit', { type: 'end', durationMs: 1, notice: 'x'.repeat(messageLimits.notice + 1) }],
  ['an error without a name', { type: 'end', durationMs: 1, error: { message: 'm' } }],
  ['an error with a stack', { type: 'end', durationMs: 1, error: { name: 'E', message: 'm', stack: 's' } }],
  ['a line that is no line', { type: 'end', durationMs: 1, error: { name: 'E', message: 'm', line: 0.5 } }],
  [
    'an error message beyond its limit',
    { type: 'end', durationMs: 1, error: { name: 'E', message: 'x'.repeat(messageLimits.errorMessage + 1) } },
  ],
]
for (const [name, data] of malformed) {
  test(`refuses ${name}`, () => {
    assert.equal(parse(data), undefined)
  })
}

test('reads no inherited field', () => {
  assert.equal(parse(Object.create({ type: 'ready' })), undefined)
})
