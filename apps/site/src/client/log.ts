/** The reader's log in this browser: append-only events in IndexedDB, and what pages ask of it. */
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

interface LogSchema extends DBSchema {
  events: { key: string; value: LoggedEvent }
}

let opening: Promise<IDBPDatabase<LogSchema>> | undefined

export function logDatabase(): Promise<IDBPDatabase<LogSchema>> {
  opening ??= openDB<LogSchema>('viva', 1, {
    upgrade(db) {
      db.createObjectStore('events', { keyPath: 'id' })
    },
    // Another tab wants a newer layout: let it, and open again when needed.
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

/** Returns the event's id. */
export async function append(input: EventInput): Promise<string> {
  const event = newEvent(input)
  // `add`, not `put`: an event is never overwritten.
  await (await logDatabase()).add('events', event)
  return event.id
}

export async function allEvents(): Promise<LoggedEvent[]> {
  return (await logDatabase()).getAll('events')
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
