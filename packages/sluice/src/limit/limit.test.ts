import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { InvalidOption } from '../errors.ts'
import { seededRandom } from '../testing/random.ts'
import { aimd } from './aimd.ts'
import { ExponentialAverage } from './exponential-average.ts'
import { fixed } from './fixed.ts'
import { type GradientOptions, gradient } from './gradient.ts'
import type { Bounds, Limit } from './limit.ts'
import { type SimulatedServer, simulate } from './simulated-server.ts'
import { type VegasOptions, vegas } from './vegas.ts'

const each = { windowSamples: 1, probeRounds: Infinity }

test('fixed stays, whatever it is told', () => {
  const limit = fixed(7)
  assert.equal(limit.update({ rttMs: 1e9, inFlight: 7, dropped: true }), 7)
  assert.equal(limit.value, 7)
})

describe('the vectors of AIMDLimitTest', () => {
  test('begins at its initial limit', () => assert.equal(aimd({ initial: 10 }).value, 10))
  test('20 → 21 on success', () =>
    assert.equal(aimd({ initial: 20, windowSamples: 1 }).update({ rttMs: 1, inFlight: 10 }), 21))
  test('30 → 27 on a drop', () =>
    assert.equal(aimd({ initial: 30, windowSamples: 1 }).update({ rttMs: 0, inFlight: 0, dropped: true }), 27))
  test('stays at its maximum', () =>
    assert.equal(aimd({ initial: 21, max: 21, windowSamples: 1 }).update({ rttMs: 1, inFlight: 10 }), 21))
  test('too slow is dropped', () =>
    assert.equal(aimd({ initial: 30, windowSamples: 1, timeoutMs: 100 }).update({ rttMs: 100, inFlight: 30 }), 27))
  test('stays when less than half is in use', () =>
    assert.equal(aimd({ initial: 30, windowSamples: 1 }).update({ rttMs: 1, inFlight: 14 }), 30))
})

describe('the vectors of VegasLimitTest', () => {
  const make = (options: VegasOptions = {}) =>
    vegas({ alpha: 3, beta: 6, smoothing: 1, initial: 10, max: 20, ...each, ...options })
  const run = (limit: Limit, samples: [rttMs: number, inFlight: number][]) =>
    samples.map(([rttMs, inFlight]) => limit.update({ rttMs, inFlight }))
  const halving: VegasOptions = { decrease: (limit) => limit / 2, initial: 100, max: 200, ...each }

  test('10 → 16 without queueing', () =>
    assert.deepEqual(
      run(make(), [
        [10, 10],
        [10, 11],
      ]),
      [10, 16],
    ))
  test('10 → 9 with a long queue', () =>
    assert.deepEqual(
      run(make(), [
        [10, 10],
        [50, 11],
      ]),
      [10, 9],
    ))
  test('holds at 10 between the marks', () =>
    assert.deepEqual(
      run(make(), [
        [10, 10],
        [14, 14],
      ]),
      [10, 10],
    ))
  test('10,000 → 10,024', () =>
    assert.deepEqual(
      run(vegas({ initial: 10_000, max: 20_000, timeoutMs: Infinity, ...each }), [
        [10_000, 5000],
        [10_000, 6000],
      ]),
      [10_000, 10_024],
    ))
  test('100 → 75 → 56, smoothed', () =>
    assert.deepEqual(
      run(vegas({ ...halving, smoothing: 0.5 }), [
        [10, 100],
        [20, 100],
        [20, 100],
      ]),
      [100, 75, 56],
    ))
  test('100 → 50 → 25, not smoothed', () =>
    assert.deepEqual(
      run(vegas(halving), [
        [10, 100],
        [20, 100],
        [20, 100],
      ]),
      [100, 50, 25],
    ))
})

test('the vectors of ExpAvgMeasurementTest: the mean while it warms up, then exponential', () => {
  const average = new ExponentialAverage(100, 10)
  const expected = [10, 10.5, 11, 11.5, 12, 12.5, 13, 13.5, 14, 14.5]
  expected.forEach((value, index) => assert.ok(Math.abs(average.add(index + 10) - value) < 1e-9))
  assert.ok(Math.abs(average.add(100) - 16.2) < 0.1)
})

