import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { Spec, Validation } from '@cyclonedx/cyclonedx-library'
import { type Lock, readLock } from './lockfile.ts'
import { packageUrl, sbomOf } from './sbom.ts'

const root = dirname(dirname(import.meta.dirname))
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6)
const integrity = `sha512-${'A'.repeat(86)}==`

const example: Lock = {
  name: 'root',
  version: '1.0.0',
  lockfileVersion: 3,
  packages: {
    '': { name: 'root', version: '1.0.0', license: 'MIT', devDependencies: { tool: '1.0.0' } },
    'apps/app': { name: '@x/app', version: '0.1.0', dependencies: { lib: '2.0.0' } },
    'node_modules/@x/app': { link: true, resolved: 'apps/app' },
    'node_modules/lib': { version: '2.0.0', integrity, license: '(MIT OR ISC)', dependencies: { inner: '^1.0.0' } },
    'node_modules/inner': { version: '1.0.0', integrity, license: 'MIT', dev: true },
    'node_modules/lib/node_modules/inner': { version: '1.0.0', integrity, license: 'MIT' },
    'node_modules/tool': { version: '1.0.0', integrity, dev: true, dependencies: { inner: '*', absent: '*' } },
  },
}

test('the bill of materials of this repository is valid CycloneDX 1.6', async () => {
  const { lock } = await readLock(root)
  const sbom = sbomOf(lock)
  assert.equal(await validator.validate(JSON.stringify(sbom)), null)
  // The check can fail: the schema knows the licences and the required fields.
  assert.notEqual(await validator.validate(JSON.stringify({ ...sbom, components: [{ type: 'library' }] })), null)
  const packages = Object.entries(lock.packages).filter(([path, { link }]) => path !== '' && !link)
  const expected = new Set(
    packages.map(([path, { version = '' }]) =>
      packageUrl(lock.packages[path]?.name ?? path.slice(path.lastIndexOf('node_modules/') + 13), version),
    ),
  )
  assert.deepEqual(new Set(sbom.components.map(({ purl }) => purl)), expected)
  const refs = new Set([sbom.metadata.component, ...sbom.components].map((component) => component['bom-ref']))
  assert.equal(refs.size, sbom.components.length + 1)
  for (const { ref, dependsOn } of sbom.dependencies)
    for (const other of [ref, ...dependsOn]) assert.ok(refs.has(other), `${other} is no component`)
})

test('the same lock file gives the same bytes, another one another serial number', () => {
  const reordered = { ...example, packages: Object.fromEntries(Object.entries(example.packages).toReversed()) }
  assert.equal(JSON.stringify(sbomOf(reordered)), JSON.stringify(sbomOf(structuredClone(example))))
  const changed = structuredClone(example)
  Object.assign(changed.packages['node_modules/lib'] ?? {}, { version: '2.0.1' })
  assert.notEqual(sbomOf(changed).serialNumber, sbomOf(example).serialNumber)
  assert.match(
    sbomOf(example).serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
})

test('lists hash, licence, scope and dependencies of each package', () => {
  const sbom = sbomOf(example)
  const byName = Object.fromEntries(sbom.components.map((component) => [component.name, component]))
  assert.deepEqual(Object.keys(byName).toSorted(), ['app', 'inner', 'lib', 'tool'])
  assert.deepEqual(byName['lib']?.licenses, [{ expression: '(MIT OR ISC)' }])
  assert.deepEqual(byName['lib']?.hashes, [{ alg: 'SHA-512', content: '0'.repeat(128) }])
  // `inner` is installed twice; one of the two is needed at run time.
  assert.equal(byName['inner']?.scope, 'required')
  assert.equal(byName['tool']?.scope, 'excluded')
  assert.deepEqual(byName['app']?.group, '@x')
  assert.deepEqual(sbom.dependencies, [
    { ref: 'pkg:npm/%40x/app@0.1.0', dependsOn: ['pkg:npm/lib@2.0.0'] },
    { ref: 'pkg:npm/inner@1.0.0', dependsOn: [] },
    { ref: 'pkg:npm/lib@2.0.0', dependsOn: ['pkg:npm/inner@1.0.0'] },
    { ref: 'pkg:npm/root@1.0.0', dependsOn: ['pkg:npm/%40x/app@0.1.0', 'pkg:npm/tool@1.0.0'] },
    { ref: 'pkg:npm/tool@1.0.0', dependsOn: ['pkg:npm/inner@1.0.0'] },
  ])
})
