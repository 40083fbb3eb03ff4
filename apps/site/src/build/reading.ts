/** How long a question takes to read. */
import type { Block, Question } from '@viva/bank'
import { toHtmlString } from './markdown.ts'

/** Words a minute of technical prose, and seconds for an example with its output. */
const [wordsPerMinute, secondsPerExample] = [220, 40]

/** Whole minutes, at least one. */
export function readingMinutes(question: Question): number {
  const { answer, inDepth, examples, pitfalls, followUps } = question.sections
  const items = [...pitfalls.items, ...followUps.items]
  const blocks = [answer, inDepth, examples, ...items].flatMap((part) => part.blocks)
  const words = blocks.reduce((sum, block) => sum + wordsOf(block), 0)
  const shown = question.fences.filter(({ kind }) => kind !== 'setup').length
  return Math.max(1, Math.round(words / wordsPerMinute + (shown * secondsPerExample) / 60))
}

function wordsOf(block: Block): number {
  if (block.kind === 'fence') return 0
  return toHtmlString(block.nodes)
    .replaceAll(/<[^>]*>/g, ' ')
    .split(/\s+/)
    .filter(Boolean).length
}
