/** An expected output as units, mostly lines: what each may look like in a prediction. */
import { showsTypedQuotes, topLevel, withoutLabels, type CompareOptions } from './compare.ts'
import { isSameDiagnostic } from './diagnostic.ts'
import { isSameError, readErrorLine } from './error-line.ts'
import { isOpen, lex, type LexOptions, type Value } from './lex.ts'

export type Unit = {
  /** From 1, in the expected output. */
  line: number
  text: string
  /** May be left out: the header and the row count of a table. */
  isOptional: boolean
  /** Each a way to write it, as values. */
  readings: Value[][]
  /** Without its labels, where it has any. */
  unlabelled?: Value[]
  /** Judges the text of a whole line that matches no reading. */
  accepts?: (given: string) => boolean
}

export type Expected = {
  units: Unit[]
  compare: CompareOptions
  hasTable: boolean
  hasNull: boolean
  hasError: boolean
  hasTuple: boolean
}

/** Lines, with those joined that one bracket spans. */
export function logicalLines(text: string): { line: number; text: string }[] {
  const found: { line: number; text: string }[] = []
  const lines = text.split('\n')
  // Brackets that never close are searched for from every line: after this many characters they are left open.
  let budget = 8 * text.length
  const goesOn = (joined: string): boolean => {
    budget -= joined.length
    return budget > 0 && isOpen(joined)
  }
  for (let at = 0; at < lines.length; at++) {
    let end = at
    let joined = lines[at]!
    while (end + 1 < lines.length && goesOn(joined)) joined += `\n${lines[++end]!}`
    const isWhole = end === at || !isOpen(joined)
    const one = isWhole ? joined : lines[at]!
    if (one.trim() !== '') found.push({ line: at + 1, text: one })
    if (isWhole) at = end
  }
  return found
}

export const isRuler = (line: string): boolean => /^[\s|+:┌┬┐├┼┤└┴┘─-]*(-{2}|─{2})[\s|+:┌┬┐├┼┤└┴┘─-]*$/.test(line)

const rowCount = /^\((\d+) rows?\)$/
/** Says that the compiler finds nothing. */
const clean = /^\W*(no errors?|none|nothing|ok|(it )?compiles)\W*$/i
const noRows = ['(0 rows)', '0 rows', 'no rows', 'nothing', 'empty', 'none', 'no result', 'no results', '(empty)']

export function readExpected(text: string, language: string, options: LexOptions): Expected {
  const compare: CompareOptions = {
    isStrict: showsTypedQuotes(lex(text, options)),
    shortBooleans: language === 'sql',
  }
  const units: Unit[] = []
  const read = (part: string) => topLevel(lex(part, options), compare)
  const lines = text.split('\n')
  let hasTable = false
  let hasNull = false
  const plain = (from: number, to: number) => {
    const part = lines.slice(from, to).join('\n')
    for (const one of logicalLines(part)) units.push(plainUnit({ ...one, line: one.line + from }, language, read))
  }
  let start = 0
  for (let at = 1; at < lines.length; at++) {
    const isTable = /^-+(\+-+)*$/.test(lines[at]!.trim()) && lines[at - 1]!.trim() !== '' && isSqlLike(language)
    if (!isTable) continue
    plain(start, at - 1)
    const end = lines.findIndex((line, index) => index > at && rowCount.test(line.trim()))
    if (end < 0) break
    hasTable = true
    const table = {
      header: lines[at - 1]!,
      ruler: lines[at]!.trim(),
      rows: lines.slice(at + 1, end),
      at,
      end: lines[end]!,
    }
    const made = tableUnits(table, options, compare)
    hasNull ||= made.hasNull
    units.push(...made.units)
    start = end + 1
    at = end + 1
  }
  plain(start, lines.length)
  const single = (unit: Unit) => unit.readings[0]?.length === 1 && unit.readings[0][0]
  return {
    units,
    compare,
    hasTable,
    hasNull,
    hasError: units.some(({ accepts }) => accepts !== undefined),
    hasTuple: units.some((unit) => {
      const only = !unit.isOptional && single(unit)
      return only && only.kind === 'group' && only.open === '('
    }),
  }
}

const isSqlLike = (language: string): boolean => language === 'sql' || language === 'sqlite'

function plainUnit(
  { line, text }: { line: number; text: string },
  language: string,
  read: (text: string) => Value[],
): Unit {
  const values = read(text)
  // A line of separators alone says nothing.
  const unit: Unit = { line, text, isOptional: values.length === 0, readings: [values] }
  if (language === 'tsc') {
    const isClean = text.trim() === 'no errors'
    unit.accepts = (given) => (isClean ? clean.test(given) : isSameDiagnostic(text, given, read))
    unit.isOptional ||= /^\s/.test(text)
    return unit
  }
  const error = readErrorLine(text, language)
  if (error) {
    unit.accepts = (given) => isSameError(error, given)
    if (error.isUncaught) unit.readings.push(read(text.replace(/^Uncaught\s+/, '')))
    if (error.isMessageFree) unit.readings.push(read(error.name === 'error' ? 'ERROR' : error.name))
    return unit
  }
  const unlabelled = withoutLabels(values)
  if (unlabelled) unit.unlabelled = unlabelled
  return unit
}

type Table = { header: string; ruler: string; rows: string[]; at: number; end: string }

function tableUnits(
  { header, ruler, rows, at, end }: Table,
  options: LexOptions,
  compare: CompareOptions,
): { units: Unit[]; hasNull: boolean } {
  const read = (text: string) => topLevel(lex(text, options), compare)
  const names = header.split('|').map(read)
  const units: Unit[] = [{ line: at, text: header.trim(), isOptional: true, readings: [names.flat()] }]
  let hasNull = false
  rows.forEach((row, index) => {
    const cells = cellsOf(row, ruler)
    const values = cells.map((cell) => readCell(cell, read, compare))
    hasNull ||= cells.includes('')
    const readings = [values.flat(), cells.flatMap((_, column) => [...(names[column] ?? []), ...values[column]!])]
    // A NULL at the end of a row prints nothing, so it may be left out.
    const last = cells.findLastIndex((cell) => cell !== '')
    if (last >= 0 && last < cells.length - 1) readings.push(values.slice(0, last + 1).flat())
    units.push({ line: at + 2 + index, text: row.trim(), isOptional: false, readings })
  })
  const line = at + 2 + rows.length
  const isEmpty = rows.length === 0
  const readings = isEmpty ? noRows.map(read) : [read(end), read(end.replace(/[()]/g, ''))]
  units.push({ line, text: end, isOptional: !isEmpty, readings })
  return { units, hasNull }
}

/** Cut where the ruler has its plus signs: a cell may hold a bar. */
function cellsOf(row: string, ruler: string): string[] {
  const cuts = [...ruler.matchAll(/\+/g)].map(({ index }) => index)
  // A trimmed row is shorter, and its missing cells are empty.
  const isAligned = cuts.every((cut) => row[cut] === '|' || row.length <= cut)
  if (!isAligned) return row.split('|').map((cell) => cell.trim())
  return [...cuts, undefined].map((cut, index) => row.slice(index === 0 ? 0 : cuts[index - 1]! + 1, cut).trim())
}

function readCell(cell: string, read: (text: string) => Value[], { shortBooleans }: CompareOptions): Value[] {
  if (cell === '') return [{ kind: 'keyword', text: 'null' }]
  if (shortBooleans && (cell === 't' || cell === 'f'))
    return [{ kind: 'keyword', text: cell === 't' ? 'true' : 'false' }]
  return read(cell)
}
