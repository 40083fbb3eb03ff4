/** `npm run build`: engines, pages, compressed copies; nothing at all when nothing changed. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { lock } from './build/lock.ts'
import { precompress } from './build/precompress.ts'
import { type Bundle, NoticeError } from './supply/notices.ts'
import { writeProducts } from './supply/products.ts'

const root = dirname(import.meta.dirname)

/** What can be read and mended: its message is complete, no stack is needed. */
export class BuildError extends Error {
  override name = 'BuildError'
}

export type BuildOptions = {
  /** Build though nothing changed. */
  force?: boolean
  log?: (line: string) => void
}

/** What a build did. */
export type BuildResult = { isBuilt: boolean; siteDir: string; ms: number }

/** Where the built site lies. */
export const siteDir = join(root, 'apps/site/dist')
const cacheDir = join(root, '.cache')
const stampFile = join(cacheDir, 'build.json')
/** What each engine consists of, kept as long as the engines are. */
const engineModulesFile = join(cacheDir, 'engine-modules.json')

/** Builds what changed since the last time. Throws BuildError with everything that is wrong. */
export async function build({ force = false, log = () => undefined }: BuildOptions = {}): Promise<BuildResult> {
  const begun = performance.now()
  const isBuilt =
    force || !(await isCurrent()) ? await lock(join(cacheDir, 'build.lock'), () => buildNow(force, log)) : false
  return { isBuilt, siteDir, ms: performance.now() - begun }
}

async function isCurrent(): Promise<boolean> {
  if (!existsSync(join(siteDir, 'index.html'))) return false
  const stamp = await readFile(stampFile, 'utf8').catch(() => '')
  return stamp === (await fingerprint(root, inputs, join(cacheDir, 'build-inputs.json')))
}

async function buildNow(force: boolean, log: (line: string) => void): Promise<boolean> {
  // Another process may have built while we waited for the lock.
  if (!force && (await isCurrent())) return false
  const stamp = await fingerprint(root, inputs, join(cacheDir, 'build-inputs.json'))
  await rm(stampFile, { force: true })
  await checkContent(join(root, 'content'))
  const engines = await step(log, 'engines', buildEngines)
  await step(log, 'example runs of labs', recordExamples)
  await step(log, 'pages', buildPages)
  if (engines)
    await step(log, 'engines into the site', () => cp(engines, join(siteDir, 'engines'), { recursive: true }))
  await step(log, 'licences and bill of materials', buildProducts)
  await step(log, 'compressed copies', async () => {
    const { files, fresh } = await precompress(siteDir, join(cacheDir, 'precompress'))
    log(`  ${files} files, ${fresh} of them new`)
  })
  await writeFile(stampFile, stamp)
  return true
}

