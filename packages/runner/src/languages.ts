/** The table of languages: what the page says about each before anything is loaded. */
import type { Engine, Language } from './fence.ts'

/** How a language is shown and where it runs. */
export type LanguageFacts = {
  /** For people. */
  label: string
  /** `browser`: the reader can run it (and CI does). `ci`: CI runs it, the page shows what it printed there. */
  runs: 'browser' | 'ci'
  /** The grammar that a highlighter uses. */
  highlight: string
  /** In the browser, or where it runs in CI only. JavaScript's version is the reader's own browser. */
  engine: Engine
  /** A sentence where the engine is not simply what its label says. */
  remark?: string
}

const recorded = 'Runs in CI; the page shows what it printed there.'

export const languages: Record<Language, LanguageFacts> = {
  js: {
    label: 'JavaScript',
    runs: 'browser',
    highlight: 'js',
    engine: { name: 'JavaScript', version: 'your browser' },
  },
  ts: {
    label: 'TypeScript',
    runs: 'browser',
    highlight: 'ts',
    engine: { name: 'sucrase', version: '3.35.1' },
    remark: 'Types are stripped, not checked.',
  },
  node: {
    label: 'Node.js',
    runs: 'ci',
    highlight: 'js',
    engine: { name: 'Node', version: '26.10.0' },
    remark: recorded,
  },
  tsc: {
    label: 'TypeScript',
    runs: 'ci',
    highlight: 'ts',
    engine: { name: 'TypeScript', version: '6.0.3' },
    remark: recorded,
  },
  sql: {
    label: 'PostgreSQL',
    runs: 'browser',
    highlight: 'sql',
    engine: { name: 'PostgreSQL', version: '18.6 (PGlite 0.5.16)' },
  },
  sqlite: {
    label: 'SQLite',
    runs: 'browser',
    highlight: 'sql',
    engine: { name: 'SQLite', version: '(sql.js 1.16.0)' },
  },
  mongodb: {
    label: 'MongoDB',
    runs: 'browser',
    highlight: 'js',
    engine: { name: 'MongoDB query language', version: "mingo 7.2.7 + Viva's text-index and index model" },
    remark: "MongoDB query language (mingo 7.2.7 + Viva's text-index and index model); not a MongoDB server.",
  },
  python: {
    label: 'Python',
    runs: 'browser',
    highlight: 'python',
    engine: { name: 'Python', version: '3.14 (Pyodide 314.0.7)' },
  },
  git: { label: 'git', runs: 'ci', highlight: 'shellscript', engine: { name: 'git', version: '' }, remark: recorded },
  bash: {
    label: 'Shell',
    runs: 'ci',
    highlight: 'shellscript',
    engine: { name: 'bash', version: '' },
    remark: recorded,
  },
}
