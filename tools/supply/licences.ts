/** Checks the licence of every package in the lock file against a list of allowed SPDX identifiers. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import satisfies from 'spdx-satisfies'
import { isInstalled, type Lock, packageName } from './lockfile.ts'

/** SPDX identifiers of licences that any dependency may have. MPL-2.0 binds only the files under it. */
export const allowedLicences = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MPL-2.0',
  'Python-2.0',
  'Unlicense',
  'Zlib',
]

/** One package, or all whose name begins with `name` when it ends in `*`. */
export type LicenceException = {
  name: string
  /** What the lock file or `package.json` says; undefined when it says nothing. */
  licence: string | undefined
  reason: string
}

const libvips = 'a separate shared library that resizes pictures at build; not changed, not shipped to readers'

/** Packages with another licence, or none in the present form, and why each may be used. */
export const licenceExceptions: LicenceException[] = [
  { name: '@img/sharp-libvips-*', licence: 'LGPL-3.0-or-later', reason: libvips },
  { name: '@img/sharp-win32-*', licence: 'Apache-2.0 AND LGPL-3.0-or-later', reason: libvips },
  { name: '@img/sharp-wasm32', licence: 'Apache-2.0 AND LGPL-3.0-or-later AND MIT', reason: libvips },
  { name: '@fontsource/source-serif-4', licence: 'OFL-1.1', reason: 'a font; its licence allows embedding in a page' },
  { name: 'format', licence: undefined, reason: 'MIT, stated in the old field `licenses`' },
  { name: 'rechoir', licence: undefined, reason: 'MIT, stated in the old field `licenses`; development only' },
  { name: 'spdx-exceptions', licence: 'CC-BY-3.0', reason: 'a list of names; development only' },
  { name: 'spdx-ranges', licence: '(MIT AND CC-BY-3.0)', reason: 'a list of names; development only' },
]

/** Everything that is wrong, one sentence each. An exception that no package needs is reported too. */
export function checkLicences(
  lock: Lock,
  { allowed = allowedLicences, exceptions = licenceExceptions } = {},
): string[] {
  const problems: string[] = []
  const used = new Set<LicenceException>()
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (!isInstalled(path) || entry.link) continue
    const name = packageName(path, entry)
    if (isAllowed(entry.license, allowed)) continue
    const exception = exceptions.find((known) => covers(known.name, name) && known.licence === entry.license)
    if (exception) used.add(exception)
    else
      problems.push(
        `${path}: found the licence ${JSON.stringify(entry.license ?? null)}; expected one of ${allowed.join(', ')}, or an exception with a reason in tools/supply/licences.ts`,
      )
  }
  for (const exception of exceptions)
    if (!used.has(exception))
      problems.push(`the exception for ${exception.name} (${exception.licence ?? 'no licence'}) matches no package`)
  return problems
}

/** Packages on disk whose `package.json` states another licence than the lock file. */
export async function checkInstalledLicences(root: string, lock: Lock): Promise<string[]> {
  const problems = await Promise.all(
    Object.entries(lock.packages).map(async ([path, entry]) => {
      if (!isInstalled(path) || entry.link) return []
      const text = await readFile(join(root, path, 'package.json'), 'utf8').catch(() => undefined)
      // Packages of other platforms are listed but not installed.
      if (text === undefined) return []
      const stated: unknown = JSON.parse(text).license
      const licence = typeof stated === 'object' && stated !== null && 'type' in stated ? stated.type : stated
      if (licence === entry.license) return []
      return [
        `${path}: found the licence ${JSON.stringify(licence)} on disk; expected ${JSON.stringify(entry.license)} as in package-lock.json`,
      ]
    }),
  )
  return problems.flat()
}

function isAllowed(licence: string | undefined, allowed: string[]): boolean {
  if (licence === undefined) return false
  try {
    return satisfies(licence, allowed)
  } catch {
    // Not an SPDX expression: "SEE LICENSE IN …", "UNLICENSED", free text.
    return false
  }
}

function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
