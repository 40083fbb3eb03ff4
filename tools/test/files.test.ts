import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { spawnSync } from 'node:child_process'
import { testFiles } from './files.ts'

const mixed = `
import assert from 'node:assert/strict'
import { describe, test, before } from 'node:test'
test('passes', () => {})
test('fails', () => assert.equal(1, 2))
test('skips', { skip: 'no such machine' }, () => {})
test('parent', async (t) => {
  await t.test('child passes', () => {})
  await t.test('child fails', () => { throw new Error('child broke') })
})
describe('suite', () => {
  test('inner passes', () => {})
  test('inner fails', () => { throw new Error('inner broke') })
})
describe('suite whose hook fails', () => {
  before(() => { throw new Error('hook broke') })
  test('never runs', () => {})
})
`

/** In a process of its own, from a file: node:test does not run files from within a test, and hands `-e` on to them. */
function tallyOf(
  folder: string,
  files: string[],
): { passed: number; failures: { name: string; detail: string }[]; skips: { name: string; reason: string }[] } {
  const script = join(folder, 'run.mjs')
  writeFileSync(
    script,
    `
    const { runFiles } = await import(${JSON.stringify(import.meta.resolve('./files.ts'))})
    const { Tally } = await import(${JSON.stringify(import.meta.resolve('./tally.ts'))})
    const tally = new Tally({ strict: false })
    await runFiles({ stage: 'unit', base: ${JSON.stringify(folder)}, files: ${JSON.stringify(files)}, concurrency: 1, timeoutMs: 20000, silenceMs: 3000, tally, log: () => {} })
    console.log(JSON.stringify({ passed: tally.passed, failures: tally.failures, skips: tally.skips }))`,
  )
  const env = { ...process.env }
  delete env.NODE_TEST_CONTEXT
  const { stdout, stderr } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    env,
  })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}

test('counts each test once and loses no failure', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'viva-files-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'mixed.test.mjs'), mixed)
  await writeFile(join(folder, 'syntax.test.mjs'), 'this is not JavaScript')
  await writeFile(join(folder, 'exit.test.mjs'), 'console.error("gone"); process.exit(3)')
  await writeFile(join(folder, 'empty.test.mjs'), '')
  const files = ['mixed.test.mjs', 'syntax.test.mjs', 'exit.test.mjs', 'empty.test.mjs']
  const { passed, failures, skips } = tallyOf(folder, files)
  assert.equal(passed, 3)
  assert.deepEqual(skips, [{ name: 'mixed.test.mjs: skips', reason: 'no such machine' }])
  const names = failures.map(({ name }) => name)
  for (const name of [
    'mixed.test.mjs: fails',
    'mixed.test.mjs: child fails',
    'mixed.test.mjs: inner fails',
    'syntax.test.mjs',
    'exit.test.mjs',
    'empty.test.mjs',
  ]) {
    assert.equal(names.filter((one) => one === name).length, 1, `${name} in ${names.join(', ')}`)
  }
  assert.ok(!names.includes('mixed.test.mjs: parent') && !names.includes('mixed.test.mjs: suite'))
  assert.ok(failures.some(({ detail }) => detail.includes('hook broke')))
  assert.ok(failures.some(({ name, detail }) => name === 'syntax.test.mjs' && detail.includes('SyntaxError')))
})

test('finds files by pattern, leaves out what is excepted, narrows by name', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'viva-files-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const name of ['b.test.ts', 'a.test.ts', 'a.browser.test.ts', 'a.ts']) await writeFile(join(folder, name), '')
  const find = (wanted: string[]) => testFiles(folder, ['**/*.test.ts'], /\.browser\.test\.ts$/, wanted)
  assert.deepEqual(await find([]), ['a.test.ts', 'b.test.ts'])
  assert.deepEqual(await find(['b.']), ['b.test.ts'])
})

test('a file that does not end is stopped, and said to be', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'viva-files-'))
  t.after(() => rm(folder, { recursive: true }))
  const stays = "import { test } from 'node:test'; test('leaves a timer', () => { setInterval(() => {}, 1000) })"
  await writeFile(join(folder, 'stays.test.mjs'), stays)
  const { failures } = tallyOf(folder, ['stays.test.mjs'])
  assert.ok(
    failures.some(({ detail }) => detail.startsWith('Nothing was told for 3 s')),
    JSON.stringify(failures),
  )
})
