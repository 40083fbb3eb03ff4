/** The indexes of a collection: their definitions, uniqueness, and which one a query would walk. */
import { compare, type Doc, isOperators, type Matches } from './compare.ts'
import { keyOf, MongoServerError, notModelled, show, valuesAt } from './document.ts'
import type { TextOptions } from './text.ts'

export type IndexKey = Record<string, 1 | -1 | 'text'>

export type IndexOptions = {
  name?: string
  unique?: boolean
  sparse?: boolean
  partialFilterExpression?: Doc
  expireAfterSeconds?: number
  weights?: Record<string, number>
  default_language?: string
  language_override?: string
  [other: string]: unknown
}

export class Index {
  readonly name: string
  readonly key: IndexKey
  readonly options: IndexOptions
  readonly text: TextOptions | undefined
  readonly #owners = new Map<string, Doc>()

  constructor(key: IndexKey, options: IndexOptions) {
    const entries = Object.entries(key)
    if (entries.length === 0)
      throw new MongoServerError('Index keys cannot be an empty object', 67, 'CannotCreateIndex')
    for (const [field, direction] of entries) {
      if (direction !== 1 && direction !== -1 && direction !== 'text')
        throw notModelled(`An index on ${field} of kind ${show(direction)}`)
    }
    this.key = key
    this.options = options
    this.name = options.name ?? entries.map(([field, direction]) => `${field}_${direction}`).join('_')
    const textFields = entries.filter(([, direction]) => direction === 'text').map(([field]) => field)
    if (textFields.length > 0) {
      const weights = { ...Object.fromEntries(textFields.map((field) => [field, 1])), ...options.weights }
      this.text = {
        weights: Object.fromEntries(Object.entries(weights).toSorted(([a], [b]) => (a < b ? -1 : 1))),
        defaultLanguage: options.default_language ?? 'english',
        languageOverride: options.language_override ?? 'language',
      }
    }
  }

  /** The fields around the text part, as a server keeps them: `{ category: 1, _fts: 'text', _ftsx: 1 }`. */
  get storedKey(): Record<string, unknown> {
    if (!this.text) return this.key
    const stored: Record<string, unknown> = {}
    for (const [field, direction] of Object.entries(this.key)) {
      if (direction === 'text') Object.assign(stored, { _fts: 'text', _ftsx: 1 })
      else stored[field] = direction
    }
    return stored
  }

  /** As `getIndexes()` shows it. */
  get spec(): Doc {
    const { name: _, weights: _w, default_language: _d, language_override: _l, ...rest } = this.options
    return {
      v: 2,
      key: this.storedKey,
      name: this.name,
      ...rest,
      ...(this.text && {
        weights: this.text.weights,
        default_language: this.text.defaultLanguage,
        language_override: this.text.languageOverride,
        textIndexVersion: 3,
      }),
    }
  }

  /** Whether a document has entries here. */
  holds(document: Doc, matches: Matches): boolean {
    const { sparse, partialFilterExpression } = this.options
    if (partialFilterExpression && !matches(document, partialFilterExpression)) return false
    return (
      !sparse || Object.keys(this.key).some((field) => valuesAt(document, field).some((value) => value !== undefined))
    )
  }

  /** One entry a combination of array elements; a missing field is null. */
  entries(document: Doc): unknown[][] {
    let entries: unknown[][] = [[]]
    for (const field of Object.keys(this.key)) {
      const values = valuesAt(document, field).map((value) => value ?? null)
      entries = entries.flatMap((entry) => values.map((value) => [...entry, value]))
    }
    return entries
  }

  /** Throws E11000 where a document other than `instead` has a key of `candidate`. */
  checkUnique(
    namespace: string,
    candidate: Doc,
    matches: Matches,
    { instead, errorName }: { instead?: Doc; errorName?: string } = {},
  ): void {
    if (!this.options.unique || !this.holds(candidate, matches)) return
    for (const entry of this.entries(candidate)) {
      const owner = this.#owners.get(ownerKey(entry))
      if (owner === undefined || owner === instead) continue
      const shown = Object.keys(this.key).map((field, index) => `${field}: ${show(entry[index])}`)
      throw new MongoServerError(
        `E11000 duplicate key error collection: ${namespace} index: ${this.name} dup key: { ${shown.join(', ')} }`,
        11000,
        'DuplicateKey',
        errorName,
      )
    }
  }

  /** Notes who owns the keys of a unique index. */
  add(document: Doc, matches: Matches): void {
    if (!this.options.unique || !this.holds(document, matches)) return
    for (const entry of this.entries(document)) this.#owners.set(ownerKey(entry), document)
  }

