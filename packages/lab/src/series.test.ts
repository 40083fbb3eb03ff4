/** Thinning for the eye: few points, and no peak lost. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Points, Series } from './series.ts'

const pairs = (points: Points): [number, number][] =>
  Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i]!, points[2 * i + 1]!])

test('few points stay as they are', () => {
  const series = new Series()
  assert.deepEqual(series.points(), [])
  for (const [x, y] of [
    [0, 1],
    [1, 5],
    [1, 2],
  ] as const)
    series.add(x, y)
  assert.deepEqual(series.points(), [0, 1, 1, 5, 1, 2])
})

test('any number of points: first, last, lowest and highest are kept, x grows, points are of the series, at most 2,400', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: -50, max: 50 })), {
    minLength: 1,
    maxLength: 60,
  })
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 200 }), (some, times) => {
      const series = new Series()
      const given: [number, number][] = []
      let x = 0
      for (let time = 0; time < times; time++)
        for (const [dx, y] of some) {
          x += dx
          given.push([x, y])
          series.add(x, y)
        }
      const drawn = pairs(series.points())
      assert.ok(drawn.length <= 2400)
      assert.deepEqual(drawn[0], given[0])
      assert.deepEqual(drawn.at(-1), given.at(-1))
      const ys = (points: [number, number][]) => points.map(([, y]) => y)
      assert.equal(Math.max(...ys(drawn)), Math.max(...ys(given)))
      assert.equal(Math.min(...ys(drawn)), Math.min(...ys(given)))
      const known = new Set(given.map(String))
      for (const [i, point] of drawn.entries()) {
        assert.ok(known.has(String(point)))
        assert.ok(i === 0 || drawn[i - 1]![0] <= point[0])
      }
    }),
    { numRuns: 60 },
  )
})

test('a spike of one point among a million is drawn', () => {
  const series = new Series()
  for (let i = 0; i < 1_000_000; i++) series.add(i, i === 654_321 ? 9 : 0)
  assert.ok(pairs(series.points()).some(([x, y]) => x === 654_321 && y === 9))
})
