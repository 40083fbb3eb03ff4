import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { lock } from './lock.ts'

test('one at a time; released after a failure too; taken over from a dead owner', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'viva-lock-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'deep', 'lock')
  const events: string[] = []
  const first = Promise.withResolvers<void>()
  const entered = Promise.withResolvers<void>()
  const one = lock(file, async () => {
    events.push('one in')
    entered.resolve()
    await first.promise
    events.push('one out')
    throw new Error('broken')
  })
  await entered.promise
  const two = lock(file, () => Promise.resolve(events.push('two')))
  first.resolve()
  await assert.rejects(one, /broken/)
  await two
  assert.deepEqual(events, ['one in', 'one out', 'two'])
  assert.ok(!existsSync(file))
  // Process ids end far below this one.
  await writeFile(file, '999999999')
  assert.equal(await lock(file, () => Promise.resolve('taken over')), 'taken over')
})
