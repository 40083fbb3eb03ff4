/** What the site derives from a log today: what was missed, what was left half-done, what was read and marked. */
import { type AttemptEvent, inOrder, isEvent, type LoggedEvent } from './event.ts'

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
  scope: string
  seed: number
  count: number
  /** The first answer to each item since it was started, by `question#item`. */
  answers: Map<string, AttemptEvent['answer']>
}

/** The newest quiz, if it was neither finished nor answered to its end. Starting another one gives up the one before. */
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
