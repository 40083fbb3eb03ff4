/** SQLite's file on disk: created private to its owner, opened durably. */
import { chmodSync, closeSync, mkdirSync, openSync, readdirSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Not `mkdirSync(…, { recursive: true })`: that never returns where the parent exists and refuses,
 * as `/proc` does.
 */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder))
  try {
    mkdirSync(folder, 0o700)
  } catch (error) {
    // Another process that starts at the same time may have been faster.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

/**
 * Narrows the mode of an existing file or folder; a note when that changed something or was not
 * possible.
 */
function narrow(path: string, mode: number): string[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found || (found.mode & 0o777 & ~mode) === 0) return []
  const was = (found.mode & 0o777).toString(8)
  try {
    chmodSync(path, found.mode & mode)
    return [`${path} had mode ${was}; it is ${mode.toString(8)} now, for its owner only`]
  } catch (error) {
    return [`${path} has mode ${was}, which lets other users in: ${String(error)}`]
  }
}

/**
 * Makes the folder 0700 and the database's files 0600, also where they existed with wider modes. A
 * folder that holds anything else, such as `/tmp`, is not ours to close: it is left, and the note
 * says so. Does nothing on Windows.
 *
 * @returns What was narrowed, and what could not be, for the log.
 */
export function makePrivate(file: string): string[] {
  const folder = dirname(file)
  makeFolder(folder)
  if (process.platform === 'win32') return []
  // SQLite gives `-wal` and `-shm` the mode of the database, so it must be right before they are
  // made.
  closeSync(openSync(file, 'a', 0o600))
  const notes = ['', '-wal', '-shm', '-journal'].flatMap((suffix) => narrow(file + suffix, 0o600))
  const others = readdirSync(folder).filter((name) => !name.startsWith(basename(file)))
  if (others.length === 0) return [...notes, ...narrow(folder, 0o700)]
  const { mode } = statSync(folder)
  if ((mode & 0o077) === 0) return notes
  const example = join(folder, others[0] ?? '')
  return [
    ...notes,
    `${folder} has mode ${(mode & 0o777).toString(8)} and holds other files (${example}); it was left so`,
  ]
}

/**
 * True for the errors that SQLite cures by waiting: another connection writes. Not for a stale
 * snapshot.
 */
export function isBusy(error: unknown): boolean {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return false
  const snapshot = 517
  return (error.errcode & 0xff) === 5 && error.errcode !== snapshot
}

/**
 * Opens the file without waiting inside SQLite: a wait there would block the thread, so the caller
 * retries. An acknowledged write survives a crash of the process and of the machine (write-ahead
 * log, synchronous FULL).
 *
 * @throws Error for which {@link isBusy} holds while another process switches to the write-ahead
 * log.
 */
export function openWriter(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 0, enableForeignKeyConstraints: true })
  try {
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
    // Deleted text is overwritten instead of left in free pages.
    database.exec('pragma secure_delete = on')
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

/** A second connection, whose reads do not wait for a write on the first. */
export function openReader(file: string): DatabaseSync {
  return new DatabaseSync(file, { timeout: 0, readOnly: true })
}
