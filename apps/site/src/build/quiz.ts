/** Quiz items as the browser gets them: plain items, and beside them their Markdown and code as HTML. */
import type { Question } from '@viva/bank'
import { quizItems, type PlayableItem } from '@viva/bank/quiz'
import { highlight } from './highlight.ts'
import { block, inline } from './markdown.ts'

/** What `/quiz/data/<category>.json` holds. `html` maps a text of an item to its HTML where the two differ. */
export type QuizData = {
  questions: { id: string; title: string; tags: string[] }[]
  items: PlayableItem[]
  html: Record<string, string>
}

export function quizCount(questions: Question[]): number {
  return questions.reduce((sum, question) => sum + quizItems(question).length, 0)
}

/** Code is looked up under this key, so that a snippet and a prompt of the same text stay apart. */
export const codeKey = (language: string, code: string): string => `${language}\n${code}`

export async function quizData(questions: Question[]): Promise<QuizData> {
  const html: Record<string, string> = {}
  const put = (text: string, rendered: string) => {
    if (rendered !== text) html[text] = rendered
  }
  const items = questions.flatMap((question) => quizItems(question))
  for (const item of items) {
    put(item.prompt, block(item.prompt))
    if (item.kind === 'output') {
      html[codeKey(item.language, item.code)] = await highlight(item.code, item.language)
      if (item.setup) html[codeKey(item.language, item.setup)] = await highlight(item.setup, item.language)
      continue
    }
    if (item.code)
      html[codeKey(item.code.language, item.code.text)] = await highlight(item.code.text, item.code.language)
    put(item.why, block(item.why))
    const texts =
      item.kind === 'single' || item.kind === 'multi'
        ? [...item.options, ...Object.values(item.wrong)]
        : item.kind === 'order'
          ? item.items
          : item.answers
    for (const text of texts) put(text, inline(text))
  }
  return { questions: questions.map(({ id, title, tags }) => ({ id, title, tags })), items, html }
}
