import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
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

test('SQLite keeps no byte of a deleted message in its files', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'viva-'))
  t.after(() => rm(folder, { recursive: true }))
  const notes: string[] = []
  const database = await openDatabase({ folder }, { onNote: (note) => notes.push(note) })
  const filesHold = async (text: string) => {
    const files = await Promise.all(['viva.db', 'viva.db-wal'].map((name) => readFile(join(folder, name))))
    return files.some((bytes) => bytes.includes(text))
  }
  await database.feedback.add({ kind: 'idea', message: 'a neighbour' }, 0)
  const { id } = await database.feedback.add({ kind: 'idea', message: 'please-forget-me'.repeat(200) }, 1)
  assert.ok(await filesHold('please-forget-me'))
  await database.feedback.delete(id)
  assert.ok(!(await filesHold('please-forget-me')))
  assert.deepEqual(notes, [])
  await database.close()
})

test('a deletion that another reader keeps in the write-ahead log is noted', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'viva-'))
  t.after(() => rm(folder, { recursive: true }))
  const notes: string[] = []
  const database = await openDatabase({ folder }, { onNote: (note) => notes.push(note) })
  const { id } = await database.feedback.add({ kind: 'idea', message: 'x' }, 0)
  const reader = new DatabaseSync(join(folder, 'viva.db'))
  reader.exec('begin')
  reader.prepare('select * from feedback').all()
  assert.equal(await database.feedback.delete(id), true)
  assert.match(notes.join(), /may stay in .*viva\.db-wal until every process/)
  reader.close()
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
