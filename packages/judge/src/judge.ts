/** Judges a prediction of what a program prints by its meaning, not by its layout. */
import { isSameValue, topLevel } from './compare.ts'
import { lex, unify, written, type LexOptions, type Value } from './lex.ts'
import { isRuler, logicalLines, readExpected, type Expected, type Unit } from './units.ts'

export type Verdict = 'exact' | 'equivalent' | 'wrong'

/** One line of the comparison. */
export type LineCredit = {
  credit: 'right' | 'wrong' | 'missing' | 'extra'
  /** From 1, in the expected output; none for an extra line. */
  line?: number
  expected?: string
  given?: string
}

export type Difference = {
  /** From 1, in the expected output. */
  line: number
  expected: string
  given: string
  /** Where the two lines part: at most three words from there on. Absent when one side has no line. */
  from?: { expected: string; given: string }
}

export type Judgement = {
  /** `exact`: the same but for spaces. `equivalent`: the same values in another layout. */
  verdict: Verdict
  lines: LineCredit[]
  /** The first line that is not right; an absent side is ''. Only when the verdict is `wrong`. */
  firstDifference?: Difference
  /** Lines that are right, of all lines of the longer side: 0 to 1. */
  score: number
}

export type JudgeOptions = {
  /** The fence's language: `js`, `ts`, `node`, `tsc`, `sql`, `sqlite`, `mongodb`, `python`, `git`, `bash`. */
  language: string
}

/** Longer texts are only compared as text: nobody types that much. */
const longest = { characters: 4_000, lines: 120 }

type GivenLine = { text: string; values: Value[] }

/** Compares `given` with `expected`. Never throws; the README says what counts as the same. */
export function judge(expected: string, given: string, { language }: JudgeOptions): Judgement {
  const [right, said] = [unify(expected), unify(given)]
  if (spaced(right) === spaced(said)) return allRight('exact', right)
  if (isLong(right) || isLong(said)) return byLine(plainly(right), textLines(said))
  if (right.trim() === '')
    return /^\W*(nothing|no output|empty|none)\W*$/i.test(said)
      ? allRight('equivalent', right)
      : byLine([], textLines(said))
  let best: Judgement | undefined
  for (const one of readings(right, said, language)) {
    if (matches(one.expected.units, one.lines, one.expected)) return allRight('equivalent', right)
    const credits = byLine(one.expected.units, one.lines, one.expected)
    if (!best || credits.score > best.score) best = credits
  }
  return best!
}

function isLong(text: string): boolean {
  return text.length > longest.characters || text.split('\n').length > longest.lines
}

/** Layout that never counts: runs of spaces, spaces at the ends, empty lines around. */
function spaced(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .join('\n')
    .trim()
}

const textLines = (text: string): GivenLine[] =>
  text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [{ text: line.trim(), values: [] }]))

function plainly(text: string): Unit[] {
  return textLines(text).map((line, index) => ({ line: index + 1, text: line.text, isOptional: false, readings: [] }))
}

function allRight(verdict: Verdict, text: string): Judgement {
  const lines = plainly(text).map(({ line, text: expected }): LineCredit => ({ credit: 'right', line, expected }))
  return { verdict, lines, score: 1 }
}

/** Every way to read the two: one of them has to agree. */
function* readings(
  right: string,
  said: string,
  language: string,
): Generator<{ expected: Expected; lines: GivenLine[] }> {
  const typed = { typedNumbers: language === 'python' }
  const dashSeparates = !/(^|\s)[-–—](\s|$)/m.test(right)
  for (const grouped of [false, true]) {
    const expected = readExpected(right, language, { ...typed, ...(grouped && { grouping: 'before words' as const }) })
    const unlabelled = withoutAllLabels(expected)
    for (const grouping of [false, true]) {
      const options = { ...typed, grouping, dashSeparates }
      const wholes = givenTexts(said, expected, language)
      for (const texts of wholes) {
        const lines = texts
          .map((text) => ({ text, values: readLine(text, expected, options) }))
          .filter(({ values }) => values.length > 0)
        yield { expected, lines }
        if (unlabelled) yield { expected: unlabelled, lines }
      }
    }
  }
}

