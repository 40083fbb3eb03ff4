/** `viva quiz`: questions one after another in the terminal, each answer explained at once. */
import { join } from 'node:path'
import { loadBank } from '@viva/bank/load'
import {
  type Answer,
  type AskedItem,
  decodeQuiz,
  encodeQuiz,
  type Grade,
  grade,
  isInScope,
  makeQuiz,
  quizItems,
} from '@viva/bank/quiz'
import { readArguments } from './commands.ts'
import { UsageError, type World } from './world.ts'

export async function quiz(args: string[], world: World): Promise<number> {
  const { words, flags } = readArguments(args, ['count', 'seed'])
  if (words.length > 1) throw new UsageError(`one category, found ${words.join(' and ')}.`)
  const query = new URLSearchParams({ scope: words[0] ?? 'all' })
  for (const [name, value] of Object.entries(flags)) if (value !== undefined) query.set(name, value)
  const { address, errors } = decodeQuiz(query.toString())
  if (errors.length > 0) throw new UsageError(`${errors.join('; ')}.`)
  const { bank } = await loadBank(join(world.root, 'content'))
  const questions = bank.questions.filter((question) => isInScope(address.scope, question, bank.kits))
  if (questions.length === 0)
    throw new UsageError(
      `no questions in ${JSON.stringify(address.scope)}. Categories: ${bank.categories.map(({ slug }) => slug).join(', ') || 'none yet'}.`,
    )
  const seed = address.seed ?? world.newSeed()
  // A blank line ends a typed output here, so one with a blank line inside cannot be asked.
  const items = questions.flatMap(quizItems).filter((item) => item.kind !== 'output' || !/^\s*$/m.test(item.answer))
  const asked = makeQuiz(items, { count: address.count, seed })
  const titles = new Map(questions.map(({ id, title }) => [id, title]))
  world.print(
    `${asked.length} items, seed ${seed} (the same on the site: /quiz/?${encodeQuiz({ ...address, seed })}). Ctrl+D ends.`,
  )
  let right = 0
  let answered = 0
  const misses: AskedItem[] = []
  for (const [index, item] of asked.entries()) {
    world.print(`\n${index + 1}/${asked.length} · ${titles.get(item.question)}\n\n${shown(item)}`)
    const answer = await read(item, world)
    if (answer === undefined) break
    answered++
    const result = grade(item, answer)
    if (result.right) right++
    else misses.push(item)
    const expected = Array.isArray(result.expected) ? result.expected : [result.expected]
    const lines = result.judgement
      ? judged(result.judgement, item)
      : [
          result.right
            ? '✓ Right.'
            : `✗ Not right. ${expected.join(item.kind === 'order' ? ' → ' : item.kind === 'fill' ? ' or ' : ', ')}`,
        ]
    if (result.why !== '') lines.push(result.why)
    for (const { option, why } of result.wrong) lines.push(`${option}: ${why}`)
    world.print(lines.join('\n'))
  }
  world.print(`\n${right} of ${answered} right.`)
  for (const item of misses) world.print(`  again: /questions/${item.question}/ (${item.id})`)
  return 0
}

function judged({ verdict, lines, firstDifference }: NonNullable<Grade['judgement']>, item: AskedItem): string[] {
  if (verdict !== 'wrong') return [verdict === 'exact' ? '✓ Correct.' : '✓ Correct, in another layout.']
  const right = lines.filter(({ credit }) => credit === 'right').length
  const where = firstDifference && lines.length > 1 ? ` First difference: line ${firstDifference.line}.` : ''
  const printed = item.kind === 'output' ? [`It prints:\n${item.answer}`] : []
  return [
    `✗ Not quite: ${right} of ${lines.length} ${lines.length === 1 ? 'line' : 'lines'} right.${where}`,
    ...printed,
  ]
}

function shown(item: AskedItem): string {
  const lines = [item.prompt]
  if (item.kind === 'output') lines.push(...(item.setup === undefined ? [] : [item.setup, '']), item.code)
  else if (item.code) lines.push('', item.code.text)
  lines.push(...item.choices.map((choice, index) => `  ${index + 1}. ${choice}`))
  return lines.join('\n')
}

const prompts = {
  single: 'Number: ',
  multi: 'Numbers of all that are right: ',
  order: 'Numbers in the right order: ',
  fill: 'The gap: ',
  output: 'What it prints, then an empty line:\n',
}

/** Asks until the answer can be read; undefined when the input has ended. */
async function read(item: AskedItem, world: World): Promise<Answer | undefined> {
  if (item.kind === 'output') {
    const lines: string[] = []
    for (let prompt = prompts.output; ; prompt = '') {
      const line = await world.ask(prompt)
      if (line === undefined) return undefined
      if (line.trim() === '') return lines.join('\n')
      lines.push(line)
    }
  }
  for (;;) {
    const line = await world.ask(prompts[item.kind])
    if (line === undefined) return undefined
    if (item.kind === 'fill') return line
    const numbers = line.split(/[\s,]+/).filter((word) => word !== '')
    const chosen = numbers.map((word) => (/^\d+$/.test(word) ? item.choices[Number(word) - 1] : undefined))
    const wanted = { single: 1, multi: undefined, order: item.choices.length }[item.kind]
    const isReadable =
      chosen.length > 0 && chosen.every((choice) => choice !== undefined) && new Set(chosen).size === chosen.length
    if (isReadable && (wanted === undefined || chosen.length === wanted)) {
      const options = chosen.filter((choice) => choice !== undefined)
      return item.kind === 'single' ? (options[0] ?? '') : options
    }
    world.print(
      `Numbers from 1 to ${item.choices.length}${item.kind === 'single' ? ', one of them' : item.kind === 'order' ? ', each once' : ', with spaces between'}.`,
    )
  }
}
