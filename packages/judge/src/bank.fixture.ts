/** The outputs that the question bank asserts, read from its Markdown: this package imports no other. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export type BankOutput = { from: string; language: string; expected: string }

const questions = join(import.meta.dirname, '../../../content/questions')

export function bankOutputs(): BankOutput[] {
  const found: BankOutput[] = []
  for (const file of readdirSync(questions, { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (!file.endsWith('question.md')) continue
    const text = readFileSync(join(questions, file), 'utf8')
    const fences = text.matchAll(/^```([a-z]+) run\b[^\n]*\n[\s\S]*?^```\n+```output\n([\s\S]*?)^```$/gm)
    for (const [, language = '', expected = ''] of fences)
      found.push({
        from: `${file.replace('/question.md', '')}:${found.length}`,
        language,
        expected: expected.trimEnd(),
      })
  }
  return found
}
