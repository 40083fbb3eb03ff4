/** Kysely's dialect for `node:sqlite`, made safe for several processes on one file. */
import { NodeSqliteDialect } from '@better-auth/kysely-adapter/node-sqlite-dialect'
import { CompiledQuery, type DatabaseConnection, type DialectAdapter, type Driver, SqliteAdapter } from 'kysely'
import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** How long a statement waits for another process's write, in milliseconds. */
const busyTimeoutMs = 10_000

/** SQLite does run DDL in transactions; Kysely's own adapter says it cannot. */
class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/**
 * `begin immediate` instead of `begin`: a transaction that reads first and writes later would otherwise fail with
 * SQLITE_BUSY at once when another process wrote in between, and two processes could migrate at the same time.
 */
export class SqliteDialect extends NodeSqliteDialect {
  override createAdapter(): DialectAdapter {
    return new TransactionalAdapter()
  }

  override createDriver(): Driver {
    const driver = super.createDriver()
    driver.beginTransaction = async (connection: DatabaseConnection) => {
      await connection.executeQuery(CompiledQuery.raw('begin immediate'))
    }
    return driver
  }
}

/** Not `mkdirSync(…, { recursive: true })`: that never returns where the parent exists and refuses, as `/proc` does. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(folder) !== folder) makeFolder(dirname(folder))
  try {
    mkdirSync(folder)
  } catch (error) {
    // Another process that starts with us may have been faster.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /database is locked|SQLITE_BUSY/.test(error.message)
}

/**
 * Opens the file, creating it and its folder. An acknowledged write survives a crash of the process and of the machine
 * (write-ahead log, synchronous FULL).
 */
export function openFile(file: string): DatabaseSync {
  makeFolder(dirname(file))
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true })
  try {
    // Entering WAL mode does not wait for the busy timeout when another process enters it too.
    for (let attempt = 1; ; attempt++) {
      try {
        database.exec('pragma journal_mode = wal')
        break
      } catch (error) {
        if (!isBusy(error) || attempt === 100) throw error
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
      }
    }
    database.exec('pragma synchronous = full')
  } catch (error) {
    database.close()
    throw error
  }
  return database
}
