import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { limits } from './limits.ts'
import { findWrongFormat, LineSplitter } from './lines.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

function split(...chunks: Uint8Array[]) {
  const splitter = new LineSplitter()
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()]
}

test('gives the same lines for any cut into chunks', () => {
  const text = fc
    .array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\n', '\r\n', '', 'ä')))
    .map((parts) => parts.join('\n'))
  fc.assert(
    fc.property(text, fc.array(fc.nat(40)), (text, sizes) => {
      const whole = bytes(text)
      const chunks: Uint8Array[] = []
      let from = 0
      for (const size of sizes) chunks.push(whole.subarray(from, (from += size)))
      chunks.push(whole.subarray(from))
      const expected = text
        .split('\n')
        .flatMap((line, index) => (line.trim() === '' ? [] : [{ number: index + 1, text: line }]))
      assert.deepEqual(split(...chunks), expected)
    }),
  )
})

test('drops the byte order mark of the first line only', () => {
  assert.deepEqual(split(bytes('\uFEFFa\r\n\uFEFFb')), [
    { number: 1, text: 'a\r' },
    { number: 2, text: '\uFEFFb' },
  ])
})

test('refuses a line that is too long without holding it, and reads the next', () => {
  const part = bytes('x'.repeat(64 * 1024))
  const chunks = Array.from({ length: 20 }, () => part)
  const splitter = new LineSplitter()
  for (const chunk of chunks) {
    splitter.push(chunk)
    assert.ok(splitter.heldBytes <= limits.lineBytes)
  }
  assert.deepEqual(split(bytes('a\n'), ...chunks, bytes('\nb\n')), [
    { number: 1, text: 'a' },
    { number: 2, error: 'found 1310720 bytes; expected at most 1048576 in one line' },
    { number: 3, text: 'b' },
  ])
  assert.equal(split(bytes('x'.repeat(limits.lineBytes)))[0]?.number, 1)
  assert.ok('text' in split(bytes('x'.repeat(limits.lineBytes)))[0]!)
})

test('refuses a line that is not UTF-8', () => {
  assert.deepEqual(split(Uint8Array.of(0x61, 0x0a, 0xed, 0xa0, 0x80, 0x0a, 0x62)), [
    { number: 1, text: 'a' },
    { number: 2, error: 'found bytes that are not UTF-8; expected text in UTF-8' },
    { number: 3, text: 'b' },
  ])
})

test('recognises UTF-16 and compressed files', () => {
  for (const start of [
    [0xff, 0xfe],
    [0xfe, 0xff],
    [0x7b, 0],
    [0, 0x7b],
  ])
    assert.match(findWrongFormat(Uint8Array.from(start))!, /UTF-16/)
  for (const start of [
    [0x1f, 0x8b],
    [0x50, 0x4b],
  ])
    assert.match(findWrongFormat(Uint8Array.from(start))!, /compressed/)
  assert.equal(findWrongFormat(bytes('{"id"')), undefined)
  assert.equal(findWrongFormat(Uint8Array.of()), undefined)
})
