/** A code fence of a content file: its languages, the words after the language, and what the platform knows of it. */
import type { InputKind } from '@viva/judge'
import type { Fence, Language } from '@viva/runner'

/** Runnable languages. A record, so that a language added to the runner and forgotten here does not compile. */
const runnable: Record<Language, true> = {
  js: true,
  ts: true,
  tsc: true,
  node: true,
  sql: true,
  sqlite: true,
  mongodb: true,
  python: true,
  git: true,
  bash: true,
}

export const runnableLanguages = Object.keys(runnable) as Language[]

/** Languages that are shown but never run: each such fence says why with `skip="…"`. */
export const stillLanguages =
  'c cpp csharp css diff dockerfile go graphql html http ini java json jsx kotlin lua nginx proto redis rust toml tsx xml yaml'.split(
    ' ',
  )

/** `text` is for pictures, logs and formulas; `output` is what the `run` fence before it prints. */
export const knownLanguages: readonly string[] = [...runnableLanguages, ...stillLanguages, 'text', 'output']

export function isRunnable(language: string): language is Language {
  return Object.hasOwn(runnable, language)
}

/** The words after the language: ` ```js run title="A burst" `. */
export type FenceMeta = { run: boolean; setup: boolean; title?: string; skip?: string; predict?: InputKind }

type FenceCommon = {
  /** `microservices/backpressure#3`: the third fence of that file, `text` and `output` not counted. */
  id: string
  code: string
  meta: FenceMeta
  title?: string
  /** 1-based line of the first code line in the file. */
  line: number
  /** `answer`, `inDepth`, `examples`, `pitfalls`, `followUps`; `body` in a post or a page. */
  section: string
}

/** Runs, and prints exactly `expected`. */
export type RunFence = Fence & FenceCommon & { kind: 'run'; run: true; expected: string }
/** Runs before every later `run` fence of its language in the file; shown collapsed. */
export type SetupFence = FenceCommon & { kind: 'setup'; run: false; language: Language }
/** Only shown; `skip` says why it is not run. */
export type StillFence = FenceCommon & { kind: 'still'; run: false; language: string; skip: string }

export type QuestionFence = RunFence | SetupFence | StillFence

export type MetaProblem = { found: string; expected: string }

const known = '`run`, `setup`, `title="…"`, `skip="why it is not run"`, `predict="…"`'

const inputKinds: readonly InputKind[] = ['order', 'cells', 'number', 'choice', 'text']

/** Reads `run title="…" skip="…" setup`; quotes are double or single. What cannot be read is a problem, never a throw. */
export function parseMeta(text: string): { meta: FenceMeta; problems: MetaProblem[] } {
  const meta: FenceMeta = { run: false, setup: false }
  const problems: MetaProblem[] = []
  const seen = new Set<string>()
  // A word, then perhaps = and a quoted or bare value.
  for (const [whole, name = '', , double, single, bare] of text.matchAll(
    /([^\s=]+)(=(?:"([^"]*)"|'([^']*)'|(\S*)))?/g,
  )) {
    const value = double ?? single
    if (seen.has(name)) problems.push({ found: `\`${name}\` twice`, expected: 'it once' })
    seen.add(name)
    if (name === 'run' || name === 'setup') {
      if (value !== undefined || bare !== undefined)
        problems.push({ found: show(whole), expected: `\`${name}\` without a value` })
      meta[name] = true
    } else if (name === 'title' || name === 'skip') {
      if (value === undefined || value.trim() === '')
        problems.push({ found: show(whole), expected: `\`${name}="some words"\`` })
      else meta[name] = value.trim()
    } else if (name === 'predict') {
      const kind = inputKinds.find((one) => one === value)
      if (kind) meta.predict = kind
      else problems.push({ found: show(whole), expected: `\`predict="${inputKinds.join('|')}"\`` })
    } else problems.push({ found: show(whole), expected: known })
  }
  return { meta, problems }
}

function show(text: string): string {
  return `\`${text.length > 60 ? `${text.slice(0, 57)}…` : text}\``
}
