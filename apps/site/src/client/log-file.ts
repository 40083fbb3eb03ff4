/** The log as a file: out, in, and away. */
import { formatLog, parseLog } from '@viva/recall'
import { allEvents, logDatabase } from './log.ts'

/** JSON Lines, oldest first. */
export async function exportText(): Promise<string> {
  return formatLog(await allEvents())
}

/** Adds what is new; what is here already stays as it is. */
export async function importText(text: string): Promise<{ added: number; known: number; errors: string[] }> {
  const { events, errors } = parseLog(text)
  const database = await logDatabase()
  const ids = new Set(await database.getAllKeys('events'))
  const fresh = events.filter(({ id }) => !ids.has(id))
  const transaction = database.transaction('events', 'readwrite')
  await Promise.all([...fresh.map((event) => transaction.store.add(event)), transaction.done])
  return { added: fresh.length, known: events.length - fresh.length, errors: errors.map(({ message }) => message) }
}

export async function clear(): Promise<void> {
  await (await logDatabase()).clear('events')
}
