import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InvalidOption } from '../errors.ts'
import { Codel } from './codel.ts'

const make = () => new Codel({ targetMs: 5, intervalMs: 100 })
/** Judges once a millisecond and gives the moments at which something was dropped. */
const run = (codel: Codel, from: number, to: number, waitedMs: (at: number) => number, isLast = false) => {
  const drops: number[] = []
  for (let at = from; at < to; at++) while (codel.drops(at, waitedMs(at), isLast)) drops.push(at)
  return drops
}

test('a wait under the target drops nothing, however long it goes on', () => {
  assert.deepEqual(
    run(make(), 0, 10_000, () => 4.9),
    [],
  )
})

test('a burst that passes within an interval drops nothing', () => {
  assert.deepEqual(
    run(make(), 0, 10_000, (at) => (at % 100 < 99 ? 50 : 0)),
    [],
  )
})

test('a standing queue: the first drop after an interval, then at interval/√count (RFC 8289, 5.4)', () => {
  const drops = run(make(), 0, 700, () => 50)
  // 100; then 100 + 100/√1, and on by 100/√2, 100/√3, … each seen at the next whole millisecond.
  const expected = [100, 200]
  let next = 200
  for (let count = 2; ; count++) {
    next += 100 / Math.sqrt(count)
    if (next >= 700) break
    expected.push(Math.ceil(next))
  }
  assert.deepEqual(drops, expected)
})

test('the last one is not dropped, however long it waited', () => {
  assert.deepEqual(
    run(make(), 0, 1000, () => 500, true),
    [],
  )
})

test('it leaves as soon as a wait is under the target, and waits a whole interval again', () => {
  const codel = make()
  assert.equal(run(codel, 0, 150, () => 50).length, 1)
  assert.equal(codel.isDropping, true)
  assert.equal(codel.drops(150, 1, false), false)
  assert.equal(codel.isDropping, false)
  assert.deepEqual(
    run(codel, 151, 251, () => 50),
    [],
  )
})

test('soon after, it goes on at about the rate it had', () => {
  const codel = make()
  const before = run(codel, 0, 1000, () => 50).length
  codel.drops(1000, 1, false)
  const after = run(codel, 1001, 2001, () => 50).length
  assert.ok(after > before * 1.5, `${before} → ${after}`)
})

test('bad options are named', () => {
  assert.throws(
    () => new Codel({ targetMs: -1, intervalMs: 100 }),
    (error) => error instanceof InvalidOption && /^queue\.delay\.targetMs .*got -1$/.test(error.message),
  )
  assert.throws(() => new Codel({ targetMs: 5, intervalMs: 0 }), /queue\.delay\.intervalMs .*got 0/)
})