describe('one step of the gradient, by the formula of Gradient2Limit', () => {
  const after = (rttMs: number, inFlight = 100, options: GradientOptions = {}) => {
    const limit = gradient({ initial: 100, headroom: 4, ...each, ...options })
    assert.equal(limit.update({ rttMs: 10, inFlight: 100 }), 100)
    return limit.update({ rttMs, inFlight })
  }
  test('no queueing: 100 · 1 + 4, a fifth of it', () => assert.equal(after(10, 100, { smoothing: 1 }), 104))
  test('within the tolerance: as without queueing', () => assert.equal(after(15, 100, { smoothing: 1 }), 104))
  test('gradient 0.75: 100 → 95', () => assert.equal(after(20), 95))
  test('never below 0.5: 100 → 90', () => assert.equal(after(1000), 90))
  test('less than half in flight: stays', () => assert.equal(after(1000, 49), 100))
  test('less than three quarters in flight: does not grow', () => assert.equal(after(10, 74), 100))
  test('a drop is a gradient of 0.5, whatever its round-trip time', () => {
    const limit = gradient({ initial: 100, ...each })
    assert.equal(limit.update({ rttMs: 1, inFlight: 100, dropped: true }), 90)
  })
})

const server = (limit: Limit, load: number, options: Partial<SimulatedServer> = {}) => {
  const random = seededRandom(7)
  const serviceMs = () => 36 + 8 * random()
  return simulate({ limit, random, durationMs: 60_000, slots: () => 8, serviceMs, rate: () => 200 * load, ...options })
}
const highest = (moments: { atMs: number; limit: number }[], fromMs: number, toMs = Infinity) =>
  moments.reduce((most, { atMs, limit }) => (atMs >= fromMs && atMs < toMs ? Math.max(most, limit) : most), 0)
const mean = (moments: { atMs: number; limit: number }[], fromMs: number, toMs = Infinity) => {
  const within = moments.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
  return within.reduce((sum, { limit }) => sum + limit, 0) / within.length
}
const goodput = (moments: { atMs: number }[], fromMs: number, toMs: number) =>
  (moments.filter(({ atMs }) => atMs >= fromMs && atMs < toMs).length * 1000) / (toMs - fromMs)

