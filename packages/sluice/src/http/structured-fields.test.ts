/** The library that reads and writes structured fields is held to the public cases of the HTTP working group. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import {
  type BareItem,
  type Dictionary,
  DisplayString,
  type InnerList,
  type Item,
  type List,
  type Parameters,
  Token,
} from 'structured-headers'
import { parseDictionary, parseItem, parseList, writeDictionary, writeItem, writeList } from './structured-fields.ts'

type Json = string | number | boolean | Json[] | { __type: string; value: string | number }
type Case = {
  name: string
  header_type: 'item' | 'list' | 'dictionary'
  raw: string[]
  expected?: Json
  must_fail?: boolean
  can_fail?: boolean
  canonical?: string[]
}

const file = new URL('fixtures/structured-field-tests.json.gz', import.meta.url)
const { parse, serialise } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Record<string, Case[]>

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The cases write bytes in base 32 (RFC 4648, section 6). */
function toBase32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const text = (bits.match(/.{1,5}/g) ?? []).map((five) => alphabet[Number.parseInt(five.padEnd(5, '0'), 2)]).join('')
  return text.padEnd(Math.ceil(text.length / 8) * 8, '=')
}

function fromBase32(text: string): Uint8Array {
  const bits = [...text.replace(/=+$/, '')].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0'))
  return Uint8Array.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

function bareToJson(value: BareItem): Json {
  if (value instanceof Token) return { __type: 'token', value: value.toString() }
  if (value instanceof DisplayString) return { __type: 'displaystring', value: value.toString() }
  if (value instanceof Date) return { __type: 'date', value: value.getTime() / 1000 }
  if (value instanceof ArrayBuffer) return { __type: 'binary', value: toBase32(new Uint8Array(value)) }
  // A negative zero is a zero.
  return value === 0 ? 0 : (value as string | number | boolean)
}
const parametersToJson = (parameters: Parameters): Json =>
  [...parameters].map(([key, value]) => [key, bareToJson(value)])
const memberToJson = (member: Item | InnerList): Json => [
  Array.isArray(member[0]) ? member[0].map(memberToJson) : bareToJson(member[0] as BareItem),
  parametersToJson(member[1]),
]

function bareFromJson(value: Json): BareItem {
  if (typeof value !== 'object' || Array.isArray(value)) return value as string
  const { __type: type, value: of } = value
  if (type === 'token') return new Token(of as string)
  if (type === 'displaystring') return new DisplayString(of as string)
  if (type === 'date') return new Date((of as number) * 1000)
  return fromBase32(of as string) as BareItem
}
const parametersFromJson = (json: Json): Parameters =>
  new Map((json as [string, Json][]).map(([key, value]) => [key, bareFromJson(value)]))
const memberFromJson = (json: Json): Item | InnerList => {
  const [value, parameters] = json as [Json, Json]
  if (Array.isArray(value)) return [value.map(memberFromJson) as Item[], parametersFromJson(parameters)]
  return [bareFromJson(value), parametersFromJson(parameters)]
}

function read(type: Case['header_type'], text: string): Json {
  if (type === 'item') return memberToJson(parseItem(text))
  if (type === 'list') return parseList(text).map(memberToJson)
  return [...parseDictionary(text)].map(([key, member]) => [key, memberToJson(member)])
}

function write(type: Case['header_type'], json: Json): string {
  if (type === 'item') return writeItem(memberFromJson(json) as Item)
  if (type === 'list') return writeList((json as Json[]).map(memberFromJson) as List)
  const members = (json as [string, Json][]).map(([key, member]) => [key, memberFromJson(member)] as const)
  return writeDictionary(new Map(members) as Dictionary)
}

/** Every case is tried; the names of those that went wrong are told together. */
function hold(cases: Case[], check: (one: Case) => void): void {
  const failed: string[] = []
  for (const one of cases) {
    try {
      check(one)
    } catch (error) {
      failed.push(`${one.name}: ${(error as Error).message}`)
    }
  }
  assert.deepEqual(failed, [])
}

describe('structured fields', () => {
  test('parses as the 1,591 public cases say', () => {
    assert.equal(parse!.length, 1591)
    hold(parse!, ({ header_type: type, raw, expected, must_fail: mustFail, can_fail: canFail }) => {
      const text = raw.join(', ')
      if (mustFail) {
        assert.throws(() => read(type, text))
        return
      }
      try {
        assert.deepEqual(read(type, text), expected)
      } catch (error) {
        if (!canFail) throw error
      }
    })
  })

  test('serialises as they and the 544 others say', () => {
    assert.equal(serialise!.length, 544)
    hold(serialise!, ({ header_type: type, expected, canonical, must_fail: mustFail }) => {
      if (mustFail) assert.throws(() => write(type, expected!))
      else assert.equal(write(type, expected!), canonical!.join(', '))
    })
    // What JSON and Date can say: in JSON 1.0 is 1, and no Date is later than 8.64e15 ms.
    const isTold = (text: string): boolean => !/\.0+(?!\d)|@-?9{15}/.test(text)
    hold(
      parse!.filter(({ must_fail: mustFail, raw, canonical }) => !mustFail && isTold((canonical ?? raw).join())),
      ({ header_type: type, raw, expected, canonical }) =>
        assert.equal(write(type, expected!), (canonical ?? raw).join(', ')),
    )
  })
})
