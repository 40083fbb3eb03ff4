/** Cutting a PostgreSQL script into its statements, as psql does. */

export type Statement = { text: string /** Offset of its first character in the script. */; start: number }

/** Statements without their final semicolon; comments stay, empty statements go. */
export function splitStatements(script: string): Statement[] {
  const statements: Statement[] = []
  let start = 0
  let index = 0
  let depth = 0
  let isAtomic = false
  let words: string[] = []
  const push = (end: number) => {
    const raw = script.slice(start, end)
    if (withoutComments(raw).trim() !== '') {
      const lead = raw.length - raw.trimStart().length
      statements.push({ text: raw.trim(), start: start + lead })
    }
    start = end + 1
    words = []
    depth = 0
    isAtomic = false
  }
  while (index < script.length) {
    const rest = script.slice(index, index + 2)
    const char = script[index] as string
    const skipped = skipToken(script, index)
    if (skipped > index) {
      index = skipped
      continue
    }
    if (rest === '::') index++
    else if (char === '(') depth++
    else if (char === ')') depth--
    else if (char === ';' && depth <= 0 && !isAtomic) push(index)
    else if (/[A-Za-z_]/.test(char)) {
      const word = /^[A-Za-z_][\w$]*/.exec(script.slice(index, index + 64))?.[0] ?? char
      words.push(word.toLowerCase())
      // The body of an SQL-standard function: semicolons inside it end at its own END.
      if (words.at(-2) === 'begin' && words.at(-1) === 'atomic') isAtomic = true
      else if (
        isAtomic &&
        words.at(-1) === 'end' &&
        words.filter((w) => w === 'case').length < words.filter((w) => w === 'end').length
      )
        isAtomic = false
      index += word.length
      continue
    }
    index++
  }
  push(script.length)
  return statements
}

/** The end of the comment, string, quoted name or dollar-quoted body that begins at `index`; `index` itself if none does. */
function skipToken(script: string, index: number): number {
  const rest = script.slice(index, index + 2)
  const endOf = (found: number, length: number) => (found < 0 ? script.length : found + length)
  if (rest === '--') return endOf(script.indexOf('\n', index), 0)
  if (rest === '/*') {
    let depth = 1
    let at = index + 2
    while (at < script.length && depth > 0) {
      const two = script.slice(at, at + 2)
      if (two === '/*') depth++
      if (two === '*/') depth--
      at += two === '/*' || two === '*/' ? 2 : 1
    }
    return at
  }
  const char = script[index]
  if (char === "'") {
    const hasEscapes = /(^|[^\w])[eE]$/.test(script.slice(Math.max(0, index - 2), index))
    let at = index + 1
    while (at < script.length && script[at] !== "'") at += hasEscapes && script[at] === '\\' ? 2 : 1
    return at + 1
  }
  if (char === '"') return endOf(script.indexOf('"', index + 1), 1)
  if (char === '$' && !/[\w$]/.test(script[index - 1] ?? '')) {
    const tag = /^\$(?:[A-Za-z_]\w*)?\$/.exec(script.slice(index, index + 80))?.[0]
    if (tag) return endOf(script.indexOf(tag, index + tag.length), tag.length)
  }
  return index
}

function withoutComments(text: string): string {
  let out = ''
  let index = 0
  while (index < text.length) {
    const isComment = text.startsWith('--', index) || text.startsWith('/*', index)
    const end = skipToken(text, index)
    if (!isComment) out += text.slice(index, Math.max(end, index + 1))
    index = Math.max(end, index + 1)
  }
  return out
}
