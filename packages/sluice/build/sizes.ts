/** `npm run sizes -w @viva/sluice`: builds the package and writes the sizes of its exports into the README. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildPackage } from './package.ts'
import { sizes } from './weigh.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-sizes-'))
try {
  buildPackage(join(folder, 'node_modules', '@viva', 'sluice'))
  const table = await sizes(folder, Object.keys(await import('@viva/sluice')).toSorted())
  const readme = join(import.meta.dirname, '..', 'README.md')
  const text = readFileSync(readme, 'utf8')
  const filled = text.replace(
    /<!-- sizes -->[\s\S]*<!-- \/sizes -->/,
    () => `<!-- sizes -->\n\n${table}\n\n<!-- /sizes -->`,
  )
  if (!filled.includes(table)) throw new Error('README.md has lost its markers for the sizes')
  writeFileSync(readme, filled)
  console.log(table)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
