/**
 * Software bill of materials: the lock file as a CycloneDX 1.6 document.
 *
 * The same lock file gives the same bytes: no time of creation, and a serial number made from the content.
 * Source: https://cyclonedx.org/docs/1.6/json/, https://github.com/package-url/purl-spec
 */
import { createHash } from 'node:crypto'
import { isInstalled, type Lock, type LockEntry, packageName, resolveInLock } from './lockfile.ts'

type Scope = 'required' | 'optional' | 'excluded'

type Component = {
  type: 'application' | 'library'
  'bom-ref': string
  group?: string
  name: string
  version: string
  scope?: Scope
  hashes?: { alg: 'SHA-512'; content: string }[]
  licenses?: ({ license: { id: string } } | { expression: string })[]
  purl: string
  properties?: { name: string; value: string }[]
}

/** The part of the CycloneDX format that is written here. */
export type Sbom = {
  $schema: string
  bomFormat: 'CycloneDX'
  specVersion: '1.6'
  serialNumber: string
  version: 1
  metadata: { lifecycles: { phase: 'pre-build' }[]; component: Component }
  components: Component[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

/** All packages of the lock file, on every platform, and which depends on which. */
export function sbomOf(lock: Lock): Sbom {
  const refs = new Map<string, string>()
  const components = new Map<string, Component>()
  const edges = new Map<string, Set<string>>()
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (entry.link) continue
    const component = componentOf(path, entry, lock)
    const ref = component['bom-ref']
    refs.set(path, ref)
    const other = components.get(ref)
    components.set(ref, other ? strongest(other, component) : component)
    if (!edges.has(ref)) edges.set(ref, new Set())
  }
  for (const [path, ref] of refs) {
    for (const name of dependencyNames(path, lock.packages[path] ?? {})) {
      const target = targetOf(lock, path, name)
      const to = target === undefined ? undefined : refs.get(target)
      if (to !== undefined && to !== ref) edges.get(ref)?.add(to)
    }
  }
  const rootRef = refs.get('') ?? ''
  // Workspaces belong to the root, which does not list them as dependencies.
  for (const [path, ref] of refs) if (path !== '' && !isInstalled(path)) edges.get(rootRef)?.add(ref)
  const component = components.get(rootRef)
  if (!component) throw new Error('package-lock.json has no root package: found no entry "" in packages.')
  components.delete(rootRef)
  const body = {
    metadata: { lifecycles: [{ phase: 'pre-build' as const }], component },
    components: [...components.values()].toSorted((a, b) => compare(a['bom-ref'], b['bom-ref'])),
    dependencies: [...edges]
      .map(([ref, to]) => ({ ref, dependsOn: [...to].toSorted(compare) }))
      .toSorted((a, b) => compare(a.ref, b.ref)),
  }
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: serialOf(JSON.stringify(body)),
    version: 1,
    ...body,
  }
}

/** A package URL: `pkg:npm/%40codemirror/state@6.7.6`. */
export function packageUrl(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${encodeURIComponent(version)}`
}

function componentOf(path: string, entry: LockEntry, lock: Lock): Component {
  const isOurs = !isInstalled(path)
  const full = path === '' ? (lock.name ?? 'root') : packageName(path, entry)
  const version = entry.version ?? lock.version ?? '0.0.0'
  const purl = packageUrl(full, version)
  const [group, name = ''] = full.startsWith('@') ? full.split('/') : [undefined, full]
  const content = entry.integrity?.startsWith('sha512-')
    ? Buffer.from(entry.integrity.slice('sha512-'.length), 'base64').toString('hex')
    : undefined
  return {
    type: path === '' || path.startsWith('apps/') ? 'application' : 'library',
    'bom-ref': purl,
    ...(group === undefined ? {} : { group }),
    name,
    version,
    ...(isOurs ? {} : { scope: scopeOf(entry) }),
    ...(content === undefined ? {} : { hashes: [{ alg: 'SHA-512' as const, content }] }),
    ...(entry.license === undefined ? {} : { licenses: [licenceOf(entry.license)] }),
    purl,
    ...(entry.dev ? { properties: [{ name: 'cdx:npm:package:development', value: 'true' }] } : {}),
  }
}

/** `excluded` is CycloneDX's word for what is used by tests and tools only. */
function scopeOf(entry: LockEntry): Scope {
  if (entry.dev) return 'excluded'
  return entry.optional || entry.devOptional ? 'optional' : 'required'
}

const scopes: (Scope | undefined)[] = ['excluded', 'optional', 'required', undefined]

/** A package can be installed at two places, one of them for development only. */
function strongest(a: Component, b: Component): Component {
  return scopes.indexOf(a.scope) >= scopes.indexOf(b.scope) ? a : b
}

function licenceOf(licence: string): NonNullable<Component['licenses']>[number] {
  return /^[\w.-]+$/.test(licence) ? { license: { id: licence } } : { expression: licence }
}

function dependencyNames(path: string, entry: LockEntry): string[] {
  return Object.keys({
    ...entry.dependencies,
    ...entry.optionalDependencies,
    ...entry.peerDependencies,
    // Only our own packages get their development dependencies installed.
    ...(isInstalled(path) ? {} : entry.devDependencies),
  })
}

function targetOf(lock: Lock, from: string, name: string): string | undefined {
  const path = resolveInLock(lock, from, name)
  if (path === undefined) return undefined
  const entry = lock.packages[path]
  return entry?.link ? entry.resolved : path
}

/** A UUID of version 8 (RFC 9562, section 5.8) from the SHA-256 of the content. */
function serialOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex')
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `${variant}${hex.slice(17, 20)}`]
  return `urn:uuid:${[...parts, hex.slice(20, 32)].join('-')}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
