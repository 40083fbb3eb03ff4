/** An uncaught JavaScript error: as it is printed, and as it is reported. */
import type { RunError } from '../fence.ts'
import type { Realm } from '../interpreter.ts'

/** `Uncaught TypeError: message`, without the stack; any other value as the console shows it. */
export function describeUncaught(
  reason: unknown,
  inspect: Realm['inspect'],
  firstLine: number,
): { text: string; error: RunError } {
  if (!isError(reason)) {
    const text = inspect(reason)
    return { text: `Uncaught ${text}`, error: { name: typeof reason, message: text } }
  }
  const line = lineOf(reason, firstLine)
  const error: RunError = {
    name: String(reason.name),
    message: String(reason.message),
    ...(line !== undefined && { line }),
  }
  if (reason instanceof SyntaxError) return { text: `Uncaught SyntaxError: ${reason.message}`, error }
  // Node's inspect corrects the header of a class that set no name ("A [Error]: m"); its first lines are that header.
  const shown = inspect(reason)
  const stackAt = shown.search(/\n\s+at /)
  const header = stackAt < 0 ? `${error.name}: ${error.message}` : shown.slice(0, stackAt)
  return { text: `Uncaught ${header}`, error }
}

function isError(reason: unknown): reason is Error {
  return (
    typeof reason === 'object' &&
    reason !== null &&
    (reason instanceof Error || Object.prototype.toString.call(reason) === '[object Error]')
  )
}

function lineOf(error: Error, firstLine: number): number | undefined {
  const found = /fence\.js:(\d+)/.exec(String(error.stack))
  if (!found) return undefined
  const line = Number(found[1]) - firstLine + 1
  return line >= 1 ? line : undefined
}
