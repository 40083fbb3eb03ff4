import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, test, type TestContext } from 'node:test'
import { openDatabase } from './index.ts'

const skip = process.platform === 'win32' ? 'Windows has no such modes' : false

async function modeOf(path: string): Promise<string> {
  return ((await stat(path)).mode & 0o777).toString(8)
}

describe('file modes', { skip }, () => {
  let folder: string
  beforeEach(async (t) => {
    folder = await mkdtemp(join(tmpdir(), 'viva-modes-'))
    ;(t as TestContext).after(() => rm(folder, { recursive: true }))
  })

  async function opened(data: string): Promise<{ notes: string[]; modes: string[] }> {
    const notes: string[] = []
    const database = await openDatabase({ folder: data }, { onNote: (note) => notes.push(note) })
    await database.feedback.add({ kind: 'idea', message: 'x' }, 0)
    const names = (await readdir(data)).filter((name) => name.startsWith('viva.db')).toSorted()
    const modes = await Promise.all(names.map(async (name) => `${name} ${await modeOf(join(data, name))}`))
    await database.close()
    return { notes, modes }
  }

  const closed = ['viva.db 600', 'viva.db-shm 600', 'viva.db-wal 600']

  test('a new folder is 0700 and its files 0600, without a note', async () => {
    const data = join(folder, 'data')
    const { notes, modes } = await opened(data)
    assert.equal(await modeOf(data), '700')
    assert.deepEqual(modes, closed)
    assert.deepEqual(notes, [])
  })

  test('wider modes are narrowed and noted once', async () => {
    const data = join(folder, 'data')
    await mkdir(data)
    await chmod(data, 0o755)
    for (const name of ['viva.db', 'viva.db-wal', 'viva.db-shm']) {
      await writeFile(join(data, name), '')
      await chmod(join(data, name), 0o644)
    }
    const first = await opened(data)
    assert.equal(await modeOf(data), '700')
    assert.deepEqual(first.modes, closed)
    assert.equal(first.notes.length, 4)
    assert.ok(first.notes.some((note) => note.includes(`${join(data, 'viva.db')} had mode 644`)))
    assert.deepEqual((await opened(data)).notes, [])
  })

  test('a folder with other files is left, and the note says so; the database is private', async () => {
    await chmod(folder, 0o755)
    await writeFile(join(folder, 'other.txt'), '')
    const { notes, modes } = await opened(folder)
    assert.equal(await modeOf(folder), '755')
    assert.deepEqual(modes, closed)
    assert.equal(notes.length, 1)
    assert.match(notes[0] ?? '', /has mode 755 and holds other files .*other\.txt/)
  })
})
