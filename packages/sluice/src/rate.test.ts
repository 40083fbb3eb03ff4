import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { InvalidOption, Overloaded } from './errors.ts'
import { gcra, type MeterRule, rate, slidingWindow } from './rate.ts'
import { virtualClock } from './testing/virtual-clock.ts'

test('gcra: a burst at once, then one per interval', async () => {
  const clock = virtualClock()
  const limiter = rate({ rule: gcra({ perSecond: 10, burst: 3 }), clock })
  assert.deepEqual(
    [1, 2, 3, 4].map(() => limiter.tryTake()),
    [0, 0, 0, 100],
  )
  await clock.advance(99)
  assert.equal(limiter.tryTake(), 1)
  await clock.advance(1)
  assert.deepEqual([limiter.tryTake(), limiter.tryTake()], [0, 100])
  await clock.advance(10_000)
  assert.deepEqual(
    [1, 2, 3, 4].map(() => limiter.tryTake()),
    [0, 0, 0, 100],
  )
})

test('a cost of more than one takes as many', async () => {
  const limiter = rate({ rule: gcra({ perSecond: 10, burst: 3 }), clock: virtualClock() })
  assert.equal(limiter.tryTake({}, 2), 0)
  assert.equal(limiter.tryTake({}, 2), 100)
  assert.equal(limiter.tryTake({}, 1), 0)
  assert.throws(() => limiter.tryTake({}, 4), /^InvalidOption: cost must be .*at most 3, got 4$/)
})

test('a sliding window never lets twice as many through around an edge', async () => {
  const clock = virtualClock()
  const limiter = rate({ rule: slidingWindow({ count: 2, windowMs: 1000 }), clock })
  await clock.advance(900)
  assert.deepEqual([limiter.tryTake(), limiter.tryTake()], [0, 0])
  await clock.advance(200)
  assert.equal(limiter.tryTake(), 800)
  await clock.advance(800)
  assert.equal(limiter.tryTake(), 0)
})

describe('run', () => {
  test('refuses with the cause and when to come again; the work does not begin', async () => {
    const limiter = rate({ rule: gcra({ perSecond: 4 }), clock: virtualClock() })
    assert.equal(await limiter.run(() => 'a'), 'a')
    const error = await limiter.run(() => assert.fail('it ran')).catch((error: unknown) => error)
    assert.ok(error instanceof Overloaded)
    assert.deepEqual([error.cause, error.retryAfterMs], ['rate', 250])
  })

  test('with maxWaitMs it paces, in order, and refuses what would wait longer', async () => {
    const clock = virtualClock()
    const limiter = rate({ rule: gcra({ perSecond: 10 }), maxWaitMs: 250, clock })
    const log: string[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      limiter
        .run(() => log.push(`${name} at ${clock.now()}`))
        .catch((error: Overloaded) => log.push(`${name} refused, ${error.retryAfterMs}`))
    await clock.settle()
    assert.equal(limiter.waiting, 2)
    await clock.advance(1000)
    assert.deepEqual(log, ['a at 0', 'd refused, 300', 'e refused, 300', 'b at 100', 'c at 200'])
  })

  test('one whose deadline would pass in the line is refused at once', async () => {
    const limiter = rate({ rule: gcra({ perSecond: 10 }), maxWaitMs: Infinity, clock: virtualClock() })
    await limiter.take()
    await assert.rejects(limiter.take({ deadlineAt: 99 }), { cause: 'rate' })
  })

  test('one that is called off gives its turn to the next, and no listener or timer stays', async () => {
    const clock = virtualClock()
    const limiter = rate({ rule: gcra({ perSecond: 10 }), maxWaitMs: Infinity, clock })
    const controller = new AbortController()
    const { signal } = new AbortController()
    await limiter.take()
    const times: number[] = []
    const off = limiter.take({ signal: controller.signal })
    const next = limiter.take({ signal }).then(() => times.push(clock.now()))
    controller.abort(new Error('off'))
    await assert.rejects(off, /off/)
    await clock.advance(100)
    await next
    assert.deepEqual(times, [100])
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    assert.equal(clock.pending, 0)
    await assert.rejects(limiter.take({ signal: controller.signal }), /off/)
  })

  test('keys are counted by themselves; beyond maxKeys the one not seen for longest is forgotten', () => {
    const limiter = rate({ rule: gcra({ perSecond: 1 }), perKey: true, maxKeys: 2, clock: virtualClock() })
    const take = (key: string) => limiter.tryTake({ key })
    assert.deepEqual([take('a'), take('b'), take('a')], [0, 0, 1000])
    assert.equal(take('c'), 0)
    assert.equal(take('a'), 1000, 'a was seen after b')
    assert.equal(take('b'), 0, 'b was forgotten')
  })
})

test('whatever comes when: never more than the rule allows, nobody overtakes, all that may wait gets its turn', async () => {
  const rules: [MeterRule, (times: number[]) => void][] = [
    [
      gcra({ perSecond: 100, burst: 3 }),
      (times) => {
        // Any stretch of n takes lasts at least (n − burst) intervals.
        for (let from = 0; from < times.length; from++)
          for (let to = from; to < times.length; to++)
            assert.ok(times[to]! - times[from]! >= (to - from + 1 - 3) * 10 - 1e-3, `${from} to ${to}`)
      },
    ],
    [
      slidingWindow({ count: 3, windowMs: 30 }),
      (times) => times.forEach((at, i) => assert.ok(i < 3 || at - times[i - 3]! >= 30 - 1e-3)),
    ],
  ]
  for (const [rule, holds] of rules)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ waitMs: fc.nat(15), abort: fc.boolean(), tries: fc.boolean() }), { maxLength: 30 }),
        async (steps) => {
          const clock = virtualClock()
          const limiter = rate({ rule, maxWaitMs: Infinity, clock })
          const times: number[] = []
          const order: number[] = []
          let [settled, sent] = [0, 0]
          for (const [index, { waitMs, abort, tries }] of steps.entries()) {
            await clock.advance(waitMs)
            if (tries) {
              if (limiter.tryTake() === 0) times.push(clock.now())
              continue
            }
            sent++
            const controller = new AbortController()
            limiter
              .take({ signal: controller.signal })
              .then(
                () => (order.push(index), times.push(clock.now())),
                () => {},
              )
              .finally(() => settled++)
            if (abort) clock.schedule(7, () => controller.abort())
          }
          await clock.run()
          holds(times)
          assert.equal(settled, sent)
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          )
        },
      ),
      { numRuns: 300 },
    )
})

