import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LoopTurn } from './turn.ts'

test('the age of a turn counts from its first call, and the next turn begins anew', async () => {
  const turn = new LoopTurn()
  assert.deepEqual(
    [1000, 1030, 1100].map((now) => turn.ageMs(now)),
    [0, 30, 100],
  )
  await new Promise(setImmediate)
  assert.deepEqual(
    [2000, 2001].map((now) => turn.ageMs(now)),
    [0, 1],
  )
})
