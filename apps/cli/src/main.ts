/** `viva`: the entry point; connects the commands to this process. */
import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { dirname } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { visibleText } from '@viva/server/visible-text'
import { runCommand } from './commands.ts'
import type { World } from './world.ts'

const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))

/** Lines that came before they were asked for (a pipe) are kept. */
function keyboard(): Pick<World, 'ask'> & { close: () => void } {
  let lines: Interface | undefined
  const waiting: ((line: string | undefined) => void)[] = []
  const early: string[] = []
  let isClosed = false
  return {
    ask: (prompt) => {
      if (!lines) {
        lines = createInterface({ input: process.stdin, output: process.stdout })
        lines.on('line', (line) => {
          const next = waiting.shift()
          if (next) next(line)
          else early.push(line)
        })
        lines.on('close', () => {
          isClosed = true
          for (const next of waiting.splice(0)) next(undefined)
        })
      }
      process.stdout.write(prompt)
      const line = early.shift()
      if (line !== undefined || isClosed) return Promise.resolve(line)
      return new Promise((resolve) => waiting.push(resolve))
    },
    close: () => lines?.close(),
  }
}

/**
 * Everything that a command says goes through here: stored and typed text must not steer the
 * terminal.
 */
const print = (text: string) => console.log(visibleText(text))
const complain = (text: string) => console.error(visibleText(text))

const { ask, close } = keyboard()
const world: World = {
  root,
  now: () => new Date(),
  newSeed: () => randomInt(2 ** 32),
  isInteractive: process.stdin.isTTY && process.stdout.isTTY,
  print,
  complain,
  ask,
  start: (program, args) =>
    new Promise((resolve) => {
      // npm is a .cmd file on Windows, which only a shell can start.
      const child = spawn(program, args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' })
      child.on('error', (error) => {
        complain(`viva: could not start ${program}: ${error.message}`)
        resolve(1)
      })
      child.on('exit', (code) => resolve(code ?? 1))
    }),
}

try {
  process.exitCode = await runCommand(process.argv.slice(2), world)
} catch (error) {
  complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  process.exitCode = 1
}
close()
