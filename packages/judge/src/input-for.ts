/** Which kind of input fits a prediction of an output. */
import { readErrorLine } from './error-line.ts'
import { lex, unify } from './lex.ts'

export type PredictionInput =
  /** One number. */
  | { kind: 'number' }
  /** One of few values. The list depends on the kind of value only, so it does not give the answer away. */
  | { kind: 'choice'; choices: string[] }
  /** Labels to put in order; they come in another one. */
  | { kind: 'order'; labels: string[] }
  /** The cells of one small table. */
  | { kind: 'cells'; columns: string[]; rows: number }
  | { kind: 'text' }

export type InputKind = PredictionInput['kind']

export type InputOptions = {
  language: string
  /** What the author of the fence asks for, instead of the derived kind. */
  predict?: InputKind
}

const booleans = ['true', 'false']
const absences = ['undefined', 'null', 'NaN', '0']
const errors = ['no error', 'TypeError', 'ReferenceError', 'RangeError', 'SyntaxError', 'Error']
const cellLimits = { rows: 3, columns: 4, characters: 24 }
const orderLimits = { least: 3, most: 10, characters: 32 }

/**
 * The input that fits `expected`. Throws a RangeError when `predict` asks for a kind that the output does not
 * have: a table's cells of a line of text.
 */
export function inputFor(expected: string, { language, predict }: InputOptions): PredictionInput {
  if (predict === 'text') return { kind: 'text' }
  const text = unify(expected).trim()
  const found = [oneNumber(text), oneOfFew(text, language), order(text), cells(text, language)]
  if (predict === undefined) return found.find((input) => input !== undefined) ?? { kind: 'text' }
  const wanted = found.find((input) => input?.kind === predict)
  if (wanted) return wanted
  const kinds = found.flatMap((input) => (input ? [input.kind] : []))
  throw new RangeError(
    `predict: found ${JSON.stringify(predict)}; this output can be predicted as ${[...kinds, 'text'].join(' or ')}`,
  )
}

/** Whether `inputFor` can make the input that `predict` asks for. */
export function fitsInput(expected: string, options: InputOptions): boolean {
  try {
    inputFor(expected, options)
    return true
  } catch {
    return false
  }
}

function oneNumber(text: string): PredictionInput | undefined {
  const [only, ...rest] = lex(text)
  return only?.kind === 'number' && rest.length === 0 && !text.includes('"') ? { kind: 'number' } : undefined
}

function oneOfFew(text: string, language: string): PredictionInput | undefined {
  const [only, ...rest] = lex(text)
  if (only?.kind === 'keyword' && rest.length === 0) {
    if (booleans.includes(only.text)) return { kind: 'choice', choices: booleans }
    if (absences.some((absence) => absence.toLowerCase() === only.text)) return { kind: 'choice', choices: absences }
  }
  const table = readTable(text, language)
  const [cell] = table?.rows.length === 1 && table.columns.length === 1 ? table.rows[0]! : []
  if (language === 'sql' && (cell === 't' || cell === 'f')) return { kind: 'choice', choices: booleans }
  const error = text.includes('\n') || language === 'tsc' ? undefined : readErrorLine(text, language)
  // Any other name has to be typed.
  if (error && (error.isMessageFree || error.message === '') && errors.includes(error.name))
    return { kind: 'choice', choices: errors }
  return undefined
}

function order(text: string): PredictionInput | undefined {
  if (text.includes('\n') || !/ (·|->|→) /.test(text)) return undefined
  const labels = text.split(/ (?:·|->|→) /).map((label) => label.trim())
  const isShort = labels.every((label) => label !== '' && label.length <= orderLimits.characters)
  const isFew = labels.length >= orderLimits.least && labels.length <= orderLimits.most
  if (!isShort || !isFew || new Set(labels).size < labels.length) return undefined
  const sorted = labels.toSorted()
  const isInOrder = sorted.every((label, index) => label === labels[index])
  return { kind: 'order', labels: isInOrder ? [...sorted.slice(1), sorted[0]!] : sorted }
}

function cells(text: string, language: string): PredictionInput | undefined {
  const table = readTable(text, language)
  if (!table || table.rows.length === 0 || table.columns.includes('QUERY PLAN')) return undefined
  const isSmall = table.rows.length <= cellLimits.rows && table.columns.length <= cellLimits.columns
  const isShort = table.rows.flat().every((cell) => cell.length <= cellLimits.characters)
  return isSmall && isShort ? { kind: 'cells', columns: table.columns, rows: table.rows.length } : undefined
}

/** A text that is one table, as psql prints it. */
function readTable(text: string, language: string): { columns: string[]; rows: string[][] } | undefined {
  if (language !== 'sql' && language !== 'sqlite') return undefined
  const [header = '', ruler = '', ...rest] = text.split('\n')
  const isTable =
    /^-+(\+-+)*$/.test(ruler.trim()) && rest.findIndex((line) => /^\(\d+ rows?\)$/.test(line)) === rest.length - 1
  if (!isTable) return undefined
  const split = (line: string) => line.split('|').map((cell) => cell.trim())
  return { columns: split(header), rows: rest.slice(0, -1).map(split) }
}
