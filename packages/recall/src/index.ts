/** A reader's log of events and what the pages derive from it. Pure code for browser and server. */
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
export type { CollectedEvent, ImportCounts, LineNote, LineNotes } from './import.ts'
export { LogImport, note } from './import.ts'
export { limits } from './limits.ts'
export type { LogError } from './log.ts'
export { formatLog, isSameEvent, mergeLogs, parseLog, pickEvent } from './log.ts'
export type { Clock } from './read.ts'
export { readEvent, readLine } from './read.ts'
export type { UnfinishedQuiz } from './replay.ts'
export { bookmarks, misses, notes, seenQuestions, unfinishedQuiz } from './replay.ts'
