/** Reads one event from outside: checks size, shape and time, and says what is wrong. */
import { type LoggedEvent, timeOfId } from './event.ts'
import { limits } from './limits.ts'
import { eventSchema, isKnownType, unknownEventSchema } from './schema.ts'

/** `now` in milliseconds since 1970: the clock that bounds how far ahead an event may be. */
export type Clock = { now?: () => number }

/** One line of a log as an event, or what is wrong with it. */
export function readLine(content: string, clock: Clock = {}): LoggedEvent | string {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch {
    return `found ${quote(content)}; expected one JSON object`
  }
  return readEvent(value, clock)
}

/** One value from outside as an event, or what is wrong with it. */
export function readEvent(value: unknown, { now = Date.now }: Clock = {}): LoggedEvent | string {
  const unsafe = findUnsafe(value)
  if (unsafe) return unsafe
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isObject) return `found ${quoteValue(value)}; expected one JSON object`
  const type = 'type' in value ? value.type : undefined
  const schema = typeof type === 'string' && isKnownType(type) ? eventSchema : unknownEventSchema
  const result = schema.safeParse(value)
  // The value itself, not the parsed copy: an event is passed on as it came.
  if (result.success) return findWrongTime(value as LoggedEvent, now()) ?? (value as LoggedEvent)
  return describeIssue(result.error.issues[0] as Issue | undefined, value)
}

/** Checks without recursion, so that deep nesting cannot overflow the stack here or later. */
function findUnsafe(value: unknown): string | undefined {
  const open: { part: unknown; depth: number }[] = [{ part: value, depth: 1 }]
  for (let next = open.pop(); next; next = open.pop()) {
    const { part, depth } = next
    if (typeof part === 'number' && !Number.isFinite(part))
      return 'found a number beyond 1.8e308; expected a smaller one'
    if (typeof part !== 'object' || part === null) continue
    if (depth > limits.depth)
      return `found more than ${limits.depth} levels of nesting; expected at most ${limits.depth}`
    // JSON.parse makes it an own field, but `Object.assign` would set the prototype with it.
    if (Object.hasOwn(part, '__proto__')) return 'found the field "__proto__"; expected an event without it'
    for (const inner of Object.values(part)) open.push({ part: inner, depth: depth + 1 })
  }
  return undefined
}

function findWrongTime({ id, at }: LoggedEvent, nowMs: number): string | undefined {
  const atMs = Date.parse(at)
  if (atMs < limits.earliest) return `at: found ${quote(at)}; expected a date from 2020 on`
  const latestMs = nowMs + limits.aheadMs
  // Date.parse knows no year beyond 9999 in this form, so the id's time is compared by itself.
  if (atMs <= latestMs && timeOfId(id) <= latestMs) return undefined
  const isDate = atMs > latestMs
  const found = isDate ? quote(at) : `the time ${formatTime(timeOfId(id))}`
  const clock = `this device's clock shows ${formatTime(nowMs)}`
  return `${isDate ? 'at' : 'id'}: found ${found}; expected at most 24 hours from now (${clock})`
}

function formatTime(ms: number): string {
  return new Date(ms).toISOString()
}

type Issue = {
  code: string
  path: PropertyKey[]
  expected?: unknown
  values?: unknown
  maximum?: unknown
  errors?: Issue[][]
}

function describeIssue(issue: Issue | undefined, value: unknown): string {
  const field = issue?.path.join('.') || 'event'
  const found = issue?.path.reduce<unknown>(
    (part, key) => (part as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  )
  // A union fails in each of its branches; the branch that came furthest says most.
  const inner = issue?.errors?.flat().find(({ code }) => code === 'too_big')
  if (inner) return describeIssue({ ...inner, path: [...(issue?.path ?? []), ...inner.path] }, value)
  if (issue?.code === 'too_big') {
    const unit = Array.isArray(found) ? 'entries' : 'characters'
    const size = (found as { length?: number } | undefined)?.length
    if (size !== undefined) return `${field}: found ${size} ${unit}; expected at most ${String(issue.maximum)}`
  }
  const wanted = expected[String(issue?.path[0])] ?? describe(issue)
  return `${field}: found ${found === undefined ? 'nothing' : quoteValue(found)}; expected ${wanted}`
}

const expected: Record<string, string> = {
  id: 'a UUIDv7 in lower case',
  at: 'a calendar date and a time like 2026-11-24T09:30:00.000Z',
  type: 'a name',
}

function describe(issue: Issue | undefined): string {
  if (typeof issue?.expected === 'string')
    return { boolean: 'true or false', int: 'a whole number', array: 'a list' }[issue.expected] ?? `a ${issue.expected}`
  if (Array.isArray(issue?.values)) return `one of ${issue.values.join(', ')}`
  return issue?.code === 'too_small' ? 'something that is not empty or below 0' : 'another value'
}

/** A value as JSON, cut to a length that fits into a message. */
function quoteValue(value: unknown): string {
  return typeof value === 'string' ? quote(value) : shorten(JSON.stringify(value) ?? 'nothing')
}

function quote(text: string): string {
  return JSON.stringify(shorten(text))
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}…` : text
}
