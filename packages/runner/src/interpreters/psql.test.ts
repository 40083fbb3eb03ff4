import assert from 'node:assert/strict'
import { test } from 'node:test'
import { table } from './psql.ts'

// Each expected text was printed by psql 18, trailing spaces removed.
test('numbers stand on the right, texts on the left, heads in the middle', () => {
  const text = table(
    [
      { name: 'id', isNumeric: true },
      { name: 'long name', isNumeric: false },
    ],
    [
      ['1', 'a'],
      ['1000', null],
    ],
  )
  assert.equal(text, '  id  | long name\n------+-----------\n    1 | a\n 1000 |\n(2 rows)')
})

test('a line break in a cell is continued with a plus', () => {
  const text = table(
    [
      { name: 'doc', isNumeric: false },
      { name: 'n', isNumeric: true },
    ],
    [['{\n  "a": 1\n}', '7']],
  )
  assert.equal(text, '   doc    | n\n----------+---\n {       +| 7\n   "a": 1+|\n }        |\n(1 row)')
})

test('wide characters count two columns', () => {
  assert.equal(table([{ name: 'n', isNumeric: false }], [['日本']]), '  n\n------\n 日本\n(1 row)')
})