  remove(document: Doc): void {
    if (!this.options.unique) return
    for (const entry of this.entries(document)) {
      const key = ownerKey(entry)
      if (this.#owners.get(key) === document) this.#owners.delete(key)
    }
  }

  clear(): void {
    this.#owners.clear()
  }
}

function ownerKey(entry: unknown[]): string {
  return entry.map(keyOf).join('|')
}

/** Adds an index; the errors are a server's own. Returns false where the same one exists. */
export function addIndex(existing: Index[], added: Index): boolean {
  const shown = (index: Index) => show(index.spec)
  const both = (other: Index) => `Requested index: ${shown(added)}, existing index: ${shown(other)}`
  const sameKey = existing.find((other) => show(other.storedKey) === show(added.storedKey))
  if (sameKey) {
    if (shown(sameKey) === shown(added)) return false
    const { name: _, ...sameOptions } = sameKey.spec
    const { name: _n, ...addedOptions } = added.spec
    if (sameKey.name === added.name)
      throw new MongoServerError(
        `An equivalent index already exists with the same name but different options. ${both(sameKey)}`,
        86,
        'IndexKeySpecsConflict',
      )
    throw new MongoServerError(
      show(sameOptions) === show(addedOptions)
        ? `Index already exists with a different name: ${sameKey.name}`
        : `An equivalent index already exists with a different name and options. ${both(sameKey)}`,
      85,
      'IndexOptionsConflict',
    )
  }
  const sameName = existing.find((other) => other.name === added.name)
  if (sameName) {
    throw new MongoServerError(
      `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. ${both(sameName)}`,
      86,
      'IndexKeySpecsConflict',
    )
  }
  const text = existing.find((other) => other.text)
  if (added.text && text) {
    throw new MongoServerError(
      `only one text index per collection allowed, found existing text index "${text.name}"`,
      67,
      'CannotCreateIndex',
    )
  }
  existing.push(added)
  return true
}

export type Walk = {
  index: Index
  /** Entries between the bounds of the leading fields. */
  keysExamined: number
  /** Of those, whose other indexed fields match too: only these documents are fetched. */
  documents: Doc[]
  givesOrder: boolean
}

/**
 * How a query would walk an index: equality on leading fields, then one range, is a contiguous part of it; conditions on
 * later fields are checked on the keys. (A server may skip within the part, so its `totalKeysExamined` can be smaller.)
 */
export function walk(
  index: Index,
  documents: readonly Doc[],
  filter: Doc,
  sort: Doc | undefined,
  matches: Matches,
): Walk | undefined {
  if (index.text || index.options.sparse || index.options.partialFilterExpression) return undefined
  const fields = Object.keys(index.key)
  const bounds: string[] = []
  let isOpen = false
  let equalities = 0
  for (const field of fields) {
    if (!Object.hasOwn(filter, field) || isOpen) break
    bounds.push(field)
    if (isOperators(filter[field]) && !Object.hasOwn(filter[field] as Doc, '$eq')) isOpen = true
    else equalities++
  }
  const givesOrder = isOrdered(index, fields.slice(equalities), fields.slice(0, equalities), sort)
  if (bounds.length === 0 && !(sort && givesOrder)) return undefined
  const later = fields.filter((field) => !bounds.includes(field) && Object.hasOwn(filter, field))
  const part = (names: string[]) => Object.fromEntries(names.map((name) => [name, filter[name]]))
  const within = documents.filter((document) => matches(document, part(bounds)))
  const keysExamined = within.reduce(
    (sum, document) => sum + Math.max(1, keysWithin(index, document, bounds, filter, matches)),
    0,
  )
  return { index, keysExamined, documents: within.filter((document) => matches(document, part(later))), givesOrder }
}

/** Multikey: of the entries of a document those whose leading values lie within the bounds. */
function keysWithin(index: Index, document: Doc, bounds: string[], filter: Doc, matches: Matches): number {
  const fields = Object.keys(index.key)
  return index
    .entries(document)
    .filter((entry) =>
      bounds.every((field) => matches({ value: entry[fields.indexOf(field)] }, { value: filter[field] })),
    ).length
}

/** Whether walking the index one way or the other gives the sort order. */
function isOrdered(index: Index, rest: string[], equal: string[], sort: Doc | undefined): boolean {
  if (!sort) return false
  const wanted = Object.entries(sort).filter(([field]) => !equal.includes(field))
  const directions = wanted.map(([field, direction], at) =>
    rest[at] === field ? Number(index.key[field]) * Number(direction) : 0,
  )
  return directions.every((direction) => direction === 1) || directions.every((direction) => direction === -1)
}

/** Index order, for tests and for the order in which a covered query gives its rows. */
export function compareEntries(index: Index, a: unknown[], b: unknown[]): number {
  const directions = Object.values(index.key)
  for (const [at, direction] of directions.entries()) {
    const order = compare(a[at], b[at]) * (direction === -1 ? -1 : 1)
    if (order !== 0) return order
  }
  return 0
}