const adaptive = { vegas: () => vegas(), gradient: () => gradient() }
for (const [name, make] of Object.entries(adaptive)) {
  describe(`${name} at a server of 8 slots and 40 ms, which nobody told it`, () => {
    for (const load of [2, 5, 10])
      test(`${load}× load: keeps it busy and the line short`, () => {
        const { moments } = server(make(), load)
        assert.ok(goodput(moments, 1000, 60_000) > 200 * 0.97, `${goodput(moments, 1000, 60_000)}`)
        assert.ok(highest(moments, 2000) <= 24, `${highest(moments, 2000)}`)
      })

    test('an hour of overload does not move the baseline (#165)', () => {
      const { moments } = server(make(), 1.5, { durationMs: 3_600_000 })
      const [early, late] = [mean(moments, 60_000, 600_000), mean(moments, 3_000_000)]
      assert.ok(late <= 24 && late <= early * 1.1, `${early} → ${late}`)
      assert.ok(goodput(moments, 3_540_000, 3_600_000) > 200 * 0.97)
    })

    test('four times slower is learned, and unlearned', () => {
      const random = seededRandom(3)
      const isSlow = (at: number) => at > 20_000 && at < 40_000
      const { moments } = server(make(), 2, { serviceMs: (at) => (36 + 8 * random()) * (isSlow(at) ? 4 : 1) })
      assert.ok(goodput(moments, 25_000, 40_000) > 50 * 0.95, `${goodput(moments, 25_000, 40_000)}`)
      assert.ok(goodput(moments, 42_000, 60_000) > 200 * 0.97, `${goodput(moments, 42_000, 60_000)}`)
      assert.ok(mean(moments, 25_000) <= 24, `${mean(moments, 25_000)}`)
    })

    test('half the slots, and all of them again', () => {
      const { moments } = server(make(), 2, { slots: (at) => (at > 20_000 && at < 40_000 ? 4 : 8) })
      assert.ok(highest(moments, 25_000, 40_000) <= 16, `${highest(moments, 25_000, 40_000)}`)
      assert.ok(goodput(moments, 21_000, 40_000) > 100 * 0.95)
      assert.ok(goodput(moments, 42_000, 60_000) > 200 * 0.97)
    })

    test('constant timeouts take it down, never up (#137), and it comes back', () => {
      const limit = make()
      for (let i = 0; i < 1000; i++) limit.update({ rttMs: 40, inFlight: limit.value })
      const before = limit.value
      for (let i = 0; i < 5000; i++)
        assert.ok(limit.update({ rttMs: 1000, inFlight: limit.value, dropped: true }) <= before)
      assert.ok(limit.value < before * 0.6, `${before} → ${limit.value}`)
      for (let i = 0; i < 5000; i++) limit.update({ rttMs: 40, inFlight: limit.value })
      assert.ok(limit.value >= before, `${limit.value}`)
    })

    test('timeouts that nobody calls timeouts, from the first sample on', () => {
      const limit = make()
      for (let i = 0; i < 5000; i++) assert.ok(limit.update({ rttMs: 5000, inFlight: limit.value }) <= 20)
      assert.equal(limit.value, 1)
    })

    test('a round-trip time that does not depend on the limit lets it grow: there is no queue', () => {
      const limit = make()
      for (let i = 0; i < 100_000; i++) limit.update({ rttMs: 300, inFlight: limit.value })
      assert.ok(limit.value > 100, `${limit.value}`)
    })
  })
}

test('a gradient that settles at 0.8 does not grow for ever', () => {
  // Queueing as it would have to be for a gradient of 0.8 at every limit: never more than half the baseline's double.
  const limit = gradient({ probeRounds: Infinity, initial: 100 })
  for (let i = 0; i < 500; i++) limit.update({ rttMs: 40, inFlight: 40 })
  for (let i = 0; i < 100_000; i++) {
    const halved = limit.value <= 50
    limit.update({ rttMs: halved ? 40 : (40 * 1.5) / 0.8, inFlight: limit.value })
    assert.ok(limit.value <= 104, `${limit.value}`)
  }
})

/** As where more than enough comes: close to the least that keeps all slots busy. */
const cautious = () => gradient({ tolerance: (spread) => (spread < 0.12 ? 1.05 : 1.5), isCautious: () => true })

test('ten times slower is a shock: a gradient lets in no more than what is right by then, within seconds of long round trips', () => {
  for (const make of [gradient, cautious]) {
    const { moments } = server(make(), 0.8, { serviceMs: (at) => (at > 20_000 ? 400 : 40), durationMs: 60_000 })
    const of = moments.filter(({ atMs }) => atMs > 21_500 && atMs < 23_000)
    assert.ok(of.length > 0 && of.every(({ limit }) => limit <= 16), `${of.map(({ limit }) => limit).join()}`)
    assert.ok(goodput(moments, 25_000, 60_000) > 20 * 0.93, `${goodput(moments, 25_000, 60_000)}`)
  }
})

test('a cautious gradient keeps the slots busy with next to nobody waiting, and finds new ones', () => {
  const { moments } = server(cautious(), 10, { slots: (at) => (at > 20_000 ? 16 : 8), durationMs: 40_000 })
  assert.ok(highest(moments, 10_000, 20_000) <= 10, `${highest(moments, 10_000, 20_000)}`)
  assert.ok(goodput(moments, 5000, 20_000) > 200 * 0.98, `${goodput(moments, 5000, 20_000)}`)
  assert.ok(highest(moments, 25_000, 40_000) <= 19, `${highest(moments, 25_000, 40_000)}`)
  assert.ok(goodput(moments, 25_000, 40_000) > 400 * 0.98, `${goodput(moments, 25_000, 40_000)}`)
})

