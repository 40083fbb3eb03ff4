/** Reads an output, or a prediction of it, into values: words, numbers, keywords, strings and bracketed groups. */
import { numberKey } from './number.ts'

/** `text` is what is compared (a number's key, a keyword in lower case), `source` what was written. */
export type Word = { kind: 'word' | 'number' | 'keyword'; text: string; source?: string; colon?: true }
/** Quoted text. `inner` is its content without quotes; `isTyped` when the quotes make another value: `'1'`, `'null'`, `''`. */
export type Quoted = { kind: 'string'; text: string; inner: Value[]; isTyped: boolean; colon?: true }
/** `size` is the 2 of `Map(2) {…}`. */
export type Group = {
  kind: 'group'
  open: string
  elements: Value[][]
  hasCommas: boolean
  size?: string
  colon?: true
}
export type Value = Word | Quoted | Group

export type LexOptions = {
  /** Reads `1,000` outside brackets as 1000. */
  grouping?: boolean | 'before words'
  /** A dash between spaces separates values, as a comma does. */
  dashSeparates?: boolean
  /** `1` and `1.0` are values of two types (Python). */
  typedNumbers?: boolean
}

const closing: Record<string, string> = { '[': ']', '{': '}', '(': ')' }
const keywords = new Set(['true', 'false', 'null', 'undefined', 'none', 'nan', 'infinity', '-infinity'])
/** Deeper brackets are words: no console prints them, and reading them would not end in time. */
const deepest = 40
const separators = new Set(['->', '-->', '=>', '>', '/', '=', '~>'])
const breaksWord = /[\s,;·•→⇒|:]/

/** Unifies characters that a keyboard, a phone or a word processor writes in more than one way. */
export function unify(text: string): string {
  return text
    .normalize('NFC')
    .replace(/\r\n?/g, '\n')
    .replace(/[‘’]/g, "'")
    .replace(/[“”„]/g, '"')
    .replace(/\u2212/g, '-')
    .replace(/[µμ]/g, 'u')
    .replaceAll('×', 'x')
    .replaceAll('…', '...')
    .replaceAll('∞', 'Infinity')
    .replaceAll('│', '|')
    .replaceAll('\u00A0', ' ')
}

/** The values of a unified text. Brackets without a partner are words. */
export function lex(text: string, options: LexOptions = {}): Value[] {
  return new Lexer(text, options).sequence(0, text.length, true).elements.flat()
}

/** Positions of the brackets that have a partner, outside quotes. */
function pairs(text: string): Map<number, number> {
  const found = new Map<number, number>()
  const open: number[] = []
  const quoteEnd = quoteScanner(text)
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    const end = quoteEnd(at)
    if (end !== undefined) at = end
    else if (closing[character]) open.push(at)
    else if (/[\])}]/.test(character)) {
      const start = open.at(-1)
      if (start !== undefined && closing[text[start]!] === character) {
        if (open.length <= deepest) found.set(start, at)
        open.pop()
      }
    }
  }
  return found
}

/** Whether brackets are still open at the end of `text`: the value goes on in the next line. */
export function isOpen(text: string): boolean {
  let depth = 0
  const quoteEnd = quoteScanner(text)
  for (let at = 0; at < text.length; at++) {
    const end = quoteEnd(at)
    if (end !== undefined) at = end
    else if (/[[{(]/.test(text[at]!)) depth++
    else if (/[\])}]/.test(text[at]!)) depth--
  }
  return depth > 0
}

/** Where the string ends that starts at a position of `text`; `undefined` where none starts or it has no end. */
function quoteScanner(text: string): (at: number) => number | undefined {
  /** By quote: up to here a search has found no end, so another search would find none either. */
  const searched = new Map<string, number>()
  return (at) => {
    const quote = text[at]!
    if (quote !== "'" && quote !== '"' && quote !== '`') return undefined
    // An apostrophe within a word starts no string.
    if (at > 0 && !/[\s[({,;:=|·>/@]/.test(text[at - 1]!)) return undefined
    if (at < (searched.get(quote) ?? 0)) return undefined
    let end = at + 1
    for (; end < text.length && text[end] !== '\n'; end++) {
      if (text[end] === '\\') end++
      else if (text[end] === quote && (end + 1 === text.length || /[\s\])},;:.=|·?]/.test(text[end + 1]!))) return end
    }
    searched.set(quote, end)
    return undefined
  }
}

class Lexer {
  readonly #text: string
  readonly #options: LexOptions
  readonly #pairs: Map<number, number>
  readonly #quoteEnd: (at: number) => number | undefined

  constructor(text: string, options: LexOptions) {
    this.#text = text
    this.#options = options
    this.#pairs = pairs(text)
    this.#quoteEnd = quoteScanner(text)
  }

