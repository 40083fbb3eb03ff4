/** What the site derives from a log today: what was missed, what was left half-done, what was read and marked. */
import { type AttemptEvent, inOrder, isEvent, type LoggedEvent, type QuizStartedEvent } from './event.ts'

/** Last attempts that were wrong, oldest first: misses come back until they are answered right. */
export function misses(events: readonly LoggedEvent[]): AttemptEvent[] {
  const last = new Map<string, AttemptEvent>()
  for (const event of inOrder(events)) {
    if (!isEvent(event) || event.type !== 'attempt') continue
    const key = `${event.question}#${event.item}`
    // Deleted first, so that the map's order is that of the last attempts.
    last.delete(key)
    last.set(key, event)
  }
  return [...last.values()].filter(({ right }) => !right)
}

export type UnfinishedQuiz = {
  quiz: QuizStartedEvent
  /** The first attempt on each item that was answered, in the quiz's order. */
  answered: AttemptEvent[]
  /** `question#item` of what is still to be asked, in order. */
  left: string[]
}

/** The newest quiz, if it was neither finished nor answered to its end. Starting another one gives up the one before. */
export function unfinishedQuiz(events: readonly LoggedEvent[]): UnfinishedQuiz | undefined {
  const known = inOrder(events).filter(isEvent)
  const quiz = known.findLast((event) => event.type === 'quiz-started')
  if (!quiz || known.some((event) => event.type === 'quiz-finished' && event.quiz === quiz.id)) return undefined
  const first = new Map<string, AttemptEvent>()
  for (const event of known) {
    if (event.type !== 'attempt' || event.quiz !== quiz.id) continue
    const key = `${event.question}#${event.item}`
    if (!first.has(key)) first.set(key, event)
  }
  const left = quiz.items.filter((key) => !first.has(key))
  if (left.length === 0) return undefined
  return { quiz, answered: quiz.items.flatMap((key) => first.get(key) ?? []), left }
}

/** Questions that the reader did something with, each with the time of the last thing, oldest first. */
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
  for (const event of inOrder(events)) {
    if (!isEvent(event) || event.type !== 'bookmark') continue
    if (event.on) marked.add(event.question)
    else marked.delete(event.question)
  }
  return marked
}

export function notes(events: readonly LoggedEvent[]): Map<string, string> {
  const written = new Map<string, string>()
  for (const event of inOrder(events)) {
    if (!isEvent(event) || event.type !== 'note') continue
    if (event.text.trim() === '') written.delete(event.question)
    else written.set(event.question, event.text)
  }
  return written
}