test('where round trips vary a cautious gradient is like any other: it does not take chance for a queue', () => {
  const of = (make: () => Limit, serviceMs: (dice: number) => number) => {
    const random = seededRandom(5)
    const { moments } = server(make(), 5, { serviceMs: () => serviceMs(random()), durationMs: 60_000 })
    return goodput(moments, 10_000, 60_000)
  }
  // Exponential (the mean of ten varies by a third), and evenly spread from a half to one and a half of the mean.
  for (const serviceMs of [(dice: number) => -40 * Math.log(1 - dice), (dice: number) => 20 + 40 * dice]) {
    const [plain, careful] = [of(gradient, serviceMs), of(cautious, serviceMs)]
    assert.ok(careful >= plain * 0.93, `${careful} of ${plain}`)
  }
})

test('aimd stays where something is dropped now and then', () => {
  const { moments } = server(aimd(), 5, { timeoutMs: 200 })
  assert.ok(highest(moments, 10_000) <= 60, `${highest(moments, 10_000)}`)
  assert.ok(goodput(moments, 1000, 60_000) > 190)
})

test('whatever it is told, a limit is a whole number within its bounds', () => {
  const sample = fc.record({
    rttMs: fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constant(0)),
    inFlight: fc.nat(200),
    dropped: fc.boolean(),
  })
  const bounds = { min: 3, initial: 20, max: 50 }
  for (const make of [
    aimd,
    vegas,
    gradient,
    (options: Bounds) => gradient({ ...options, tolerance: () => 1.05, isCautious: () => true }),
  ])
    for (const windowSamples of [1, 10])
      fc.assert(
        fc.property(fc.array(sample, { maxLength: 300 }), (samples) => {
          const limit = make({ ...bounds, windowSamples })
          for (const one of samples) {
            const value = limit.update(one)
            assert.ok(Number.isInteger(value) && value >= 3 && value <= 50, `${value}`)
            assert.equal(value, limit.value)
          }
        }),
        { numRuns: 300 },
      )
})

test('a bad option is named with its value', () => {
  const bad: [() => unknown, RegExp][] = [
    [() => fixed(0), /^limit must be a whole number of at least 1, got 0$/],
    [() => fixed(Number.NaN), /^limit must be .*got NaN$/],
    [() => fixed(Infinity), /^limit must be .*got Infinity$/],
    [() => aimd({ initial: 2.5 }), /^initial must be .*got 2.5$/],
    [() => aimd({ min: -1 }), /^min must be .*got -1$/],
    [() => aimd({ min: 10, max: 9 }), /^max must be a whole number of at least 10, got 9$/],
    [() => aimd({ min: 10, max: 20, initial: 21 }), /^initial must be .*at most 20, got 21$/],
    [() => aimd({ backoffRatio: 1 }), /^backoffRatio must be .*got 1$/],
    [() => aimd({ timeoutMs: Number.NaN }), /^timeoutMs must be .*got NaN$/],
    [() => vegas({ windowSamples: 0 }), /^windowSamples must be .*got 0$/],
    [() => vegas({ alpha: -1 }), /^alpha must be .*got -1$/],
    [() => vegas({ smoothing: 0 }), /^smoothing must be .*got 0$/],
    [() => vegas({ probeRounds: 0 }), /^probeRounds must be .*got 0$/],
    [() => vegas({ increase: 3 as never }), /^increase must be a function, got 3$/],
    [() => gradient({ tolerance: 0.9 }), /^tolerance must be .*got 0.9$/],
    [() => gradient({ headroom: -4 }), /^headroom must be .*got -4$/],
    [() => gradient({ dropTolerance: 1.1 }), /^dropTolerance must be .*got 1.1$/],
    [() => gradient({ max: 2 ** 60 }), /^max must be .*got 1152921504606847000$/],
  ]
  for (const [make, message] of bad)
    assert.throws(make, (error) => error instanceof InvalidOption && message.test(error.message), String(message))
})
