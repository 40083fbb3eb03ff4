/** MongoDB's shell over documents in memory: mingo's query language, Viva's indexes and text search. Not a server. */
import type { Interpreter, Realm, Stage } from '../interpreter.ts'
import { runModule } from './javascript.ts'
import { Collection, type Shell } from './mongodb/collection.ts'
import { createObjectId, type Doc, notModelled, ObjectIdValue } from './mongodb/document.ts'
import { createLanguage } from './mongodb/mingo.ts'

/** JavaScript with mongosh's globals; an empty database `test` a job. */
export function loadMongodb(realm: Realm): Promise<Interpreter> {
  return Promise.resolve({
    run: (job, stage) => runModule(job, stage, realm, { globals: createShell(stage, realm) }),
  })
}

function createShell(stage: Stage, realm: Realm): Record<string, unknown> {
  const collections = new Map<string, Collection>()
  const ObjectId = createObjectId()
  const shell: Shell = {
    newId: () => ObjectId(),
    writes: 0,
    language: createLanguage((name) => collection(name).documents),
  }

  function collection(name: string): Collection {
    let found = collections.get(name)
    if (!found) {
      found = new Collection(name, shell)
      collections.set(name, found)
    }
    return found
  }

  const database: Record<string, unknown> = {
    getName: () => 'test',
    getCollection: collection,
    collection,
    createCollection: (name: string) => {
      collection(name)
      return { ok: 1 }
    },
    getCollectionNames: () => [...collections].filter(([, one]) => one.documents.length > 0).map(([name]) => name),
    dropDatabase: () => {
      collections.clear()
      return { ok: 1, dropped: 'test' }
    },
    runCommand: () => {
      throw notModelled('runCommand')
    },
  }
  const db = new Proxy(database, {
    get: (target, name) => {
      if (typeof name === 'symbol' || name === 'then') return undefined
      return Object.hasOwn(target, name) ? target[name] : collection(name)
    },
  })
  // mongosh shows nested values to any depth.
  const show = (value: unknown) =>
    typeof value === 'string' ? value : realm.inspect(value, { depth: Number.POSITIVE_INFINITY, compact: 3 })
  const print = (...values: unknown[]) => stage.print(`${values.map(show).join(' ')}\n`)
  return {
    db,
    print,
    printjson: print,
    ObjectId: Object.assign(ObjectId, { isValid: (hex: unknown) => /^[0-9a-f]{24}$/i.test(String(hex)) }),
    ISODate: (text?: string) => (text === undefined ? new Date() : new Date(text)),
    NumberInt: Number,
    NumberLong: Number,
    sleep: () => {
      throw notModelled('sleep')
    },
    EJSON: { stringify: (value: unknown, ...rest: []) => JSON.stringify(extended(value), ...rest) },
  } satisfies Doc
}

function extended(value: unknown): unknown {
  if (value instanceof ObjectIdValue) return { $oid: value.toHexString() }
  if (value instanceof Date) return { $date: value.toISOString() }
  if (Array.isArray(value)) return value.map(extended)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, extended(item)]))
  }
  return value
}
