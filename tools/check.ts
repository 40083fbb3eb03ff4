/** Types, lint and format: what other programs find in the source, run in the one way that counts here. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

const root = dirname(import.meta.dirname)
const require = createRequire(join(root, 'package.json'))

/** What a check found; `output` is for people. */
export type CheckResult = { name: string; ok: boolean; output: string }

/** Runs a package's program under this Node and keeps what it says. */
function run(
  packageName: string,
  program: string,
  args: string[],
  cwd = root,
): Promise<{ ok: boolean; output: string }> {
  let file: string
  try {
    file = join(dirname(require.resolve(`${packageName}/package.json`)), program)
  } catch {
    return Promise.resolve({ ok: false, output: `${packageName} is not installed. Run: npm ci` })
  }
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', ASTRO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1' }
    const child = spawn(process.execPath, [file, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', (error) => resolve({ ok: false, output: `${packageName} cannot be started: ${error.message}` }))
    child.on('close', (code) => resolve({ ok: code === 0, output: stripVTControlCharacters(output).trim() }))
  })
}

/** TypeScript for everything that runs in Node, for the runner's browser half, Astro's own checker for the site. */
export async function types(): Promise<CheckResult> {
  const site = join(root, 'apps/site')
  const hasSite = existsSync(join(site, 'astro.config.ts')) || existsSync(join(site, 'astro.config.mjs'))
  const tsc = await run('typescript', 'bin/tsc', ['-p', '.', '--pretty', 'false'])
  // What runs in a page or its worker knows another set of globals.
  const browser = await run('typescript', 'bin/tsc', ['-p', 'packages/runner', '--pretty', 'false'])
  const astro = hasSite
    ? await run('astro', 'bin/astro.mjs', ['check', '--minimumFailingSeverity', 'error'], site)
    : undefined
  const failed = [tsc, browser, ...(astro ? [astro] : [])].filter(({ ok }) => !ok)
  return { name: 'types', ok: failed.length === 0, output: failed.map(({ output }) => output).join('\n') }
}

const sources = ['packages', 'apps', 'tools', 'content']

/** oxlint with its type-aware rules. */
export async function lint(): Promise<CheckResult> {
  const threads = String(Math.max(1, availableParallelism()))
  const { ok, output } = await run('oxlint', 'bin/oxlint', ['--type-aware', '--threads', threads, ...sources])
  return { name: 'lint', ok, output }
}

/** Biome's formatter; with `write` it puts right what it finds. */
export async function format({ write = false } = {}): Promise<CheckResult> {
  const args = ['format', '--colors=off', '--max-diagnostics=200', ...(write ? ['--write'] : []), '.']
  const { ok, output } = await run('@biomejs/biome', 'bin/biome', args)
  if (ok || write) return { name: 'format', ok, output }
  // Names are enough: the program itself puts layout right. A file that it cannot read is told in full.
  const names = [...output.matchAll(/^(\S+) format ━/gm)].map((match) => match[1])
  const text = names.length > 0 && !/^\S+ parse ━/m.test(output) ? names.join('\n') : output
  return { name: 'format', ok, output: `${text}\nPut right with: npm run format` }
}

if (import.meta.main) {
  const [name, ...flags] = process.argv.slice(2)
  const checks: Record<string, () => Promise<CheckResult>> = {
    types,
    lint,
    format: () => format({ write: flags.includes('--write') }),
  }
  const check = checks[name ?? '']
  if (!check) {
    console.error(`check: found ${JSON.stringify(name ?? '')}; it is one of ${Object.keys(checks).join(', ')}.`)
    process.exit(1)
  }
  const { ok, output } = await check()
  if (output) console.log(output)
  console.log(`${name}: ${ok ? 'ok' : 'failed'}`)
  process.exit(ok ? 0 : 1)
}
