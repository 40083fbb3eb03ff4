/** Documents, object ids and the errors of a MongoDB server, as far as a fence sees them. */

export type Doc = Record<string, unknown>

const inspectSymbol = Symbol.for('nodejs.util.inspect.custom')

/** Twelve bytes in hex. Made ids count up from the same start in every run, so that a page can print them. */
export class ObjectIdValue {
  readonly #hex: string

  constructor(hex: string) {
    this.#hex = hex
  }

  toHexString(): string {
    return this.#hex
  }

  toString(): string {
    return this.#hex
  }

  toJSON(): string {
    return this.#hex
  }

  valueOf(): string {
    return this.#hex
  }

  equals(other: unknown): boolean {
    return String(other) === this.#hex
  }

  getTimestamp(): Date {
    return new Date(Number.parseInt(this.#hex.slice(0, 8), 16) * 1000)
  }

  [inspectSymbol](): string {
    return `ObjectId('${this.#hex}')`
  }
}

/** `ObjectId()` and `ObjectId('65…')`, with or without `new`. The first made id of a run is always the same. */
export function createObjectId() {
  let count = 0
  // 2026-01-01T00:00:00Z, then five bytes that are random on a server and fixed here, then the counter.
  const next = () => `6955b900${'7669766100'}${(++count).toString(16).padStart(6, '0')}`
  return function ObjectId(hex?: unknown): ObjectIdValue {
    if (hex === undefined) return new ObjectIdValue(next())
    const text = String(hex).toLowerCase()
    if (!/^[0-9a-f]{24}$/.test(text)) {
      throw named(
        new TypeError('input must be a 24 character hex string, 12 byte Uint8Array, or an integer'),
        'BSONError',
      )
    }
    return new ObjectIdValue(text)
  }
}

export class MongoServerError extends Error {
  readonly code: number
  readonly codeName: string

  constructor(message: string, code: number, codeName: string, name = 'MongoServerError') {
    super(message)
    this.code = code
    this.codeName = codeName
    named(this, name)
  }
}

/** Sets the name where a class would: not among the properties that are printed. */
function named<E extends Error>(error: E, name: string): E {
  Object.defineProperty(error, 'name', { value: name, configurable: true })
  error.stack = `${name}: ${error.message}${/\n\s+at [\s\S]*$/.exec(error.stack ?? '')?.[0] ?? ''}`
  return error
}

/** What a server can do and this model cannot: said, never guessed. */
export function notModelled(what: string): Error {
  return named(
    new Error(
      `${what} is not part of this model. It is MongoDB's query language on documents in memory, not a server.`,
    ),
    'NotModelled',
  )
}

/** A deep copy; ids and other values that are not plain stay what they are. */
export function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T
  if (value instanceof Date) return new Date(value) as T
  if (isPlain(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)])) as T
  return value
}

export function isPlain(value: unknown): value is Doc {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** A value as a server writes it into an error message: `{ email: "a@example.com" }`. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Date) return `new Date(${value.getTime()})`
  if (value instanceof ObjectIdValue) return `ObjectId('${value.toHexString()}')`
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[ ${value.map(show).join(', ')} ]`
  if (isPlain(value)) {
    const inside = Object.entries(value).map(([key, item]) => `${key}: ${show(item)}`)
    return inside.length === 0 ? '{}' : `{ ${inside.join(', ')} }`
  }
  return String(value as number)
}

/** A key that is equal for equal values, whatever their type. */
export function keyOf(value: unknown): string {
  return `${value instanceof Date ? 'date' : typeof value}:${show(value)}`
}

/** Every value that a dotted path reaches: arrays on the way are walked. */
export function valuesAt(document: unknown, path: string): unknown[] {
  const walk = (value: unknown, parts: string[]): unknown[] => {
    if (parts.length === 0) return Array.isArray(value) ? value : [value]
    if (Array.isArray(value)) {
      const index = Number(parts[0])
      if (Number.isInteger(index) && index in value) return walk(value[index], parts.slice(1))
      return value.flatMap((item) => (isPlain(item) ? walk(item, parts) : []))
    }
    return isPlain(value) ? walk(value[parts[0] as string], parts.slice(1)) : []
  }
  const found = walk(document, path.split('.'))
  return found.length === 0 ? [undefined] : found
}
