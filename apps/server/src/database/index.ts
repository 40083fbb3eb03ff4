/** The database: the only folder of Viva that imports Kysely, PostgreSQL or SQLite. */
import { Kysely } from 'kysely'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type FeedbackStore, feedbackStore } from './feedback.ts'
import { migrate } from './migrations.ts'
import { createPool, createPostgres, currentSchema, mapErrors, mapStoreErrors } from './postgres.ts'
import type { Schema } from './schema.ts'
import { SqliteDialect } from './sqlite.ts'
import { SqliteThread } from './sqlite-thread.ts'

export { DatabaseUnavailable } from './unavailable.ts'
export { type Feedback, type FeedbackKind, feedbackKinds, type FeedbackStore, type NewFeedback } from './feedback.ts'

/** Where the data is: a PostgreSQL server, or a folder that holds `viva.db`. */
export type DatabaseConfig = { url: string } | { folder: string }

/** How to open; PostgreSQL has limits of its own. */
export type OpenOptions = {
  /** For the log: narrowed file modes, a crash of SQLite's worker, a broken idle connection. */
  onNote?: (note: string) => void
  /** SQLite: how long a statement waits for other processes, in milliseconds. Default 2,000. */
  waitMs?: number
  /** SQLite: shortest time between two starts of the worker, in milliseconds. Default 1,000. */
  restartMs?: number
}

/** An open, migrated database. */
export type Database = {
  feedback: FeedbackStore
  /** For people, without a password: `SQLite in /srv/viva/data/viva.db`. */
  place: string
  /** Resolves when the database answers a query, rejects when it does not. */
  check(): Promise<void>
  close(): Promise<void>
}

/** `DATABASE_URL` names PostgreSQL; else SQLite in the folder `VIVA_DATA`, else in `folder`. */
export function databaseConfig(env: Record<string, string | undefined>, folder: string): DatabaseConfig {
  const url = env.DATABASE_URL?.trim()
  if (!url) return { folder: env.VIVA_DATA?.trim() || folder }
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw new Error(
      'DATABASE_URL is not a PostgreSQL address. It looks like postgres://user:password@host:5432/database.',
    )
  }
  return { url }
}

function withoutPassword(address: string): string {
  const url = new URL(address)
  return `PostgreSQL at ${url.host}${url.pathname}`
}

/**
 * Opens the database, creates what is missing and brings it up to date. Throws with the place and
 * the reason.
 */
export async function openDatabase(config: DatabaseConfig, options: OpenOptions = {}): Promise<Database> {
  return 'url' in config ? openPostgres(config.url, options) : openSqlite(config.folder, options)
}

async function openSqlite(folder: string, options: OpenOptions): Promise<Database> {
  const { onNote = () => undefined, waitMs = 2000, restartMs = 1000 } = options
  const file = join(folder, 'viva.db')
  const thread = new SqliteThread({ file, onNote, waitMs, openWaitMs: 10_000, stuckMs: 10_000, restartMs })
  try {
    await thread.open()
    const database = await opened(new Kysely<Schema>({ dialect: new SqliteDialect(thread) }), `SQLite in ${file}`)
    thread.finishOpening()
    return {
      ...database,
      feedback: {
        ...database.feedback,
        async delete(id) {
          const isDeleted = await database.feedback.delete(id)
          if (isDeleted && !(await emptyLog(thread)))
            onNote(`the text may stay in ${file}-wal until every process that uses the file is stopped`)
          return isDeleted
        },
      },
      async check() {
        await thread.run('select id from feedback limit 1', [], true)
      },
    }
  } catch (cause) {
    await thread.close()
    throw failure(`${file} cannot be opened`, cause)
  }
}

/** Empties the write-ahead log, which keeps deleted text. False while another process uses it. */
async function emptyLog(thread: SqliteThread): Promise<boolean> {
  for (let attempt = 0; attempt < 20; attempt++) {
    const { rows } = await thread.run('pragma wal_checkpoint(truncate)', [])
    if ((rows[0] as { busy?: number } | undefined)?.busy === 0) return true
    await delay(50)
  }
  return false
}

async function openPostgres(url: string, { onNote = () => undefined }: OpenOptions): Promise<Database> {
  const place = withoutPassword(url)
  const database = createPostgres(createPool(url, onNote))
  try {
    const { feedback, check, ...rest } = await opened(database, place, await currentSchema(database))
    return { ...rest, feedback: mapStoreErrors(feedback), check: () => mapErrors(check) }
  } catch (cause) {
    await database.destroy()
    throw failure(`${place} cannot be opened`, cause)
  }
}

async function opened(database: Kysely<Schema>, place: string, schema?: string): Promise<Database> {
  try {
    await migrate(database, schema)
  } catch (error) {
    await database.destroy()
    throw error
  }
  let closed: Promise<void> | undefined
  return {
    feedback: feedbackStore(database),
    place,
    async check() {
      await database.selectFrom('feedback').select('id').limit(1).execute()
    },
    close() {
      closed ??= database.destroy()
      return closed
    },
  }
}

function failure(what: string, cause: unknown): Error {
  // A refused connection is an AggregateError with an empty message of its own.
  const inner = cause instanceof AggregateError ? cause.errors.map(String).join('; ') : String(cause)
  return new Error(`${what}: ${cause instanceof Error && cause.message ? cause.message : inner}`, { cause })
}
