/** One zod schema per content kind. A message says what is expected; the reader of the file adds what was found and where. */
import { z } from 'zod'

const slugPattern = /^[a-z0-9]+(-[a-z0-9]+)*$/
export const slugText = 'lower-case letters, digits and single hyphens (like write-ahead-log)'
export function isSlug(text: string): boolean {
  return text.length <= 80 && slugPattern.test(text)
}

const slug = z.string().max(80, `at most 80 characters`).regex(slugPattern, slugText)
const questionId = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/, 'a question id like microservices/backpressure')
const line = (most: number) =>
  z
    .string()
    .max(most, `at most ${most} characters`)
    .refine((text) => text.trim() !== '' && !text.includes('\n'), 'one line of text')
const prose = z.string().refine((text) => text.trim() !== '', 'some text')
const date = z.string().refine(isDate, 'a date that exists, as YYYY-MM-DD')
const https = z.string().refine(isHttps, 'an address that begins with https://')

export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const time = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text)
}

function isHttps(text: string): boolean {
  return /^https:\/\/\S+$/.test(text) && URL.canParse(text)
}

function distinct<T>(key: (value: T) => string, path: (string | number)[] = []) {
  return (values: T[], context: z.RefinementCtx) => {
    const seen = new Set<string>()
    values.forEach((value, index) => {
      const it = key(value)
      if (seen.has(it)) context.addIssue({ code: 'custom', path: [index, ...path], message: 'each one once' })
      seen.add(it)
    })
  }
}
const itself = (text: string) => text

export const categorySchema = z.strictObject({ title: line(60), order: z.int().min(0).max(999), summary: line(160) })

export const questionSchema = z.strictObject({
  title: line(140),
  difficulty: z.enum(['easy', 'medium', 'hard']),
  tags: z.array(slug).min(2).max(6).superRefine(distinct(itself)),
  related: z.array(questionId).min(3).max(6).superRefine(distinct(itself)),
  sources: z
    .array(z.strictObject({ title: line(200), url: https }))
    .min(2)
    .max(20)
    .superRefine(distinct((source: { url: string }) => source.url, ['url'])),
  updated: date,
})

export const postSchema = z.strictObject({
  title: line(140),
  summary: line(300),
  author: line(80),
  tags: z.array(slug).max(6).superRefine(distinct(itself)).optional(),
})
export const pageSchema = z.strictObject({ title: line(140), summary: line(300) })

export const kitSchema = z.strictObject({
  title: line(80),
  role: line(80),
  level: z.enum(['junior', 'mid', 'senior']),
  summary: line(300),
  minutes: z.int().min(5).max(480),
  questions: z
    .array(z.strictObject({ id: questionId, weight: z.int().min(1).max(5), note: line(300).optional() }))
    .min(1)
    .superRefine(distinct((question: { id: string }) => question.id, ['id'])),
})

export const tagsSchema = z
  .array(z.strictObject({ id: slug, title: line(60), text: line(300) }))
  .superRefine(distinct((tag: { id: string }) => tag.id, ['id']))

const path = z.string().regex(/^\/([^\s?#]*\/)?$/, 'a path like /questions/git/rebase/, with a slash at both ends')
export const redirectsSchema = z.record(path, path)

const option = prose.refine(
  (text) => !/^\s*(all|none|any|both) of (the (above|others?)|these|those|them)( (options|answers))?\W*$/i.test(text),
  'an answer of its own (options are shuffled, so never "all of the above")',
)
const options = z.array(option).min(2).max(8).superRefine(distinct(itself))
const item = { id: slug, prompt: prose, why: prose, code: z.strictObject({ language: prose, text: prose }).optional() }
const wrong = z.record(z.string(), prose)

/** Every wrong option has its reason in `wrong`, and nothing else has. */
function explains(
  value: { options: string[]; wrong: Record<string, string> },
  right: string[],
  context: z.RefinementCtx,
) {
  for (const option of value.options) {
    if (!right.includes(option) && !Object.hasOwn(value.wrong, option)) {
      context.addIssue({
        code: 'custom',
        path: ['wrong'],
        message: `a reason for the wrong option ${JSON.stringify(option)}`,
        params: { found: 'none' },
      })
    }
  }
  for (const option of Object.keys(value.wrong)) {
    if (!value.options.includes(option))
      context.addIssue({
        code: 'custom',
        path: ['wrong', option],
        message: 'one of the options, word for word',
        params: { found: JSON.stringify(option) },
      })
    else if (right.includes(option))
      context.addIssue({
        code: 'custom',
        path: ['wrong', option],
        message: 'reasons for wrong options only (the right one goes into why)',
        params: { found: 'a right option' },
      })
  }
}

export const singleSchema = z
  .strictObject({ ...item, kind: z.literal('single'), options, answer: prose, wrong })
  .superRefine((value, context) => {
    if (!value.options.includes(value.answer))
      context.addIssue({ code: 'custom', path: ['answer'], message: 'one of the options, word for word' })
    else explains(value, [value.answer], context)
  })

export const multiSchema = z
  .strictObject({
    ...item,
    kind: z.literal('multi'),
    options,
    answers: z.array(prose).min(1).superRefine(distinct(itself)),
    wrong,
  })
  .superRefine((value, context) => {
    const stray = value.answers.findIndex((answer) => !value.options.includes(answer))
    if (stray >= 0)
      context.addIssue({ code: 'custom', path: ['answers', stray], message: 'one of the options, word for word' })
    else if (value.answers.length === value.options.length)
      context.addIssue({ code: 'custom', path: ['answers'], message: 'at least one option that is wrong' })
    else explains(value, value.answers, context)
  })

export const orderSchema = z.strictObject({
  ...item,
  kind: z.literal('order'),
  items: z.array(prose).min(3).max(8).superRefine(distinct(itself)),
})

export const fillSchema = z
  .strictObject({
    ...item,
    kind: z.literal('fill'),
    answers: z.array(prose).min(1),
    caseSensitive: z.boolean().optional(),
  })
  .superRefine((value, context) => {
    const gaps = `${value.prompt}\n${value.code?.text ?? ''}`.match(/_{3,}/g)?.length ?? 0
    if (gaps !== 1)
      context.addIssue({
        code: 'custom',
        path: ['prompt'],
        message: 'one gap, written ___',
        params: { found: `${gaps} gaps` },
      })
  })

/** An item of `quiz.yaml`; `output` items are made from fences (quiz.ts). */
export const quizItemSchema = z.discriminatedUnion('kind', [singleSchema, multiSchema, orderSchema, fillSchema])

export const verifiedSchema = z.looseObject({
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex'),
  on: date,
  engines: z.record(z.string(), z.looseObject({ name: z.string(), version: z.string() })),
})

export type QuizItem = z.infer<typeof quizItemSchema>
export type SingleItem = z.infer<typeof singleSchema>
export type MultiItem = z.infer<typeof multiSchema>
export type OrderItem = z.infer<typeof orderSchema>
export type FillItem = z.infer<typeof fillSchema>
