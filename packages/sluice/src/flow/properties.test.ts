import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { probeSource, virtualClock } from '../testing/index.ts'
import { subjects } from './subjects.ts'

/** One way in which a source, an operator and a consumer can meet. */
const meeting = fc.record({
  count: fc.nat(25),
  sourceMs: fc.array(fc.nat(12), { minLength: 1, maxLength: 6 }),
  consumerMs: fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }),
  /** Calls of `next()` under way at once. */
  asks: fc.integer({ min: 1, max: 4 }),
  failAt: fc.option(fc.nat(25), { nil: -1 }),
  leaveAtMs: fc.option(fc.nat(150), { nil: undefined }),
})

for (const [name, subject] of Object.entries(subjects)) {
  test(`${name}: nothing lost, nothing twice, in order, within its bound, everybody told, whatever the interleaving`, async () => {
    const itemsOf = (subject.itemsOf ?? ((output: number) => [output])) as (output: unknown) => number[]
    await fc.assert(
      fc.asyncProperty(meeting, async ({ count, sourceMs, consumerMs, asks, failAt, leaveAtMs }) => {
        const clock = virtualClock()
        const error = new Error('the source failed')
        const source = probeSource({
          count,
          failAt,
          error,
          clock,
          delayMs: (index) => sourceMs[index % sourceMs.length]!,
        })
        const iterator = subject.make(clock)(source)[Symbol.asyncIterator]()
        const items: number[] = []
        let mostHeld = 0
        let settled = 0
        let asked = 0
        let thrown: unknown
        let hasEnded = false

        const consume = async (offset: number): Promise<void> => {
          for (let turn = offset; ; turn++) {
            asked++
            const result = await iterator.next().catch((caught: unknown) => {
              assert.equal(thrown, undefined, 'an error is told once')
              thrown = caught
              return { done: true as const, value: undefined }
            })
            settled++
            if (result.done) {
              hasEnded = true
              return
            }
            assert.ok(!hasEnded || asks > 1, 'nothing comes after the end')
            mostHeld = Math.max(mostHeld, source.given - items.length)
            items.push(...itemsOf(result.value))
            const ms = consumerMs[turn % consumerMs.length]!
            if (ms > 0) await new Promise<void>((resolve) => void clock.schedule(ms, resolve))
          }
        }
        let hasLeft = false
        const leave = async (): Promise<void> => {
          if (leaveAtMs === undefined) return
          await new Promise<void>((resolve) => void clock.schedule(leaveAtMs, resolve))
          if (hasEnded) return
          hasLeft = true
          await iterator.return!()
        }
        await clock.until(Promise.all([leave(), ...Array.from({ length: asks }, (_, offset) => consume(offset))]))

        assert.equal(settled, asked, 'every next() is answered')
        assert.deepEqual(source.violations, [])
        assert.ok(source.returned <= 1)
        if (!hasLeft) assert.equal(source.returned, 0, 'a source that ended or failed is not told')
        const fails = failAt >= 0 && failAt <= count
        if (!hasLeft) assert.equal(thrown, fails ? error : undefined)
        assert.equal(new Set(items).size, items.length, 'nothing twice')
        const inOrder = items.toSorted((a, b) => a - b)
        if (!subject.reorders) assert.deepEqual(items, inOrder, 'in order')
        const whole = Array.from({ length: fails ? failAt : count }, (_, n) => n)
        if (subject.drops && !hasLeft) assert.equal(items.at(-1), whole.at(-1))
        else if (!subject.drops && !hasLeft && !(fails && losesOnError.has(name)))
          assert.deepEqual(inOrder, whole, 'nothing lost')
        else if (!subject.drops && !subject.reorders)
          assert.deepEqual(items, whole.slice(0, items.length), 'nothing skipped')
        if (!subject.drops) assert.ok(mostHeld <= subject.holds + asks, `${mostHeld} held`)
      }),
      { numRuns: 150 },
    )
  })
}

/** Several sources or inner flows: a failure of one ends all at once, as documented. */
const losesOnError = new Set(['flatMap', 'flatMap, concurrency 3', 'merge', 'zip', 'window'])
