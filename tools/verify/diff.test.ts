import assert from 'node:assert/strict'
import { test } from 'node:test'
import { diffLines } from './diff.ts'

test('marks what is missing and what is new, and keeps two lines around', () => {
  const expected = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].join('\n')
  assert.deepEqual(diffLines(expected, expected.replace('f', 'F\nF2')), [
    '  …',
    '  d',
    '  e',
    '- f',
    '+ F',
    '+ F2',
    '  g',
  ])
})

test('shows an empty output against a line', () => {
  assert.deepEqual(diffLines('one', ''), ['- one', '+ '])
})

test('says nothing line by line about texts that are too long', () => {
  assert.match(diffLines('a\n'.repeat(3000), 'b\n'.repeat(3000))[0] ?? '', /3001 lines expected, 3001 printed/)
})
