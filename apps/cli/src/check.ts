/** `viva check`: every mistake in `content/`, a line each. */
import { join } from 'node:path'
import { loadBank } from '@viva/bank/load'
import { readArguments } from './commands.ts'
import type { World } from './world.ts'

export async function check(args: string[], world: World): Promise<number> {
  const { words } = readArguments(args, [])
  const { bank, errors } = await loadBank(join(world.root, 'content'))
  const named = errors.filter(({ file }) => words.length === 0 || words.some((word) => file.includes(word)))
  for (const error of named) world.complain(error.message)
  const items = bank.questions.reduce((sum, { quiz }) => sum + quiz.length, 0)
  const runs = bank.questions.reduce((sum, { fences }) => sum + fences.filter(({ run }) => run).length, 0)
  world.print(
    `${bank.questions.length} questions, ${runs} runnable fences, ${items} quiz items: ${named.length === 0 ? 'no mistakes' : `${named.length} ${named.length === 1 ? 'mistake' : 'mistakes'}`}`,
  )
  return named.length === 0 ? 0 : 1
}
