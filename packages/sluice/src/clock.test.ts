import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from './clock.ts'
import { virtualClock } from './testing/virtual-clock.ts'

test('the system clock goes forward and keeps a delay longer than setTimeout can hold', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const month = 30 * 24 * 3600 * 1000
  let fired = 0
  systemClock.schedule(month, () => fired++)
  t.mock.timers.tick(2 ** 31 - 1)
  t.mock.timers.tick(month - 2 ** 31)
  assert.equal(fired, 0)
  t.mock.timers.tick(1)
  assert.equal(fired, 1)
  assert.ok(systemClock.now() <= systemClock.now())
})

test('a cancelled long delay does not fire, in whichever step it is', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let fired = 0
  const cancel = systemClock.schedule(2 ** 32, () => fired++)
  t.mock.timers.tick(2 ** 31)
  cancel()
  t.mock.timers.tick(2 ** 33)
  assert.equal(fired, 0)
  systemClock.schedule(Infinity, () => fired++)()
  assert.equal(fired, 0)
})

test('the virtual clock fires in order of time, then of setting, and lets promises settle between', async () => {
  const clock = virtualClock(1000)
  const seen: string[] = []
  const note = (name: string) => () => {
    seen.push(`${name}@${clock.now()}`)
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => seen.push(`${name}+`))
  }
  clock.schedule(20, note('b'))
  clock.schedule(10, note('a'))
  const cancel = clock.schedule(10, note('never'))
  clock.schedule(20, note('c'))
  cancel()
  cancel()
  await clock.advance(19)
  assert.deepEqual(seen, ['a@1010', 'a+'])
  await clock.advance(1)
  assert.deepEqual(seen, ['a@1010', 'a+', 'b@1020', 'b+', 'c@1020', 'c+'])
  assert.equal(clock.pending, 0)
})

test('the virtual clock runs timers set by timers, and refuses one that renews itself for ever', async () => {
  const clock = virtualClock()
  let fired = 0
  const renew = (): void => {
    fired++
    clock.schedule(5, renew)
  }
  renew()
  await clock.advance(50)
  assert.equal(fired, 11)
  await assert.rejects(clock.run(100), /100 timers fired/)
  await assert.rejects(clock.advance(-1), /ms must be a number of milliseconds of at least 0, got -1/)
})

test('timers removed from the middle leave the others in order', async () => {
  const clock = virtualClock()
  const fired: number[] = []
  const cancels = Array.from({ length: 200 }, (_, i) =>
    clock.schedule((i * 7919) % 200, () => fired.push((i * 7919) % 200)),
  )
  for (let i = 0; i < 200; i += 3) cancels[i]!()
  await clock.run()
  assert.deepEqual(
    fired,
    fired.toSorted((a, b) => a - b),
  )
  assert.equal(fired.length, 133)
})
