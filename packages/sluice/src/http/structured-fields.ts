/** Structured fields (RFC 9651), by `structured-headers`; decimals are rounded here, to the even neighbour, which it does not do. */

import {
  type BareItem,
  type Dictionary,
  type InnerList,
  type Item,
  type List,
  type Parameters,
  serializeDictionary,
  serializeItem,
  serializeList,
  Token,
} from 'structured-headers'

export { parseDictionary, parseItem, parseList } from 'structured-headers'

/** A decimal as its text; to the library, a token is written as it is. */
class Decimal extends Token {
  readonly #text: string

  constructor(text: string) {
    super('decimal')
    this.#text = text
  }

  override toString(): string {
    return this.#text
  }
}

/** RFC 9651, 4.1.5: three digits after the point at most, a final 5 goes to the even neighbour. */
function decimal(value: number): BareItem {
  const [whole, fraction = ''] = String(Math.abs(value)).split('.')
  // As it is (or too great, which the library refuses); less than a millionth has an exponent, and is 0.0 to it.
  if (fraction.length <= 3 || fraction.includes('e')) return value
  const rest = fraction.slice(3)
  let thousandths = BigInt(whole! + fraction.slice(0, 3))
  if (rest[0]! > '5' || (rest[0] === '5' && (/[1-9]/.test(rest.slice(1)) || thousandths % 2n === 1n))) thousandths++
  const digits = String(thousandths).padStart(4, '0')
  if (digits.length > 15) return value + Math.sign(value)
  const text = `${digits.slice(0, -3)}.${digits.slice(-3)}`.replace(/(\.\d+?)0+$/, '$1')
  return new Decimal(value < 0 ? `-${text}` : text)
}

const bare = (value: BareItem): BareItem =>
  typeof value === 'number' && !Number.isInteger(value) ? decimal(value) : value
const parameters = (from: Parameters): Parameters => new Map([...from].map(([key, value]) => [key, bare(value)]))
const item = ([value, of]: Item): Item => [bare(value), parameters(of)]
const member = (of: Item | InnerList): Item | InnerList =>
  Array.isArray(of[0]) ? [of[0].map(item), parameters(of[1])] : item(of as Item)

/** Throws where the value has no form in a field. */
export const writeItem = (value: Item): string => serializeItem(item(value))
export const writeList = (value: List): string => serializeList(value.map(member))
export const writeDictionary = (value: Dictionary): string =>
  serializeDictionary(new Map([...value].map(([key, of]) => [key, member(of)])))
