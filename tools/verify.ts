/** `npm run verify`: runs every `run` fence of the content and compares what it prints with what it claims. */
import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import type { Document, RunFence } from '@viva/bank'
import { fencesHash, loadBank } from '@viva/bank/load'
import { type Engine, type Language, languages } from '@viva/runner'
import { createNodeRunner, nodeEngine } from '@viva/runner/node'
import { diffLines } from './verify/diff.ts'
import { hashFolder, type Outcome, Outcomes } from './verify/outcome.ts'
import { type Engines, recordFile, whyStale, writeRecord } from './verify/record.ts'

const root = dirname(import.meta.dirname)

export type VerifyOptions = {
  /** Folder named `content`. */
  contentDir?: string
  /** Ids of questions, or beginnings of them; also `posts/…`, `pages/…`. Without: everything. */
  only?: string[]
  /** Only files that differ from the last commit, or are new. */
  changed?: boolean
  /** Fail on a record that is missing or stale instead of writing it. Default: `CI=true`. */
  frozen?: boolean
  cacheDir?: string
  concurrency?: number
  log?: (line: string) => void
}

export type VerifyResult = {
  /** Fences that printed what they claim. */
  passed: number
  /** Fences that did not, files that could not be read, and stale records in a frozen run. */
  failed: number
  /** Of `passed` and `failed`, those whose output was known already. */
  cached: number
  /** Files whose record was written. */
  recorded: string[]
  /** One text each: `file:line: …` and the difference. */
  failures: string[]
  durationMs: number
}

type Task = { fence: RunFence; document: Document }

/** Beyond the reader's 5 s: CI's machine may be slow and busy. A fence near the reader's limit is named. */
const timeoutMs = 20_000
const readerLimitMs = 5_000

/** Languages with the dearest starts first, so that the last ones to run are short. */
const byCost: Language[] = ['sql', 'tsc', 'python', 'node', 'git', 'bash', 'ts', 'js', 'mongodb', 'sqlite']

export async function verify(options: VerifyOptions = {}): Promise<VerifyResult> {
  const startedAt = performance.now()
  const contentDir = options.contentDir ?? join(root, 'content')
  const frozen = options.frozen ?? process.env['CI'] === 'true'
  const log = options.log ?? (() => {})
  const result: VerifyResult = { passed: 0, failed: 0, cached: 0, recorded: [], failures: [], durationMs: 0 }
  const fail = (text: string) => {
    result.failed++
    result.failures.push(text)
    log(text)
  }

  const { documents, unread } = await readContent(contentDir, options)
  for (const message of unread) fail(message)
  const outcomes = new Outcomes(
    options.cacheDir ?? join(root, '.cache/verify'),
    await hashFolder(join(root, 'packages/runner/src')),
  )
  const tasks: Task[] = documents.flatMap((document) => runFences(document).map((fence) => ({ fence, document })))
  tasks.sort((a, b) => byCost.indexOf(a.fence.language) - byCost.indexOf(b.fence.language))

  const failedFiles = new Set<string>()
  const runner = createNodeRunner()
  const queue = tasks.values()
  const work = async () => {
    for (const { fence, document } of queue) {
      const { outcome, isCached } = await outcomeOf(fence, outcomes, runner)
      if (isCached) result.cached++
      const problem = problemOf(fence, outcome)
      if (problem === undefined) result.passed++
      else {
        failedFiles.add(document.file)
        fail(`${document.file}:${fence.line}: ${fence.language}: ${problem}`)
      }
      if (languages[fence.language].runs === 'browser' && outcome.durationMs > readerLimitMs && !outcome.stopped) {
        log(
          `${document.file}:${fence.line}: ${fence.language}: took ${(outcome.durationMs / 1000).toFixed(1)} s here; a reader's run ends at ${readerLimitMs / 1000} s`,
        )
      }
    }
  }
  try {
    await Promise.all(
      Array.from({ length: options.concurrency ?? Math.max(2, Math.min(4, availableParallelism())) }, work),
    )
  } finally {
    await runner.close()
  }

  for (const document of documents) {
    const fences = runFences(document)
    if (fences.length === 0 || failedFiles.has(document.file)) continue
    const engines: Engines = {}
    for (const { language } of fences) engines[language] ??= await nodeEngine(language)
    const hash = fencesHash(document)
    const why = whyStale(document.verified, hash, engines)
    if (why === undefined) continue
    const file = recordFile(document.file)
    if (frozen) {
      fail(`${document.file}:1: ${why}: run \`npm run verify -- --question ${idOf(document)}\` and commit ${file}`)
    } else {
      await writeRecord(
        join(dirname(contentDir), file),
        hash,
        fences.length,
        engines,
        new Date().toISOString().slice(0, 10),
      )
      result.recorded.push(file)
    }
  }
  result.durationMs = performance.now() - startedAt
  return result
}

