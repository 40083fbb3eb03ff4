import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { checkLock, type Lock, type LockEntry, type Manifest, readLock, resolveInLock } from './lockfile.ts'

const root = dirname(dirname(import.meta.dirname))
const integrity = `sha512-${'A'.repeat(86)}==`

/** A root with one workspace, one package that has platform packages, and one override. */
function example(): { lock: Lock; manifests: Map<string, Manifest> } {
  const rootManifest = { dependencies: { tool: '1.0.0' }, overrides: { inner: '2.0.0' } }
  const appManifest = { name: '@x/app', version: '0.1.0', dependencies: { tool: '1.1.0', '@x/lib': '0.1.0' } }
  const entry = (version: string, more: LockEntry = {}): LockEntry => ({ version, integrity, ...more })
  return {
    lock: {
      lockfileVersion: 3,
      packages: {
        '': { dependencies: rootManifest.dependencies },
        'apps/app': { name: '@x/app', version: '0.1.0', dependencies: appManifest.dependencies },
        'packages/lib': { name: '@x/lib', version: '0.1.0' },
        'apps/app/node_modules/tool': entry('1.1.0'),
        'node_modules/@x/app': { link: true, resolved: 'apps/app' },
        'node_modules/@x/lib': { link: true, resolved: 'packages/lib' },
        'node_modules/tool': entry('1.0.0', {
          dependencies: { inner: '^1.0.0' },
          optionalDependencies: { 'tool-linux': '1.0.0', 'tool-windows': '1.0.0' },
        }),
        'node_modules/inner': entry('2.0.0'),
        'node_modules/tool-linux': entry('1.0.0', { optional: true }),
        'node_modules/tool-windows': entry('1.0.0', { optional: true }),
      },
    },
    manifests: new Map<string, Manifest>([
      ['', rootManifest],
      ['apps/app', appManifest],
      ['packages/lib', { name: '@x/lib', version: '0.1.0' }],
    ]),
  }
}

/** The problems of the example after `change`. */
function problemsAfter(change: (packages: Record<string, LockEntry>, manifests: Map<string, Manifest>) => void) {
  const { lock, manifests } = example()
  change(lock.packages, manifests)
  return checkLock(lock, manifests)
}

test('the lock file of this repository has hashes, exact versions and every platform', async () => {
  const { lock, manifests } = await readLock(root)
  assert.ok(Object.keys(lock.packages).length > 500)
  assert.deepEqual([...manifests.keys()].slice(0, 3), ['', 'apps/cli', 'apps/server'])
  assert.deepEqual(checkLock(lock, manifests), [])
})

test('npm runs no install scripts, writes no registry addresses and uses no registry of its own', async () => {
  const lines = (await readFile(join(root, '.npmrc'), 'utf8')).split('\n')
  for (const line of ['ignore-scripts=true', 'omit-lockfile-registry-resolved=true', 'save-exact=true'])
    assert.ok(lines.includes(line), `.npmrc lacks ${line}`)
  assert.deepEqual(
    lines.filter((line) => /registry\s*=\s*\S*:\/\//.test(line)),
    [],
  )
})

test('accepts a complete lock file', () => {
  assert.deepEqual(
    problemsAfter(() => undefined),
    [],
  )
})

test('rejects an entry without a sha512 hash', () => {
  for (const broken of [undefined, '', 'sha1-abc', `sha1-x ${integrity}`])
    assert.match(
      problemsAfter(({ 'node_modules/inner': inner }) => Object.assign(inner ?? {}, { integrity: broken })).join('\n'),
      /^node_modules\/inner: found integrity .*; expected a sha512 hash$/,
    )
})

test('rejects a version that differs from the manifest, at the place that the workspace resolves', () => {
  const problems = problemsAfter((packages) => {
    packages['apps/app/node_modules/tool'] = { version: '9.0.0', integrity }
  })
  assert.deepEqual(problems, ['apps/app/package.json: found tool 9.0.0 in package-lock.json; expected 1.1.0'])
})

test('rejects a manifest that was edited without npm install', () => {
  const problems = problemsAfter((_, manifests) => {
    manifests.set('packages/lib', { dependencies: { other: '1.0.0' } })
  })
  assert.deepEqual(problems, [
    'packages/lib/package.json: its dependencies differ from those in package-lock.json; run npm install',
    'packages/lib/package.json: found other missing in package-lock.json; expected 1.0.0',
  ])
})

test('rejects ranges, tags, git, http and file dependencies in a manifest', () => {
  for (const wanted of ['^1.1.0', 'latest', '*', '', 'git+ssh://git@h/x.git', 'https://h/x.tgz', 'file:../x']) {
    const dependencies = { tool: wanted, '@x/lib': '0.1.0' }
    const problems = problemsAfter((packages, manifests) => {
      manifests.set('apps/app', { dependencies })
      Object.assign(packages['apps/app'] ?? {}, { dependencies })
    })
    assert.equal(problems.length, 1, wanted)
    assert.match(problems[0] ?? '', /expected an exact version from the registry$/)
  }
})

test('rejects an entry that does not come from the registry', () => {
  for (const resolved of ['git+ssh://git@h/x.git#abc', 'https://h/x.tgz', 'file:x.tgz'])
    assert.match(
      problemsAfter(({ 'node_modules/inner': inner }) => Object.assign(inner ?? {}, { resolved })).join('\n'),
      /^node_modules\/inner: found resolved .*; expected none/,
    )
})

test('rejects a lock file that lacks the package of one platform', () => {
  const problems = problemsAfter((packages) => delete packages['node_modules/tool-windows'])
  assert.equal(problems.length, 1)
  assert.match(problems[0] ?? '', /^node_modules\/tool: its dependency tool-windows is not in the lock file/)
})

test('rejects an install script without a reason', () => {
  const { lock, manifests } = example()
  Object.assign(lock.packages['node_modules/inner'] ?? {}, { hasInstallScript: true })
  assert.match(checkLock(lock, manifests).join('\n'), /^node_modules\/inner: found an install script/)
  assert.deepEqual(checkLock(lock, manifests, { inner: 'builds nothing' }), [])
})

test('rejects an override that is not applied everywhere', () => {
  const problems = problemsAfter((packages) => {
    packages['node_modules/tool/node_modules/inner'] = { version: '1.5.0', integrity }
  })
  assert.deepEqual(problems, [
    'node_modules/tool/node_modules/inner: found 1.5.0; expected 2.0.0 from overrides in package.json',
  ])
})

test('resolves a package as Node does: own folder, then each folder above', () => {
  const { lock } = example()
  assert.equal(resolveInLock(lock, 'apps/app', 'tool'), 'apps/app/node_modules/tool')
  assert.equal(resolveInLock(lock, 'apps/app/node_modules/tool', 'inner'), 'node_modules/inner')
  assert.equal(resolveInLock(lock, 'packages/lib', 'tool'), 'node_modules/tool')
  assert.equal(resolveInLock(lock, '', 'absent'), undefined)
})
