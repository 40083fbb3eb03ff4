/** A log of events as text and as a set: JSON Lines out and in, and the union of two logs. */
import { compare, inOrder, type LoggedEvent } from './event.ts'
import { type Clock, readLine } from './read.ts'

export type LogError = { /** 1-based. */ line: number; message: string }

/** One JSON object a line, oldest first. */
export function formatLog(events: readonly LoggedEvent[]): string {
  return inOrder(events)
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('')
}

/**
 * Reads a whole log at once. A line that is no event becomes an error, and the others are kept;
 * duplicates are merged. For a file of unknown size use `LogImport`.
 */
export function parseLog(text: string, clock: Clock = {}): { events: LoggedEvent[]; errors: LogError[] } {
  const events: LoggedEvent[] = []
  const errors: LogError[] = []
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .forEach((content, index) => {
      if (content.trim() === '') return
      const read = readLine(content, clock)
      if (typeof read === 'string') errors.push({ line: index + 1, message: `line ${index + 1}: ${read}` })
      else events.push(read)
    })
  return { events: mergeLogs(events), errors }
}

/**
 * Set union by id, oldest first. Associative, commutative, idempotent: merging twice and in any
 * order is harmless.
 */
export function mergeLogs(...logs: (readonly LoggedEvent[])[]): LoggedEvent[] {
  const byId = new Map<string, LoggedEvent>()
  for (const event of logs.flat()) {
    const other = byId.get(event.id)
    byId.set(event.id, other ? pickEvent(other, event) : event)
  }
  return inOrder([...byId.values()])
}

/**
 * Which of two events with one id stays. Returns `a` itself if both have the same content. The
 * choice depends on the content alone, so every device that has seen both keeps the same one.
 */
export function pickEvent(a: LoggedEvent, b: LoggedEvent): LoggedEvent {
  return canonical(b) < canonical(a) ? b : a
}

/** Whether two events have the same fields, in any order. */
export function isSameEvent(a: LoggedEvent, b: LoggedEvent): boolean {
  return canonical(a) === canonical(b)
}

/** JSON with its fields sorted, at every depth. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => compare(a, b)))
      : part,
  )
}
