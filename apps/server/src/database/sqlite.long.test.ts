/**
 * SQLite under stress: another process's lock, a full queue, a crashed worker, a killed process.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { type Running, serve } from '../serve.ts'
import { testApp, writeSite } from '../site.fixture.ts'
import { type Database, DatabaseUnavailable, openDatabase } from './index.ts'
import { SqliteThread } from './sqlite-thread.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viva-sqlite-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** Another process that holds the write lock until it is killed. */
async function lockedByOther(): Promise<ChildProcess> {
  const script = `
    const { DatabaseSync } = require('node:sqlite')
    const database = new DatabaseSync(${JSON.stringify(join(folder, 'viva.db'))}, { timeout: 5000 })
    database.exec('begin immediate')
    process.send('locked')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await once(child, 'message')
  return child
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

const message = { kind: 'idea', message: 'x' } as const

/**
 * Long beside the pauses of a loaded machine, so that a page that waits for the lock is told from
 * one that does not.
 */
const waitMs = 3000

describe('while another process holds the write lock', () => {
  let site: Awaited<ReturnType<typeof writeSite>>
  let database: Database
  let running: Running
  let other: ChildProcess

  beforeEach(async () => {
    site = await writeSite()
    database = await openDatabase({ folder }, { waitMs })
    const { app } = await testApp(site.siteDir, { database, clock: Date })
    running = await serve({ app, port: 0, hostname: '127.0.0.1', log: () => undefined })
    other = await lockedByOther()
  })
  afterEach(async () => {
    if (other.exitCode === null && other.signalCode === null) await killed(other)
    await running.close()
    await database.close()
    await site.remove()
  })

  const post = () =>
    fetch(`http://127.0.0.1:${running.port}/api/feedback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
    })

  test('pages and health answer in milliseconds, and the message is 503 within the wait', async () => {
    const begun = performance.now()
    const waiting = post()
    const times: number[] = []
    for (let count = 0; count < 30; count++) {
      for (const path of ['/about/', '/healthz']) {
        const at = performance.now()
        assert.equal((await fetch(`http://127.0.0.1:${running.port}${path}`)).status, 200)
        times.push(performance.now() - at)
      }
    }
    const response = await waiting
    assert.equal(response.status, 503)
    assert.equal(response.headers.get('retry-after'), '5')
    const ms = performance.now() - begun
    assert.ok(ms > waitMs * 0.9 && ms < waitMs * 3, `${Math.round(ms)} ms`)
    const median = times.toSorted((a, b) => a - b)[times.length >> 1] ?? Infinity
    assert.ok(median < 200, `median ${Math.round(median)} ms`)
    assert.ok(Math.max(...times) < waitMs / 2, `slowest ${Math.round(Math.max(...times))} ms`)
  })

  test('a message waits for a lock that is released in time, and is stored', async () => {
    const waiting = post()
    setTimeout(() => other.kill('SIGKILL'), 200)
    assert.equal((await waiting).status, 201)
    assert.equal((await database.feedback.list()).length, 1)
  })

  test('the queue is bounded in length and in time, and nothing refused is stored', async () => {
    const begun = performance.now()
    const results = await Promise.allSettled(
      Array.from({ length: 300 }, (_, index) => database.feedback.add(message, index)),
    )
    const ms = performance.now() - begun
    assert.ok(ms < waitMs * 3, `${Math.round(ms)} ms`)
    for (const result of results) {
      assert.equal(result.status, 'rejected')
      assert.ok(result.reason instanceof DatabaseUnavailable, String(result.reason))
    }
    assert.ok(results.some((result) => result.status === 'rejected' && /100 statements wait/.test(result.reason)))
    await killed(other)
    assert.deepEqual(await database.feedback.list(), [])
    await database.feedback.add(message, 0)
    assert.equal((await database.feedback.list()).length, 1)
  })
})

describe('when the worker crashes', () => {
  const options = () => ({
    file: join(folder, 'viva.db'),
    waitMs: 100,
    openWaitMs: 2000,
    stuckMs: 900,
    restartMs: 50,
    onNote: (note: string) => void notes.push(note),
  })
  let notes: string[] = []
  beforeEach(() => {
    notes = []
  })

  /** A statement that keeps SQLite busy for some seconds; the end of the process waits for it. */
  const long =
    'with recursive n(i) as (select 1 union all select i + 1 from n where i < 25000000) select count(*) as n from n'

  test('a stuck statement and those behind it are rejected, and the next starts a new worker', async () => {
    const thread = new SqliteThread(options())
    await thread.open()
    thread.finishOpening()
    const stuck = [thread.run(long, []), thread.run('select 1', [])]
    for (const one of stuck) await assert.rejects(one, DatabaseUnavailable)
    assert.ok(notes.some((note) => /stuck/.test(note)))
    // A new worker may need more than one attempt to start in time on a loaded machine.
    let rows: unknown[] = []
    for (let attempt = 0; attempt < 20 && rows.length === 0; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      rows = await thread.run('select 7 as n', []).then(
        (result) => result.rows,
        () => [],
      )
    }
    assert.equal(rows.length, 1)
    await thread.close()
    await assert.rejects(thread.run('select 1', []), /closed/)
  })

  test('it is not restarted more often than the limit says', async () => {
    const thread = new SqliteThread({ ...options(), restartMs: 60_000 })
    await thread.open()
    thread.finishOpening()
    await assert.rejects(thread.run(long, []), DatabaseUnavailable)
    await assert.rejects(thread.run('select 1', []), /about to be restarted/)
    await thread.close()
  })
})

test('an acknowledged message survives SIGKILL', async () => {
  const script = `
    const { openDatabase } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))})
    const database = await openDatabase({ folder: ${JSON.stringify(folder)} })
    for (let count = 0; ; count++) process.send((await database.feedback.add({ kind: 'idea', message: 'm' + count }, count)).id)`
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    const acknowledged: string[] = []
    child.on('message', (id) => {
      acknowledged.push(String(id))
      if (acknowledged.length === 20 + round * 7) child.kill('SIGKILL')
    })
    await once(child, 'close')
    const database = await openDatabase({ folder })
    const kept = new Set((await database.feedback.list()).map(({ id }) => id))
    assert.ok(acknowledged.length >= 20)
    for (const id of acknowledged) assert.ok(kept.has(id), `${id} was acknowledged and is lost`)
    await database.close()
  }
})
