import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { databaseConfig, openDatabase } from './index.ts'

test('reads where the data lies from the environment', () => {
  assert.deepEqual(databaseConfig({}, '/srv/data'), { folder: '/srv/data' })
  assert.deepEqual(databaseConfig({ VIVA_DATA: '/var/viva' }, '/srv/data'), { folder: '/var/viva' })
  assert.deepEqual(databaseConfig({ DATABASE_URL: 'postgres://a@b/c', VIVA_DATA: '/x' }, '/srv/data'), {
    url: 'postgres://a@b/c',
  })
  assert.throws(() => databaseConfig({ DATABASE_URL: 'mysql://a@b/c' }, '/srv/data'), /not a PostgreSQL address/)
})

test('SQLite is opened with a write-ahead log', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'viva-'))
  t.after(() => rm(folder, { recursive: true }))
  const database = await openDatabase({ folder })
  const raw = new DatabaseSync(join(folder, 'viva.db'))
  assert.equal(raw.prepare('pragma journal_mode').get()?.journal_mode, 'wal')
  raw.close()
  await database.close()
})

test('a file that is no database is named in the error', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'viva-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(
    join(folder, 'viva.db'),
    'this is not a database, but it is long enough to be looked at as if it were one'.repeat(20),
  )
  await assert.rejects(
    openDatabase({ folder }),
    (error: Error) => error.message.includes(join(folder, 'viva.db')) && /not a database/.test(error.message),
  )
})

test('an unreachable PostgreSQL is named without its password', async () => {
  await assert.rejects(
    openDatabase({ url: 'postgres://viva:secret@127.0.0.1:1/viva' }),
    (error: Error) => error.message.includes('127.0.0.1:1/viva') && !error.message.includes('secret'),
  )
})
