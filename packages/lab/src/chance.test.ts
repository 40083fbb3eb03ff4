/** Streams of chance, what is drawn from them, and the arithmetic under them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  constant,
  type Distribution,
  empirical,
  erlang,
  exponential,
  lognormal,
  normal,
  pareto,
  uniform,
  zipf,
} from './distributions.ts'
import { exp, ln, pow } from './exact.ts'
import { pick, randomStream, shuffled } from './random.ts'
import { Simulation } from './simulation.ts'

describe('streams', () => {
  test('golden: the same numbers on every machine, for ever', () => {
    const random = randomStream(1, 'arrivals')
    assert.deepEqual([random(), random(), random()], [0.3216130545990239, 0.007512664340271535, 0.1004856002930069])
  })

  test('a stream is its own: what another draws changes nothing in it', () => {
    const alone = new Simulation({ seed: 5 }).random('service')
    const sim = new Simulation({ seed: 5 })
    for (let i = 0; i < 100; i++) {
      for (let j = 0; j < i % 3; j++) sim.random('arrivals')()
      assert.equal(sim.random('service')(), alone())
    }
  })

  test('names and seeds make streams that have nothing in common', () => {
    const streams = ['a', 'b', 'aa', 'ab'].flatMap((name) => [1, 2, 12, 21].map((seed) => randomStream(seed, name)))
    const draws = streams.map((random) => Array.from({ length: 4000 }, random))
    for (const [i, one] of draws.entries()) {
      const mean = one.reduce((sum, value) => sum + value, 0) / one.length
      assert.ok(Math.abs(mean - 0.5) < 0.02, `mean ${mean}`)
      for (const other of draws.slice(0, i)) {
        // Correlation of independent uniforms: standard deviation 1/√4000 = 0.016.
        const covariance = one.reduce((sum, value, at) => sum + (value - 0.5) * (other[at]! - 0.5), 0) / one.length
        assert.ok(Math.abs(covariance * 12) < 0.07, `correlation ${covariance * 12}`)
      }
    }
  })

  test('uniform in [0, 1), by a chi-square of 100 cells', () => {
    const random = randomStream(3, 'cells')
    const cells = new Array<number>(100).fill(0)
    for (let i = 0; i < 100_000; i++) cells[Math.floor(random() * 100)]!++
    const chi = cells.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    // 99 degrees of freedom: 0.1 % and 99.9 % points.
    assert.ok(chi > 60 && chi < 148, `${chi}`)
  })

  test('pick and shuffled', () => {
    const random = randomStream(1, 'cards')
    const seen = new Set(Array.from({ length: 200 }, () => pick(random, 4)))
    assert.deepEqual(
      [...seen].toSorted((a, b) => a - b),
      [0, 1, 2, 3],
    )
    const items = [1, 2, 3, 4, 5]
    assert.deepEqual(
      shuffled(random, items).toSorted((a, b) => a - b),
      items,
    )
    assert.deepEqual(items, [1, 2, 3, 4, 5])
    const first = new Array<number>(5).fill(0)
    for (let i = 0; i < 5000; i++) first[shuffled(random, items)[0]! - 1]!++
    for (const count of first) assert.ok(Math.abs(count - 1000) < 130, first.join(' '))
  })
})

describe('distributions', () => {
  const cases: [name: string, distribution: Distribution][] = [
    ['constant', constant(4)],
    ['uniform', uniform(2, 6)],
    ['exponential', exponential(4)],
    ['erlang of 3', erlang(3, 4)],
    ['erlang of 3000, whose product leaves the range', erlang(3000, 4)],
    ['lognormal, scv 2', lognormal(4, 2)],
    ['pareto, shape 6', pareto(6, 4)],
    ['empirical', empirical([1, 2, 2, 11])],
  ]
  for (const [name, distribution] of cases)
    test(`${name}: mean and scv are what it says`, () => {
      const random = randomStream(2, name)
      const count = name.includes('3000') ? 2000 : 400_000
      let [sum, squares] = [0, 0]
      for (let i = 0; i < count; i++) {
        const value = distribution.draw(random)
        assert.ok(value >= 0 && value < Infinity)
        sum += value
        squares += value * value
      }
      const mean = sum / count
      const scv = (squares / count - mean * mean) / (mean * mean)
      assert.ok(Math.abs(mean / distribution.mean - 1) < 0.01, `mean ${mean} against ${distribution.mean}`)
      assert.ok(
        Math.abs(scv - distribution.scv) < Math.max(0.05 * distribution.scv, 1e-4),
        `scv ${scv} against ${distribution.scv}`,
      )
    })

  test('golden: one draw of each, to the last digit', () => {
    const drawn = cases.map(([, distribution]) => distribution.draw(randomStream(1, 'golden')))
    assert.deepEqual(
      drawn,
      [
        4, 2.734350509295065, 0.8113427719874563, 5.093791632177136, 4.062009443275422, 1.8168165187180614,
        3.447946212851502, 1,
      ],
    )
  })

  test('normal: mean 0, variance 1, 68 % within one', () => {
    const random = randomStream(1, 'normal')
    const values = Array.from({ length: 200_000 }, () => normal(random))
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length
    const within = values.filter((value) => Math.abs(value) < 1).length / values.length
    assert.ok(Math.abs(mean) < 0.01 && Math.abs(variance - 1) < 0.01 && Math.abs(within - 0.6827) < 0.004)
  })

  test('pareto without a variance says so', () => {
    assert.equal(pareto(1.5, 4).scv, Infinity)
    assert.throws(() => pareto(1, 4), /shape must be above 1 for a mean to exist, got 1/)
  })

  test('zipf: ranks as often as their share', () => {
    const ranks = zipf(100, 1)
    const random = randomStream(1, 'zipf')
    const counts = new Array<number>(100).fill(0)
    for (let i = 0; i < 200_000; i++) counts[ranks.draw(random)]!++
    assert.ok(Math.abs(ranks.shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-12)
    for (const rank of [0, 1, 9, 99])
      assert.ok(Math.abs(counts[rank]! / 200_000 - ranks.shares[rank]!) < 0.003, `rank ${rank}`)
    // The top of the table is never left, whatever was rounded.
    assert.equal(
      ranks.draw(() => 1 - 2 ** -53),
      99,
    )
    assert.ok(Math.abs(zipf(4, 0).shares[3]! - 0.25) < 1e-15)
  })

  test('refuses what has no meaning, with the value', () => {
    assert.throws(() => exponential(0), /mean must be a number above 0, got 0/)
    assert.throws(() => erlang(1.5, 1), /stages must be a whole number above 0, got 1.5/)
    assert.throws(() => uniform(3, 2), /0 ≤ low < high, got 3 and 2/)
    assert.throws(() => lognormal(1, -1), /scv must be a number above 0, got -1/)
    assert.throws(() => empirical([]), /at least one/)
    assert.throws(() => zipf(0, 1), /count must be a whole number above 0, got 0/)
    assert.throws(() => zipf(3, -1), /skew must be 0 or more, got -1/)
  })
})

/** How many representable numbers lie between, on the scale of the expected one. */
function ulps(actual: number, expected: number): number {
  if (Object.is(actual, expected) || actual === expected) return 0
  const unit = Math.max(2 ** -1074, 2 ** (Math.floor(Math.log2(Math.abs(expected))) - 52))
  return Math.abs(actual - expected) / unit
}

