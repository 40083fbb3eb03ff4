import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { InvalidOption } from '../errors.ts'
import { gcra, slidingWindow } from '../rate.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { quota, rateLimitFields } from './quota.ts'
import { parseList } from './structured-fields.ts'

describe('a quota', () => {
  test('tells its policy: the most at once, and how long until all of it is there again', () => {
    const policy = (rule: Parameters<typeof quota>[0]['rule']) => {
      const one = quota({ name: 'p', rule })
      return rateLimitFields([one], {}, [one.take({}, 0)]).policy
    }
    assert.equal(policy(slidingWindow({ count: 100, windowMs: 60_000 })), '"p";q=100;w=60')
    assert.equal(policy(gcra({ perSecond: 10, burst: 20 })), '"p";q=20;w=2')
    // Below a second there is no window: what it gives in one.
    assert.equal(policy(slidingWindow({ count: 5, windowMs: 200 })), '"p";q=25;w=1')
    assert.equal(policy(gcra({ perSecond: 100, burst: 1 })), '"p";q=100;w=1')
  })

  test('tells what is left and until when it is no more, and the partition where it is asked to', async () => {
    const clock = virtualClock()
    const rule = slidingWindow({ count: 3, windowMs: 10_000 })
    const partition = (key: string) => new TextEncoder().encode(key)
    const one = quota({ name: 'say "q"', rule, partition, clock })
    const limit = (cost: number) => rateLimitFields([one], { key: 'ann' }, [one.take({ key: 'ann' }, cost)]).limit
    assert.equal(limit(0), '"say \\"q\\"";r=3;t=10;pk=:YW5u:')
    assert.equal(limit(2), '"say \\"q\\"";r=1;t=10;pk=:YW5u:')
    await clock.advance(4000)
    assert.equal(limit(1), '"say \\"q\\"";r=0;t=6;pk=:YW5u:')
    await clock.advance(6000)
    assert.equal(limit(0), '"say \\"q\\"";r=2;t=4;pk=:YW5u:')
  })

  test('never tells of more than it gives, and gives all that it told of', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        fc.array(fc.nat({ max: 500 })),
        (count, isGcra, gaps) => {
          const clock = virtualClock()
          const rule = isGcra ? gcra({ perSecond: 7, burst: count }) : slidingWindow({ count, windowMs: 1500 })
          const one = quota({ name: 'q', rule, clock })
          for (const gap of gaps) {
            void clock.advance(gap)
            const { available, windowSeconds } = one.take({}, 0)
            assert.ok(available <= count && windowSeconds >= 0)
            for (let left = available; left > 0; left--) assert.equal(one.take({}, 1).available, left - 1)
            assert.ok(one.take({}, 1).waitMs > 0)
            assert.equal(parseList(rateLimitFields([one], {}, [one.take({}, 0)]).limit).length, 1)
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  test('refuses a name that no field can carry', () => {
    for (const name of ['', 'für', 'a\nb']) {
      assert.throws(() => quota({ name, rule: gcra({ perSecond: 1 }) }), InvalidOption)
    }
  })
})
