/** A reader's memory. So far its ground: the event log, and what the pages derive from it. Pure, for browser and server. */
export type {
  AttemptEvent,
  BookmarkEvent,
  ChecklistEvent,
  Event,
  EventInput,
  Kind,
  LoggedEvent,
  NoteEvent,
  PredictionEvent,
  QuizFinishedEvent,
  QuizStartedEvent,
  RevealEvent,
  RunEvent,
  Sources,
  UnknownEvent,
  WrittenEvent,
} from './event.ts'
export { inOrder, isEvent, newEvent } from './event.ts'
export type { LogError } from './log.ts'
export { formatLog, mergeLogs, parseLog, readEvent } from './log.ts'
export type { UnfinishedQuiz } from './replay.ts'
export { bookmarks, misses, notes, seenQuestions, unfinishedQuiz } from './replay.ts'