/** The lines of the prediction, and where an error is expected also with errors on lines of their own. */
function givenTexts(said: string, expected: Expected, language: string): string[][] {
  const lines = logicalLines(said)
    .map(({ text }) => text.trim())
    .filter((text) => !expected.hasTable || !isRuler(text))
    .map((text) => (expected.hasNull ? fillCells(text) : text))
  const found = [lines]
  if (!expected.hasError) return found
  const before =
    language === 'tsc'
      ? /[,;]\s*(?=(?:\d+:\d+:?\s+)?(?:error\s+)?TS\d)/g
      : /[\s,;·|]+(?=(?:Uncaught\s+)?(?:[A-Z]\w*(?:Error|Exception)|Error|ERROR)\b)(?<!Uncaught\s+)/g
  found.push(lines.flatMap((line) => line.split(before)))
  return found
}

/** `a | | b`: an empty cell is NULL. */
function fillCells(line: string): string {
  if (!line.includes('|')) return line
  const inner = line.replace(/^\|(.*)\|$/, '$1')
  return inner
    .split('|')
    .map((cell) => (cell.trim() === '' ? ' null ' : cell))
    .join('|')
}

function readLine(text: string, { compare, hasTable, hasTuple }: Expected, options: LexOptions): Value[] {
  const values = lex(text, options)
  const [only] = values
  if (values.length === 1 && only?.kind === 'string' && !only.isTyped) return topLevel(lex(only.text, options), compare)
  // (1, 'a'): a row, as many tools print it.
  if (hasTable && !hasTuple && values.length === 1 && only?.kind === 'group' && only.open === '(')
    return topLevel(only.elements.flat(), compare)
  return topLevel(values, compare)
}

/** Labels are left out everywhere or nowhere. */
function withoutAllLabels(expected: Expected): Expected | undefined {
  if (!expected.units.some(({ unlabelled }) => unlabelled)) return undefined
  const units = expected.units.map((unit) => (unit.unlabelled ? { ...unit, readings: [unit.unlabelled] } : unit))
  return { ...expected, units }
}

function startsWith(values: readonly Value[], from: number, reading: readonly Value[], { compare }: Expected): boolean {
  return (
    from + reading.length <= values.length &&
    reading.every((value, index) => isSameValue(value, values[from + index]!, compare))
  )
}

function isSameLine(unit: Unit, line: GivenLine, expected: Expected): boolean {
  return (
    unit.readings.some(
      (reading) => reading.length === line.values.length && startsWith(line.values, 0, reading, expected),
    ) ||
    (unit.accepts?.(line.text) ?? false)
  )
}

/** Whether the lines say all units in their order. Lines may be joined or split, not both at once. */
function matches(units: readonly Unit[], lines: readonly GivenLine[], expected: Expected): boolean {
  const failed = new Set<string>()
  const rest = (unit: number, line: number): boolean => {
    if (unit === units.length && line === lines.length) return true
    const key = `${unit} ${line}`
    if (failed.has(key)) return false
    const found = step(unit, line)
    if (!found) failed.add(key)
    return found
  }
  const step = (unit: number, line: number): boolean => {
    const one = units[unit]
    if (!one) return false
    if (one.isOptional && rest(unit + 1, line)) return true
    const given = lines[line]
    if (!given) return false
    if (one.accepts?.(given.text) && rest(unit + 1, line + 1)) return true
    if (joined(unit, given.values, 0, line)) return true
    return one.readings.some((reading) => split(reading, 0, unit, line))
  }
  /** Several units in one line. Each place is tried once: units with two readings would double the work each. */
  const joined = (unit: number, values: readonly Value[], from: number, line: number): boolean => {
    const key = `${unit} ${line} ${from}`
    if (failed.has(key)) return false
    const found = joinedFrom(unit, values, from, line)
    if (!found) failed.add(key)
    return found
  }
  const joinedFrom = (unit: number, values: readonly Value[], from: number, line: number): boolean => {
    if (from > 0 && from === values.length) return rest(unit, line + 1)
    const one = units[unit]
    if (!one) return false
    if (one.isOptional && joined(unit + 1, values, from, line)) return true
    return one.readings.some(
      (reading) =>
        reading.length > 0 &&
        startsWith(values, from, reading, expected) &&
        joined(unit + 1, values, from + reading.length, line),
    )
  }
  /** One unit over several lines. */
  const split = (reading: readonly Value[], from: number, unit: number, line: number): boolean => {
    if (from > 0 && from === reading.length) return rest(unit + 1, line)
    const given = lines[line]?.values
    if (!given || given.length === 0 || given.length > reading.length - from) return false
    const part = reading.slice(from, from + given.length)
    return startsWith(given, 0, part, expected) && split(reading, from + given.length, unit, line + 1)
  }
  return rest(0, 0)
}