function runFences(document: Document): RunFence[] {
  return document.fences.filter((fence) => fence.kind === 'run')
}

/** `git/rebase` for a question, `posts/2026-11-24-why` for another file. */
function idOf(document: Document): string {
  return document.file
    .replace(/^content\//, '')
    .replace(/^questions\//, '')
    .replace(/\/question\.md$|\.md$/, '')
}

/** The documents that are asked for, and one message for each file with an error that kept it out of the bank. */
async function readContent(
  contentDir: string,
  options: VerifyOptions,
): Promise<{ documents: Document[]; unread: string[] }> {
  const { bank, errors } = await loadBank(contentDir)
  const all: Document[] = [
    ...bank.questions.map((question) => ({ ...question, blocks: [] })),
    ...bank.posts,
    ...bank.pages,
    ...bank.categories,
  ]
  const changed = options.changed ? changedFiles(dirname(contentDir)) : undefined
  const isAsked = (file: string) => {
    const id = idOf({ file } as Document)
    if (changed && !changed.has(file)) return false
    return (
      !options.only ||
      options.only.length === 0 ||
      options.only.some((prefix) => id.startsWith(prefix.replace(/^questions\//, '')))
    )
  }
  const read = new Set(all.map(({ file }) => file))
  const unread = errors
    .filter(({ file }) => file.endsWith('.md') && !read.has(file) && isAsked(file))
    .map(({ message }) => message)
  return { documents: all.filter(({ file }) => isAsked(file)), unread }
}

/** Paths from the repository's root: different from the last commit, or untracked. */
function changedFiles(folder: string): Set<string> {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).split('\0').filter(Boolean)
  const top = execFileSync('git', ['rev-parse', '--show-toplevel'], { cwd: folder, encoding: 'utf8' }).trim()
  const paths = [
    ...git('diff', '--name-only', '-z', 'HEAD'),
    ...git('ls-files', '--others', '--exclude-standard', '--full-name', '-z'),
  ]
  return new Set(paths.map((path) => relative(folder, join(top, path))))
}

async function outcomeOf(
  fence: RunFence,
  outcomes: Outcomes,
  runner: ReturnType<typeof createNodeRunner>,
): Promise<{ outcome: Outcome; isCached: boolean }> {
  const engine: Engine = await nodeEngine(fence.language)
  const known = await outcomes.read(fence, engine)
  if (known) return { outcome: known, isCached: true }
  try {
    const { output, stopped, notice, durationMs } = await runner.run(fence, { timeoutMs })
    const outcome: Outcome = {
      output,
      durationMs,
      ...(stopped && { stopped }),
      ...(notice !== undefined && { notice }),
    }
    await outcomes.write(fence, engine, outcome)
    return { outcome, isCached: false }
  } catch (error) {
    return {
      outcome: {
        output: '',
        durationMs: 0,
        stopped: 'abort',
        notice: error instanceof Error ? error.message : String(error),
      },
      isCached: false,
    }
  }
}

/** What is wrong with an outcome, or undefined. Space at the ends of both texts is not compared. */
function problemOf(fence: RunFence, outcome: Outcome): string | undefined {
  const expected = fence.expected.trimEnd()
  const printed = outcome.output.trimEnd()
  const notice = outcome.stopped && outcome.stopped !== 'exit' ? ` (${outcome.notice})` : ''
  if (expected === printed && notice === '') return undefined
  if (expected === printed) return `the run was stopped${notice}`
  return `the output differs${notice}: - claimed, + printed\n${diffLines(expected, printed)
    .map((line) => `    ${line}`)
    .join('\n')}`
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { question: { type: 'string', multiple: true }, changed: { type: 'boolean' }, help: { type: 'boolean' } },
    allowPositionals: true,
  })
  if (values.help) {
    console.log(
      'npm run verify -- [--question ID]… [--changed]\nID: a question (git/rebase), a beginning of ids (git/), posts/… or pages/…',
    )
    process.exit(0)
  }
  const only = [...(values.question ?? []), ...positionals]
  const result = await verify({ only, changed: values.changed ?? false, log: (line) => console.log(line) })
  for (const file of result.recorded) console.log(`recorded ${file}`)
  const seconds = (result.durationMs / 1000).toFixed(1)
  if (result.passed + result.failed === 0) {
    console.log(only.length > 0 ? `No run fence matches ${only.join(', ')}.` : 'Nothing to verify.')
    process.exit(only.length > 0 ? 1 : 0)
  }
  console.log(`${result.passed} passed, ${result.failed} failed (${result.cached} known from before, ${seconds} s)`)
  process.exit(result.failed > 0 ? 1 : 0)
}
