import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fingerprint } from './build.ts'

test('the fingerprint follows contents and names, not times, tests, or what is built', async (t) => {
  const base = await mkdtemp(join(tmpdir(), 'viva-fingerprint-'))
  t.after(() => rm(base, { recursive: true }))
  for (const folder of ['content/a', 'content/node_modules', 'content/dist'])
    await mkdir(join(base, folder), { recursive: true })
  const now = () => fingerprint(base, ['content', 'lock.json', 'missing'], join(base, 'memory.json'))
  await writeFile(join(base, 'content/a/question.md'), 'one')
  await writeFile(join(base, 'lock.json'), '{}')
  const first = await now()
  assert.equal(await now(), first)

  await utimes(join(base, 'content/a/question.md'), 1, 1)
  await writeFile(join(base, 'content/a/x.test.ts'), 'test')
  await writeFile(join(base, 'content/node_modules/x.js'), 'x')
  await writeFile(join(base, 'content/dist/x.js'), 'x')
  assert.equal(await now(), first)

  await writeFile(join(base, 'content/a/question.md'), 'two')
  const second = await now()
  assert.notEqual(second, first)
  await writeFile(join(base, 'content/a/new.md'), '')
  assert.notEqual(await now(), second)
  await rm(join(base, 'content/a/new.md'))
  assert.equal(await now(), second)
  await writeFile(join(base, 'lock.json'), '{"a":1}')
  assert.notEqual(await now(), second)
})
