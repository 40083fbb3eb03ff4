/**
 * Kysely's dialect for SQLite in a worker thread, made safe for several processes on one file.
 *
 * Why a worker, and not a short busy timeout with retries on the main thread: `node:sqlite` is
 * synchronous, so a commit on a slow disk, a checkpoint or a large read would still block every
 * request for as long as it takes. In a worker nothing of the database can block the server, at the
 * cost of a message each way (well below a commit's fsync).
 */
import {
  CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  type QueryCompiler,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { SqliteThread } from './sqlite-thread.ts'
import { DatabaseUnavailable } from './unavailable.ts'

/** Requests that may wait for the one connection; the next is rejected at once. */
const queueLimit = 100

/** SQLite does run DDL in transactions; Kysely's own adapter says it cannot. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }

  /**
   * With `false`, Kysely would put a queue of its own, without bounds, in front of the driver's.
   */
  override get supportsMultipleConnections(): boolean {
    return true
  }
}

/** A turn at the worker's writing connection. Bound to the worker that took its first statement. */
class Turn implements DatabaseConnection {
  readonly #thread: SqliteThread
  #generation: number | undefined

  constructor(thread: SqliteThread) {
    this.#thread = thread
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const generation = this.#thread.generation()
    this.#generation ??= generation
    // The transaction ended with its worker; the rest of it must not be committed by itself.
    if (this.#generation !== generation) throw new DatabaseUnavailable('the database worker was restarted')
    const { rows, changes } = await this.#thread.run(sql, parameters)
    return { rows: rows as R[], numAffectedRows: BigInt(changes) }
  }

  // oxlint-disable-next-line require-yield -- Kysely's interface has it, SQLite's driver does not support it
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('SQLite results are not streamed.')
  }
}

/** Hands out one connection at a time, in order, from a bounded queue. */
class ThreadDriver implements Driver {
  readonly #thread: SqliteThread
  readonly #queue: (() => void)[] = []
  #isTaken = false

  constructor(thread: SqliteThread) {
    this.#thread = thread
  }

  init(): Promise<void> {
    return Promise.resolve()
  }

  acquireConnection(): Promise<DatabaseConnection> {
    const turn = new Turn(this.#thread)
    if (!this.#isTaken) {
      this.#isTaken = true
      return Promise.resolve(turn)
    }
    if (this.#queue.length >= queueLimit)
      return Promise.reject(new DatabaseUnavailable(`${queueLimit} statements wait for the database already`))
    const { promise, resolve, reject } = Promise.withResolvers<DatabaseConnection>()
    const waiter = () => {
      clearTimeout(timer)
      resolve(turn)
    }
    const timer = setTimeout(() => {
      this.#queue.splice(this.#queue.indexOf(waiter), 1)
      reject(new DatabaseUnavailable('statements before this one took too long'))
    }, this.#thread.waitMs)
    this.#queue.push(waiter)
    return promise
  }

  /**
   * `begin immediate` instead of `begin`: a transaction that reads first and writes later would
   * otherwise fail at once when another process wrote in between, and two processes could migrate
   * at the same time.
   */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  releaseConnection(): Promise<void> {
    const next = this.#queue.shift()
    if (next) next()
    else this.#isTaken = false
    return Promise.resolve()
  }

  destroy(): Promise<void> {
    return this.#thread.close()
  }
}

/** The dialect over an open {@link SqliteThread}, which it closes with itself. */
export class SqliteDialect implements Dialect {
  readonly #thread: SqliteThread

  constructor(thread: SqliteThread) {
    this.#thread = thread
  }

  createAdapter(): DialectAdapter {
    return new TransactionalAdapter()
  }

  createDriver(): Driver {
    return new ThreadDriver(this.#thread)
  }

  // oxlint-disable-next-line typescript/no-explicit-any -- Kysely's own signature
  createIntrospector(database: Kysely<any>): DatabaseIntrospector {
    return new SqliteIntrospector(database)
  }

  createQueryCompiler(): QueryCompiler {
    return new SqliteQueryCompiler()
  }
}
