/** PostgreSQL: the connection pool, and which of its errors mean that the server is unavailable. */
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Client, Pool } from 'pg'
import type { FeedbackStore } from './feedback.ts'
import type { Schema } from './schema.ts'
import { DatabaseUnavailable } from './unavailable.ts'

/** System errors of a connection that cannot be made or breaks. */
const systemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
])

/**
 * SQLSTATE: connection exceptions (08), insufficient resources (53), cancelled by the statement
 * timeout (57014), shut down or starting (57P01–57P03), a lock not granted (55P03), a standby
 * during a failover (25006).
 */
const sqlStates = /^(?:08...|53...|57014|57P0[123]|55P03|25006)$/

/** `pg` and `pg-pool` have no codes for their own connection errors. */
const driverMessages =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client .* is not queryable|Query read timeout)/

/** {@link DatabaseUnavailable} for an error that a later attempt may not meet; else the error. */
export function asUnavailable(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  const isTemporary = systemCodes.has(code) || sqlStates.test(code) || driverMessages.test(error.message)
  // A refused connection to several addresses is an AggregateError without a message.
  return isTemporary ? new DatabaseUnavailable(error.message || code, { cause: error }) : error
}

/** Runs `work` and rejects with {@link DatabaseUnavailable} while PostgreSQL cannot be reached. */
export async function mapErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asUnavailable(error)
  }
}

/** The store with {@link mapErrors} around every method. */
export function mapStoreErrors(store: FeedbackStore): FeedbackStore {
  return {
    add: (feedback, at) => mapErrors(() => store.add(feedback, at)),
    list: (filter) => mapErrors(() => store.list(filter)),
    show: (id) => mapErrors(() => store.show(id)),
    close: (id, at) => mapErrors(() => store.close(id, at)),
    delete: (id) => mapErrors(() => store.delete(id)),
  }
}

/**
 * A warning when the address leaves TLS out and the server is on another machine. An explicit
 * `sslmode`, also `disable`, is the operator's decision.
 */
export function plainTextWarning(url: string): string | undefined {
  if (new URL(url).searchParams.has('sslmode') || process.env.PGSSLMODE) return undefined
  // The driver's own reading of the address and the PG… variables; this does not connect.
  const { host, ssl } = new Client({ connectionString: url })
  const isLocal = host.startsWith('/') || /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/i.test(host)
  if (ssl || isLocal) return undefined
  return (
    `the connection to PostgreSQL at ${host} is not encrypted. Add ?sslmode=verify-full to DATABASE_URL ` +
    '(with &sslrootcert=/path/ca.crt for a private authority), or ?sslmode=disable to keep it without this warning.'
  )
}

/** A pool for the address. `onNote` gets warnings and the errors of idle connections. */
export function createPool(url: string, onNote: (note: string) => void): Pool {
  const warning = plainTextWarning(url)
  if (warning !== undefined) onNote(warning)
  const pool = new Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 5000,
    statement_timeout: 10_000,
    application_name: 'viva',
  })
  // Without a listener the error of an idle connection would end the process.
  pool.on('error', (error) => onNote(`an idle PostgreSQL connection failed and is replaced: ${error.message}`))
  return pool
}

/** Kysely over the pool, which it closes with itself. */
export function createPostgres(pool: Pool): Kysely<Schema> {
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) })
}

/** Quoted only where it must be, as PostgreSQL prints names. */
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/**
 * The schema for Viva's tables: the first of the search path that exists and may be used.
 *
 * @throws Error that names what is missing: the schema, or the right to use it.
 */
export async function currentSchema(database: Kysely<Schema>): Promise<string> {
  const { rows } = await sql<{ name: string | null; role: string; path: string }>`
    select current_schema() as name, current_user as role, current_setting('search_path') as path`.execute(database)
  const { name, role = '', path = '' } = rows[0] ?? {}
  if (name) return name
  const wanted = path.split(',').map((part) => part.trim().replaceAll(/^"|"$/g, '').replace('$user', role))
  const existing = await sql<{ name: string }>`
    select nspname as name from pg_namespace where nspname = any(${wanted})`.execute(database)
  const [schema] = existing.rows
  if (!schema) throw new Error(`its search_path (${path}) names no schema that exists`)
  const [ofSchema, toRole] = [quoted(schema.name), quoted(role)]
  throw new Error(
    `role ${toRole} has no USAGE on schema ${ofSchema}. As its owner: grant usage on schema ${ofSchema} to ${toRole}`,
  )
}
