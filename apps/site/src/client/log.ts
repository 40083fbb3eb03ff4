/** The reader's log in this browser: append-only events in IndexedDB, and the state of a page. */
import {
  bookmarks,
  misses,
  newEvent,
  unfinishedQuiz,
  type EventInput,
  type LoggedEvent,
  type UnfinishedQuiz,
} from '@viva/recall'
import { openDB, type DBSchema, type IDBPDatabase } from 'idb'

export type { EventInput, LoggedEvent }

export interface LogSchema extends DBSchema {
  events: { key: string; value: LoggedEvent }
}
export type LogDatabase = IDBPDatabase<LogSchema>

let opening: Promise<LogDatabase> | undefined

export function logDatabase(): Promise<LogDatabase> {
  opening ??= openDB<LogSchema>('viva', 1, {
    upgrade(db) {
      db.createObjectStore('events', { keyPath: 'id' })
    },
    // Another tab needs a newer layout: close, and open again at the next use.
    blocking(_current, _blocked, event) {
      ;(event.target as IDBDatabase | null)?.close()
      opening = undefined
    },
    terminated() {
      opening = undefined
    },
  }).catch((error: unknown) => {
    opening = undefined
    throw error
  })
  return opening
}

/** Returns the event's id, which is the largest in the log. */
export async function append(input: EventInput): Promise<string> {
  // One transaction reads the newest id and writes: no other tab can get in between.
  const transaction = (await logDatabase()).transaction('events', 'readwrite')
  const newest = await transaction.store.openKeyCursor(null, 'prev')
  const event = newEvent(input, { after: newest?.key })
  // `add`, not `put`: an event is never overwritten.
  await Promise.all([transaction.store.add(event), transaction.done])
  return event.id
}

/** Events read in one step: a few milliseconds of work for the page. */
const batchSize = 2000

/** The events in the order of their ids, which is the order of replay. The page can paint between two batches. */
export async function* eventBatches(): AsyncGenerator<LoggedEvent[], void> {
  const database = await logDatabase()
  let last: string | undefined
  for (;;) {
    const range = last === undefined ? undefined : IDBKeyRange.lowerBound(last, true)
    const batch = await database.getAll('events', range, batchSize)
    if (batch.length > 0) yield batch
    if (batch.length < batchSize) return
    last = batch.at(-1)?.id
  }
}

export async function allEvents(): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = []
  // One by one: a spread would pass thousands of arguments.
  for await (const batch of eventBatches()) for (const event of batch) events.push(event)
  return events
}

export async function countEvents(): Promise<number> {
  return (await logDatabase()).count('events')
}

export async function isBookmarked(question: string): Promise<boolean> {
  return bookmarks(await allEvents()).has(question)
}

/** Keys `question#item` of the items whose last attempt was wrong. */
export async function missedItems(): Promise<Set<string>> {
  return new Set(misses(await allEvents()).map(({ question, item }) => `${question}#${item}`))
}

export async function halfDone(): Promise<UnfinishedQuiz | undefined> {
  return unfinishedQuiz(await allEvents())
}
