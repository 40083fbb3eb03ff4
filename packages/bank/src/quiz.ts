/** The quiz maker: which items are asked, in which order, and whether an answer is right. Runs in a browser too. */
import type { Question } from './bank.ts'
import { hash32, seededRandom, shuffled } from './random.ts'
import { isSame } from './same.ts'
import type { QuizItem } from './schema.ts'

export { type Grade, grade } from './grade.ts'
export { seededRandom } from './random.ts'

/** "What does this print?", made from a `run` fence. */
export type OutputItem = {
  /** `output:` and a hash of the code: an attempt is about this code, wherever the fence stands in its file. */
  id: string
  kind: 'output'
  prompt: string
  language: string
  code: string
  /** Code that runs before it. */
  setup?: string
  title?: string
  answer: string
}

/** An item with the id of its question: plain JSON, prompts and reasons in inline Markdown. */
export type PlayableItem = (QuizItem | OutputItem) & { question: string }

/** What the reader sees: `choices` are the options or the steps in the order shown; empty for `fill` and `output`. */
export type AskedItem = PlayableItem & { choices: string[] }

/** `single`, `fill`, `output`: a string. `multi`, `order`: a list. */
export type Answer = string | readonly string[]

/** An `output` item is answered by typing: what it prints has to be short, and its code fits beside it. */
export const outputLimits = { outputLines: 4, outputCharacters: 240, codeLines: 25 }

/** All items of a question: those of its quiz.yaml, then those made from its fences. */
export function quizItems(question: Pick<Question, 'id' | 'quiz' | 'fences'>): PlayableItem[] {
  const made = new Map<string, PlayableItem>()
  for (const fence of question.fences) {
    if (fence.kind !== 'run' || !isTypable(fence)) continue
    const { language, code, setup, title, expected } = fence
    const id = `output:${hash32(`${language}\n${setup ?? ''}\n${code}`)
      .toString(16)
      .padStart(8, '0')}`
    const prompt = 'What does this print?'
    made.set(id, {
      question: question.id,
      id,
      kind: 'output',
      prompt,
      language,
      code,
      ...(setup !== undefined && { setup }),
      ...(title !== undefined && { title }),
      answer: expected,
    })
  }
  return [...question.quiz.map((item) => ({ ...item, question: question.id })), ...made.values()]
}

/** Three digits or more that do not stand in the code: nobody works them out in the head, so they test patience. */
function needsCalculator(expected: string, code: string): boolean {
  const known = new Set((code.match(/\d[\d_]*/g) ?? []).map((digits) => digits.replaceAll('_', '')))
  return (expected.match(/\d+(\.\d+)?/g) ?? []).some(
    (number) => number.replace(/\D/g, '').length >= 3 && !/^10+$/.test(number) && !known.has(number),
  )
}

function isTypable({ code, setup, expected }: { code: string; setup?: string; expected: string }): boolean {
  const lines = (text: string) => text.split('\n').length
  // How a client aligns a result table is not what a question asks for.
  const isTable = /^-+(\+-+)*$/m.test(expected)
  return (
    expected.trim() !== '' &&
    !isTable &&
    !needsCalculator(expected, `${setup ?? ''}\n${code}`) &&
    lines(expected) <= outputLimits.outputLines &&
    expected.length <= outputLimits.outputCharacters &&
    lines(code) + (setup === undefined ? 0 : lines(setup)) <= outputLimits.codeLines
  )
}

export function itemKey(item: { question: string; id: string }): string {
  return `${item.question}#${item.id}`
}

/**
 * Picks `count` items (fewer, if there are fewer), one from each question in turn so that none is asked about twice before
 * all were asked about once. The same items, count and seed give the same quiz, in whatever order the items come.
 */
export function makeQuiz(
  items: readonly PlayableItem[],
  { count, seed }: { count: number; seed: number },
): AskedItem[] {
  const random = seededRandom(seed)
  const byQuestion = new Map<string, Map<string, PlayableItem>>()
  for (const item of items.toSorted((a, b) => (itemKey(a) < itemKey(b) ? -1 : 1))) {
    const group = byQuestion.get(item.question) ?? new Map<string, PlayableItem>()
    byQuestion.set(item.question, group.set(item.id, item))
  }
  const groups = shuffled([...byQuestion.values()], random).map((group) => shuffled([...group.values()], random))
  const picked: PlayableItem[] = []
  for (let round = 0; picked.length < count && groups.some((group) => round < group.length); round++) {
    for (const group of groups) {
      const item = group[round]
      if (item && picked.length < count) picked.push(item)
    }
  }
  return picked.map((item) => ask(item, seed))
}

/** One item as it is shown under this seed, also outside a quiz (a miss that comes back). */
export function ask(item: PlayableItem, seed: number): AskedItem {
  const random = seededRandom(seed ^ hash32(itemKey(item)))
  if (item.kind === 'single' || item.kind === 'multi') return { ...item, choices: shuffled(item.options, random) }
  if (item.kind === 'order') {
    // Already in order would give the answer away.
    let choices = shuffled(item.items, random)
    if (isSame(choices, item.items)) choices = [...choices.slice(1), ...choices.slice(0, 1)]
    return { ...item, choices }
  }
  return { ...item, choices: [] }
}

/** `scope`: `all`, a category (`git`), a question (`git/rebase`), `tag:locks` or `kit:senior-backend`. */
export type QuizAddress = { scope: string; count: number; seed: number }

export const seedLimit = 4_294_967_295
export const countLimit = 100

/** `scope=git&count=10&seed=7`: whoever opens it gets the same quiz. */
export function encodeQuiz({ scope, count, seed }: QuizAddress): string {
  return `scope=${encodeURIComponent(scope).replaceAll('%2F', '/').replaceAll('%3A', ':')}&count=${count}&seed=${seed}`
}

/** A missing seed is not an error: the quiz is a new one. What is wrong is told, and left at its default. */
export function decodeQuiz(query: string): {
  address: Omit<QuizAddress, 'seed'> & { seed?: number }
  errors: string[]
} {
  const errors: string[] = []
  const parameters = new URLSearchParams(query)
  const whole = (name: string, least: number, most: number): number | undefined => {
    const text = parameters.get(name)
    if (text === null) return undefined
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    errors.push(`${name}: found ${JSON.stringify(text.slice(0, 40))}; expected a whole number from ${least} to ${most}`)
    return undefined
  }
  let scope = parameters.get('scope') ?? 'all'
  if (
    !/^((tag|kit):)?[a-z0-9]+(-[a-z0-9]+)*$/.test(scope) &&
    !/^[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/.test(scope)
  ) {
    errors.push(
      `scope: found ${JSON.stringify(scope.slice(0, 40))}; expected all, a category, a question's id, tag:… or kit:…`,
    )
    scope = 'all'
  }
  const count = whole('count', 1, countLimit) ?? 10
  const seed = whole('seed', 0, seedLimit)
  return { address: { scope, count, ...(seed !== undefined && { seed }) }, errors }
}

type Scoped = { id: string; category: string; tags: readonly string[] }

/** Whether a question belongs to the scope; `kits` as in the bank. */
export function isInScope(
  scope: string,
  question: Scoped,
  kits: readonly { slug: string; questions: readonly { id: string }[] }[] = [],
): boolean {
  if (scope === 'all') return true
  if (scope.startsWith('tag:')) return question.tags.includes(scope.slice(4))
  if (scope.startsWith('kit:'))
    return kits.some((kit) => kit.slug === scope.slice(4) && kit.questions.some(({ id }) => id === question.id))
  return scope === question.category || scope === question.id
}
