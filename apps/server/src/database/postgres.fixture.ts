/** A PostgreSQL server for tests, and empty schemas on it. */
import { Client } from 'pg'
import type { DatabaseConfig } from './index.ts'

/** A fresh, empty place for a database, and its removal. */
export type Place = { config: DatabaseConfig; remove(): Promise<void> }

/** The server's address; `VIVA_TEST_POSTGRES` names another. */
export const server = process.env.VIVA_TEST_POSTGRES ?? 'postgres://root@127.0.0.1:5432/test'

/** Runs one statement on the server. */
export async function onServer(statement: string): Promise<void> {
  const client = new Client({ connectionString: server, connectionTimeoutMillis: 3000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

let schemas = 0

/** An empty schema of its own. */
export async function freshSchema(): Promise<Place> {
  const schema = `viva_test_${process.pid}_${Date.now()}_${schemas++}`
  await onServer(`create schema ${schema}`)
  const url = new URL(server)
  url.searchParams.set('options', `-c search_path=${schema}`)
  return { config: { url: url.href }, remove: () => onServer(`drop schema ${schema} cascade`) }
}

/** Why there is no server to test with; `undefined` when one answers. */
export async function postgresAbsence(): Promise<string | undefined> {
  try {
    await onServer('select 1')
    return undefined
  } catch (error) {
    return (
      `PostgreSQL does not answer at ${server} (${error instanceof Error ? error.message : String(error)}). Start one: ` +
      'docker run -d -p 5432:5432 -e POSTGRES_USER=root -e POSTGRES_DB=test -e POSTGRES_HOST_AUTH_METHOD=trust postgres:15, ' +
      'or name another in VIVA_TEST_POSTGRES.'
    )
  }
}
