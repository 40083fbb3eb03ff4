/** What a bundle grows by when it imports one thing. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import type { Manifest } from './package.ts'

const manifest = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as Manifest
const peers = Object.keys(manifest['peerDependencies'] as object)

/** What the whole of an entry may weigh, in bytes, gzipped, with what it uses of the others and without its peers: a tenth above what it weighed when this was written. */
export const limits: Readonly<Record<string, number>> = {
  '/http': 24_000,
  '/fetch': 14_900,
  '/nats': 10_700,
  '/rabbitmq': 10_400,
  '/redis': 11_600,
  '/kafka': 10_500,
}

/** The bundle of some code that imports from a package in `folder/node_modules`, minified. */
export async function bundle(folder: string, code: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: folder },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    // What a peer weighs is whoever's who installs it.
    external: ['node:*', ...peers],
    logLevel: 'warning',
  })
  return outputFiles[0]!.text
}

export const gzipped = (text: string): number => gzipSync(text, { level: 9 }).length

/** Bytes, gzipped, of the bundle of each export. */
export async function weigh(folder: string, names: string[], from = '@viva/sluice'): Promise<Map<string, number>> {
  const weights = await Promise.all(
    names.map(async (name) => {
      const code = await bundle(folder, name === '*' ? `export * from '${from}'` : `export { ${name} } from '${from}'`)
      return [name, gzipped(code)] as const
    }),
  )
  return new Map(weights)
}

/** The table of the README. */
export async function sizes(folder: string, names: string[]): Promise<string> {
  const weights = await weigh(folder, names)
  const kb = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
  const cells = [...weights].map(([name, bytes]) => `| \`${name}\` | ${kb(bytes)} `)
  const columns = 4
  const rows = Array.from({ length: Math.ceil(cells.length / columns) }, (_, row) =>
    Array.from(
      { length: columns },
      (_, column) => cells[column * Math.ceil(cells.length / columns) + row] ?? '| | ',
    ).join(''),
  )
  const wholes = await Promise.all(
    ['', '/node', '/web', '/testing', '/telemetry'].map(async (path) => {
      const from = `@viva/sluice${path}`
      return `\`${from}\` ${kb((await weigh(folder, ['*'], from)).get('*')!)}`
    }),
  )
  const head = `| export | gzip ${'| export | gzip '.repeat(columns - 1)}|\n${'|---|--:'.repeat(columns)}|`
  return `Everything of an entry: ${wholes.join(', ')}.\n\n${head}\n${rows.map((row) => `${row}|`).join('\n')}`
}
