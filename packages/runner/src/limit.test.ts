import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cutToBytes } from './limit.ts'

test('text within the limit stays whole, and its bytes are counted', () => {
  assert.deepEqual(cutToBytes('aé日🙂', 10), { text: 'aé日🙂', bytes: 10, isCut: false })
  assert.deepEqual(cutToBytes('', 0), { text: '', bytes: 0, isCut: false })
})

test('a character that does not fit is left out whole', () => {
  for (const [limit, text] of [
    [9, 'aé日'],
    [6, 'aé日'],
    [5, 'aé'],
    [2, 'a'],
    [0, ''],
  ] as const) {
    const cut = cutToBytes('aé日🙂', limit)
    assert.deepEqual(cut, { text, bytes: Buffer.byteLength(text), isCut: true })
  }
})

test('half a surrogate pair counts as what it is written as', () => {
  assert.equal(cutToBytes('\ud800', 100).bytes, Buffer.byteLength('\ud800'))
})
