/** The bank as the pages see it: loaded once a build, refused whole when a content file is wrong. */
import { join } from 'node:path'
import type { Bank, Category, Question, Tag } from '@viva/bank'
import { loadBank } from '@viva/bank/load'

let loading: Promise<Bank> | undefined

/** Root of the repository; the build runs with apps/site as its folder. */
export const root = process.env['VIVA_ROOT'] ?? join(process.cwd(), '..', '..')

export function content(): Promise<Bank> {
  loading ??= loadBank(process.env['VIVA_CONTENT'] ?? join(root, 'content')).then(({ bank, errors }) => {
    if (errors.length > 0 && !process.env['VIVA_DRAFT'])
      throw new Error(errors.map((error) => error.message).join('\n'))
    return bank
  })
  return loading
}

export const questionUrl = (id: string): string => `/questions/${id}/`
export const categoryUrl = (slug: string): string => `/questions/${slug}/`
export const tagUrl = (id: string): string => `/tags/${id}/`

export function byId(bank: Bank): Map<string, Question> {
  return new Map(bank.questions.map((question) => [question.id, question]))
}

export function inCategory(bank: Bank, slug: string): Question[] {
  return bank.questions.filter((question) => question.category === slug)
}

export function withTag(bank: Bank, tag: Tag): Question[] {
  return bank.questions.filter((question) => question.tags.includes(tag.id))
}

/** The tags that most of `questions` carry, the commonest first; a tag of a single question filters nothing. */
export function commonTags(questions: Question[], most: number): string[] {
  const counts = new Map<string, number>()
  for (const tag of questions.flatMap((question) => question.tags)) counts.set(tag, (counts.get(tag) ?? 0) + 1)
  return [...counts]
    .filter(([, count]) => count > 1)
    .toSorted(([a, m], [b, n]) => n - m || a.localeCompare(b))
    .slice(0, most)
    .map(([tag]) => tag)
}

export function categoryOf(bank: Bank, question: Question): Category {
  const category = bank.categories.find(({ slug }) => slug === question.category)
  if (!category) throw new Error(`${question.file}: no content/categories/${question.category}.md`)
  return category
}

/** `2026-11-24` → `24 November 2026`. */
export function longDate(date: string): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(`${date}T00:00:00Z`))
}
