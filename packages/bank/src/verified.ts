/** `verified.json`: the record that every fence of a file printed what it claims, and on which engines. */
import { createHash } from 'node:crypto'
import type { QuestionFence } from './fence.ts'

/** SHA-256 over everything that decides what the file's `run` fences print. It changes when one of them must be verified again. */
export function fencesHash(document: { fences: readonly QuestionFence[] }): string {
  const runs = document.fences.flatMap((fence) =>
    fence.kind === 'run'
      ? [{ language: fence.language, code: fence.code, setup: fence.setup ?? null, expected: fence.expected }]
      : [],
  )
  return createHash('sha256').update(JSON.stringify(runs)).digest('hex')
}
