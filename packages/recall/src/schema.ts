/**
 * The shape of each event type, for logs that come from outside. `zod/mini`, because browsers load it.
 */
import * as z from 'zod/mini'
import { limits } from './limits.ts'

const text = z.string().check(z.maxLength(limits.textChars))
const question = z.string().check(z.minLength(1), z.maxLength(limits.idChars))
const item = question
const entries = z.array(z.string().check(z.maxLength(limits.entryChars))).check(z.maxLength(limits.listEntries))
const whole = z.int().check(z.minimum(0))
const base = {
  // One way to write an id: its text is its identity and its order.
  id: z.uuid({ version: 'v7' }).check(z.lowercase()),
  at: z.iso.datetime({ precision: 3 }),
}

/** How a predicted output was judged, and whether the reader overrode the verdict. Older events have neither. */
const verdict = {
  judged: z.optional(z.enum(['exact', 'equivalent', 'wrong'])),
  override: z.optional(z.literal(true)),
}

/** Loose: a field that a newer version adds is kept. */
const shapes = {
  /** An answer to a quiz item. */
  attempt: z.looseObject({
    ...base,
    type: z.literal('attempt'),
    question,
    item,
    kind: z.enum(['single', 'multi', 'order', 'fill', 'output']),
    right: z.boolean(),
    answer: z.union([text, entries]),
    /** Of the quiz: it decides the order in which the choices were shown. */
    seed: whole,
    /** From the question shown to the answer given. */
    ms: whole,
    ...verdict,
  }),
  /** The output that the reader expected of a fence, and its actual output. */
  prediction: z.looseObject({
    ...base,
    type: z.literal('prediction'),
    question,
    fence: item,
    predicted: text,
    actual: text,
    right: z.boolean(),
    ...verdict,
  }),
  /** The answer was shown. */
  reveal: z.looseObject({ ...base, type: z.literal('reveal'), question }),
  /** The reader's own answer, written before the reveal. */
  written: z.looseObject({ ...base, type: z.literal('written'), question, text }),
  run: z.looseObject({ ...base, type: z.literal('run'), question, fence: item, edited: z.boolean() }),
  /** A quiz is its scope and its seed; `count` is how many items it has. */
  'quiz-started': z.looseObject({ ...base, type: z.literal('quiz-started'), scope: item, seed: whole, count: whole }),
  'quiz-finished': z.looseObject({
    ...base,
    type: z.literal('quiz-finished'),
    scope: item,
    seed: whole,
    right: whole,
    of: whole,
  }),
  bookmark: z.looseObject({ ...base, type: z.literal('bookmark'), question, on: z.boolean() }),
  /** Replaces the note before it; empty text removes it. */
  note: z.looseObject({ ...base, type: z.literal('note'), question, text }),
  /** Self-grading: the points of the checklist that the reader had, of how many. */
  checklist: z.looseObject({ ...base, type: z.literal('checklist'), question, points: entries, of: whole }),
}

export const eventSchema = z.discriminatedUnion('type', [
  shapes.attempt,
  shapes.prediction,
  shapes.reveal,
  shapes.written,
  shapes.run,
  shapes['quiz-started'],
  shapes['quiz-finished'],
  shapes.bookmark,
  shapes.note,
  shapes.checklist,
])

/** What an event of a type that this version does not know has to have. */
export const unknownEventSchema = z.looseObject({
  ...base,
  type: z.string().check(z.minLength(1), z.maxLength(limits.typeChars)),
})

export function isKnownType(type: string): boolean {
  return Object.hasOwn(shapes, type)
}
