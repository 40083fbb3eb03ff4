/** Whether an answer is right, and why. Apart from the quiz maker: choosing a quiz needs no judge. */
import { judge, type Judgement } from '@viva/judge'
import type { Answer, PlayableItem } from './quiz.ts'
import { isSame } from './same.ts'

export type Grade = {
  right: boolean
  /** What would have been right: one text, or several for `multi`, `order`, and `fill` (each of them). */
  expected: string | string[]
  /** Inline Markdown; empty for `output`. */
  why: string
  /** Chosen options that are wrong, each with its reason. */
  wrong: { option: string; why: string }[]
  /** Right options that were not chosen (`multi`). */
  missed: string[]
  /** `output` only: line by line, and whether it is exact or in another layout. */
  judgement?: Judgement
}

export function grade(item: PlayableItem, answer: Answer): Grade {
  const one = typeof answer === 'string' ? answer : undefined
  const many = typeof answer === 'string' ? undefined : answer
  if (item.kind === 'single') {
    const wrong = reasons(one === undefined ? [] : [one], item.wrong)
    return { right: one === item.answer, expected: item.answer, why: item.why, wrong, missed: [] }
  }
  if (item.kind === 'multi') {
    const chosen = new Set(many ?? [])
    const missed = item.answers.filter((option) => !chosen.has(option))
    const right = many !== undefined && missed.length === 0 && chosen.size === item.answers.length
    return { right, expected: [...item.answers], why: item.why, wrong: reasons([...chosen], item.wrong), missed }
  }
  if (item.kind === 'order') {
    const right = many !== undefined && isSame(many, item.items)
    return { right, expected: [...item.items], why: item.why, wrong: [], missed: [] }
  }
  if (item.kind === 'fill') {
    const plain = (text: string) => {
      const tidy = text.normalize('NFC').trim().replace(/\s+/g, ' ')
      return item.caseSensitive ? tidy : tidy.toLowerCase()
    }
    const right = one !== undefined && item.answers.some((accepted) => plain(accepted) === plain(one))
    return { right, expected: [...item.answers], why: item.why, wrong: [], missed: [] }
  }
  const judgement = judge(item.answer, one ?? '', item)
  const right = judgement.verdict !== 'wrong'
  return { right, expected: item.answer, why: '', wrong: [], missed: [], judgement }
}

function reasons(chosen: string[], wrong: Record<string, string>) {
  return chosen.flatMap((option) => (Object.hasOwn(wrong, option) ? [{ option, why: wrong[option] ?? '' }] : []))
}
