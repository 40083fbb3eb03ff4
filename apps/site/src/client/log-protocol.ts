/** Messages between the log page and the worker that imports a file. */
import type { ImportCounts } from '@viva/recall'

export type ToImport = { type: 'import'; file: File } | { type: 'cancel' }

/**
 * `reading` checks the file, `comparing` reads the ids of the log, and `storing` writes; `done` of
 * `total` are bytes or events.
 * `committing` waits for the browser to save: it cannot be cancelled.
 */
export type ImportProgress = {
  type: 'progress'
  phase: 'reading' | 'comparing' | 'storing' | 'committing'
  done: number
  total: number
  events: number
}

/**
 * Only a `complete` import stored anything. For it, each line counts once: `lines` = `added` + `known`
 * + `repeated` + `conflicts` + `refused`. `unknownTypes` are among `added`.
 */
export type ImportReport = ImportCounts & {
  type: 'report'
  outcome: 'complete' | 'cancelled' | 'stopped'
  /** Why it stopped, as sentences. */
  reason?: string
  added: number
  known: number
  unknownTypes: number
}

export type FromImport = ImportProgress | ImportReport
