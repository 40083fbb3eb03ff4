import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'node:test'
import { visibleText } from './visible-text.ts'

const cases: [title: string, text: string, expected: string][] = [
  ['ordinary text', 'Größe, 你好, שלום 😀 \\u0041', 'Größe, 你好, שלום 😀 \\u0041'],
  ['line feed and tab', 'a\n\tb', 'a\n\tb'],
  ['C0 and DEL', '\0\u0007\b\r\u001b[2J\u007f', '\\u0000\\u0007\\u0008\\u000d\\u001b[2J\\u007f'],
  ['C1', '\u0085\u009b31m', '\\u0085\\u009b31m'],
  ['zero-width characters', 'a\u200b\u200c\u200d\u2060\ufeffb', 'a\\u200b\\u200c\\u200d\\u2060\\ufeffb'],
  ['bidi marks', '\u061c\u200e\u200f\u202a\u202e\u2066\u2069', '\\u061c\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069'],
  ['line and paragraph separators', '\u2028\u2029', '\\u2028\\u2029'],
  ['the tags block', '\u{e0041}', '\\udb40\\udc41'],
  ['lone surrogates', 'a\ud800b\udc00', 'a\\ud800b\\udc00'],
  ['soft hyphen and fillers', '\u00ad\u3164\ufe0f', '\\u00ad\\u3164\\ufe0f'],
]
for (const [title, text, expected] of cases) {
  test(`${title}: ${JSON.stringify(expected)}`, () => assert.equal(visibleText(text), expected))
}

/** Written as code points, so that the test shares no pattern with the function. */
const unsafeRanges = [
  [0x00, 0x08],
  [0x0b, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x61c, 0x61c],
  [0x180b, 0x180f],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xd800, 0xdfff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe0fff],
] as const

function isUnsafe(code: number): boolean {
  return unsafeRanges.some(([from, to]) => code >= from && code <= to)
}

const anyCharacter = fc
  .oneof(fc.nat(0x10ffff), ...unsafeRanges.map(([from, to]) => fc.integer({ min: from, max: to })))
  .map((code) => String.fromCodePoint(code))
const anyText = fc.string({ unit: anyCharacter, maxLength: 60 })

test('no unsafe character is left, and nothing else is lost', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const visible = visibleText(text)
      for (const character of visible) assert.ok(!isUnsafe(character.codePointAt(0) ?? 0))
      assert.equal(visibleText(visible), visible)
    }),
    { numRuns: 2000 },
  )
})

test('every code point of the ranges is escaped', () => {
  for (const [from, to] of unsafeRanges)
    for (let code = from; code <= to; code++)
      assert.match(visibleText(String.fromCodePoint(code)), /^(\\u[0-9a-f]{4})+$/)
})

test('JSON stays JSON and parses to the same value', () => {
  fc.assert(
    fc.property(fc.dictionary(anyText, anyText), (value) => {
      const prepared = JSON.parse(JSON.stringify(value))
      assert.deepEqual(JSON.parse(visibleText(JSON.stringify(value, undefined, 2))), prepared)
    }),
    { numRuns: 1000 },
  )
})