async function step<T>(log: (line: string) => void, name: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now()
  log(`build: ${name} …`)
  const result = await work()
  log(`build: ${name}, ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  return result
}

/** Throws BuildError with every mistake in the content, not the first. */
export async function checkContent(contentDir: string): Promise<void> {
  const { loadBank } = await import('@viva/bank/load')
  const { errors } = await loadBank(contentDir)
  if (errors.length === 0) return
  const count = errors.length === 1 ? 'one mistake' : `${errors.length} mistakes`
  throw new BuildError(
    `content/ has ${count}. Mend what is named, then run the command again:\n${errors.map(({ message }) => `  ${message}`).join('\n')}`,
  )
}

/** Built apart from the pages, because they are large and change only with the runner or its packages. */
async function buildEngines(): Promise<string | undefined> {
  const program = join(root, 'packages/runner/src/build.ts')
  if (!existsSync(program)) return undefined
  const folder = join(cacheDir, 'engines')
  const stamp = await fingerprint(
    root,
    ['packages/runner', 'package-lock.json', 'tools/build.ts'],
    join(cacheDir, 'engines-inputs.json'),
  )
  const file = join(cacheDir, 'engines.stamp')
  const isCached = (await readFile(file, 'utf8').catch(() => '')) === stamp
  if (isCached && existsSync(folder) && existsSync(engineModulesFile)) return folder
  await rm(file, { force: true })
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const { buildEngines } = await import('@viva/runner/build')
  const bundles: Bundle[] = []
  await buildEngines(folder, ({ name, modules, legalComments }) => {
    // A module that a package disables for browsers has no file.
    const files = modules.filter((module) => !module.includes('(disabled):'))
    const paths = files.map((module) => relative(root, module).split(sep).join('/'))
    bundles.push({ name: `${name} engine`, modules: [...paths, '\0esbuild/helpers'], legalComments })
  })
  await writeFile(engineModulesFile, JSON.stringify(bundles))
  await writeFile(file, stamp)
  return folder
}

/** Recorded apart from the pages: a lab runs again only when it, or what it runs on, changed. */
async function recordExamples(): Promise<void> {
  const { recordLabExamples } = await import('./build/lab-examples.ts')
  const engines = [
    'tools/build/lab-examples.ts',
    'packages/lab',
    'packages/sluice/src',
    'packages/runner/src',
    'package-lock.json',
  ]
  await recordLabExamples({
    contentDir: join(root, 'content'),
    outDir: join(cacheDir, 'lab-examples'),
    stamp: await fingerprint(root, engines, join(cacheDir, 'lab-examples-inputs.json')),
    openEngine: async () => {
      const [{ createNodeRunner }, { engineOf }] = await Promise.all([import('@viva/runner/node'), import('@viva/lab')])
      const runner = createNodeRunner()
      return { engine: engineOf(runner), close: () => runner.close() }
    },
  })
}

async function buildProducts(): Promise<void> {
  const read = async (file: string) => JSON.parse(await readFile(file, 'utf8').catch(() => '[]'))
  const siteModules = await read(join(cacheDir, 'site-modules.json'))
  try {
    const engines = await read(engineModulesFile)
    await writeProducts({ root, siteDir, engines, siteModules, env: process.env, nowMs: Date.now() })
  } catch (error) {
    if (error instanceof NoticeError)
      throw new BuildError(`the third-party notices are not complete:\n${error.message}`, { cause: error })
    throw error
  }
}

async function buildPages(): Promise<void> {
  const site = join(root, 'apps/site')
  const astro = createRequire(join(site, 'package.json')).resolve('astro/package.json')
  const { bin } = JSON.parse(await readFile(astro, 'utf8'))
  const { code, output } = await run([join(dirname(astro), bin.astro), 'build'], site)
  if (code !== 0)
    throw new BuildError(`the pages could not be built (astro build ended with ${code}):\n${output.trimEnd()}`)
}

function run(args: string[], cwd: string): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', NO_COLOR: '1', FORCE_COLOR: '0' },
    })
    let output = ''
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-20_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}

/** Files and folders that decide what the site is, from the root. */
const inputs = [
  'content',
  'packages',
  'apps/site',
  'package-lock.json',
  'tools/build.ts',
  'tools/build',
  'tools/supply',
]

const ignored = new Set(['node_modules', 'dist', '.astro', '.git'])

type Known = Record<string, { changedMs: number; bytes: number; hash: string }>

/**
 * A hash over the names and contents of all files in `paths`, tests left out, and over what else decides the result.
 * A file is read only when its time or size differ from those in `memoryFile`.
 */
export async function fingerprint(base: string, paths: string[], memoryFile: string): Promise<string> {
  const known: Known = JSON.parse(await readFile(memoryFile, 'utf8').catch(() => '{}'))
  const now: Known = {}
  const files = (await Promise.all(paths.map((path) => filesIn(join(base, path))))).flat()
  await Promise.all(
    files.map(async (file) => {
      const name = relative(base, file).split(sep).join('/')
      const { mtimeMs: changedMs, size: bytes } = await stat(file)
      const before = known[name]
      const isSame = before?.changedMs === changedMs && before.bytes === bytes
      const hash = isSame
        ? before.hash
        : createHash('sha256')
            .update(await readFile(file))
            .digest('hex')
      now[name] = { changedMs, bytes, hash }
    }),
  )
  if (JSON.stringify(known) !== JSON.stringify(now)) {
    await mkdir(dirname(memoryFile), { recursive: true })
    await writeFile(memoryFile, JSON.stringify(now))
  }
  const { SITE_URL = '', SECURITY_CONTACT = '' } = process.env
  const total = createHash('sha256').update(`${process.version} ${SITE_URL} ${SECURITY_CONTACT}\n`)
  for (const name of Object.keys(now).toSorted()) total.update(`${name} ${now[name]?.hash}\n`)
  return total.digest('hex')
}

async function filesIn(path: string): Promise<string[]> {
  let entries
  try {
    entries = await readdir(path, { withFileTypes: true })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return [path]
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  const found = await Promise.all(
    entries
      .filter((entry) => !ignored.has(entry.name) && !/\.test\.tsx?$/.test(entry.name))
      .map((entry) =>
        entry.isDirectory() ? filesIn(join(path, entry.name)) : Promise.resolve([join(path, entry.name)]),
      ),
  )
  return found.flat()
}

if (import.meta.main) {
  try {
    const { isBuilt, ms } = await build({ force: process.argv.includes('--force'), log: (line) => console.log(line) })
    console.log(
      isBuilt
        ? `built apps/site/dist in ${(ms / 1000).toFixed(1)} s`
        : 'nothing changed: apps/site/dist is current (--force builds anyway)',
    )
  } catch (error) {
    if (!(error instanceof BuildError)) throw error
    console.error(`viva: ${error.message}`)
    process.exit(1)
  }
}
