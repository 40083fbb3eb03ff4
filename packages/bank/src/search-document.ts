/** What of a question is searched. */
import type { Block, Question } from './bank.ts'
import { plainText } from './markdown.ts'
import type { SearchDocument } from './search.ts'

export function searchDocument(question: Question): SearchDocument {
  const { inDepth, examples, pitfalls, followUps, checklist } = question.sections
  const items = [...pitfalls.items, ...followUps.items]
  const blocks = [inDepth, examples, ...items].flatMap((part) => part.blocks)
  return {
    id: question.id,
    title: question.title,
    category: question.category,
    difficulty: question.difficulty,
    tags: question.tags,
    // Headings of level 2 are the same on every page.
    headings: question.headings.filter(({ depth }) => depth > 2).map(({ text }) => text),
    answer: question.answer,
    sections: [...blocks.map(textOf), ...checklist.points].join('\n'),
  }
}

function textOf(block: Block): string {
  return block.kind === 'fence' ? block.fence.code : plainText(block.nodes)
}
