/** Steps from an empty database to `schema.ts`, oldest first. A released step is never edited: add another. */
import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import type { Schema } from './schema.ts'

const migrations: Record<string, Migration> = {
  '2026-11-feedback': {
    async up(database: Kysely<unknown>) {
      await database.schema
        .createTable('feedback')
        .addColumn('id', 'text', (column) => column.primaryKey())
        .addColumn('created_at', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('message', 'text', (column) => column.notNull())
        .addColumn('question', 'text')
        .addColumn('section', 'text')
        .addColumn('page', 'text')
        .addColumn('email', 'text')
        .addColumn('closed_at', 'text')
        .execute()
      await database.schema.createIndex('feedback_by_time').on('feedback').columns(['created_at', 'id']).execute()
    },
  },
}

/**
 * Brings the database up to date. Processes that start together take turns under the dialect's migration lock; each
 * batch is one transaction, so a step that fails leaves nothing behind.
 *
 * @param schema Where Kysely keeps its own tables: on PostgreSQL it would else mistake another schema's for ours.
 * @throws Error naming the failed step.
 */
export async function migrate(database: Kysely<Schema>, schema?: string): Promise<void> {
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    ...(schema === undefined ? {} : { migrationTableSchema: schema }),
  })
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error === undefined) return
  const failed = results.find((result) => result.status === 'Error')
  const reason = error instanceof Error ? error.message : JSON.stringify(error)
  throw new Error(`database migration${failed ? ` ${failed.migrationName}` : ''} failed: ${reason}`, { cause: error })
}
