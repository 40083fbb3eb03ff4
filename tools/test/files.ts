/** Test files by `node:test`, their results counted one by one. */
import { glob } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { run } from 'node:test'
import type { Tally } from './tally.ts'

export type FilesOptions = {
  /** For people: `unit`. */
  stage: string
  base: string
  files: string[]
  /** Files at once, each in its own process. */
  concurrency: number
  /** The longest one test may take, in milliseconds. */
  timeoutMs: number
  /** So long without a word from any file, and all that run are stopped. Default a minute more than a test may take. */
  silenceMs?: number
  tally: Tally
  log: (line: string) => void
}

/** Test files below `base` that `patterns` match and whose path holds one of `wanted`, if any are named; sorted. */
export async function testFiles(base: string, patterns: string[], except: RegExp, wanted: string[]): Promise<string[]> {
  const found = new Set<string>()
  for await (const path of glob(patterns, { cwd: base, exclude: ['**/node_modules/**', '**/dist/**'] })) {
    const name = path.split(sep).join('/')
    if (!except.test(name) && (wanted.length === 0 || wanted.some((part) => name.includes(part)))) found.add(name)
  }
  return [...found].toSorted()
}

/** What a failure says, without the runner's own frames. */
function detailOf(error: Error | undefined): string {
  if (!error) return 'failed without an error'
  const inner = error.cause instanceof Error ? error.cause : undefined
  const text = inner?.stack ?? inner?.message ?? (typeof error.cause === 'string' ? error.cause : error.message)
  return text
    .split('\n')
    .filter((line) => !/^\s+at .*\(?node:internal\//.test(line))
    .join('\n')
}

/** Runs the files and counts each test once: suites are not tests, and a parent does not fail again for its child. */
export async function runFiles({
  stage,
  base,
  files,
  concurrency,
  timeoutMs,
  silenceMs = timeoutMs + 60_000,
  tally,
  log,
}: FilesOptions): Promise<void> {
  if (files.length === 0) return
  // A timeout ends a test, not its process: what a failed test left open can keep a file alive for ever.
  const stuck = new AbortController()
  const watch = setTimeout(() => stuck.abort(), silenceMs)
  const stream = run({
    signal: stuck.signal,
    files: files.map((file) => `${base}/${file}`),
    concurrency,
    timeout: timeoutMs,
    // Not `--test-force-exit`: it ends a file before all of its tests were told, and 48 of 1,746 went missing without a word.
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const stderr = new Map<string, string>()
  let done = 0
  for await (const event of stream) {
    watch.refresh()
    if (event.type === 'test:stderr') {
      const { file, message } = event.data
      stderr.set(file ?? '', ((stderr.get(file ?? '') ?? '') + message).slice(-4000))
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { data } = event
    const file = relative(base, data.file ?? '')
      .split(sep)
      .join('/')
    const rerun = `npm test -- ${stage} ${file}`
    const name = `${file}: ${data.name}`
    if (data.skip !== undefined || data.todo !== undefined) {
      const reason = data.skip ?? data.todo
      tally.skip(stage, name, typeof reason === 'string' && reason ? reason : 'no reason was given', rerun)
    } else if (event.type === 'test:fail') {
      const { error } = event.data.details
      if (failureTypeOf(error) === 'subtestsFailed') continue
      // A file that ends badly by itself (a syntax error, an early exit) says why on stderr only.
      const isFile = data.name === data.file || data.name === file
      const more = isFile ? `\n${stderr.get(data.file ?? '') ?? ''}` : ''
      tally.fail({ stage, name: isFile ? file : name, detail: detailOf(error) + more, rerun })
      log(`✖ ${name}`)
    } else if (data.name === data.file) {
      // node:test lets a file without a test pass as if it were one.
      tally.fail({ stage, name: file, detail: 'holds no test, or none was reached', rerun })
      log(`✖ ${file} holds no test`)
    } else if (data.details.type !== 'suite') {
      tally.pass()
      if (++done % 100 === 0) log(`${stage}: ${done} passed …`)
    }
  }
  clearTimeout(watch)
  if (stuck.signal.aborted) {
    const detail = `Nothing was told for ${silenceMs / 1000} s: a test file did not end, so all that were running were stopped`
    tally.fail({ stage, name: 'files end by themselves', detail, rerun: `npm test -- ${stage}` })
  }
}

function failureTypeOf(error: Error | undefined): string | undefined {
  return error && 'failureType' in error && typeof error.failureType === 'string' ? error.failureType : undefined
}
