/** Which items a quiz's address stands for, fetched by category. */
import { isInScope, type PlayableItem } from '@viva/bank/quiz'
import type { QuizData } from '../build/quiz.ts'
import { missedItems } from './log.ts'

type Scopes = {
  categories: { slug: string; title: string }[]
  kits: { slug: string; title: string; questions: { id: string }[] }[]
  tags: { slug: string; title: string; categories: string[] }[]
}

export type Material = {
  title: string
  items: PlayableItem[]
  html: Record<string, string>
  titles: Map<string, string>
}

async function getJson<T>(path: string): Promise<T> {
  const answer = await fetch(path)
  if (!answer.ok) throw new Error(`${path}: the server answered ${answer.status}`)
  return (await answer.json()) as T
}

const categoryOfId = (id: string): string => id.slice(0, id.indexOf('/'))

/** Throws with a sentence for the reader when the scope names nothing. */
export async function loadMaterial(scope: string): Promise<Material> {
  const scopes = await getJson<Scopes>('/quiz/data/scopes.json')
  const missed = scope === 'misses' ? await missedItems() : undefined
  let title = 'Everything'
  let categories = scopes.categories.map(({ slug }) => slug)
  if (missed) {
    title = 'What I missed'
    categories = [...new Set([...missed].map(categoryOfId))].filter((slug) => categories.includes(slug))
  } else if (scope.startsWith('kit:')) {
    const kit = scopes.kits.find(({ slug }) => slug === scope.slice(4))
    if (!kit)
      throw new Error(
        `There is no kit “${scope.slice(4)}”. The kits are ${scopes.kits.map(({ slug }) => slug).join(', ')}.`,
      )
    title = kit.title
    categories = [...new Set(kit.questions.map(({ id }) => categoryOfId(id)))]
  } else if (scope.startsWith('tag:')) {
    const tag = scopes.tags.find(({ slug }) => slug === scope.slice(4))
    if (!tag) throw new Error(`No question has the tag “${scope.slice(4)}”.`)
    title = tag.title
    categories = tag.categories
  } else if (scope !== 'all') {
    const slug = scope.includes('/') ? categoryOfId(scope) : scope
    const category = scopes.categories.find((known) => known.slug === slug)
    if (!category) throw new Error(`There is no category “${slug}”. The categories are ${categories.join(', ')}.`)
    title = category.title
    categories = [slug]
  }
  const data = await Promise.all(categories.map((slug) => getJson<QuizData>(`/quiz/data/${slug}.json`)))
  const questions = data.flatMap((part) => part.questions)
  const within = new Set(
    questions
      .filter(
        ({ id, tags }) =>
          missed !== undefined || isInScope(scope, { id, tags, category: categoryOfId(id) }, scopes.kits),
      )
      .map(({ id }) => id),
  )
  const titles = new Map(questions.map((question) => [question.id, question.title]))
  const items = data
    .flatMap((part) => part.items)
    .filter((item) => within.has(item.question) && (!missed || missed.has(`${item.question}#${item.id}`)))
  if (scope.includes('/') && !titles.has(scope)) throw new Error(`There is no question “${scope}”.`)
  if (scope.includes('/')) title = titles.get(scope)!.replaceAll('`', '')
  return { title, items, html: Object.assign({}, ...data.map((part) => part.html)) as Record<string, string>, titles }
}
