import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { inOrder, type LoggedEvent, newEvent, timeOfId } from './event.ts'
import { limits } from './limits.ts'
import { formatLog, mergeLogs, parseLog } from './log.ts'
import { bookmarks } from './replay.ts'

const start = Date.UTC(2026, 10, 24)
const year = 365 * 24 * 60 * 60 * 1000

test('the id and `at` have the same time when the clock is ahead of the log', () => {
  const event = newEvent({ type: 'reveal', question: 'q' }, { now: () => start, after: idAt(start - 1) })
  assert.equal(event.at, '2026-11-24T00:00:00.000Z')
  assert.equal(event.id.slice(0, 15), '01a20ada-2c00-7', 'the id begins with the time')
})

test('the id is 1 ms after the newest event when the clock is behind, and `at` is what the clock shows', () => {
  const event = newEvent({ type: 'reveal', question: 'q' }, { now: () => start, after: idAt(start + year) })
  assert.equal(timeOfId(event.id), start + year + 1)
  assert.equal(event.at, '2026-11-24T00:00:00.000Z')
})

test('2,000 events within a millisecond are unique and in order', () => {
  const ids: string[] = []
  for (let n = 0; n < 2000; n++)
    ids.push(newEvent({ type: 'reveal', question: 'q' }, { now: () => start, after: ids.at(-1) }).id)
  assert.deepEqual(ids.toSorted(), ids)
  assert.equal(new Set(ids).size, ids.length)
})

test('a bookmark from the year 9999 is removed by the next action', () => {
  const far = { ...newEvent({ type: 'bookmark', question: 'q', on: true }), at: '9999-12-31T23:59:59.999Z' }
  const log: LoggedEvent[] = [{ ...far, id: idAt(Date.UTC(9999, 11, 31)) }]
  log.push(newEvent({ type: 'bookmark', question: 'q', on: false }, { now: () => start, after: log[0]?.id }))
  assert.deepEqual(bookmarks(log), new Set())
})

test('a clock before 2020 dates events with 2020, which an import accepts', () => {
  const event = newEvent({ type: 'reveal', question: 'q' }, { now: () => 0 })
  assert.equal(event.at, '2020-01-01T00:00:00.000Z')
  assert.deepEqual(parseLog(formatLog([event])), { events: [event], errors: [] })
})

test('cuts texts that an import would refuse, and never within a surrogate pair', () => {
  const text = `${'a'.repeat(limits.textChars - 1)}😀`
  const points = Array.from({ length: limits.listEntries + 1 }, () => 'b'.repeat(limits.entryChars + 1))
  const events = [
    newEvent({ type: 'note', question: 'q', text }, { now: () => start }),
    newEvent({ type: 'checklist', question: 'q', points, of: 101 }, { now: () => start }),
  ]
  assert.equal(events[0]?.type === 'note' && events[0].text.length, limits.textChars - 1)
  assert.deepEqual(parseLog(formatLog(events), { now: () => start }).errors, [])
})

test('the largest events that can be recorded fit into a line of an import', () => {
  // A lone surrogate takes six bytes in JSON, the most that a code unit can.
  const wide = '\uD800'.repeat(limits.textChars)
  const points = Array.from({ length: limits.listEntries }, () => '\uD800'.repeat(limits.entryChars))
  const largest = [
    newEvent({ type: 'prediction', question: 'q', fence: 'f', predicted: wide, actual: wide, right: true }),
    newEvent({ type: 'checklist', question: 'q', points, of: 100 }),
  ]
  for (const event of largest) assert.ok(Buffer.byteLength(JSON.stringify(event)) < limits.lineBytes, event.type)
})

/** Devices whose clocks are wrong by up to 30 years and jump; a step is an action or a merge. */
const device = fc.integer({ min: 0, max: 2 })
const step = fc.oneof(
  fc.record({
    kind: fc.constant('act' as const),
    on: fc.boolean(),
    question: fc.constantFrom('a', 'b'),
    device,
    clock: fc.integer({ min: start - 30 * year, max: start + 30 * year }),
  }),
  fc.record({ kind: fc.constant('merge' as const), from: device, device }),
)
const stranger = fc.record({
  on: fc.boolean(),
  question: fc.constantFrom('a', 'b'),
  at: fc.integer({ min: limits.earliest, max: Date.UTC(9999, 11, 31) }),
  id: fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }),
})

test("a reader's last action on a device wins there, and merged devices agree, whatever the clocks show", () => {
  fc.assert(
    fc.property(fc.array(stranger, { maxLength: 4 }), fc.array(step, { maxLength: 30 }), (strangers, steps) => {
      const first: LoggedEvent[] = strangers.map(({ on, question, at, id }) => ({
        ...newEvent({ type: 'bookmark', question, on }, { random }),
        at: new Date(at).toISOString(),
        id: idAt(id),
      }))
      const logs = [mergeLogs(first), [], []] as LoggedEvent[][]
      for (const step of steps) {
        const log = logs[step.device]!
        if (step.kind === 'merge') logs[step.device] = mergeLogs(log, logs[step.from]!)
        else {
          const { question, on, clock } = step
          const sources = { now: () => clock, random, after: inOrder(log).at(-1)?.id }
          log.push(newEvent({ type: 'bookmark', question, on }, sources))
          assert.equal(bookmarks(log).has(question), on)
        }
      }
      const [a, b, c] = logs as [LoggedEvent[], LoggedEvent[], LoggedEvent[]]
      assert.deepEqual(bookmarks(mergeLogs(a, mergeLogs(b, c))), bookmarks(mergeLogs(mergeLogs(c, b), a)))
      assert.deepEqual(bookmarks([...c, ...a, ...b].toReversed()), bookmarks(mergeLogs(a, b, c)))
    }),
  )
})

/** Numbers that look random and are the same in each run (Park and Miller's generator). */
let seed = 1
function random(): number {
  seed = (seed * 16_807) % 2_147_483_647
  return seed / 2_147_483_647
}

/** Some id with this time. */
function idAt(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0')
  const tail = Math.floor(random() * 2 ** 48)
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${tail.toString(16).padStart(12, '0')}`
}
