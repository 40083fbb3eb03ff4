import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createOutput, messageLimit } from './output.ts'

/** An output on virtual time: `advance` fires what is due. */
function createHarness(limitUnits = 65_536) {
  const posted: string[] = []
  let time = 0
  let timers: { at: number; callback: () => void }[] = []
  const output = createOutput({
    post: (text) => posted.push(text),
    limitUnits,
    now: () => time,
    later: (callback, ms) => void timers.push({ at: time + ms, callback }),
  })
  const advance = (ms: number, isBlocked = false) => {
    time += ms
    if (isBlocked) return
    const due = timers.filter((one) => one.at <= time)
    timers = timers.filter((one) => one.at > time)
    for (const one of due) one.callback()
  }
  return { output, posted, advance }
}

test('sends each of the first 200 prints at once', () => {
  const { output, posted } = createHarness()
  for (let index = 0; index < 200; index++) output.print('x\n')
  assert.equal(posted.length, 200)
})

test('joins what is printed after the burst until 10 ms have passed', () => {
  const { output, posted, advance } = createHarness()
  for (let index = 0; index < 300; index++) output.print('x\n')
  assert.equal(posted.length, 200)
  advance(10, true)
  output.print('y\n')
  assert.equal(posted.length, 201)
  assert.equal(posted.at(-1), `${'x\n'.repeat(100)}y\n`)
})

test('sends joined text by a timer when nothing more is printed', () => {
  const { output, posted, advance } = createHarness()
  for (let index = 0; index < 201; index++) output.print('x')
  advance(10)
  assert.equal(posted.length, 201)
})

test('sends joined text at 4,096 units, so that a hang swallows less', () => {
  const { output, posted } = createHarness()
  for (let index = 0; index < 200 + 4_096; index++) output.print('x')
  assert.equal(posted.length, 201)
  assert.equal(posted.at(-1)?.length, 4_096)
})

test('sends 64 KiB that are printed one newline at a time in some hundred messages', () => {
  const { output, posted, advance } = createHarness()
  for (let index = 0; index < 65_536; index++) {
    output.print('\n')
    if (index % 100 === 0) advance(1, true)
  }
  output.flush()
  assert.equal(posted.join('').length, 65_536)
  assert.ok(posted.length < 400, `${posted.length} messages`)
})

test('never sends more messages than the receiver allows', () => {
  const limits = { timeoutMs: 5_000, outputLimitBytes: 65_536 }
  const { output, posted, advance } = createHarness(limits.outputLimitBytes)
  for (let ms = 0; ms < limits.timeoutMs; ms += 1) {
    output.print('\n')
    advance(1)
  }
  output.flush()
  assert.ok(posted.length < messageLimit(limits) / 2, `${posted.length} messages`)
})

test('sends the text up to the limit and says that the rest was cut', () => {
  const { output, posted } = createHarness(3)
  assert.equal(output.print('ab'), true)
  assert.equal(output.print('cd'), false)
  assert.deepEqual(posted, ['ab', 'c'])
})
