/** One thing that a reader did. Immutable; everything else about a reader is derived from the log of these. */
import { v7 } from 'uuid'

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

/** An event of a type that this version does not know: kept and passed on, never lost. */
export type UnknownEvent = Base & { readonly type: string; readonly [field: string]: unknown }
/** What a log holds. Narrow it with `isEvent`. */
export type LoggedEvent = Event | UnknownEvent

/** An event without what `newEvent` adds. */
export type EventInput = Event extends infer E ? (E extends Event ? Omit<E, 'id' | 'at'> : never) : never

/** `now` in milliseconds since 1970; `random` gives numbers from 0 up to 1. */
export type Sources = { now?: () => number; random?: () => number }

/** Stamps an event. Ids are UUIDv7 (RFC 9562): they sort by time, and without `random` also within a millisecond. */
export function newEvent<I extends EventInput>(input: I, { now = Date.now, random }: Sources = {}): I & Base {
  const msecs = now()
  const id = random || now !== Date.now ? v7({ msecs, random: bytes(random ?? Math.random) }) : v7()
  return { id, at: new Date(msecs).toISOString(), ...input }
}

function bytes(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256))
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

/** By time, then by id. */
export function inOrder<E extends LoggedEvent>(events: readonly E[]): E[] {
  return events.toSorted((a, b) => compare(a.at, b.at) || compare(a.id, b.id))
}

/** By code unit: the same on every device. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
