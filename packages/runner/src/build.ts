/** Builds the engines for the browser: one self-contained worker script a language, its data files, the frame, a manifest. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { build, type Plugin } from 'esbuild'
import type { Language } from './fence.ts'
import type { EngineFile, EngineManifest } from './manifest.ts'
import { files, postgresDataDir } from './node/assets.ts'

const compress = promisify(gzip)
const here = import.meta.dirname

/** The policy of the frame: nothing from outside, scripts only from what it is handed. Workers inherit it. */
export const framePolicy = (scriptHash: string) =>
  [
    "default-src 'none'",
    "connect-src 'none'",
    `script-src 'sha256-${scriptHash}' 'unsafe-eval' 'wasm-unsafe-eval' blob:`,
    'worker-src blob:',
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ')

type Source = {
  entry: string
  assets: Record<string, { name: string; content: () => Promise<Uint8Array> }>
  modules: string[]
}

const file = (path: string, name: string) => ({ name, content: () => readFile(path) as Promise<Uint8Array> })

const sources: Partial<Record<Language, Source>> = {
  js: { entry: 'javascript', assets: {}, modules: [] },
  ts: { entry: 'typescript', assets: {}, modules: [] },
  mongodb: { entry: 'mongodb', assets: {}, modules: [] },
  sqlite: { entry: 'sqlite', assets: { sqlite: file(files.sqlite, 'sqlite.wasm') }, modules: [] },
  sql: {
    entry: 'postgres',
    assets: {
      postgres: file(files.postgres, 'postgres.wasm'),
      initdb: file(files.initdb, 'initdb.wasm'),
      filesystem: file(files.filesystem, 'postgres.data'),
      dataDir: { name: 'cluster.tgz', content: async () => compress(await postgresDataDir(), { level: 9 }) },
    },
    modules: ['postgres', 'initdb'],
  },
  python: {
    entry: 'python',
    assets: {
      python: file(join(files.pyodide, 'pyodide.asm.wasm'), 'python.wasm'),
      library: file(join(files.pyodide, 'python_stdlib.zip'), 'library.zip'),
      lock: { name: 'lock.json', content: pyodideLock },
    },
    modules: ['python'],
  },
}

/** Pyodide's lock file without the 357 packages that are not served here. */
async function pyodideLock(): Promise<Uint8Array> {
  const lock = JSON.parse(await readFile(join(files.pyodide, 'pyodide-lock.json'), 'utf8')) as { info: unknown }
  return new TextEncoder().encode(JSON.stringify({ info: lock.info, packages: {} }))
}

/** The formatter asks the realm for the state of a promise; on its own it calls every promise pending. */
const visiblePromises: Plugin = {
  name: 'visible-promises',
  setup: ({ onLoad }) => {
    onLoad({ filter: /node-inspect-extracted[/\\]dist[/\\]inspect\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const found = /getPromiseDetails:\(\)=>\[(\w+),void 0\]/.exec(source)
      if (!found) throw new Error(`${path} has changed: getPromiseDetails is not where the build expects it.`)
      const contents = source.replace(
        found[0],
        `getPromiseDetails:p=>globalThis[Symbol.for("viva.promise")]?.(p)??[${found[1]},void 0]`,
      )
      return { contents, loader: 'js' }
    })
  },
}

/** What a bundle consists of: absolute paths of its modules, and the legal comments that were taken out of them. */
export type BundleParts = { name: string; modules: string[]; legalComments: string }

/**
 * Writes everything into `outDir` and returns the manifest. Paths hold hashes of content, so that all but `manifest.json`
 * can be cached for ever. `onBundle` gets the parts of each script, for the third-party notices.
 */
export async function buildEngines(
  outDir: string,
  onBundle: (parts: BundleParts) => void = () => undefined,
): Promise<EngineManifest> {
  await rm(outDir, { recursive: true, force: true })
  await mkdir(outDir, { recursive: true })

  const script = await bundle(join(here, 'browser/frame.ts'), onBundle)
  const scriptHash = createHash('sha256').update(script).digest('base64')
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="${framePolicy(scriptHash)}">
<title>Runner</title>
</head>
<body><script>${script}</script></body>
</html>
`
  const manifest: EngineManifest = {
    frame: await put(outDir, 'frame.html', new TextEncoder().encode(html)),
    engines: {},
  }
  for (const [language, source] of Object.entries(sources) as [Language, Source][]) {
    const worker = await put(
      outDir,
      `${source.entry}.js`,
      new TextEncoder().encode(await bundle(join(here, `browser/workers/${source.entry}.ts`), onBundle)),
    )
    const assets: Record<string, EngineFile> = {}
    for (const [name, asset] of Object.entries(source.assets))
      assets[name] = await put(outDir, asset.name, await asset.content())
    const gzipBytes = [worker, ...Object.values(assets)].reduce((sum, part) => sum + part.gzipBytes, 0)
    manifest.engines[language] = { worker, assets, modules: source.modules, gzipBytes }
  }
  await writeFile(join(outDir, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  return manifest
}

async function put(outDir: string, name: string, content: Uint8Array): Promise<EngineFile> {
  const path = `${createHash('sha256').update(content).digest('hex').slice(0, 16)}/${name}`
  await mkdir(dirname(join(outDir, path)), { recursive: true })
  await writeFile(join(outDir, path), content)
  const isCompressed = name.endsWith('.tgz')
  return { path, bytes: content.length, gzipBytes: isCompressed ? content.length : (await compress(content)).length }
}

async function bundle(entry: string, onBundle: (parts: BundleParts) => void): Promise<string> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    outfile: 'worker.js',
    metafile: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2024',
    minify: true,
    // Names of classes are seen: in the errors that an engine throws, in what a console prints.
    keepNames: true,
    // They go into the notices beside the engines, once, instead of into each script.
    legalComments: 'external',
    external: [
      'node:*',
      'module',
      'fs',
      'path',
      'url',
      'crypto',
      'ws',
      'child_process',
      'worker_threads',
      'util',
      'os',
    ],
    // A blob has no folder to resolve against; nothing is requested from this place.
    define: { 'import.meta.url': '"https://engines.invalid/worker.js"' },
    logLevel: 'error',
    plugins: [visiblePromises],
  })
  const textOf = (end: string) => outputFiles.find(({ path }) => path.endsWith(end))?.text.trim() ?? ''
  const modules = Object.values(metafile.outputs)
    .flatMap(({ inputs }) => Object.entries(inputs))
    .flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [resolve(path)] : []))
  onBundle({ name: basename(entry, '.ts'), modules, legalComments: textOf('.LEGAL.txt') })
  return textOf('worker.js')
}
