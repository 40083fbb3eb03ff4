/** The command table: what `viva` can do. Each command's program is loaded when it is called. */
import { parseArgs } from 'node:util'
import { type Command, UsageError, type World } from './world.ts'

export const commands: Record<string, Command> = {
  new: {
    usage: 'new question <category> <slug> --title "…"',
    summary: 'write the scaffold of a question (asks, if run without arguments)',
    run: async (args, world) => (await import('./new.ts')).newQuestion(args, world),
  },
  check: {
    usage: 'check [PATH…]',
    summary: 'name every mistake in content/ (of files whose path contains PATH)',
    run: async (args, world) => (await import('./check.ts')).check(args, world),
  },
  verify: {
    usage: 'verify [--question ID] [--changed]',
    summary: 'run the fences and compare with the output they assert',
    run: (args, world) => world.start('npm', ['run', '--silent', 'verify', '--', ...args]),
  },
  quiz: {
    usage: 'quiz [category] [--count 10] [--seed N]',
    summary: 'a quiz in the terminal',
    run: async (args, world) => (await import('./quiz.ts')).quiz(args, world),
  },
  lab: {
    usage: 'lab [ID] [--KNOB VALUE…] [--seed N] [--json FILE] [--svg FILE]',
    summary: 'run a lab: figures, charts, claims (without ID: list them; with --help: its knobs)',
    run: async (args, world) => (await import('./lab.ts')).lab(args, world),
  },
  export: {
    usage: 'export anki [--out FILE]',
    summary: 'the bank as a text file that Anki imports (default: viva-anki.tsv)',
    run: async (args, world) => (await import('./export.ts')).exportBank(args, world),
  },
  feedback: {
    usage: 'feedback list|show|close|delete …',
    summary: 'read what readers sent',
    run: async (args, world) => (await import('./feedback.ts')).feedback(args, world),
  },
}

function help(): string {
  const width = Math.max(...Object.values(commands).map(({ usage }) => usage.length))
  return [
    'Usage: npm run viva -- <command>',
    '',
    ...Object.values(commands).map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`),
  ].join('\n')
}

/** Exit status: 0 done, 1 wrong use or a failed check. */
export async function runCommand(argv: string[], world: World): Promise<number> {
  const [name, ...args] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    world.print(help())
    return name === undefined ? 1 : 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    world.complain(
      `viva: unknown command ${JSON.stringify(name)}. Known: ${Object.keys(commands).join(', ')}. \`--help\` explains them.`,
    )
    return 1
  }
  // These explain themselves.
  const explains = ['verify', 'feedback', 'lab']
  if ((args.includes('--help') || args.includes('-h')) && !explains.includes(name)) {
    world.print(`Usage: npm run viva -- ${command.usage}\n\n${command.summary}`)
    return 0
  }
  try {
    return await command.run(args, world)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    world.complain(`viva ${name}: ${error.message}\nUsage: npm run viva -- ${command.usage}`)
    return 1
  }
}

/** Positional arguments and `--name value` flags; one that is not known is a usage error. */
export function readArguments(
  args: string[],
  flags: string[],
): { words: string[]; flags: Partial<Record<string, string>> } {
  try {
    const options = Object.fromEntries(flags.map((flag) => [flag, { type: 'string' as const }]))
    const { positionals, values } = parseArgs({ args, options, allowPositionals: true, strict: true })
    return { words: positionals, flags: values }
  } catch (error) {
    const message = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error)
    throw new UsageError(
      `${message}.${flags.length > 0 ? ` Known flags: ${flags.map((flag) => `--${flag}`).join(', ')}.` : ''}`,
      { cause: error },
    )
  }
}
