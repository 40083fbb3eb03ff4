/** Sluice as it is published: JavaScript, declarations, and a manifest of its own. */

import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const home = join(import.meta.dirname, '..')

export type Manifest = {
  name: string
  version: string
  exports: Record<string, string | { types: string; default: string }>
  peerDependencies: Record<string, string>
  files?: string[]
  [field: string]: unknown
}

/** In the workspace `exports` lead to the sources, which Node runs as they are; published, to what was built of them. */
function published(manifest: Manifest): Manifest {
  const { devDependencies: _own, scripts: _scripts, private: _private, ...rest } = manifest
  const exports = Object.entries(manifest.exports).map(([path, target]) => {
    const file = String(target)
      .replace(/^\.\/src\//, './')
      .replace(/\.ts$/, '')
    return [path, { types: `${file}.d.ts`, default: `${file}.js` }] as const
  })
  return {
    ...rest,
    exports: { ...Object.fromEntries(exports), './package.json': './package.json' },
    files: ['**/*.js', '**/*.d.ts', 'docs', 'LICENSE-THIRD-PARTY'],
    engines: { node: '>=20.3' },
    publishConfig: { access: 'public' },
  } as Manifest
}

/** Travels inside: who wants the front door is not to install a parser of fields first, and as files of its own it costs twice the memory. */
const inside = 'structured-headers'
const insideAt = fileURLToPath(import.meta.resolve(inside))

/** Joins what each entry needs into one file, and what several need into files between them: as some 50 small modules they cost four times the memory. */
function joinModules(folder: string, { exports, peerDependencies }: Manifest): void {
  const modules = globSync('**/*.js', { cwd: folder }).map((file) => join(folder, file))
  const { outputFiles } = buildSync({
    entryPoints: Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? [] : [join(folder, target.default)],
    ),
    outdir: folder,
    outbase: folder,
    bundle: true,
    splitting: true,
    write: false,
    external: [...Object.keys(peerDependencies), 'node:*'],
    alias: { [inside]: insideAt },
    // Not between the files: its text is in a file of its own.
    legalComments: 'none',
    format: 'esm',
    platform: 'neutral',
    target: 'es2024',
    chunkNames: 'parts/[hash]',
    logLevel: 'warning',
  })
  for (const file of modules) rmSync(file)
  mkdirSync(join(folder, 'parts'), { recursive: true })
  for (const { path, contents } of outputFiles) writeFileSync(path, contents)
  const license = join(dirname(insideAt), '..', 'LICENSE')
  writeFileSync(
    join(folder, 'LICENSE-THIRD-PARTY'),
    `Contained in the files of this package: ${inside}\n\n${readFileSync(license, 'utf8')}`,
  )
}

/** Builds the package into a folder that can be published as it is. */
export function buildPackage(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', join(home, 'tsconfig.build.json'), '--outDir', folder], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  // The compiler rewrites the extensions of what it emits as JavaScript, not those in declarations.
  for (const file of globSync('**/*.d.ts', { cwd: folder })) {
    const path = join(folder, file)
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replaceAll(/((?:from|import\() ?['"]\.{1,2}\/[^'"]+)\.ts(['"])/g, '$1.js$2'))
  }
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest
  const own = published(manifest)
  joinModules(folder, own)
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(own, null, 2)}\n`)
  mkdirSync(join(folder, 'docs'), { recursive: true })
  cpSync(join(home, 'docs'), join(folder, 'docs'), { recursive: true })
  cpSync(join(home, 'README.md'), join(folder, 'README.md'))
  cpSync(join(home, '..', '..', 'LICENSE'), join(folder, 'LICENSE'))
}
