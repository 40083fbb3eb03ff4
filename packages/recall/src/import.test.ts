import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { LogImport } from './import.ts'
import { limits } from './limits.ts'

const nowMs = Date.UTC(2026, 10, 24)
const now = () => nowMs
const at = '2026-11-24T00:00:00.000Z'
const id = (n: number) => `018f0000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`
const bookmark = (n: number, on = true) => JSON.stringify({ id: id(n), at, type: 'bookmark', question: 'q', on })

function collect(text: string | Uint8Array, fileBytes?: number): LogImport {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  const collected = new LogImport({ fileBytes: fileBytes ?? bytes.length, now })
  for (let from = 0; from < bytes.length; from += 65_536) collected.push(bytes.subarray(from, from + 65_536))
  collected.end()
  return collected
}

test('counts repeated, conflicting and refused lines with their numbers', () => {
  const swapped = JSON.stringify({ type: 'bookmark', on: true, question: 'q', at, id: id(1) })
  const lines = [bookmark(1), bookmark(2), '', bookmark(1), swapped, bookmark(2, false), '{"no"', bookmark(3)]
  const { events, counts, problem } = collect(lines.join('\r\n'))
  assert.equal(problem, undefined)
  assert.deepEqual([...events.keys()], [id(1), id(2), id(3)])
  assert.equal(counts.lines, 7)
  assert.equal(counts.repeated, 2)
  assert.deepEqual(counts.conflicts, {
    count: 1,
    listed: [{ line: 6, message: `${id(2)} has other content in line 2; kept this line instead of line 2` }],
  })
  assert.deepEqual(
    counts.refused.listed.map(({ line }) => line),
    [7],
  )
})

test('every line counts exactly once, and the kept content does not depend on the order', () => {
  const line = fc.oneof(
    fc.record({ n: fc.nat(3), on: fc.boolean() }).map(({ n, on }) => bookmark(n, on)),
    fc.constantFrom('', '  ', '{', '[]', '\u0000'),
  )
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const { events, counts } = collect(lines.join('\n'))
      assert.equal(counts.lines, lines.filter((line) => line.trim() !== '').length)
      assert.equal(events.size + counts.repeated + counts.conflicts.count + counts.refused.count, counts.lines)
      const other = collect(lines.toReversed().join('\n')).events
      for (const [id, { text }] of events) assert.equal(other.get(id)?.text.trim(), text.trim())
    }),
  )
})

test('lists a bounded number of refused lines and counts the others', () => {
  const { counts } = collect('x\n'.repeat(limits.listedLines + 5))
  assert.equal(counts.refused.count, limits.listedLines + 5)
  assert.equal(counts.refused.listed.length, limits.listedLines)
})

test('stops with a problem at each bound of the file', () => {
  assert.equal(collect('').problem, 'The file is empty.')
  assert.equal(
    new LogImport({ fileBytes: 300 * 1024 * 1024, now }).problem,
    'The file has 300 MiB. An import takes at most 128 MiB.',
  )
  assert.match(
    collect(bookmark(1), 1000).problem!,
    /^The file changed while it was read: found \d+ bytes, expected 1000/,
  )
  assert.match(collect(Uint8Array.of(0xff, 0xfe, 0x7b, 0)).problem!, /UTF-16/)
})

test('stops at the first event beyond the bound', () => {
  const { counts, problem } = collect('x\n'.repeat(limits.events + 2))
  assert.equal(counts.lines, limits.events)
  assert.equal(problem, 'Line 500001 is one too many: a log holds at most 500000 events.')
})

test('stops when a file grows beyond the bound while it is read', () => {
  const collected = new LogImport({ fileBytes: 10, now })
  const chunk = new Uint8Array(32 * 1024 * 1024)
  for (let n = 0; n < 5; n++) collected.push(chunk)
  assert.equal(collected.problem, 'The file has 160 MiB. An import takes at most 128 MiB.')
})

test('stops when it takes more than 15 minutes, while it reads and while the caller stores', () => {
  let ms = nowMs
  const collected = new LogImport({ fileBytes: 4, now: () => ms })
  ms += limits.importMs
  collected.push(new TextEncoder().encode('x\n'))
  assert.equal(collected.problem, undefined)
  ms++
  collected.checkTime()
  const expected = 'The import took more than 15 minutes. Split the file and import its parts.'
  assert.equal(collected.problem, expected)
  const reading = new LogImport({ fileBytes: 2, now: () => ms })
  ms += limits.importMs + 1
  reading.push(new TextEncoder().encode('x\n'))
  assert.equal(reading.problem, expected)
  assert.equal(reading.counts.lines, 0)
})
