/** `verified.json`: when the fences of a file last printed what they claim, and on which engines. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Engine, Language } from '@viva/runner'
import type { Verified } from '@viva/bank'

export type Engines = Partial<Record<Language, Engine>>

/** Engines whose version is the machine's and not the lock file's: a change of theirs alone rewrites no record. */
const ofTheMachine: ReadonlySet<string> = new Set(['git', 'bash'])

/** Where the record of a content file lies: beside `question.md`, or as `<name>.verified.json`. */
export function recordFile(documentFile: string): string {
  return documentFile.endsWith('/question.md')
    ? documentFile.replace(/question\.md$/, 'verified.json')
    : documentFile.replace(/\.md$/, '.verified.json')
}

/** Why a record does not hold for these fences and engines, or undefined if it does. */
export function whyStale(record: Verified | undefined, hash: string, engines: Engines): string | undefined {
  if (!record) return 'it has no verified.json'
  if (record.hash !== hash) return 'its fences were changed since they were verified'
  const languages = Object.keys(engines) as Language[]
  for (const language of languages) {
    const then = record.engines[language]
    const now = engines[language]
    if (!then) return `its record does not name the engine of ${language}`
    if (now && !ofTheMachine.has(language) && (then.version !== now.version || then.name !== now.name)) {
      return `it was verified on ${then.name} ${then.version}, and this is ${now.name} ${now.version}`
    }
  }
  return undefined
}

/** Writes the record; false when the file holds exactly that already. */
export async function writeRecord(
  file: string,
  hash: string,
  runs: number,
  engines: Engines,
  on: string,
): Promise<boolean> {
  const sorted = Object.fromEntries(Object.entries(engines).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const text = `${JSON.stringify({ hash, on, runs, engines: sorted }, undefined, 2)}\n`
  const before = await readFile(file, 'utf8').catch(() => '')
  if (before === text) return false
  await writeFile(file, text)
  return true
}
