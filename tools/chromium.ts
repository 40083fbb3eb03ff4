/** The Chromium that browser tests and measurements run in: where it is found, how it is started. */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Browser, chromium, type LaunchOptions } from 'playwright-core'

const run = promisify(execFile)
const root = dirname(import.meta.dirname)

const onPath = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const inPlace = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

/** Debian's package for each shared library that Chromium's headless shell may lack. */
const debianPackages: Record<string, string> = {
  'libnss3.so': 'libnss3',
  'libnssutil3.so': 'libnss3',
  'libsmime3.so': 'libnss3',
  'libnspr4.so': 'libnspr4',
  'libdbus-1.so.3': 'libdbus-1-3',
  'libexpat.so.1': 'libexpat1',
  'libgbm.so.1': 'libgbm1',
  'libdrm.so.2': 'libdrm2',
  'libatk-1.0.so.0': 'libatk1.0-0',
  'libatk-bridge-2.0.so.0': 'libatk-bridge2.0-0',
  'libatspi.so.0': 'libatspi2.0-0',
  'libasound.so.2': 'libasound2',
  'libcups.so.2': 'libcups2',
  'libglib-2.0.so.0': 'libglib2.0-0',
  'libgobject-2.0.so.0': 'libglib2.0-0',
  'libgio-2.0.so.0': 'libglib2.0-0',
  'libpango-1.0.so.0': 'libpango-1.0-0',
  'libcairo.so.2': 'libcairo2',
  'libudev.so.1': 'libudev1',
  'libX11.so.6': 'libx11-6',
  'libxcb.so.1': 'libxcb1',
  'libXcomposite.so.1': 'libxcomposite1',
  'libXdamage.so.1': 'libxdamage1',
  'libXext.so.6': 'libxext6',
  'libXfixes.so.3': 'libxfixes3',
  'libXrandr.so.2': 'libxrandr2',
  'libxkbcommon.so.0': 'libxkbcommon0',
}

/** A found browser: the program and what its process needs around it. */
export type Found = { path: string; from: 'VIVA_CHROMIUM' | 'system' | 'npm'; env: Record<string, string> }

function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** The system's own browser; asked for its version, because Ubuntu's `chromium-browser` may be a stub that only tells to install a snap. */
function systemChromium(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const candidates = [...onPath.flatMap((name) => folders.map((folder) => join(folder, name))), ...inPlace]
  return candidates.find((path) => existsSync(path) && spawnSync(path, ['--version'], { timeout: 20_000 }).status === 0)
}

/** Unpacks the browser of `@sparticuz/chromium` once, in a folder of its own that appears whole or not at all. */
async function unpacked(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@sparticuz/chromium')
  const version = /"version": *"([^"]+)"/.exec(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8'))?.[1]
  if (!version) throw new Error(`${entry} belongs to no versioned package; run npm ci.`)
  const cache = join(root, '.cache', 'chromium')
  const folder = join(cache, version)
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true })
    const draft = await mkdtemp(join(cache, 'unpacking-'))
    // The package unpacks into os.tmpdir() and takes a half-written file there for a whole one: hence a process with its own.
    const script = `import(${JSON.stringify(`file://${entry}`)}).then((m) => m.default.executablePath())`
    await run(process.execPath, ['-e', script], { env: { ...process.env, TMPDIR: draft } })
    try {
      await rename(draft, folder)
    } catch (cause) {
      await rm(draft, { recursive: true, force: true })
      if (!existsSync(folder)) throw cause
    }
  }
  return folder
}

/** Names of the shared libraries that the loader does not find for `program`. */
export function missingLibraries(lddOutput: string): string[] {
  return [...lddOutput.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1]!)
}

async function provideLibraries(program: string): Promise<void> {
  if (process.platform !== 'linux') return
  const missing = async () => missingLibraries((await run('ldd', [program])).stdout)
  const before = await missing().catch(() => [])
  if (before.length === 0) return
  const packages = [...new Set(before.map((library) => debianPackages[library] ?? library))]
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  const isDebian = existsSync('/etc/debian_version')
  if (isRoot() && isDebian && before.every((library) => debianPackages[library])) {
    console.error(`chromium: lacks ${before.join(', ')}; running: ${command}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const attempt = () => spawnSync('sh', ['-c', command], { env, encoding: 'utf8' })
    if (attempt().status !== 0) {
      spawnSync('apt-get', ['update'], { env })
      attempt()
    }
  }
  const after = await missing()
  if (after.length > 0) {
    throw new Error(
      `Chromium from @sparticuz/chromium lacks the system librar${after.length === 1 ? 'y' : 'ies'} ${after.join(', ')}. ` +
        (isDebian ? `Run as root: ${command}` : `Install ${packages.join(', ')} (Debian's names)`) +
        ', or name another Chromium in VIVA_CHROMIUM.',
    )
  }
}

async function find(): Promise<Found> {
  const named = process.env.VIVA_CHROMIUM
  if (named) {
    if (!existsSync(named))
      throw new Error(
        `VIVA_CHROMIUM names ${named}, which does not exist. Name a Chromium or Chrome program, or unset it.`,
      )
    return { path: named, from: 'VIVA_CHROMIUM', env: {} }
  }
  const system = systemChromium()
  if (system) return { path: system, from: 'system', env: {} }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `No Chromium found, and none comes with npm for ${process.platform}-${process.arch}. Install Chromium or Chrome, or name one in VIVA_CHROMIUM.`,
    )
  }
  const folder = await unpacked()
  const path = join(folder, 'chromium')
  await provideLibraries(path)
  // Its own fonts only where the system has none: a page without any font would measure nothing.
  const env: Record<string, string> = existsSync('/etc/fonts/fonts.conf')
    ? {}
    : { FONTCONFIG_PATH: join(folder, 'fonts') }
  return { path, from: 'npm', env }
}

let found: Promise<Found> | undefined

/** Finds Chromium: `VIVA_CHROMIUM`, the system's, else the one that comes with npm, unpacked into `.cache/`. Throws with what to do. */
export function findChromium(): Promise<Found> {
  found ??= find()
  return found
}

/** Path of the Chromium program. */
export async function chromiumPath(): Promise<string> {
  return (await findChromium()).path
}

/** Arguments that keep Chromium quiet and offline; without its sandbox only as root, where it refuses to start with it. */
export function chromiumArgs(): string[] {
  const quiet = [
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ]
  return isRoot() ? [...quiet, '--no-sandbox'] : quiet
}

/** Starts Chromium. `options` are Playwright's; `args` are added to ours. */
export async function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  const { path, env } = await findChromium()
  try {
    return await chromium.launch({
      ...options,
      executablePath: path,
      chromiumSandbox: !isRoot(),
      args: [...chromiumArgs(), ...(options.args ?? [])],
      env: { ...process.env, ...env, ...options.env },
    })
  } catch (cause) {
    if (cause instanceof Error && cause.message.includes('No usable sandbox')) {
      throw new Error(
        `${path} finds no usable sandbox: this system forbids user namespaces. Install your system's own Chromium, or allow them (sysctl kernel.apparmor_restrict_unprivileged_userns=0).`,
        { cause },
      )
    }
    throw cause
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { path, from } = await findChromium()
  const browser = await launchChromium()
  console.log(`${path} (${from}), version ${browser.version()}`)
  await browser.close()
}
