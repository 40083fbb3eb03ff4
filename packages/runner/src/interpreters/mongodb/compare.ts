/** Shared small pieces of the query model: matching, and the order of values. */
import { isPlain } from './document.ts'

export type { Doc } from './document.ts'
import type { Doc } from './document.ts'

/** Whether a document matches a filter. */
export type Matches = (document: Doc, filter: Doc) => boolean

/** `{ $gt: 3 }`, as against a plain value. */
export function isOperators(value: unknown): boolean {
  if (value instanceof RegExp) return true
  return isPlain(value) && Object.keys(value).some((key) => key.startsWith('$'))
}

const typeOrder = ['null', 'number', 'string', 'object', 'array', 'id', 'boolean', 'date']

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (value instanceof Date) return 'date'
  if (typeof value === 'object') return isPlain(value) ? 'object' : 'id'
  return typeof value
}

/** BSON's order: by type, then by value. */
export function compare(a: unknown, b: unknown): number {
  const typeA = typeOf(a)
  const typeB = typeOf(b)
  if (typeA !== typeB) return typeOrder.indexOf(typeA) - typeOrder.indexOf(typeB)
  const [x, y] =
    typeA === 'object' || typeA === 'array' ? [JSON.stringify(a), JSON.stringify(b)] : [a as number, b as number]
  return typeA === 'null' ? 0 : x < y ? -1 : x > y ? 1 : 0
}
