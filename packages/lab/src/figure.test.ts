import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatFigure } from './figure.ts'

test('formats a figure with no more digits than say something', () => {
  const values = [
    1234567,
    123.456,
    12.345,
    1.234,
    0.004,
    0.00012,
    0,
    Infinity,
    -Infinity,
    Number.NaN,
    'word',
    undefined,
  ]
  assert.deepEqual(
    values.map((value) => formatFigure(value)),
    ['1,234,567', '123', '12.3', '1.23', '0.0040', '0.0001', '0', '∞', '−∞', '–', 'word', '–'],
  )
  assert.equal(formatFigure(1.5, 3), '1.500')
})