/** Credit for each line: the longest run of right lines in order, and what stands between them side by side. */
function byLine(units: readonly Unit[], given: readonly GivenLine[], expected?: Expected): Judgement {
  const same = (unit: Unit, line: GivenLine) =>
    expected ? isSameLine(unit, line, expected) : spaced(unit.text) === spaced(line.text)
  const needed = units.filter(({ isOptional }) => !isOptional)
  // A header or a row count that was written, too, is neither right nor wrong.
  const optional = units.filter(({ isOptional }) => isOptional)
  const said =
    optional.length === 0
      ? given
      : given.filter((line) => needed.some((unit) => same(unit, line)) || !optional.some((unit) => same(unit, line)))
  const anchors = common(needed, said, same)
  const lines: LineCredit[] = []
  let [unit, line] = [0, 0]
  for (const [nextUnit, nextLine] of [...anchors, [needed.length, said.length] as const]) {
    while (unit < nextUnit || line < nextLine) {
      const [one, other] = [unit < nextUnit ? needed[unit++] : undefined, line < nextLine ? said[line++] : undefined]
      const credit = one && other ? 'wrong' : one ? 'missing' : 'extra'
      lines.push({ credit, ...(one && { line: one.line, expected: one.text }), ...(other && { given: other.text }) })
    }
    const [one, other] = [needed[nextUnit], said[nextLine]]
    if (one && other) lines.push({ credit: 'right', line: one.line, expected: one.text, given: other.text })
    ;[unit, line] = [nextUnit + 1, nextLine + 1]
  }
  const first = lines.find(({ credit }) => credit !== 'right')
  const lastLine = needed.at(-1)?.line ?? 0
  const from = first && expected && parting(first, needed, said, expected)
  const firstDifference: Difference = {
    line: first?.line ?? lastLine + 1,
    expected: first?.expected ?? '',
    given: first?.given ?? '',
    ...(from && { from }),
  }
  const score = anchors.length / Math.max(needed.length, said.length, 1)
  return { verdict: 'wrong', lines, firstDifference, score }
}

/** The words from which on two lines differ. */
function parting(
  { line, given }: LineCredit,
  units: readonly Unit[],
  lines: readonly GivenLine[],
  { compare }: Expected,
): Difference['from'] {
  const right = units.find((unit) => unit.line === line)?.readings[0]
  const said = lines.find(({ text }) => text === given)?.values
  if (!right || !said) return undefined
  const at = right.findIndex((value, index) => !said[index] || !isSameValue(value, said[index], compare))
  const from = at < 0 ? right.length : at
  const words = (values: readonly Value[]) =>
    values
      .slice(from, from + 3)
      .map(written)
      .join(' ')
  return { expected: words(right), given: words(said) }
}

/** A longest common subsequence, as pairs of indices; of very long texts the lines that stand in the same place. */
function common(
  units: readonly Unit[],
  lines: readonly GivenLine[],
  same: (unit: Unit, line: GivenLine) => boolean,
): (readonly [number, number])[] {
  if (units.length * lines.length > longest.lines ** 2)
    return units.flatMap((unit, index) => (lines[index] && same(unit, lines[index]) ? [[index, index] as const] : []))
  const table = units.map((unit) => lines.map((line) => same(unit, line)))
  const length = Array.from({ length: units.length + 1 }, () => new Array<number>(lines.length + 1).fill(0))
  for (let unit = units.length - 1; unit >= 0; unit--)
    for (let line = lines.length - 1; line >= 0; line--)
      length[unit]![line] = table[unit]![line]
        ? length[unit + 1]![line + 1]! + 1
        : Math.max(length[unit + 1]![line]!, length[unit]![line + 1]!)
  const found: (readonly [number, number])[] = []
  for (let unit = 0, line = 0; unit < units.length && line < lines.length; ) {
    if (table[unit]![line]) found.push([unit++, line++])
    else if (length[unit + 1]![line]! >= length[unit]![line + 1]!) unit++
    else line++
  }
  return found
}
