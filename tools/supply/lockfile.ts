/** Checks `package-lock.json`: hashes, exact versions, platform packages, sources, install scripts, overrides. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** One entry of `packages` in a lock file of version 3; only the fields that are read here. */
export type LockEntry = {
  name?: string
  version?: string
  resolved?: string
  integrity?: string
  license?: string
  link?: boolean
  dev?: boolean
  optional?: boolean
  devOptional?: boolean
  peer?: boolean
  inBundle?: boolean
  hasInstallScript?: boolean
  os?: string[]
  cpu?: string[]
  libc?: string[]
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}

export type Lock = { name?: string; version?: string; lockfileVersion: number; packages: Record<string, LockEntry> }

/** The fields of a `package.json` that decide what is installed. */
export type Manifest = {
  name?: string
  version?: string
  license?: string
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  overrides?: Record<string, unknown>
}

/** Packages that may declare an install script, with the reason. `.npmrc` keeps every script from running. */
export const installScripts: Record<string, string> = {
  esbuild: 'its script only replaces a launcher by the native binary; the launcher works without it',
}

/** Reads the lock file and the manifest of the root and of each workspace, by folder (`''` is the root). */
export async function readLock(root: string): Promise<{ lock: Lock; manifests: Map<string, Manifest> }> {
  const read = async (path: string) => JSON.parse(await readFile(join(root, path), 'utf8'))
  const lock: Lock = await read('package-lock.json')
  const folders = Object.keys(lock.packages).filter((path) => !isInstalled(path))
  const manifests = new Map<string, Manifest>()
  for (const folder of folders) manifests.set(folder, await read(join(folder, 'package.json')))
  return { lock, manifests }
}

/** True for a package below `node_modules`, false for the root and the workspaces. */
export function isInstalled(path: string): boolean {
  return /(^|\/)node_modules\//.test(path)
}

/** `apps/site/node_modules/@types/hast` → `@types/hast`; an alias has its real name in the entry. */
export function packageName(path: string, entry?: LockEntry): string {
  return entry?.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}

/** Where Node finds `name` for code in the package at `from`, or undefined. */
export function resolveInLock(lock: Lock, from: string, name: string): string | undefined {
  let folder = from
  for (;;) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    if (lock.packages[path]) return path
    if (folder === '') return undefined
    const parent = folder.lastIndexOf('/node_modules/')
    folder = parent > 0 ? folder.slice(0, parent) : ''
  }
}

/** Everything that is wrong, one sentence each; empty when the lock file can be trusted. */
export function checkLock(lock: Lock, manifests: ReadonlyMap<string, Manifest>, scripts = installScripts): string[] {
  const problems: string[] = []
  if (lock.lockfileVersion !== 3)
    problems.push(`package-lock.json: found lockfileVersion ${lock.lockfileVersion}; expected 3`)
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (!isInstalled(path) || entry.link) continue
    problems.push(...checkEntry(path, entry, scripts), ...checkDependencies(lock, path, entry))
  }
  for (const [folder, manifest] of manifests) problems.push(...checkManifest(lock, folder, manifest))
  problems.push(...checkOverrides(lock, manifests.get('') ?? {}))
  return problems
}

function checkEntry(path: string, entry: LockEntry, scripts: Record<string, string>): string[] {
  const problems: string[] = []
  const name = packageName(path, entry)
  // The hash of a package covers what is bundled in its archive.
  if (!entry.inBundle && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(entry.integrity ?? ''))
    problems.push(`${path}: found integrity ${JSON.stringify(entry.integrity ?? null)}; expected a sha512 hash`)
  if (entry.resolved !== undefined)
    problems.push(
      `${path}: found resolved ${JSON.stringify(entry.resolved)}; expected none, so that it comes from the configured registry`,
    )
  if (!isExact(entry.version ?? ''))
    problems.push(`${path}: found version ${JSON.stringify(entry.version ?? null)}; expected an exact version`)
  if (entry.hasInstallScript && !Object.hasOwn(scripts, name))
    problems.push(
      `${path}: found an install script; expected a package without one, or ${name} with a reason in tools/supply/lockfile.ts`,
    )
  return problems
}

/** A lock file that was written on one platform can lack the packages of the others: `npm ci` refuses it there. */
function checkDependencies(lock: Lock, path: string, entry: LockEntry): string[] {
  const needed = new Set([
    ...Object.keys(entry.dependencies ?? {}),
    ...Object.keys(entry.optionalDependencies ?? {}),
    ...Object.keys(entry.peerDependencies ?? {}).filter((name) => !entry.peerDependenciesMeta?.[name]?.optional),
  ])
  return [...needed]
    .filter((name) => !resolveInLock(lock, path, name))
    .map((name) => `${path}: its dependency ${name} is not in the lock file; expected every platform's packages`)
}

function checkManifest(lock: Lock, folder: string, manifest: Manifest): string[] {
  const file = folder === '' ? 'package.json' : `${folder}/package.json`
  const problems: string[] = []
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const) {
    const recorded = lock.packages[folder]?.[kind] ?? {}
    if (JSON.stringify(sorted(recorded)) !== JSON.stringify(sorted(manifest[kind] ?? {})))
      problems.push(`${file}: its ${kind} differ from those in package-lock.json; run npm install`)
    for (const [name, wanted] of Object.entries(manifest[kind] ?? {})) {
      if (!isExact(wanted)) {
        problems.push(`${file}: found ${name} ${JSON.stringify(wanted)}; expected an exact version from the registry`)
        continue
      }
      const path = resolveInLock(lock, folder, name)
      const entry = path === undefined ? undefined : lock.packages[path]
      const locked = entry?.link ? lock.packages[entry.resolved ?? '']?.version : entry?.version
      if (locked !== wanted)
        problems.push(`${file}: found ${name} ${locked ?? 'missing'} in package-lock.json; expected ${wanted}`)
    }
  }
  return problems
}

function checkOverrides(lock: Lock, manifest: Manifest): string[] {
  return Object.entries(manifest.overrides ?? {}).flatMap(([name, version]) => {
    if (typeof version !== 'string' || !isExact(version))
      return [`package.json: found the override ${name} ${JSON.stringify(version)}; expected an exact version`]
    return Object.entries(lock.packages)
      .filter(([path, entry]) => isInstalled(path) && packageName(path, entry) === name && entry.version !== version)
      .map(([path, entry]) => `${path}: found ${entry.version}; expected ${version} from overrides in package.json`)
  })
}

function isExact(version: string): boolean {
  return /^\d+\.\d+\.\d+(-[\w.-]+)?(\+[\w.-]+)?$/.test(version)
}

function sorted(record: Record<string, string>): [string, string][] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))
}
