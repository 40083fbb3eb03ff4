import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openDatabase } from '@viva/server'
import { feedback } from './feedback.ts'
import { UsageError } from './world.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viva-feedback-'))
})
after(() => rm(folder, { recursive: true }))

async function viva(args: string[], env: Record<string, string> = { VIVA_DATA: folder }) {
  const printed: string[] = []
  const complained: string[] = []
  const code = await feedback(args, {
    root: '/nowhere',
    now: () => new Date('2026-11-21T00:00:00Z'),
    print: (text) => printed.push(text),
    complain: (text) => complained.push(text),
    env,
  })
  return { code, printed: printed.join('\n'), complained: complained.join('\n') }
}

test('an empty database says how feedback arrives', async () => {
  const { code, printed } = await viva(['list'])
  assert.equal(code, 0)
  assert.match(printed, /^No feedback yet in SQLite in .*viva\.db\./)
})

test('lists, shows and closes; a closed message is not listed as open', async () => {
  const database = await openDatabase({ folder })
  const at = Date.parse('2026-11-20T10:30:00Z')
  const first = await database.feedback.add(
    { kind: 'mistake', message: 'Fence two\nprints 3.', question: 'javascript/closures', email: 'a@b.org' },
    at,
  )
  const second = await database.feedback.add({ kind: 'praise', message: 'x'.repeat(100) }, at + 60_000)
  await database.close()

  const lines = (await viva(['list'])).printed.split('\n')
  assert.match(lines[0] ?? '', /^ID +WHEN +KIND +STATE +ABOUT +MESSAGE$/)
  assert.match(lines[1] ?? '', new RegExp(`^${second.id}  2026-11-20 10:31  praise   open +x{59}…$`))
  assert.match(
    lines[2] ?? '',
    new RegExp(`^${first.id}  2026-11-20 10:30  mistake  open   javascript/closures  Fence two prints 3\\.$`),
  )

  const shown = (await viva(['show', first.id])).printed
  assert.match(shown, /email +a@b\.org\n\nFence two\nprints 3\.$/)

  assert.equal((await viva(['close', first.id])).printed, `${first.id} is closed.`)
  assert.equal((await viva(['close', first.id])).printed, `${first.id} was closed before, 2026-11-21T00:00:00.000Z.`)
  const open: unknown = JSON.parse((await viva(['list', '--open', '--json'])).printed)
  assert.deepEqual(open, [second])
})

const hostile = 'a\u001b[2Jb \u202Ec\u009b\u200bd\u{e0041}'
const escaped = 'a\\u001b[2Jb \\u202ec\\u009b\\u200bd\\udb40\\udc41'

test('a message cannot steer the terminal', async () => {
  const database = await openDatabase({ folder })
  const { id } = await database.feedback.add({ kind: 'other', message: hostile, section: hostile }, 0)
  await database.close()
  for (const args of [['show', id], ['list'], ['list', '--json'], ['show', id, '--json']]) {
    const { printed } = await viva(args)
    assert.ok(printed.includes(escaped), printed)
    assert.doesNotMatch(printed, /[^\P{C}\n]/u)
  }
  const shown: { message?: string } = JSON.parse((await viva(['show', id, '--json'])).printed)
  assert.equal(shown.message, hostile)
})

test('an unknown id cannot steer the terminal', async () => {
  const { complained } = await viva(['show', hostile])
  assert.ok(complained.includes('\\u202ec\\u009b\\u200bd\\udb40\\udc41'), complained)
  assert.doesNotMatch(complained, /\p{C}/u)
})

test('deletes only with --yes, and says what it would delete without', async () => {
  const database = await openDatabase({ folder })
  const { id } = await database.feedback.add({ kind: 'other', message: 'please forget me' }, 0)
  await database.close()

  const asked = await viva(['delete', id])
  assert.equal(asked.code, 1)
  assert.match(asked.complained, /please forget me\nviva feedback: nothing was deleted.*add --yes/)
  assert.equal((await viva(['show', id])).code, 0)

  const done = await viva(['delete', id, '--yes'])
  assert.deepEqual([done.code, done.printed], [0, `${id} is erased. Backups may still hold it.`])
  assert.equal((await viva(['show', id])).code, 1)
})

test('an unknown id gives one line and exit 1', async () => {
  for (const action of ['show', 'close', 'delete']) {
    const { code, complained } = await viva([action, 'nosuch'])
    assert.equal(code, 1)
    assert.match(complained, /no message "nosuch" in SQLite/)
  }
})

test('a wrong call is a usage error that shows correct usage', async () => {
  const cases: [string[], RegExp][] = [
    [[], /no action; it is one of list, show ID, close ID, delete ID/],
    [['toString'], /found "toString"/],
    [['show'], /takes one id, found 0/],
    [['list', 'x'], /takes no id, found 1/],
    [['list', '--closed'], /Known flags: --open, --json, --yes/],
    [['close', 'x', '--yes'], /--yes goes with `delete` only/],
    [['show', 'x', '--open'], /--open goes with `list` only/],
  ]
  for (const [args, words] of cases)
    await assert.rejects(viva(args), (error) => error instanceof UsageError && words.test(error.message))
})

test('a database that cannot be opened is one line', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  const { code, complained } = await viva(['list'], { VIVA_DATA: file })
  assert.equal(code, 1)
  assert.match(complained, /^viva feedback: .*cannot be opened/)
  assert.equal((await viva(['list'], { DATABASE_URL: 'nonsense' })).code, 1)
})
