import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseRetryAfter } from '../retry.ts'
import { retryAfterWriter } from './retry-after.ts'

const wallClock = () => Date.UTC(2026, 0, 31, 23, 59, 58, 500)

describe('Retry-After', () => {
  test('is in seconds, or a date that is rounded up', () => {
    assert.equal(retryAfterWriter({ spreadMs: 0 })(4200), '5')
    const write = retryAfterWriter({ spreadMs: 0, format: 'date', wallClock })
    assert.equal(write(1000), 'Sun, 01 Feb 2026 00:00:00 GMT')
  })

  test('is spread: never earlier than the wait or a second, later by two seconds or a tenth', () => {
    const values = new Set<string>()
    for (let i = 0; i < 1000; i++) values.add(retryAfterWriter()(0))
    assert.deepEqual([...values].toSorted(), ['2', '3'])
    assert.equal(retryAfterWriter({ random: () => 0 })(100_000), '100')
    assert.equal(retryAfterWriter({ random: () => 0.999 })(100_000), '110')
  })

  test('whatever is written is read as no earlier than it was meant', () => {
    const options = fc.record({ format: fc.constantFrom('seconds' as const, 'date' as const) })
    fc.assert(
      fc.property(
        options,
        fc.integer({ min: 0, max: 1e10 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (o, ms, r) => {
          const read = parseRetryAfter(retryAfterWriter({ ...o, wallClock, random: () => r })(ms), wallClock())
          assert.ok(read! >= ms && read! <= Math.max(ms, 1000) * 1.1 + 3001, `${read} for ${ms}`)
        },
      ),
    )
  })
})
