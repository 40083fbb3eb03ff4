/** Stores the events of an import in one transaction: all of them, or none. */
import {
  isEvent,
  isSameEvent,
  limits,
  type LineNotes,
  type LoggedEvent,
  type LogImport,
  note,
  pickEvent,
} from '@viva/recall'
import type { IDBPObjectStore } from 'idb'
import type { LogDatabase, LogSchema } from './log.ts'

export type Stored = { added: number; known: number; unknownTypes: number }

/** Ends an import without a trace; the message is for the reader. */
export class ImportStopped extends Error {}

type Hooks = {
  /** Asked between batches. A message can arrive there, because each request is a task of its own. */
  isCancelled(): boolean
  onCompared(done: number, total: number): void
  onStored(events: number): void
  onCommit(): void
}

const batchSize = 1000
const idBatchSize = 10_000

type EventStore = IDBPObjectStore<LogSchema, ['events'], 'events', 'readwrite'>

/** The ids in the store, in batches: one request for 500,000 ids takes seconds without progress. */
async function readIds(store: EventStore, { isCancelled, onCompared }: Hooks): Promise<Set<string>> {
  const total = await store.count()
  const ids = new Set<string>()
  let range: IDBKeyRange | undefined
  while (ids.size < total && !isCancelled()) {
    const batch = await store.getAllKeys(range, idBatchSize)
    for (const id of batch) ids.add(id)
    range = IDBKeyRange.lowerBound(batch.at(-1)!, true)
    onCompared(ids.size, total)
  }
  return ids
}

/**
 * Events that are stored already count as known. If the stored event has other content, `pickEvent`
 * decides, as in any merge: two browsers that import each other's log hold the same events then.
 */
export async function storeImport(
  database: LogDatabase,
  { events, counts }: Pick<LogImport, 'events' | 'counts'>,
  hooks: Hooks,
): Promise<Stored | 'cancelled'> {
  const transaction = database.transaction('events', 'readwrite')
  const { store } = transaction
  // Rejects as well when a request below does: that one is reported.
  transaction.done.catch(() => undefined)
  const stored: Stored = { added: 0, known: 0, unknownTypes: 0 }
  try {
    const ids = await readIds(store, hooks)
    let fresh = 0
    for (const id of events.keys()) if (!ids.has(id)) fresh++
    if (!hooks.isCancelled() && ids.size + fresh > limits.events) throw new ImportStopped(tooMany(ids.size, fresh))

    const entries = [...events.values()]
    for (let from = 0; from < entries.length; from += batchSize) {
      if (hooks.isCancelled()) {
        transaction.abort()
        return 'cancelled'
      }
      const requests: Promise<unknown>[] = []
      for (const { text, line } of entries.slice(from, from + batchSize)) {
        const event = JSON.parse(text) as LoggedEvent
        if (ids.has(event.id)) requests.push(settle(event, line))
        else {
          requests.push(store.add(event))
          stored.added++
          if (!isEvent(event)) stored.unknownTypes++
        }
      }
      await Promise.all(requests)
      hooks.onStored(Math.min(from + batchSize, entries.length))
    }
    hooks.onCommit()
    await transaction.done
    return stored
  } catch (error) {
    abort()
    // The requests of an aborted transaction fail with AbortError; the transaction has the cause.
    const isEffect = error instanceof Error && error.name === 'AbortError'
    throw isEffect
      ? await transaction.done.then(
          () => error,
          (cause: unknown) => cause,
        )
      : error
  }

  async function settle(event: LoggedEvent, line: number): Promise<void> {
    const own = await store.get(event.id)
    if (!own || isSameEvent(own, event)) {
      stored.known++
      return
    }
    const isOwnKept = pickEvent(own, event) === own
    noteConflict(counts.conflicts, line, event.id, isOwnKept)
    if (!isOwnKept) await store.put(event)
  }

  function abort(): void {
    try {
      transaction.abort()
    } catch {
      // It has ended already.
    }
  }
}

function noteConflict(conflicts: LineNotes, line: number, id: string, isOwnKept: boolean): void {
  const kept = isOwnKept ? 'kept the stored event' : 'replaced it with the event of this line'
  note(conflicts, line, `${id} is stored with other content; ${kept}`)
}

function tooMany(stored: number, fresh: number): string {
  const [limit, here, more] = [limits.events, stored, fresh].map((count) => count.toLocaleString('en'))
  return `A log holds at most ${limit} events. This one has ${here}, and the file would add ${more}.`
}
