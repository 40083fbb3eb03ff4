/** Probes against what can be computed by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { exponential } from './distributions.ts'
import { BatchMeans, Level, Tally } from './probes.ts'
import { randomStream } from './random.ts'

test('tally: count, mean and greatest are exact; percentiles to three digits', () => {
  const tally = new Tally()
  assert.deepEqual([tally.count, tally.mean, tally.max, tally.percentile(99)], [0, 0, 0, 0])
  for (let i = 1; i <= 10_000; i++) tally.record(i)
  assert.deepEqual([tally.count, tally.mean, tally.max], [10_000, 5000.5, 10_000])
  for (const percent of [1, 50, 90, 99, 99.9])
    assert.ok(
      Math.abs(tally.percentile(percent) / (percent * 100) - 1) < 0.002,
      `${percent}: ${tally.percentile(percent)}`,
    )
  assert.equal(tally.percentile(100), 10_000)
})

test('tally: percentiles against a sorted array', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0.01, max: 100, noNaN: true }),
      (values, percent) => {
        const tally = new Tally()
        for (const value of values) tally.record(value)
        const sorted = values.toSorted((a, b) => a - b)
        const ranks = [-1, 0].map((by) =>
          Math.min(sorted.length - 1, Math.max(0, Math.round((percent / 100) * sorted.length) + by)),
        )
        const found = tally.percentile(percent)
        // The nearest rank may be rounded either way; a bucket is a thousandth wide, and so is the unit.
        const low = sorted[ranks[0]!]! * 0.998 - 0.001
        const high = sorted[ranks[1]!]! * 1.002 + 0.001
        assert.ok(found >= low && found <= high, `${found} is not in ${low} to ${high}`)
      },
    ),
    { numRuns: 200 },
  )
})

test('level: its mean weighs each value by how long it held; reset forgets what was', () => {
  let now = 0
  const level = new Level(() => now)
  level.set(4)
  now = 10
  level.add(-4)
  now = 30
  level.set(2)
  now = 40
  assert.equal(level.mean, (4 * 10 + 2 * 10) / 40)
  assert.deepEqual([level.max, level.min, level.value], [4, 0, 2])
  level.reset()
  assert.equal(level.mean, 2)
  now = 50
  level.set(6)
  now = 60
  assert.equal(level.mean, 4)
  assert.deepEqual([level.max, level.min], [6, 2])
})

test('batch means: nothing to say while there is too little', () => {
  const batches = new BatchMeans()
  for (let i = 0; i < 19; i++) batches.add(1)
  assert.equal(batches.interval().halfWidth, Infinity)
  batches.add(1)
  assert.deepEqual(batches.interval(), { mean: 1, halfWidth: 0 })
})

test('batch means: golden, by hand, for twenty values', () => {
  const batches = new BatchMeans()
  for (let i = 1; i <= 20; i++) batches.add(i)
  const { mean, halfWidth } = batches.interval()
  assert.equal(mean, 10.5)
  // Variance of 1 … 20 is 35.
  assert.ok(Math.abs(halfWidth - 2.0930240544082634 * Math.sqrt(35 / 20)) < 1e-12)
})

test('batch means: of 400 intervals at 95 %, about 380 hold the truth', () => {
  let held = 0
  const work = exponential(1)
  for (let seed = 0; seed < 400; seed++) {
    const random = randomStream(seed, 'values')
    const batches = new BatchMeans()
    for (let i = 0; i < 500; i++) batches.add(work.draw(random))
    const { mean, halfWidth } = batches.interval()
    if (Math.abs(mean - 1) <= halfWidth) held++
  }
  assert.ok(held >= 365 && held <= 395, `${held} of 400`)
})
