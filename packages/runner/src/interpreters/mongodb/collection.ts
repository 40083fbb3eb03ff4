/** A collection and its cursor, with the methods that mongosh gives them. Everything is synchronous. */
import { type Doc, isOperators } from './compare.ts'
import { copy, isPlain, MongoServerError, notModelled } from './document.ts'
import { addIndex, Index, type IndexKey, type IndexOptions, type Walk, walk } from './indexes.ts'
import { type Language, mingoUpdateOne, scoreKey } from './mingo.ts'
import { parseSearch, scoreDocument, scoreTerms } from './text.ts'

type Update = Doc | Doc[]
type UpdateOptions = { upsert?: boolean; arrayFilters?: Doc[] }
type FindAndUpdateOptions = UpdateOptions & { sort?: Doc; projection?: Doc; returnDocument?: 'before' | 'after' }
type Found = { documents: Doc[]; text?: { index: Index; keysExamined: number } }

/** What the collections of one database share. */
export type Shell = {
  language: Language
  newId: () => unknown
  /** Counts the pipelines that wrote into a collection by themselves ($out, $merge). */
  writes: number
}

export class Collection {
  readonly #name: string
  readonly #shell: Shell
  readonly documents: Doc[] = []
  #seenWrites = 0
  #indexes: Index[] = [new Index({ _id: 1 }, { unique: true })]

  constructor(name: string, shell: Shell) {
    this.#name = name
    this.#shell = shell
  }