test('a bad option is named with its value', () => {
  const bad: [() => unknown, RegExp][] = [
    [() => gcra({ perSecond: 0 }), /^perSecond must be .*above 0, got 0$/],
    [() => gcra({ perSecond: Number.NaN }), /^perSecond must be .*got NaN$/],
    [() => gcra({ perSecond: Infinity }), /^perSecond must be .*got Infinity$/],
    [() => gcra({ perSecond: 1, burst: 1.5 }), /^burst must be .*got 1.5$/],
    [() => slidingWindow({ count: -1, windowMs: 1 }), /^count must be .*got -1$/],
    [() => slidingWindow({ count: 2 ** 40, windowMs: 1 }), /^count must be .*got 1099511627776$/],
    [() => slidingWindow({ count: 1, windowMs: 0 }), /^windowMs must be .*got 0$/],
    [() => rate({ rule: undefined as never }), /^rule must be a rule such as .*got undefined$/],
    [() => rate({ rule: gcra({ perSecond: 1 }), maxWaitMs: -1 }), /^maxWaitMs must be .*got -1$/],
    [() => rate({ rule: gcra({ perSecond: 1 }), maxKeys: 0 }), /^maxKeys must be .*got 0$/],
    [() => rate({ rule: gcra({ perSecond: 1 }) }).tryTake({}, -1), /^cost must be .*got -1$/],
  ]
  for (const [make, message] of bad)
    assert.throws(make, (error) => error instanceof InvalidOption && message.test(error.message), String(message))
})

test('beyond maxKeys the key not seen for longest goes, and a new key costs no search', () => {
  const limiter = rate({ rule: gcra({ perSecond: 1 }), perKey: true, maxKeys: 3, clock: virtualClock() })
  for (const key of ['a', 'b', 'c', 'a', 'd']) limiter.tryTake({ key })
  // `b` was forgotten and begins with its burst; `a` and `d` were not.
  assert.deepEqual(
    ['a', 'd', 'b'].map((key) => limiter.tryTake({ key }) > 0),
    [true, true, false],
  )
  const costOf = (maxKeys: number): number => {
    const many = rate({ rule: gcra({ perSecond: 1 }), perKey: true, maxKeys, clock: virtualClock() })
    for (let n = 0; n < maxKeys; n++) many.tryTake({ key: `${n}` })
    const { user } = process.cpuUsage()
    for (let n = 0; n < 60_000; n++) many.tryTake({ key: `new ${n}` })
    return process.cpuUsage().user - user
  }
  costOf(1000)
  // A map that looks through the places of deleted keys is more than ten times as slow.
  assert.ok(costOf(100_000) < 7 * costOf(1000))
})
