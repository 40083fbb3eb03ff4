import assert from 'node:assert/strict'
import { test } from 'node:test'
import { acceptedCodings } from './encoding.ts'

const cases: [header: string | undefined, expected: string[]][] = [
  [undefined, ['identity']],
  ['', ['identity']],
  ['gzip, deflate, br, zstd', ['br', 'gzip', 'identity']],
  ['gzip', ['gzip', 'identity']],
  ['br;q=0.1, gzip;q=0.9', ['gzip', 'br', 'identity']],
  ['br;q=0, gzip', ['gzip', 'identity']],
  ['*', ['br', 'gzip', 'identity']],
  ['*;q=0', ['identity']],
  ['gzip;q=0, *', ['br', 'identity']],
  ['identity', ['identity']],
  ['identity;q=1, br;q=0.5', ['identity', 'br']],
  ['identity;q=0, br', ['br', 'identity']],
  ['BR;Q=1.0', ['br', 'identity']],
  ['x-gzip', ['gzip', 'identity']],
  ['br;q=abc, gzip;q=2', ['identity']],
  [' , ,;;, gzip ; q=0.5 ', ['gzip', 'identity']],
]

for (const [header, expected] of cases) {
  test(`Accept-Encoding ${JSON.stringify(header)} gives ${expected.join(', ')}`, () => {
    assert.deepEqual(acceptedCodings(header), expected)
  })
}
