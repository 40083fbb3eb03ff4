/** The question bank: its types, and the logic that runs in Node and in a browser alike. Reading files is `@viva/bank/load`. */
export type {
  Bank,
  Block,
  Category,
  ChecklistSection,
  Difficulty,
  Document,
  Heading,
  ItemSection,
  Kit,
  Page,
  Post,
  ProseSection,
  Question,
  Redirect,
  SectionItem,
  Sections,
  Source,
  Tag,
  Verified,
} from './bank.ts'
export type { ContentError } from './error.ts'
export type { FenceMeta, QuestionFence, RunFence, SetupFence, StillFence } from './fence.ts'
export { isRunnable, knownLanguages, parseMeta, runnableLanguages, stillLanguages } from './fence.ts'
export { routeOf } from './routes.ts'
export type { FillItem, MultiItem, OrderItem, QuizItem, SingleItem } from './schema.ts'
