/** `npm test`: everything that proves this repository, in the order in which it is cheapest to be told. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { boundaries } from './boundaries.ts'
import { type CheckResult, format, lint, types } from './check.ts'
import { runFiles, testFiles } from './test/files.ts'
import { Tally } from './test/tally.ts'

const root = dirname(import.meta.dirname)
const log = (line: string) => console.log(line)
const tally = new Tally({ strict: process.env.CI === 'true' })

/** A stage proves one kind of thing; `wanted` narrows it to files or ids that hold one of these texts. */
type Stage = (wanted: string[]) => Promise<void>

/** A check counts as one test. */
function check(work: () => Promise<CheckResult>): Stage {
  return async () => {
    const { name, ok, output } = await work()
    if (ok) return tally.pass()
    tally.fail({ stage: name, name: `${name} finds something wrong`, detail: output, rerun: `npm test -- ${name}` })
  }
}

async function crossed(): Promise<CheckResult> {
  const violations = await boundaries(root)
  const output = violations.map(({ file, line, message }) => `${file}:${line}: ${message}`).join('\n')
  return { name: 'boundaries', ok: violations.length === 0, output }
}

async function content(): Promise<CheckResult> {
  const { loadBank } = await import('@viva/bank/load')
  const { errors } = await loadBank(join(root, 'content'))
  return { name: 'content', ok: errors.length === 0, output: errors.map(({ message }) => message).join('\n') }
}

const groups = ['packages', 'apps', 'tools']

/** Tests by `node:test`, beside the code: `matching` is how their files are called, without those that are called like `except`. */
function tests(stage: string, matching: string, except: RegExp): Stage {
  return async (wanted) => {
    const files = await testFiles(
      root,
      groups.map((group) => `${group}/**/*${matching}.{ts,tsx}`),
      except,
      wanted,
    )
    await runFiles({ stage, base: root, files, concurrency: 2, timeoutMs: 180_000, tally, log })
  }
}

/** Each fence counts as one test. */
const verify: Stage = async (wanted) => {
  const { verify } = await import('./verify.ts')
  const result = await verify({ only: wanted, log })
  tally.pass(result.passed)
  for (const detail of result.failures) {
    const [place = ''] = detail.split(': ', 1)
    const id = /^content\/(?:questions\/)?(.+?)(?:\/question)?\.md/.exec(place)?.[1]
    const rerun = id ? `npm run verify -- --question ${id}` : 'npm run verify'
    tally.fail({ stage: 'verify', name: place, detail, rerun })
  }
}

/** Each claim of a lab counts as one test. */
const labs: Stage = async (wanted) => {
  const { checkLabs } = await import('./labs.ts')
  const result = await checkLabs({ only: wanted, log })
  tally.pass(result.passed)
  for (const { file, detail } of result.failures)
    tally.fail({ stage: 'labs', name: file, detail, rerun: `npm test -- labs ${file}` })
}

async function built(): Promise<CheckResult> {
  const { build, BuildError } = await import('./build.ts')
  try {
    const { isBuilt } = await build({ log })
    if (!isBuilt) log('build: nothing changed')
    return { name: 'build', ok: true, output: '' }
  } catch (error) {
    const output =
      error instanceof BuildError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error)
    return { name: 'build', ok: false, output }
  }
}

const browser: Stage = async (wanted) => {
  const files = await testFiles(
    root,
    groups.map((group) => `${group}/**/*.browser.test.{ts,tsx}`),
    // Thousands of attempts that take ten minutes: run when they are asked for.
    wanted.some((part) => part.includes('escapes')) ? /^$/ : /\/test\/escapes\//,
    wanted,
  )
  if (!existsSync(join(root, 'apps/site/dist/index.html'))) {
    const detail = 'apps/site/dist is not built; the pages cannot be opened.'
    tally.fail({ stage: 'browser', name: 'the site is built', detail, rerun: 'npm run build && npm test -- browser' })
    return
  }
  const { findChromium } = await import('./chromium.ts')
  try {
    // Found and unpacked once, before several files ask for it at the same time.
    const { path, from } = await findChromium()
    log(`browser: ${path} (${from})`)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    tally.skip('browser', `${files.length} files of browser tests`, reason, 'npm test -- browser')
    return
  }
  const concurrency = availableParallelism() > 2 ? 2 : 1
  await runFiles({ stage: 'browser', base: root, files, concurrency, timeoutMs: 300_000, tally, log })
}

const stages: Record<string, Stage> = {
  types: check(types),
  lint: check(lint),
  format: check(() => format()),
  boundaries: check(crossed),
  content: check(content),
  unit: tests('unit', '.test', /\.(browser|long)\.test\.tsx?$/),
  // Real processes, engines and brokers, and properties that take millions of steps.
  long: tests('long', '.long.test', /^$/),
  verify,
  labs,
  build: check(built),
  browser,
}

const args = process.argv.slice(2)
const chosen = args.filter((arg) => Object.hasOwn(stages, arg))
const wanted = args.filter((arg) => !Object.hasOwn(stages, arg))
if (args.includes('--help') || args.includes('-h') || (wanted.length > 0 && chosen.length === 0)) {
  const names = Object.keys(stages).join(', ')
  console.log(
    `Usage: npm test [-- STAGE… [PART OF A PATH…]]\nStages, in this order: ${names}.\nExample: npm test -- unit apps/server`,
  )
  process.exit(wanted.some((arg) => !arg.startsWith('-')) ? 1 : 0)
}

const begun = performance.now()
for (const [name, stage] of Object.entries(stages)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  const before = { passed: tally.passed, failed: tally.failed, ms: performance.now() }
  log(`— ${name} …`)
  try {
    await stage(wanted)
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
    tally.fail({ stage: name, name: 'the stage itself broke', detail, rerun: `npm test -- ${name}` })
  }
  const seconds = ((performance.now() - before.ms) / 1000).toFixed(1)
  const failed = tally.failed - before.failed
  log(`${failed === 0 ? '✔' : '✖'} ${name}: ${tally.passed - before.passed} passed, ${failed} failed, ${seconds} s`)
}
if (wanted.length > 0 && tally.passed + tally.failed === 0) {
  const detail = 'No test has such a path.'
  tally.fail({ stage: chosen.join(', '), name: wanted.join(' '), detail, rerun: 'npm test -- --help' })
}
log(`in ${((performance.now() - begun) / 1000).toFixed(1)} s`)
console.log(tally.summary())
process.exit(tally.failed === 0 ? 0 : 1)