describe('exact', () => {
  test('ln and exp are within two units of the engine’s own, which has its own error', () => {
    const positive = fc.double({ min: 5e-324, max: Number.MAX_VALUE, noNaN: true })
    fc.assert(
      fc.property(positive, (x) => ulps(ln(x), Math.log(x)) <= 2),
      { numRuns: 20_000 },
    )
    const near = fc.double({ min: 0.5, max: 2, noNaN: true })
    fc.assert(
      fc.property(near, (x) => ulps(ln(x), Math.log(x)) <= 2),
      { numRuns: 20_000 },
    )
    const exponent = fc.double({ min: -745, max: 709.7, noNaN: true })
    fc.assert(
      fc.property(exponent, (x) => ulps(exp(x), Math.exp(x)) <= 2),
      { numRuns: 20_000 },
    )
  })

  test('pow is off by no more than its logarithm is long', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
        fc.double({ min: -8, max: 8, noNaN: true }),
        (x, y) => Math.abs(pow(x, y) / x ** y - 1) < 1e-13,
      ),
      { numRuns: 10_000 },
    )
  })

  test('the edges', () => {
    assert.deepEqual([ln(1), ln(0), ln(-1), ln(Infinity), ln(Number.NaN)], [0, -Infinity, NaN, Infinity, NaN])
    assert.ok(ulps(ln(5e-324), Math.log(5e-324)) <= 1)
    assert.deepEqual(
      [exp(0), exp(710), exp(-746), exp(Infinity), exp(-Infinity), exp(NaN)],
      [1, Infinity, 0, Infinity, 0, NaN],
    )
    assert.ok(exp(-745) > 0 && exp(709.78) < Infinity)
    assert.deepEqual([pow(0, 0), pow(0, 2), pow(0, -1), pow(1, 1e308), pow(5, 0)], [1, 0, Infinity, 1, 1])
  })

  test('golden: to the last digit', () => {
    assert.deepEqual(
      [ln(3), ln(0.1), exp(1.5), exp(-20), pow(2.5, 3.1)],
      [1.0986122886681096, -2.3025850929940455, 4.4816890703380645, 2.061153622438558e-9, 17.12434728726902],
    )
  })
})
