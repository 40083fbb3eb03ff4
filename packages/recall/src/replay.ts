/** State derived from a log: missed items, the unfinished quiz, seen questions, bookmarks, notes. */
import { type AttemptEvent, type Event, inOrder, isEvent, type LoggedEvent } from './event.ts'

/** Filters before it sorts: a log can be long, and each replay needs a part of it. */
function ofType<T extends Event['type']>(events: readonly LoggedEvent[], type: T): Extract<Event, { type: T }>[] {
  return inOrder(events.filter((event): event is Extract<Event, { type: T }> => event.type === type))
}

/** Last attempts that were wrong, oldest first. An item stays until it is answered correctly. */
export function misses(events: readonly LoggedEvent[]): AttemptEvent[] {
  const last = new Map<string, AttemptEvent>()
  for (const event of ofType(events, 'attempt')) {
    const key = `${event.question}#${event.item}`
    // Deleted first: the map then has the order of the last attempts.
    last.delete(key)
    last.set(key, event)
  }
  return [...last.values()].filter(({ right }) => !right)
}

export type UnfinishedQuiz = {
  scope: string
  seed: number
  count: number
  /** The first answer to each item since it was started, by `question#item`. */
  answers: Map<string, AttemptEvent['answer']>
}

/** The newest quiz, if it was neither finished nor fully answered. A new quiz replaces an open one. */
export function unfinishedQuiz(events: readonly LoggedEvent[]): UnfinishedQuiz | undefined {
  const known = inOrder(events).filter(isEvent)
  const at = known.findLastIndex((event) => event.type === 'quiz-started')
  const started = known[at]
  if (started?.type !== 'quiz-started') return undefined
  const { scope, seed, count } = started
  const answers: UnfinishedQuiz['answers'] = new Map()
  for (const event of known.slice(at + 1)) {
    if (event.type === 'quiz-finished' && event.scope === scope && event.seed === seed) return undefined
    if (event.type !== 'attempt' || event.seed !== seed) continue
    const key = `${event.question}#${event.item}`
    if (!answers.has(key)) answers.set(key, event.answer)
  }
  return answers.size < count ? { scope, seed, count, answers } : undefined
}

/** Questions with at least one event, each with the time of its last one, oldest first. */
export function seenQuestions(events: readonly LoggedEvent[]): Map<string, string> {
  const seen = new Map<string, string>()
  for (const event of inOrder(events)) {
    if (!isEvent(event) || !('question' in event)) continue
    seen.delete(event.question)
    seen.set(event.question, event.at)
  }
  return seen
}

export function bookmarks(events: readonly LoggedEvent[]): Set<string> {
  const marked = new Set<string>()
  for (const event of ofType(events, 'bookmark')) {
    if (event.on) marked.add(event.question)
    else marked.delete(event.question)
  }
  return marked
}

export function notes(events: readonly LoggedEvent[]): Map<string, string> {
  const written = new Map<string, string>()
  for (const event of ofType(events, 'note')) {
    if (event.text.trim() === '') written.delete(event.question)
    else written.set(event.question, event.text)
  }
  return written
}