  sequence(from: number, to: number, isTop: boolean): { elements: Value[][]; hasCommas: boolean } {
    const elements: Value[][] = [[]]
    let hasCommas = false
    const add = (...values: Value[]) => elements.at(-1)!.push(...values)
    for (let at = from; at < to; ) {
      const character = this.#text[at]!
      const end = this.#quoteEnd(at)
      const partner = this.#pairs.get(at)
      const grouped = isTop && this.#options.grouping ? this.#grouped(at) : undefined
      if (/\s/.test(character)) at++
      else if (character === ':') {
        const last = elements.at(-1)!.at(-1)
        if (last) last.colon = true
        at++
      } else if (/[,;·•→⇒|]/.test(character)) {
        hasCommas = true
        elements.push([])
        at++
      } else if (end !== undefined && end < to) {
        add(quoted(this.#text.slice(at + 1, end), this.#options))
        at = end + 1
      } else if (partner !== undefined) {
        this.#addGroup(elements.at(-1)!, at, partner)
        at = partner + 1
      } else if (grouped !== undefined) {
        add({ kind: 'number', text: numberKey(grouped.replaceAll(',', ''))!, source: grouped })
        at += grouped.length
      } else {
        let stop = at + 1
        while (stop < to && !breaksWord.test(this.#text[stop]!) && !this.#pairs.has(stop)) stop++
        add(...words(this.#text.slice(at, stop), this.#options))
        at = stop
      }
    }
    // A comma at the end, or none at all, makes no element.
    return {
      elements: elements.filter((element, index) => element.length > 0 || index < elements.length - 1),
      hasCommas,
    }
  }

  #grouped(at: number): string | undefined {
    if (at > 0 && !/[\s,;:=|]/.test(this.#text[at - 1]!)) return undefined
    const wanted = this.#options.grouping === 'before words' ? /^-?[1-9]\d{0,2}(,\d{3})+(?= [a-z])/i : undefined
    return (wanted ?? /^-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?(?![\w,.]*\d)/).exec(this.#text.slice(at, at + 40))?.[0]
  }

  #addGroup(before: Value[], at: number, partner: number): void {
    const { elements, hasCommas } = this.sequence(at + 1, partner, false)
    const group: Group = { kind: 'group', open: this.#text[at]!, elements, hasCommas }
    const [size, name] = [before.at(-1), before.at(-2)]
    // Map(2) {…}: the size is not an element of its own.
    if (group.open !== '(' && size?.kind === 'group' && size.open === '(' && name?.kind === 'word') {
      const [only] = size.elements.flat()
      if (/^[A-Z]\w*$/.test(name.text) && only?.kind === 'number' && size.elements.flat().length === 1) {
        before.pop()
        group.size = only.text
      }
    }
    before.push(group)
  }
}

function quoted(text: string, options: LexOptions): Quoted {
  const content = text.replace(/\\(['"`\\])/g, '$1')
  const inner = content
    .split(breaksWord)
    .flatMap((part) => part.split(/(?<=[[\](){}])|(?=[[\](){}])/))
    .filter((part) => part !== '')
    .flatMap((part) => words(part, options))
  const isTyped = content === '' || numberKey(content) !== undefined || keywords.has(content.toLowerCase())
  return { kind: 'string', text: content, inner, isTyped }
}

/** What stands between two separators: one word as a rule, none for an arrow, two for `4MB`. */
function words(run: string, options: LexOptions, depth = 0): Value[] {
  if (separators.has(run) || run === '.' || run === '?') return []
  if (options.dashSeparates && /^[-–—]$/.test(run)) return []
  const parts = run.split(/(?<![<\-=>])(?:->|=>)(?!>)|(?<![=<>!])=(?![=<>])/)
  // Each part may split again, as `->->a` does; nobody writes that many arrows in a row.
  if (parts.length > 1 && depth < 20)
    return parts.flatMap((part) => (part === '' ? [] : words(part, options, depth + 1)))
  const text = run.replace(/(?<=[^.?])[.?]+$/, '').replace(/^<(\w+)>$/, '$1')
  const key = numberKey(text)
  if (key !== undefined) return [{ kind: 'number', text: key + typeMark(text, options), source: text }]
  if (keywords.has(text.toLowerCase())) return [{ kind: 'keyword', text: text.toLowerCase(), source: text }]
  const unit = /^(-?[\d.]+)([a-zA-Z%°²]+)$/.exec(text)
  const amount = unit && numberKey(unit[1]!)
  if (unit && amount !== undefined && amount !== null)
    return [
      { kind: 'number', text: amount + typeMark(unit[1]!, options), source: unit[1]! },
      { kind: 'word', text: unit[2]! },
    ]
  const sign = /^([-+])([A-Za-z].*)$/.exec(text)
  if (sign) return [{ kind: 'word', text: sign[1]! }, ...words(sign[2]!, options)]
  return [{ kind: 'word', text }]
}

/** A value as text, for a message. */
export function written(value: Value): string {
  if (value.kind === 'string') return `'${value.text}'`
  if (value.kind !== 'group') return value.source ?? value.text
  const inner = value.elements.map((element) => element.map(written).join(' ')).join(', ')
  return `${value.open}${inner}${closing[value.open]}`
}

function typeMark(text: string, { typedNumbers }: LexOptions): string {
  return typedNumbers && /[.eE]/.test(text) ? 'float' : ''
}
