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
import type { LogDatabase } from './log.ts'

export type Stored = { added: number; known: number; unknownTypes: number }

/** Ends an import without a trace; the message is for the reader. */
export class ImportStopped extends Error {}

type Hooks = {
  isCancelled(): boolean
  /** Also gives the worker's other messages a turn, between two requests of the transaction. */
  onStored(events: number): void
  onCommit(): void
}

const batchSize = 1000

/**
 * Events that are stored already count as known. If the stored event has other content, `pickEvent`
 * decides, as in any merge: two browsers that import each other's log hold the same events then.
 */
export async function storeImport(
  database: LogDatabase,
  { events, counts }: Pick<LogImport, 'events' | 'counts'>,
  { isCancelled, onStored, onCommit }: Hooks,
): Promise<Stored | 'cancelled'> {
  const transaction = database.transaction('events', 'readwrite')
  const { store } = transaction
  // Rejects as well when a request below does: that one is reported.
  transaction.done.catch(() => undefined)
  const stored: Stored = { added: 0, known: 0, unknownTypes: 0 }
  try {
    const ids = new Set(await store.getAllKeys())
    let fresh = 0
    for (const id of events.keys()) if (!ids.has(id)) fresh++
    if (ids.size + fresh > limits.events) throw new ImportStopped(tooMany(ids.size, fresh))

    const entries = [...events.values()]
    for (let from = 0; from < entries.length; from += batchSize) {
      if (isCancelled()) {
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
      onStored(Math.min(from + batchSize, entries.length))
    }
    onCommit()
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
