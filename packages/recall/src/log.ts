/** A log of events as text and as a set: JSON Lines out and in, and the union of two logs. */
import { compare, inOrder, type LoggedEvent } from './event.ts'
import { eventSchema, isKnownType, unknownEventSchema } from './schema.ts'

export type LogError = { /** 1-based. */ line: number; message: string }

/** One JSON object a line, oldest first. */
export function formatLog(events: readonly LoggedEvent[]): string {
  return inOrder(events)
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('')
}

/** Reads what it can; each line that is no event is an error, and the others are kept. Doubles are merged. */
export function parseLog(text: string): { events: LoggedEvent[]; errors: LogError[] } {
  const events: LoggedEvent[] = []
  const errors: LogError[] = []
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .forEach((content, index) => {
      if (content.trim() === '') return
      const read = parseLine(content)
      if (typeof read === 'string') errors.push({ line: index + 1, message: `line ${index + 1}: ${read}` })
      else events.push(read)
    })
  return { events: mergeLogs(events), errors }
}

function parseLine(content: string): LoggedEvent | string {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch {
    return `found ${quote(content)}; expected one JSON object`
  }
  return readEvent(value)
}

/** One value from outside as an event, or what is wrong with it. */
export function readEvent(value: unknown): LoggedEvent | string {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject) return `found ${quote(JSON.stringify(value) ?? 'nothing')}; expected one JSON object`
  const type = 'type' in value ? value.type : undefined
  const result = (typeof type === 'string' && isKnownType(type) ? eventSchema : unknownEventSchema).safeParse(value)
  // The value itself, not the parsed copy: what is passed on is what came.
  if (result.success) return value as LoggedEvent
  const issue = result.error.issues[0]
  const field = issue?.path.join('.') || 'event'
  const found = issue?.path.reduce<unknown>(
    (part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  )
  return `${field}: found ${found === undefined ? 'nothing' : quote(JSON.stringify(found))}; expected ${expected[String(issue?.path[0])] ?? describe(issue)}`
}

const expected: Record<string, string> = {
  id: 'a UUIDv7',
  at: 'a time like 2026-11-24T09:30:00.000Z',
  type: 'a name',
}

function describe(issue: { code: string; expected?: unknown; values?: unknown } | undefined): string {
  if (typeof issue?.expected === 'string')
    return { boolean: 'true or false', int: 'a whole number', array: 'a list' }[issue.expected] ?? `a ${issue.expected}`
  if (Array.isArray(issue?.values)) return `one of ${issue.values.join(', ')}`
  return issue?.code === 'too_small' ? 'something that is not empty or below 0' : 'another value'
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}…` : text)
}

/** Set union by id, oldest first. Associative, commutative, idempotent: pushing twice and in any order is harmless. */
export function mergeLogs(...logs: (readonly LoggedEvent[])[]): LoggedEvent[] {
  const byId = new Map<string, LoggedEvent>()
  for (const event of logs.flat()) {
    const other = byId.get(event.id)
    // An id has one event. Should two differ all the same, the choice must not depend on which came first.
    if (!other || canonical(event) < canonical(other)) byId.set(event.id, event)
  }
  return inOrder([...byId.values()])
}

/** JSON with its fields sorted, at every depth. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => compare(a, b)))
      : part,
  )
}
