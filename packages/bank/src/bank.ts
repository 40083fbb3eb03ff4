/** What content/ becomes: the types that the site, the quiz, the search index and the tools share. */
import type { Engine, Language } from '@viva/runner'
import type { RootContent } from 'mdast'
import type { QuestionFence } from './fence.ts'
import type { QuizItem } from './schema.ts'

export type Bank = {
  /** By `order`, then slug. */
  categories: Category[]
  /** By category, then easy to hard, then slug. */
  questions: Question[]
  /** Junior to senior, then slug. */
  kits: Kit[]
  /** Newest first. */
  posts: Post[]
  /** By slug. */
  pages: Page[]
  /** By id. */
  tags: Tag[]
  redirects: Redirect[]
}

export type Difficulty = 'easy' | 'medium' | 'hard'
export type Source = { title: string; url: string }
export type Tag = { id: string; title: string; text: string }
export type Redirect = { from: string; to: string }

/** Markdown as its tree, with the fences that the platform knows taken out of it. Headings carry their id in `data.hProperties`. */
export type Block = { kind: 'markdown'; nodes: RootContent[] } | { kind: 'fence'; fence: QuestionFence }

/** `anchor` is unique in its document and is the heading's id on the page. */
export type Heading = { depth: 2 | 3 | 4 | 5 | 6; text: string; anchor: string; line: number }

/** Every kind of Markdown file has these. */
export type Document = {
  /** `content/questions/git/rebase/question.md`. */
  file: string
  blocks: Block[]
  headings: Heading[]
  fences: QuestionFence[]
  /** Set where a `verified.json` lies beside the file. */
  verified?: Verified
}

/** The record of the last verification. `matches` is false when a fence was changed since. */
export type Verified = {
  hash: string
  /** YYYY-MM-DD. */
  on: string
  engines: Partial<Record<Language, Engine>>
  matches: boolean
}

export type Category = Document & { slug: string; title: string; order: number; summary: string }
export type Page = Document & { slug: string; title: string; summary: string }
/** `slug` has no date: `/blog/<slug>/`. */
export type Post = Document & {
  slug: string
  date: string
  title: string
  summary: string
  author: string
  tags: string[]
}

export type Kit = {
  slug: string
  title: string
  role: string
  level: 'junior' | 'mid' | 'senior'
  summary: string
  minutes: number
  questions: { id: string; weight: number; note?: string }[]
  file: string
}

export type ProseSection = { title: string; anchor: string; blocks: Block[] }
/** `intro` is what stands before the first item, most often nothing. */
export type ItemSection = { title: string; anchor: string; intro: Block[]; items: SectionItem[] }
/** `title` is inline Markdown, like a question's. */
export type SectionItem = { title: string; anchor: string; line: number; blocks: Block[] }
/** `points` are plain text, to be escaped in a page. */
export type ChecklistSection = { title: string; anchor: string; points: string[] }

/** In this order on the page and in the file. */
export type Sections = {
  answer: ProseSection
  inDepth: ProseSection
  examples: ProseSection
  pitfalls: ItemSection
  followUps: ItemSection
  checklist: ChecklistSection
}

export type Question = Omit<Document, 'blocks'> & {
  /** `microservices/backpressure`: the path of the folder, and of the page under `/questions/`. */
  id: string
  category: string
  slug: string
  title: string
  difficulty: Difficulty
  tags: string[]
  related: string[]
  sources: Source[]
  updated: string
  /** The Answer section as plain text. */
  answer: string
  sections: Sections
  quiz: QuizItem[]
  hasLab: boolean
}
