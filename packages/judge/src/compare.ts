/** Whether two sequences of values mean the same. */
import type { Group, Value } from './lex.ts'

export type CompareOptions = {
  /** Quotes around a number or a keyword count at the top level too: the expected output shows such quotes. */
  isStrict: boolean
  /** PostgreSQL prints `t` and `f`; `true` and `false` mean the same. */
  shortBooleans: boolean
}

/** Quotes dropped where they only mark text; kept where they make another value. */
function flat(values: readonly Value[]): Value[] {
  return values.flatMap((value) => (value.kind === 'string' && !value.isTyped ? value.inner : [value]))
}

/** At the top level a console shows no quotes, so quotes written there claim nothing. */
export function topLevel(values: readonly Value[], { isStrict }: CompareOptions): Value[] {
  return flat(values).map((value) =>
    value.kind === 'string' && !isStrict && value.inner.length === 1 ? value.inner[0]! : value,
  )
}

export function isSame(expected: readonly Value[], given: readonly Value[], options: CompareOptions): boolean {
  const [left, right] = [flat(expected), flat(given)]
  return left.length === right.length && left.every((value, index) => isSameValue(value, right[index]!, options))
}

export function isSameValue(expected: Value, given: Value, options: CompareOptions): boolean {
  if (expected.kind === 'group') return given.kind === 'group' && isSameGroup(expected, given, options)
  if (given.kind === 'group') return false
  if (options.shortBooleans && expected.kind === 'keyword' && given.kind === 'word')
    return /^[tf]$/i.test(given.text) && expected.text.startsWith(given.text.toLowerCase())
  return expected.kind === given.kind && expected.text === given.text
}

function isSameGroup(expected: Group, given: Group, options: CompareOptions): boolean {
  if (expected.open !== given.open) return false
  if (expected.size !== undefined && given.size !== undefined && expected.size !== given.size) return false
  const isPairwise = (elements: readonly Value[][]) =>
    elements.length === expected.elements.length &&
    elements.every((element, index) => isSame(expected.elements[index]!, element, options))
  if (isPairwise(given.elements)) return true
  // `[1 2]`: without commas, the spaces between single values separate elements.
  if (given.hasCommas) return false
  const [only = []] = given.elements
  if (isPairwise(only.map((value) => [value]))) return true
  const hasPhrase = only.some((value) => value.kind === 'string' && value.inner.length > 1)
  return !hasPhrase && expected.elements.every(isSimple) && isSame(expected.elements.flat(), only, options)
}

/** One value, or a key and its value. */
function isSimple(element: readonly Value[]): boolean {
  const values = flat(element)
  return values.length === 1 || (values.length === 2 && element.length === 2 && values[0]!.colon === true)
}

/** Whether the text has a number or keyword in quotes: there the type is the point. */
export function showsTypedQuotes(values: readonly Value[]): boolean {
  return values.some((value) =>
    value.kind === 'group'
      ? value.elements.some(showsTypedQuotes)
      : value.kind === 'string' && value.isTyped && value.text !== '',
  )
}

const units = new Set(['%', 'ms', 's', 'us', 'x', 'KB', 'kB', 'MB', 'GB', 'KiB', 'MiB', 'GiB', 'bytes'])

/**
 * The values of a line like `a: 2  b: 1` without its labels. Undefined unless every part is a label, a colon
 * and then only numbers, keywords, arrays and objects: `caught: too late` keeps its label.
 */
export function withoutLabels(line: readonly Value[]): Value[] | undefined {
  const values: Value[] = []
  let at = 0
  while (at < line.length) {
    const colon = line.findIndex((value, index) => index >= at && value.colon)
    if (colon < 0) return undefined
    const label = line.slice(at, colon + 1)
    if (!label.some(({ kind }) => kind === 'word') || label.some(({ kind }) => kind === 'string')) return undefined
    let end = colon + 1
    while (end < line.length && isPlainValue(line, end)) end++
    // A label that begins with a number cannot be told from the values before it.
    if (end === colon + 1) return undefined
    values.push(...line.slice(colon + 1, end))
    at = end
  }
  return values
}

function isPlainValue(line: readonly Value[], at: number): boolean {
  const value = line[at]!
  if (value.colon) return false
  if (value.kind === 'word') return units.has(value.text) && line[at - 1]?.kind === 'number'
  return value.kind !== 'string'
}
