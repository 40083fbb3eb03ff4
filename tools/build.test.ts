import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { BuildError, checkContent, fingerprint } from './build.ts'

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

test('broken content is one error that names every mistake', async (t) => {
  const base = await mkdtemp(join(tmpdir(), 'viva-content-'))
  t.after(() => rm(base, { recursive: true }))
  const content = join(base, 'content')
  for (const folder of ['categories', 'questions/git/a', 'questions/git/b'])
    await mkdir(join(content, folder), { recursive: true })
  await writeFile(join(content, 'questions/git/a/question.md'), '---\ntitle: [\n---\n')
  await writeFile(join(content, 'questions/git/b/question.md'), 'no frontmatter')
  await assert.rejects(checkContent(content), (error) => {
    assert.ok(error instanceof BuildError)
    assert.match(error.message, /^content\/ has \d+ mistakes\. Mend what is named/)
    assert.match(error.message, /git\/a\/question\.md:\d+: /)
    assert.match(error.message, /git\/b\/question\.md:\d+: /)
    return true
  })
})
