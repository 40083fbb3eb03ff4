/** `viva feedback`: what readers sent, listed, shown, closed and erased. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Database, databaseConfig, DatabaseUnavailable, type Feedback, openDatabase } from '@viva/server'
import { visibleText } from '@viva/server/visible-text'
import { UsageError, type World } from './world.ts'

/** What this command uses of the world, and the environment that says where the data is stored. */
export type FeedbackIo = Pick<World, 'root' | 'now' | 'print' | 'complain'> & {
  env?: Record<string, string | undefined>
}

const help = `Usage: npm run viva -- feedback list [--open] [--json]
       npm run viva -- feedback show ID [--json]
       npm run viva -- feedback close ID
       npm run viva -- feedback delete ID --yes

Reads SQLite in data/ (VIVA_DATA names another folder), or PostgreSQL when DATABASE_URL is set.
delete erases the message for good; backups keep theirs.`

type Options = { open: boolean; json: boolean; yes: boolean }
type Action = { words: string; run(database: Database, id: string, options: Options, io: FeedbackIo): Promise<number> }

const actions: Record<string, Action> = {
  list: {
    words: 'list',
    async run(database, _id, { open, json }, io) {
      const all = await database.feedback.list({ open })
      if (json) io.print(JSON.stringify(all, undefined, 2))
      else if (all.length === 0)
        io.print(
          `No ${open ? 'open ' : ''}feedback yet in ${database.place}. Readers send it from the site's Feedback page.`,
        )
      else io.print(table(all))
      return 0
    },
  },
  show: {
    words: 'show ID',
    async run(database, id, { json }, io) {
      const found = await database.feedback.show(id)
      if (!found) return unknown(id, database, io)
      io.print(json ? JSON.stringify(found, undefined, 2) : inFull(found))
      return 0
    },
  },
  close: {
    words: 'close ID',
    async run(database, id, _options, io) {
      const before = await database.feedback.show(id)
      const after = before && (await database.feedback.close(id, io.now().getTime()))
      if (!after) return unknown(id, database, io)
      io.print(before.closedAt ? `${id} was closed before, ${before.closedAt}.` : `${id} is closed.`)
      return 0
    },
  },
  delete: {
    words: 'delete ID',
    async run(database, id, { yes }, io) {
      const found = await database.feedback.show(id)
      if (!found) return unknown(id, database, io)
      if (!yes) {
        io.complain(`${table([found])}\nviva feedback: nothing was deleted. To erase this message for good, add --yes.`)
        return 1
      }
      if (!(await database.feedback.delete(id))) return unknown(id, database, io)
      io.print(`${id} is erased. Backups may still hold it.`)
      return 0
    },
  },
}

/**
 * Exit status: 0 done, 1 nothing found or the database cannot be opened. Throws UsageError for a
 * wrong call.
 */
export async function feedback(args: string[], io: FeedbackIo): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    io.print(help)
    return 0
  }
  const { action, id, options } = read(args)
  // Once for every action: no message, place or id reaches the terminal unescaped.
  const escaped: FeedbackIo = {
    ...io,
    print: (text) => io.print(visibleText(text)),
    complain: (text) => io.complain(visibleText(text)),
  }
  let database: Database
  try {
    const onNote = (note: string) => escaped.complain(`viva feedback: ${note}`)
    database = await openDatabase(databaseConfig(io.env ?? process.env, join(io.root, 'data')), { onNote })
  } catch (error) {
    escaped.complain(`viva feedback: ${error instanceof Error ? error.message : String(error)}`)
    return 1
  }
  try {
    return await action.run(database, id, options, escaped)
  } catch (error) {
    if (!(error instanceof DatabaseUnavailable)) throw error
    escaped.complain(`viva feedback: ${database.place} is busy: ${error.message}. Try again.`)
    return 1
  } finally {
    await database.close()
  }
}

function read(args: string[]): { action: Action; id: string; options: Options } {
  let parsed
  try {
    parsed = parseArgs({
      args,
      options: {
        open: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    })
  } catch (cause) {
    throw new UsageError(
      `${cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : String(cause)}. Known flags: --open, --json, --yes.`,
      { cause },
    )
  }
  const [name = '', ...rest] = parsed.positionals
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined
  if (!action)
    throw new UsageError(
      `found ${name ? JSON.stringify(name) : 'no action'}; it is one of list, show ID, close ID, delete ID.`,
    )
  const wanted = action.words.split(' ').length - 1
  if (rest.length !== wanted) {
    throw new UsageError(`\`${action.words}\` takes ${wanted === 0 ? 'no id' : 'one id'}, found ${rest.length}.`)
  }
  if (parsed.values.open && name !== 'list') throw new UsageError('--open goes with `list` only.')
  if (parsed.values.yes && name !== 'delete') throw new UsageError('--yes goes with `delete` only.')
  return { action, id: rest[0] ?? '', options: parsed.values }
}

function unknown(id: string, database: Database, io: FeedbackIo): number {
  io.complain(
    `viva feedback: no message ${JSON.stringify(id)} in ${database.place}. \`npm run viva -- feedback list\` shows all ids.`,
  )
  return 1
}

function oneLine(text: string, most: number): string {
  const flat = visibleText(text.replaceAll(/\s+/g, ' ').trim())
  const characters = Array.from(flat)
  return characters.length > most ? `${characters.slice(0, most - 1).join('')}…` : flat
}

function table(all: Feedback[]): string {
  const rows = [
    ['ID', 'WHEN', 'KIND', 'STATE', 'ABOUT', 'MESSAGE'],
    ...all.map((one) => [
      one.id,
      one.createdAt.slice(0, 16).replace('T', ' '),
      one.kind,
      one.closedAt ? 'closed' : 'open',
      oneLine(one.question ?? one.page ?? '', 36),
      oneLine(one.message, 60),
    ]),
  ]
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
    )
    .join('\n')
}

function inFull(one: Feedback): string {
  const facts: [string, string | undefined][] = [
    ['id', one.id],
    ['when', one.createdAt],
    ['kind', one.kind],
    ['state', one.closedAt ? `closed ${one.closedAt}` : 'open'],
    ['question', one.question],
    ['section', one.section],
    ['page', one.page],
    ['email', one.email],
  ]
  const lines = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.padEnd(9)} ${oneLine(value, 300)}`],
  )
  return `${lines.join('\n')}\n\n${one.message}`
}