  get #namespace(): string {
    return `test.${this.#name}`
  }

  #matches = (document: Doc, filter: Doc) => this.#shell.language.matches(document, filter)

  /** The documents that a filter finds, in the order of insertion, with their text score if it searches. */
  search(filter: Doc): Found {
    const { $text, ...rest } = filter
    if ($text !== undefined) {
      const found = this.#searchText($text as Doc)
      return { ...found, documents: this.#shell.language.filter(found.documents, rest) }
    }
    if (JSON.stringify(filter)?.includes('"$text"')) throw notModelled('$text inside $and, $or or $nor')
    return { documents: this.#shell.language.filter(this.documents, filter) }
  }

  /** The index that a query would walk: the one that fetches the fewest documents, and gives the order if one does. */
  plan(filter: Doc, sort?: Doc): Walk | undefined {
    const walks = this.#indexes
      .map((index) => walk(index, this.documents, filter, sort, this.#matches))
      .filter((one) => one !== undefined)
    return walks.toSorted(
      (a, b) =>
        Number(b.givesOrder) - Number(a.givesOrder) ||
        a.documents.length - b.documents.length ||
        a.keysExamined - b.keysExamined,
    )[0]
  }

  #searchText(text: Doc): { documents: Doc[]; text: { index: Index; keysExamined: number } } {
    const index = this.#indexes.find((one) => one.text)
    if (!index?.text) throw new MongoServerError('text index required for $text query', 27, 'IndexNotFound')
    if (text['$caseSensitive'] === true || text['$diacriticSensitive'] === true)
      throw notModelled('$caseSensitive and $diacriticSensitive')
    if (typeof text['$search'] !== 'string')
      throw new MongoServerError('"$search" had the wrong type. Expected string', 14, 'TypeMismatch')
    const options = index.text
    const query = parseSearch(text['$search'], String(text['$language'] ?? options.defaultLanguage))
    let keysExamined = 0
    const documents: Doc[] = []
    for (const document of this.documents) {
      const terms = scoreTerms(document, options)
      keysExamined += [...query.terms].filter((term) => terms.has(term)).length
      const score = scoreDocument(document, query, options)
      if (score !== undefined) documents.push({ ...document, [scoreKey]: score })
    }
    return { documents, text: { index, keysExamined } }
  }

  find(filter: Doc = {}, projection: Doc = {}): Cursor {
    return new Cursor(this, this.#shell.language, filter, projection)
  }

  findOne(filter: Doc = {}, projection: Doc = {}): Doc | null {
    return this.find(filter, projection).limit(1).toArray()[0] ?? null
  }

  aggregate(...given: (Doc | Doc[])[]): AggregationCursor {
    const pipeline = (Array.isArray(given[0]) ? given[0] : given) as Doc[]
    return new AggregationCursor(() => this.#aggregate(pipeline))
  }

  #aggregate(pipeline: Doc[]): Doc[] {
    const [first, ...rest] = pipeline
    const match = first?.['$match'] as Doc | undefined
    if (rest.some((stage) => isPlain(stage['$match']) && '$text' in stage['$match'])) {
      throw new MongoServerError(
        '$match with $text is only allowed as the first pipeline stage',
        17313,
        'Location17313',
      )
    }
    const isSearch = match && '$text' in match
    const rows = isSearch ? this.search(match).documents : this.documents
    const last = pipeline.at(-1) ?? {}
    if ('$out' in last || '$merge' in last) this.#shell.writes++
    return output(this.#shell.language.aggregate(rows.map(copyScored), isSearch ? rest : pipeline))
  }

  #add(document: Doc, errorName?: string): unknown {
    const added = copy(Object.hasOwn(document, '_id') ? document : { _id: this.#shell.newId(), ...document })
    // A server stores `_id` first, and tells the caller's object its new id.
    const stored = { _id: added['_id'], ...added }
    this.#check(stored, errorName === undefined ? {} : { errorName })
    this.documents.push(stored)
    for (const index of this.#indexes) index.add(stored, this.#matches)
    document['_id'] = stored['_id']
    return stored['_id']
  }

  insertOne(document: Doc) {
    return { acknowledged: true, insertedId: this.#add(document) }
  }

  insertMany(documents: Doc[], { ordered = true }: { ordered?: boolean } = {}) {
    const insertedIds: Record<string, unknown> = {}
    let failure: unknown
    for (const [index, document] of documents.entries()) {
      try {
        insertedIds[index] = this.#add(document, 'MongoBulkWriteError')
      } catch (error) {
        failure ??= error
        if (ordered) break
      }
    }
    if (failure !== undefined) throw failure
    return { acknowledged: true, insertedIds }
  }

  /** Throws where a unique index forbids a document; reads the collection again after a pipeline wrote into it. */
  #check(candidate: Doc, how: { instead?: Doc; errorName?: string }): void {
    if (this.#seenWrites !== this.#shell.writes) {
      this.#seenWrites = this.#shell.writes
      for (const index of this.#indexes) {
        index.clear()
        for (const document of this.documents) index.add(document, this.#matches)
      }
    }
    for (const index of this.#indexes) index.checkUnique(this.#namespace, candidate, this.#matches, how)
  }

  #replace(at: number, changed: Doc): void {
    const instead = this.documents[at] as Doc
    this.#check(changed, { instead })
    this.documents[at] = changed
    for (const index of this.#indexes) {
      index.remove(instead)
      index.add(changed, this.#matches)
    }
  }

  #change(targets: Doc[], filter: Doc, update: Update, options: UpdateOptions): { modified: number } {
    let modified = 0
    const places = new Map(targets.length > 1 ? this.documents.map((document, at) => [document, at]) : [])
    for (const target of targets) {
      const at = places.get(target) ?? this.documents.indexOf(target)
      const changed = this.#updated(target, filter, update, options, false)
      if (JSON.stringify(changed) === JSON.stringify(target)) continue
      if (JSON.stringify(changed['_id']) !== JSON.stringify(target['_id'])) {
        throw new MongoServerError(
          "Performing an update on the path '_id' would modify the immutable field '_id'",
          66,
          'ImmutableField',
        )
      }
      this.#replace(at, changed)
      modified++
    }
    return { modified }
  }

  #updated(target: Doc, filter: Doc, update: Update, options: UpdateOptions, isInsert: boolean): Doc {
    if (!Array.isArray(update) && !isOperators(update)) {
      throw new TypeError('Update document requires atomic operators')
    }
    const { $text: _, ...condition } = filter
    const row = [copy(target)]
    if (Array.isArray(update)) {
      return { ...(this.#shell.language.aggregate(row, update)[0] as Doc) }
    }
    const { $setOnInsert, ...operators } = update
    const change: Doc =
      isInsert && isPlain($setOnInsert)
        ? { ...operators, $set: { ...(operators['$set'] as Doc), ...$setOnInsert } }
        : operators
    if (Object.keys(change).length > 0) {
      mingoUpdateOne(
        row as never,
        (isInsert ? {} : condition) as never,
        change as never,
        { cloneMode: 'deep', ...(options.arrayFilters && { arrayFilters: options.arrayFilters }) },
        this.#shell.language.options as never,
      )
    }
    return row[0] as Doc
  }

  #updateSome(filter: Doc, update: Update, options: UpdateOptions, limit: number) {
    const targets = this.#shell.language.filter(this.documents, filter).slice(0, limit)
    if (targets.length > 0 || !options.upsert) {
      const { modified } = this.#change(targets, filter, update, options)
      return {
        acknowledged: true,
        insertedId: null,
        matchedCount: targets.length,
        modifiedCount: modified,
        upsertedCount: 0,
      }
    }
    const base = Object.fromEntries(
      Object.entries(filter).filter(([field, value]) => !field.startsWith('$') && !isOperators(value)),
    )
    const insertedId = this.#add(this.#updated(base, filter, update, options, true))
    return { acknowledged: true, insertedId, matchedCount: 0, modifiedCount: 0, upsertedCount: 1 }
  }

  updateOne(filter: Doc, update: Update, options: UpdateOptions = {}) {
    return this.#updateSome(filter, update, options, 1)
  }

  updateMany(filter: Doc, update: Update, options: UpdateOptions = {}) {
    return this.#updateSome(filter, update, options, Number.POSITIVE_INFINITY)
  }

  replaceOne(filter: Doc, replacement: Doc, options: UpdateOptions = {}) {
    const [target] = this.#shell.language.filter(this.documents, filter)
    if (!target) return this.#updateSome(filter, { $set: replacement }, options, 1)
    const changed = { _id: target['_id'], ...copy(replacement) }
    const at = this.documents.indexOf(target)
    this.#replace(at, changed)
    return { acknowledged: true, insertedId: null, matchedCount: 1, modifiedCount: 1, upsertedCount: 0 }
  }

  findOneAndUpdate(filter: Doc, update: Update, options: FindAndUpdateOptions = {}): Doc | null {
    const cursor = this.find(filter)
    const before = (options.sort ? cursor.sort(options.sort) : cursor).limit(1).toArray()[0]
    if (!before && !options.upsert) return null
    const { insertedId } = this.updateOne(before ? { _id: before['_id'] } : filter, update, options)
    if (options.returnDocument !== 'after')
      return before ? (this.#shell.language.aggregate([before], [...projected(options.projection)])[0] ?? null) : null
    return this.findOne({ _id: before ? before['_id'] : insertedId }, options.projection)
  }

  findOneAndDelete(filter: Doc, options: { sort?: Doc } = {}): Doc | null {
    const cursor = this.find(filter)
    const found = (options.sort ? cursor.sort(options.sort) : cursor).limit(1).toArray()[0]
    if (found) this.deleteOne({ _id: found['_id'] })
    return found ?? null
  }

  deleteOne(filter: Doc) {
    return this.#delete(this.#shell.language.filter(this.documents, filter).slice(0, 1))
  }

  deleteMany(filter: Doc) {
    return this.#delete(this.#shell.language.filter(this.documents, filter))
  }

  #delete(targets: Doc[]) {
    const gone = new Set(targets)
    const left = this.documents.filter((document) => !gone.has(document))
    this.documents.length = 0
    for (const document of left) this.documents.push(document)
    for (const index of this.#indexes) for (const target of targets) index.remove(target)
    return { acknowledged: true, deletedCount: targets.length }
  }

  countDocuments(filter: Doc = {}): number {
    return this.search(filter).documents.length
  }

  estimatedDocumentCount(): number {
    return this.documents.length
  }

  distinct(field: string, filter: Doc = {}): unknown[] {
    return this.#shell.language
      .aggregate(this.search(filter).documents.map(copyScored), [
        { $unwind: `$${field}` },
        { $group: { _id: `$${field}` } },
        { $sort: { _id: 1 } },
      ])
      .map((row) => row['_id'])
  }

  createIndex(key: IndexKey, options: IndexOptions = {}): string {
    const index = new Index(key, options)
    const indexes = [...this.#indexes]
    if (addIndex(indexes, index)) {
      for (const document of this.documents) {
        index.checkUnique(this.#namespace, document, this.#matches)
        index.add(document, this.#matches)
        if (index.text) scoreTerms(document, index.text)
      }
      this.#indexes = indexes
    }
    return index.name
  }

  createIndexes(keys: IndexKey[], options: IndexOptions = {}): string[] {
    return keys.map((key) => this.createIndex(key, options))
  }

  getIndexes(): Doc[] {
    return this.#indexes.map((index) =>
      index.name === '_id_' || index.key['_id'] ? { v: 2, key: { _id: 1 }, name: '_id_' } : index.spec,
    )
  }

  dropIndex(which: string | IndexKey) {
    const at = this.#indexes.findIndex((index) =>
      typeof which === 'string' ? index.name === which : JSON.stringify(index.key) === JSON.stringify(which),
    )
    if (at < 0)
      throw new MongoServerError(
        `index not found with name [${typeof which === 'string' ? which : JSON.stringify(which)}]`,
        27,
        'IndexNotFound',
      )
    if (at === 0) throw new MongoServerError('cannot drop _id index', 72, 'InvalidOptions')
    const nIndexesWas = this.#indexes.length
    this.#indexes.splice(at, 1)
    return { nIndexesWas, ok: 1 }
  }

  dropIndexes() {
    const nIndexesWas = this.#indexes.length
    this.#indexes.length = 1
    return { nIndexesWas, msg: 'non-_id indexes dropped for collection', ok: 1 }
  }

  drop(): boolean {
    this.documents.length = 0
    this.#indexes = [new Index({ _id: 1 }, { unique: true })]
    return true
  }
}

/** Rows of a find. Runs when it is read. */
export class Cursor {
  readonly #collection: Collection
  readonly #language: Language
  readonly #filter: Doc
  #projection: Doc
  #sort: Doc | undefined
  #skip = 0
  #limit = 0
  #rows: Doc[] | undefined

  constructor(collection: Collection, language: Language, filter: Doc, projection: Doc) {
    this.#collection = collection
    this.#language = language
    this.#filter = filter
    // The shell's second argument may be options, as in the drivers.
    this.#projection = isPlain(projection['projection']) ? projection['projection'] : projection
  }

  sort(order: Doc): this {
    this.#sort = order
    return this
  }

  skip(count: number): this {
    this.#skip = count
    return this
  }

  limit(count: number): this {
    this.#limit = count
    return this
  }

  projection(fields: Doc): this {
    this.#projection = fields
    return this
  }

  project(fields: Doc): this {
    return this.projection(fields)
  }

  pretty(): this {
    return this
  }

  toArray(): Doc[] {
    const stages: Doc[] = []
    if (this.#sort && Object.keys(this.#sort).length > 0) stages.push({ $sort: this.#sort })
    if (this.#skip > 0) stages.push({ $skip: this.#skip })
    if (this.#limit !== 0) stages.push({ $limit: Math.abs(this.#limit) })
    // With nothing but the score in it, a projection keeps every field.
    const isScoreOnly = Object.values(this.#projection).every((how) => isPlain(how) && '$meta' in how)
    stages.push(...(isScoreOnly ? projected(this.#projection, '$addFields') : projected(this.#projection)))
    return output(this.#language.aggregate(this.#collection.search(this.#filter).documents.map(copyScored), stages))
  }

  #read(): Doc[] {
    this.#rows ??= this.toArray()
    return this.#rows
  }

  next(): Doc | null {
    return this.#read().shift() ?? null
  }

  hasNext(): boolean {
    return this.#read().length > 0
  }

  count(): number {
    return this.#collection.countDocuments(this.#filter)
  }

  itcount(): number {
    return this.toArray().length
  }

  map<T>(change: (row: Doc) => T): T[] {
    return this.toArray().map((row) => change(row))
  }

  forEach(visit: (row: Doc) => void): void {
    for (const row of this.toArray()) visit(row)
  }

  [Symbol.iterator](): Iterator<Doc> {
    return this.toArray().values()
  }

  /**
   * The plan of the model: the index with the fewest documents to fetch, or none. The names are a server's; the figures are
   * counted on these documents. There is one plan, no cache and no time.
   */
  explain(_verbosity = 'queryPlanner') {
    const found = this.#collection.search(this.#filter)
    const walked = found.text ? undefined : this.#collection.plan(this.#filter, this.#sort)
    const fields = Object.entries(this.#projection)
    const nReturned = this.toArray().length
    let plan: Doc
    let keys = 0
    let documents: number
    if (found.text) {
      plan = {
        stage: 'TEXT_MATCH',
        indexName: found.text.index.name,
        inputStage: { stage: 'FETCH', inputStage: { stage: 'IXSCAN' } },
      }
      keys = found.text.keysExamined
      documents = found.documents.length
    } else if (walked) {
      const { index, keysExamined } = walked
      const scan = { stage: 'IXSCAN', keyPattern: index.key, indexName: index.name }
      const covers =
        fields.some(([, how]) => how === 1 || how === true) &&
        fields.every(([field, how]) => (how === 1 || how === true ? field in index.key : field === '_id')) &&
        ('_id' in index.key || this.#projection['_id'] === 0) &&
        Object.keys(this.#filter).every((field) => field in index.key)
      plan = covers ? { stage: 'PROJECTION_COVERED', inputStage: scan } : { stage: 'FETCH', inputStage: scan }
      keys = keysExamined
      documents = covers ? 0 : walked.documents.length
    } else {
      plan = { stage: 'COLLSCAN' }
      documents = this.#collection.documents.length
    }
    if (this.#sort && !walked?.givesOrder) plan = { stage: 'SORT', sortPattern: this.#sort, inputStage: plan }
    return {
      queryPlanner: { winningPlan: plan },
      executionStats: { nReturned, totalKeysExamined: keys, totalDocsExamined: documents },
    }
  }
}

/** Rows of a pipeline. Runs when it is read. */
export class AggregationCursor {
  readonly #run: () => Doc[]
  #rows: Doc[] | undefined

  constructor(run: () => Doc[]) {
    this.#run = run
  }

  toArray(): Doc[] {
    return this.#run()
  }

  #read(): Doc[] {
    this.#rows ??= this.#run()
    return this.#rows
  }

  next(): Doc | null {
    return this.#read().shift() ?? null
  }

  hasNext(): boolean {
    return this.#read().length > 0
  }

  itcount(): number {
    return this.toArray().length
  }

  map<T>(change: (row: Doc) => T): T[] {
    return this.toArray().map((row) => change(row))
  }

  forEach(visit: (row: Doc) => void): void {
    for (const row of this.toArray()) visit(row)
  }

  [Symbol.iterator](): Iterator<Doc> {
    return this.toArray().values()
  }

  explain(): never {
    throw notModelled('explain() of a pipeline')
  }
}

function projected(projection: Doc | undefined, stage = '$project'): Doc[] {
  return projection && Object.keys(projection).length > 0 ? [{ [stage]: projection }] : []
}

function copyScored(document: Doc): Doc {
  const made = copy(document) as Doc & { [scoreKey]?: number }
  const score = (document as { [scoreKey]?: number })[scoreKey]
  if (score !== undefined) made[scoreKey] = score
  return made
}

/** What leaves the model: copies without the hidden score. */
function output(rows: Doc[]): Doc[] {
  return rows.map((row) => copy(row))
}
