/** What is wrong in a content file: where, what was found, and what would be right. */

export type ContentError = {
  /** Path from the folder that holds `content/`: `content/questions/git/rebase/question.md`. */
  file: string
  /** 1-based. */
  line: number
  /** `tags[1]`, `quiz.lag-grows.why`, `## Answer`, `fence`, `link`. */
  field: string
  found: string
  expected: string
  /** `file:line: field: found X; expected Y`. */
  message: string
}

export function contentError(file: string, line: number, field: string, found: string, expected: string): ContentError {
  return {
    file,
    line,
    field,
    found,
    expected,
    message: `${file}:${line}: ${field}: found ${found}; expected ${expected}`,
  }
}

/** By file, then line, then text: the same run gives the same list whatever order the files were read in. */
export function inOrder(errors: ContentError[]): ContentError[] {
  const seen = new Set<string>()
  return errors
    .filter((error) => !seen.has(error.message) && seen.add(error.message))
    .toSorted((a, b) => compare(a.file, b.file) || a.line - b.line || compare(a.message, b.message))
}

/** Order by code unit: the same on every machine, unlike a locale's. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** A value in an error message: short, quoted where it is text. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'nothing (null)'
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value)
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return `a map with ${Object.keys(value).slice(0, 6).join(', ') || 'no fields'}`
  return `${typeof value === 'number' || typeof value === 'boolean' ? value : typeof value}`
}
