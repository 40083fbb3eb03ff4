/** Compiler messages of `tsc`: the code or the message must be right; a position that is written must be, too. */
import type { Value } from './lex.ts'

type Diagnostic = { line: string; column: string; code: string; message: string }

function read(text: string): Diagnostic {
  const code = /\bTS\d+\b/i.exec(text)?.[0].toUpperCase() ?? ''
  const [, line = '', column = ''] =
    /^\s*\(?(\d+)(?:[:,](\d+))?\)?(?=\s|:|$)/.exec(text) ??
    /\b(?:at|in|on)?\s*(?:line )?(\d+)(?::(\d+))?\s*$/.exec(text) ??
    []
  const message = text
    .replace(/^\s*\(?\d+(?:[:,]\d+)?\)?:?/, '')
    .replace(/\bTS\d+\b:?/i, '')
    .replace(/^[\s:-]*error\b:?/i, '')
    .replace(/\b(?:at|in|on)\s+(?:line )?\d+(?::\d+)?\s*$/i, '')
    .trim()
  return { line, column, code, message }
}

/** `values` reads a message into values. */
export function isSameDiagnostic(expected: string, given: string, values: (text: string) => Value[]): boolean {
  const [right, said] = [read(expected), read(given)]
  if (right.code === '' || (said.code === '' && said.message === '')) return false
  if (said.code !== '' && said.code !== right.code) return false
  if (said.line !== '' && said.line !== right.line) return false
  if (said.column !== '' && said.column !== right.column) return false
  const words = (text: string) =>
    JSON.stringify(values(text).flatMap((value) => (value.kind === 'string' ? value.inner : [value])))
  return said.message === '' || words(said.message) === words(right.message)
}
