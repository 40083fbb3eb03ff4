/** Third-party notices: which packages are in the bundles and at run time, with licence, copyright and text. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generatedBy, inDataFiles, inOurTree, type Work } from './contained.ts'
import { isInstalled, type Lock, packageName, resolveInLock } from './lockfile.ts'

/** One third-party work. */
export type Notice = {
  name: string
  /** Absent for a work inside a data file. */
  version?: string
  licence: string
  /** Lines of the text that name the owners. */
  copyright: string[]
  /** Empty when the package has none and is not shipped by us. */
  text: string
  /** Where it is used: `pages`, an engine's name, `inside pyodide`. */
  usedIn: string[]
}

/**
 * A bundle: its modules as paths from the root, or ids that begin with a NUL character; and the comments with licences
 * that the bundler took out of the code.
 */
export type Bundle = { name: string; modules: string[]; legalComments?: string }

/** The licence of a shipped work is unknown; the message names all of them. */
export class NoticeError extends Error {
  override name = 'NoticeError'
}

/** Notices of all that readers get, ordered by name. Throws NoticeError for a package without a licence text. */
export async function shippedNotices(root: string, lock: Lock, bundles: Bundle[]): Promise<Notice[]> {
  const { packages, works, problems } = contentOf(lock, bundles)
  const notices: Notice[] = []
  for (const [path, usedIn] of packages) {
    const notice = await packageNotice(root, lock, path, [...usedIn])
    notices.push(notice)
    if (notice.text === '')
      problems.push(
        `${notice.name} ${notice.version} (${notice.licence}) is in the bundle ${notice.usedIn.join(', ')} without a licence text; expected a LICENSE file in the package, or ${textFile(notice.name)} with the text from its source repository`,
      )
  }
  for (const [work, usedIn] of works) {
    const body = await readFile(join(root, work.text), 'utf8')
    notices.push({
      name: work.name,
      licence: work.licence,
      copyright: copyrightLines(body),
      text: body.trim(),
      usedIn: [...usedIn],
    })
  }
  if (problems.length > 0) throw new NoticeError(problems.join('\n'))
  return notices.toSorted(byName)
}

/** Notices of what `npm ci --omit=dev` installs for these workspaces; packages of one platform are left out. */
export async function runTimeNotices(root: string, lock: Lock, workspaces: string[]): Promise<Notice[]> {
  const users = new Map<string, Set<string>>()
  for (const workspace of workspaces)
    for (const path of runTimeClosure(lock, workspace)) {
      if (!users.has(path)) users.set(path, new Set())
      users.get(path)?.add(workspace)
    }
  const notices = await Promise.all([...users].map(([path, usedIn]) => packageNotice(root, lock, path, [...usedIn])))
  const seen = new Map(notices.map((notice) => [`${notice.name}@${notice.version}`, notice]))
  return [...seen.values()].toSorted(byName)
}

/** Packages and works in the bundles, each with the names of the bundles. */
function contentOf(lock: Lock, bundles: Bundle[]) {
  const packages = new Map<string, Set<string>>()
  const works = new Map<Work, Set<string>>()
  const problems: string[] = []
  const add = <K>(map: Map<K, Set<string>>, key: K, user: string) => map.set(key, (map.get(key) ?? new Set()).add(user))
  for (const { name, modules } of bundles)
    for (const module of modules) {
      const work = Object.entries(inOurTree).find(([folder]) => module.startsWith(folder))?.[1]
      if (work) add(works, work, name)
      else {
        const owner = ownerOf(lock, module)
        if (owner === undefined)
          problems.push(`${JSON.stringify(module)} in the bundle ${name} belongs to no package of package-lock.json`)
        else if (owner !== 'ours') add(packages, owner, name)
      }
    }
  for (const path of packages.keys()) {
    const entry = lock.packages[path]
    const name = packageName(path, entry)
    const contained = inDataFiles[`${name}@${entry?.version}`]
    for (const work of contained ?? []) add(works, work, `inside ${name}`)
    if (!contained && Object.keys(inDataFiles).some((key) => key.startsWith(`${name}@`)))
      problems.push(
        `${name} ${entry?.version} has compiled data files, and what they contain is listed for another version; check it and change tools/supply/contained.ts`,
      )
  }
  return { packages, works, problems }
}

/** The lock file's path of the package that a module belongs to; `ours`, or undefined when it cannot be told. */
function ownerOf(lock: Lock, module: string): string | undefined {
  const generated = Object.entries(generatedBy).find(([start]) => module.startsWith(start))?.[1]
  if (generated !== undefined) return lock.packages[generated] && generated
  const match = /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/@]+)\//.exec(module)
  if (match) return lock.packages[match[1] ?? ''] && match[1]
  return /^(apps|packages|content)\//.test(module) ? 'ours' : undefined
}

function runTimeClosure(lock: Lock, workspace: string): Set<string> {
  const found = new Set<string>()
  const seen = new Set<string>()
  const visit = (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    const entry = lock.packages[path]
    if (!entry) return
    if (isInstalled(path)) {
      if (entry.os || entry.cpu || entry.libc) return
      found.add(path)
    }
    for (const name of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      const target = resolveInLock(lock, path, name)
      const link = target === undefined ? undefined : lock.packages[target]
      if (target !== undefined) visit(link?.link ? (link.resolved ?? '') : target)
    }
  }
  visit(workspace)
  return found
}

async function packageNotice(root: string, lock: Lock, path: string, usedIn: string[]): Promise<Notice> {
  const entry = lock.packages[path] ?? {}
  const name = packageName(path, entry)
  const own = await licenceFiles(join(root, path))
  const text = own || (await readFile(join(root, textFile(name)), 'utf8').catch(() => '')).trim()
  return {
    name,
    version: entry.version ?? '',
    licence: entry.license ?? 'not stated',
    copyright: copyrightLines(text),
    text,
    usedIn,
  }
}

/** The licence of a package and, as Apache-2.0 asks, its NOTICE. */
async function licenceFiles(folder: string): Promise<string> {
  const names = (await readdir(folder).catch(() => [])).toSorted((a, b) => (a < b ? -1 : 1))
  const wanted = [/^(un)?licen[cs]e([.-].*)?$/i, /^copying([.-].*)?$/i, /^notice([.-].*)?$/i].flatMap((pattern) =>
    names.filter((name) => pattern.test(name) && !/\.(js|ts|json|html)$/i.test(name)),
  )
  const texts = await Promise.all(wanted.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')))
  return texts
    .map((text) => text.replaceAll('\r\n', '\n').trim())
    .filter((text) => text !== '')
    .join('\n\n')
}

function textFile(name: string): string {
  return `tools/supply/texts/${name.replace('@', '').replace('/', '__')}.txt`
}

/** Lines like `Copyright (c) 2024 Ada`, without the terms of a licence that speak of copyright. */
export function copyrightLines(text: string): string[] {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^[\s/*#>-]+/, '').trim())
    .filter((line) => /^(Portions |\(c\) )?Copyright\s+(\(c\)|©|\d{4}|by\s|[A-Z][a-z])/i.test(line))
    .filter((line) => /^(Portions|\(c\)|Copyright|COPYRIGHT)/.test(line) && line.length < 200)
    .filter((line) => !/copyright (and|notice|owner|holder|law|licen[cs]e|statement|interest|permission)/i.test(line))
  return [...new Set(lines)].slice(0, 12)
}

function byName(a: Notice, b: Notice): number {
  const [first, second] = [a, b].map(({ name, version = '' }) => `${name.toLowerCase()} ${version}`)
  return (first ?? '') < (second ?? '') ? -1 : 1
}
