import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { checkInstalledLicences, checkLicences } from './licences.ts'
import { type Lock, readLock } from './lockfile.ts'

const root = dirname(dirname(import.meta.dirname))

function lockOf(licences: Record<string, string | undefined>): Lock {
  const entries = Object.entries(licences).map(([name, license]) => [
    `node_modules/${name}`,
    { version: '1.0.0', ...(license === undefined ? {} : { license }) },
  ])
  return { lockfileVersion: 3, packages: { '': {}, ...Object.fromEntries(entries) } }
}

test('every package of this repository has an allowed licence or an exception with a reason', async () => {
  const { lock } = await readLock(root)
  assert.deepEqual(checkLicences(lock), [])
  assert.deepEqual(await checkInstalledLicences(root, lock), [])
})

test('OR needs one allowed licence, AND needs all', () => {
  const allowed = ['MIT', 'Apache-2.0']
  const check = (licence: string) => checkLicences(lockOf({ a: licence }), { allowed, exceptions: [] }).length === 0
  for (const licence of ['MIT', '(MIT)', 'GPL-3.0-only OR MIT', 'MIT AND Apache-2.0', '(GPL-2.0-only OR MIT) AND MIT'])
    assert.ok(check(licence), licence)
  for (const licence of ['GPL-3.0-only', 'MIT AND GPL-3.0-only', 'MIT WITH Classpath-exception-2.0', 'ISC OR 0BSD'])
    assert.ok(!check(licence), licence)
})

test('rejects a missing licence, free text and unknown identifiers', () => {
  for (const licence of [undefined, '', 'UNLICENSED', 'SEE LICENSE IN LICENSE', 'MIT/X11', 'constructor'])
    assert.match(
      checkLicences(lockOf({ a: licence }), { exceptions: [] }).join('\n'),
      /^node_modules\/a: found the licence .*; expected one of 0BSD, /,
    )
})

test('an exception covers its package with its licence only, and must be needed', () => {
  const exceptions = [{ name: '@x/lib-*', licence: 'LGPL-3.0-or-later', reason: 'a test' }]
  const check = (lock: Lock) => checkLicences(lock, { exceptions })
  assert.deepEqual(check(lockOf({ '@x/lib-linux': 'LGPL-3.0-or-later', b: 'MIT' })), [])
  assert.equal(check(lockOf({ '@x/lib-linux': 'AGPL-3.0-only' })).length, 2)
  assert.deepEqual(check(lockOf({ b: 'MIT' })), ['the exception for @x/lib-* (LGPL-3.0-or-later) matches no package'])
})

test('reports a package on disk whose licence differs from the lock file', async (t) => {
  const base = await mkdtemp(join(tmpdir(), 'viva-licences-'))
  t.after(() => rm(base, { recursive: true }))
  for (const [name, license] of [
    ['a', 'GPL-3.0-only'],
    ['b', { type: 'MIT' }],
  ] as const) {
    await mkdir(join(base, 'node_modules', name), { recursive: true })
    await writeFile(join(base, 'node_modules', name, 'package.json'), JSON.stringify({ license }))
  }
  assert.deepEqual(await checkInstalledLicences(base, lockOf({ a: 'MIT', b: 'MIT', elsewhere: 'MIT' })), [
    'node_modules/a: found the licence "GPL-3.0-only" on disk; expected "MIT" as in package-lock.json',
  ])
})
