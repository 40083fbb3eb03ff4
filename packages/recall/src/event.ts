/** One action of a reader. Events are immutable; all other state is derived from the log of them. */
import { v7 } from 'uuid'
import { limits } from './limits.ts'

type Base = { readonly id: string; readonly at: string }
export type Kind = 'single' | 'multi' | 'order' | 'fill' | 'output'

/** How a predicted output was judged. */
type Judged = Base & {
  readonly judged?: 'exact' | 'equivalent' | 'wrong'
  /** The reader says that the event before it, judged wrong, was right. */
  readonly override?: true
}

export type AttemptEvent = Judged & {
  readonly type: 'attempt'
  readonly question: string
  readonly item: string
  readonly kind: Kind
  readonly right: boolean
  readonly answer: string | readonly string[]
  readonly seed: number
  readonly ms: number
}
export type PredictionEvent = Judged & {
  readonly type: 'prediction'
  readonly question: string
  readonly fence: string
  readonly predicted: string
  readonly actual: string
  readonly right: boolean
}
export type RevealEvent = Base & { readonly type: 'reveal'; readonly question: string }
export type WrittenEvent = Base & { readonly type: 'written'; readonly question: string; readonly text: string }
export type RunEvent = Base & {
  readonly type: 'run'
  readonly question: string
  readonly fence: string
  readonly edited: boolean
}
export type QuizStartedEvent = Base & {
  readonly type: 'quiz-started'
  readonly scope: string
  readonly seed: number
  readonly count: number
}
export type QuizFinishedEvent = Base & {
  readonly type: 'quiz-finished'
  readonly scope: string
  readonly seed: number
  readonly right: number
  readonly of: number
}
export type BookmarkEvent = Base & { readonly type: 'bookmark'; readonly question: string; readonly on: boolean }
export type NoteEvent = Base & { readonly type: 'note'; readonly question: string; readonly text: string }
export type ChecklistEvent = Base & {
  readonly type: 'checklist'
  readonly question: string
  readonly points: readonly string[]
  readonly of: number
}

export type Event =
  | AttemptEvent
  | PredictionEvent
  | RevealEvent
  | WrittenEvent
  | RunEvent
  | QuizStartedEvent
  | QuizFinishedEvent
  | BookmarkEvent
  | NoteEvent
  | ChecklistEvent

/** An event of a type that this version does not know: stored and exported unchanged. */
export type UnknownEvent = Base & { readonly type: string; readonly [field: string]: unknown }
/** Any event of a log. Narrow it with `isEvent`. */
export type LoggedEvent = Event | UnknownEvent

/** An event without what `newEvent` adds. */
export type EventInput = Event extends infer E ? (E extends Event ? Omit<E, 'id' | 'at'> : never) : never

/**
 * `now` in milliseconds since 1970; `random` gives numbers from 0 up to 1; `after` is the newest id
 * in the log that the event goes into.
 */
export type Sources = { now?: () => number; random?: () => number; after?: string | undefined }

/**
 * Stamps an event with `id`, which orders it, and `at`, which dates it.
 *
 * The id is a UUIDv7 (RFC 9562) whose time is a hybrid logical clock (Kulkarni et al., "Logical
 * Physical Clocks", 2014): the later of this device's clock and 1 ms after `after`. A reader's last
 * action therefore sorts after everything that the device has seen, whatever other clocks said.
 * `at` is what this device's clock shows. The two times are equal unless this clock is behind an
 * event that the log holds already: then the id runs ahead, and `at` stays honest.
 *
 * Alternatives: ordering by `at` lets one event from a wrong clock win for ever. Clamping `at` at
 * import changes events, so two devices would keep different ones. A counter beside the time
 * orders as well, but loses real time between devices that have not met.
 *
 * Texts beyond `limits` are cut, so that whatever is recorded can be imported again.
 */
export function newEvent<I extends EventInput>(input: I, { now = Date.now, random, after }: Sources = {}): I & Base {
  // A clock before 2020 is certainly wrong, and its date would be refused at import.
  const clockMs = Math.max(now(), limits.earliest)
  const msecs = after === undefined ? clockMs : Math.min(Math.max(clockMs, timeOfId(after) + 1), maxIdMs)
  const id = random ? v7({ msecs, random: bytes(random) }) : v7({ msecs })
  return { id, at: new Date(clockMs).toISOString(), ...cut(input) }
}

/** The last millisecond that a UUIDv7 can hold: 48 bits. */
const maxIdMs = 2 ** 48 - 1

/** The time in a UUIDv7, in milliseconds since 1970 (RFC 9562, section 5.7). */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
}

function bytes(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256))
}

function cut<I extends EventInput>(input: I): I {
  const fields = Object.entries(input).map(([name, value]) => {
    if (typeof value === 'string') return [name, cutText(value, limits.textChars)]
    if (!Array.isArray(value)) return [name, value]
    const entries = (value as string[]).slice(0, limits.listEntries)
    return [name, entries.map((entry) => cutText(entry, limits.entryChars))]
  })
  return Object.fromEntries(fields) as I
}

/** Never between the halves of a surrogate pair. */
function cutText(text: string, chars: number): string {
  if (text.length <= chars) return text
  const isSplit = /[\uD800-\uDBFF]/.test(text.charAt(chars - 1))
  return text.slice(0, isSplit ? chars - 1 : chars)
}

const types: Record<Event['type'], true> = {
  attempt: true,
  prediction: true,
  reveal: true,
  written: true,
  run: true,
  'quiz-started': true,
  'quiz-finished': true,
  bookmark: true,
  note: true,
  checklist: true,
}

export function isEvent(event: LoggedEvent): event is Event {
  return Object.hasOwn(types, event.type)
}

/** By id: a UUIDv7 begins with its time. `at` does not count, because clocks are wrong. */
export function inOrder<E extends LoggedEvent>(events: readonly E[]): E[] {
  return events.toSorted((a, b) => compare(a.id, b.id))
}

/** Compares by code unit, which is the same on every device. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
