/** One contract, run on SQLite and on PostgreSQL. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Database, openDatabase } from './index.ts'
import { freshSchema, type Place, postgresAbsence } from './postgres.fixture.ts'

async function freshFolder(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'viva-database-'))
  return { config: { folder: join(folder, 'data') }, remove: () => rm(folder, { recursive: true }) }
}

const at = Date.parse('2026-11-20T10:00:00.000Z')

function contract(freshPlace: () => Promise<Place>): void {
  let place: Place
  let database: Database
  before(async () => {
    place = await freshPlace()
    database = await openDatabase(place.config)
  })
  after(async () => {
    await database?.close()
    await place?.remove()
  })

  test('gives back exactly what was added, odd characters too', async () => {
    const whole = {
      kind: 'mistake',
      message: 'Ω≈ç√ 👩‍👩‍👧 \u202Eright to left\n\ttabs, "quotes", \'; drop table feedback; --  \uFEFF',
      question: 'microservices/backpressure',
      section: 'In depth',
      page: '/microservices/backpressure/',
      email: 'reader@example.org',
    } as const
    const added = await database.feedback.add(whole, at)
    assert.deepEqual(await database.feedback.show(added.id), {
      id: added.id,
      createdAt: '2026-11-20T10:00:00.000Z',
      ...whole,
    })
    assert.deepEqual(added, await database.feedback.show(added.id))
  })

  test('leaves out what was not given', async () => {
    const added = await database.feedback.add({ kind: 'praise', message: 'Good.' }, at + 1000)
    assert.deepEqual(Object.keys(added).toSorted(), ['createdAt', 'id', 'kind', 'message'])
  })

  test('lists newest first, only open ones when asked, at most so many', async () => {
    const first = await database.feedback.add({ kind: 'idea', message: 'first' }, at + 10_000)
    const second = await database.feedback.add({ kind: 'idea', message: 'second' }, at + 20_000)
    assert.deepEqual(
      (await database.feedback.list()).slice(0, 2).map((one) => one.id),
      [second.id, first.id],
    )
    await database.feedback.close(second.id, at + 30_000)
    const open = await database.feedback.list({ open: true })
    assert.equal(open[0]?.id, first.id)
    assert.ok(open.every((one) => one.closedAt === undefined))
    assert.equal((await database.feedback.list({ limit: 1 })).length, 1)
  })

  test('closes once, keeps the first time, and knows no other id', async () => {
    const { id } = await database.feedback.add({ kind: 'other', message: 'to be closed' }, at)
    assert.equal((await database.feedback.close(id, at + 1))?.closedAt, '2026-11-20T10:00:00.001Z')
    assert.equal((await database.feedback.close(id, at + 2))?.closedAt, '2026-11-20T10:00:00.001Z')
    assert.equal(await database.feedback.close('nosuchid00', at), undefined)
    assert.equal(await database.feedback.show('nosuchid00'), undefined)
  })

  test('deletes one message for good, and knows no other id', async () => {
    const erased = await database.feedback.add({ kind: 'other', message: 'to be erased' }, at)
    const kept = await database.feedback.add({ kind: 'other', message: 'to be kept' }, at)
    assert.equal(await database.feedback.delete(erased.id), true)
    assert.equal(await database.feedback.show(erased.id), undefined)
    assert.equal(await database.feedback.delete(erased.id), false)
    assert.equal((await database.feedback.show(kept.id))?.message, 'to be kept')
  })

  test('keeps what was stored when it is opened again', async () => {
    const { id } = await database.feedback.add({ kind: 'idea', message: 'kept' }, at)
    const again = await openDatabase(place.config)
    assert.equal((await again.feedback.show(id))?.message, 'kept')
    await again.close()
  })

  test('many writers at once lose nothing', async () => {
    const other = await openDatabase(place.config)
    const added = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? other : database).feedback.add({ kind: 'other', message: `parallel ${index}` }, at),
      ),
    )
    const kept = new Set((await database.feedback.list()).map((one) => one.id))
    assert.ok(added.every((one) => kept.has(one.id)))
    await other.close()
  })

  test('answers a check, and fails it once closed', async () => {
    const other = await openDatabase(place.config)
    await other.check()
    await other.close()
    await other.close()
    await assert.rejects(other.check())
  })

  test('four processes that start on an empty place at once all get it migrated', async () => {
    const empty = await freshPlace()
    try {
      // Everything is loaded before the word is given, so that they meet at the empty database.
      const script = `
        const { openDatabase } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))})
        process.once('message', async (config) => {
          const database = await openDatabase(config)
          await database.feedback.add({ kind: 'other', message: 'from ' + process.pid }, 0)
          await database.close()
          process.disconnect()
        })
        process.send('ready')`
      const children = Array.from({ length: 4 }, () =>
        spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }),
      )
      const starts = children.map(async (child) => {
        let stderr = ''
        child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
        const [code] = await once(child, 'close')
        return { code, stderr }
      })
      await Promise.all(children.map((child) => once(child, 'message')))
      for (const child of children) child.send(empty.config)
      for (const { code, stderr } of await Promise.all(starts)) assert.equal(code, 0, stderr)
      const check = await openDatabase(empty.config)
      assert.equal((await check.feedback.list()).length, 4)
      await check.close()
    } finally {
      await empty.remove()
    }
  })
}

describe('database contract on SQLite', () => contract(freshFolder))

const absence = await postgresAbsence()
if (!absence) {
  describe('database contract on PostgreSQL', () => contract(freshSchema))
} else {
  test('database contract on PostgreSQL', { skip: process.env.CI ? false : absence }, () => assert.fail(absence))
}
