import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { Collection, type Shell } from './collection.ts'
import { createObjectId } from './document.ts'
import { createLanguage } from './mingo.ts'

let collections: Map<string, Collection>
const collection = (name: string): Collection => {
  const found = collections.get(name) ?? new Collection(name, shell)
  collections.set(name, found)
  return found
}
const newId = createObjectId()
const shell: Shell = { writes: 0, newId, language: createLanguage((name) => collection(name).documents) }

beforeEach(() => {
  collections = new Map()
})

const fields = (row: Record<string, unknown> | null | undefined) => Object.keys(row ?? {})

describe('queries', () => {
  it('give `_id` first, then fields in the order of the document, then computed ones', () => {
    collection('t').insertOne({ _id: 1, c: 3, b: 2, a: 1 })
    assert.deepEqual(fields(collection('t').findOne({}, { a: 1, c: 1 })), ['_id', 'c', 'a'])
    const [row] = collection('t')
      .aggregate([{ $project: { sum: { $add: ['$a', '$b'] }, b: 1, _id: 1 } }])
      .toArray()
    assert.deepEqual(row, { _id: 1, b: 2, sum: 3 })
    assert.deepEqual(fields(row), ['_id', 'b', 'sum'])
  })

  it('copy what they give: changing it changes nothing stored', () => {
    collection('t').insertOne({ _id: 1, list: [1] })
    const found = collection('t').findOne() as { list: number[] }
    found.list.push(2)
    assert.deepEqual(collection('t').findOne(), { _id: 1, list: [1] })
  })

  it('sort, skip, limit', () => {
    collection('t').insertMany([3, 1, 2].map((_id) => ({ _id })))
    assert.deepEqual(collection('t').find().sort({ _id: -1 }).skip(1).limit(1).toArray(), [{ _id: 2 }])
  })

  it('find a median of unsorted values', () => {
    collection('t').insertMany([9, 1, 5].map((n) => ({ n })))
    const [row] = collection('t')
      .aggregate([{ $group: { _id: null, m: { $median: { input: '$n', method: 'approximate' } } } }])
      .toArray()
    assert.deepEqual(row, { _id: null, m: 5 })
  })

  it('know distinct values, in order and out of arrays', () => {
    collection('t').insertMany([{ a: ['y', 'x'] }, { a: 'x' }, {}])
    assert.deepEqual(collection('t').distinct('a'), ['x', 'y'])
  })
})

describe('$lookup', () => {
  beforeEach(() => {
    collection('orders').insertMany([
      { _id: 'a', who: 1, eur: 10 },
      { _id: 'b', who: 1, eur: 30 },
      { _id: 'c', who: 2, eur: 20 },
      { _id: 'd' },
    ])
    collection('people').insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }])
  })
  const ids = (pipeline: Record<string, unknown>[]) =>
    collection('people')
      .aggregate(pipeline)
      .toArray()
      .map((row) => (row['own'] as { _id: string }[]).map(({ _id }) => _id).join(''))

  it('joins by equality', () => {
    assert.deepEqual(ids([{ $lookup: { from: 'orders', localField: '_id', foreignField: 'who', as: 'own' } }]), [
      'ab',
      'c',
      '',
    ])
  })

  it('runs a pipeline on the matches only, when both are given', () => {
    const pipeline = [{ $sort: { eur: -1 } }, { $limit: 1 }]
    assert.deepEqual(
      ids([{ $lookup: { from: 'orders', localField: '_id', foreignField: 'who', pipeline, as: 'own' } }]),
      ['b', 'c', ''],
    )
  })

  it('gives the pipeline its variables', () => {
    const pipeline = [{ $match: { $expr: { $and: [{ $eq: ['$who', '$$id'] }, { $gt: ['$eur', 15] }] } } }]
    assert.deepEqual(ids([{ $lookup: { from: 'orders', let: { id: '$_id' }, pipeline, as: 'own' } }]), ['b', 'c', ''])
  })

  it('takes a missing field and null for the same', () => {
    collection('people').insertOne({ _id: 4 })
    const [row] = collection('people')
      .aggregate([
        { $match: { _id: 4 } },
        { $lookup: { from: 'orders', localField: 'nothing', foreignField: 'who', as: 'own' } },
      ])
      .toArray()
    assert.deepEqual(row, { _id: 4, own: [{ _id: 'd' }] })
  })
})

describe('updates', () => {
  it('change matches and count them', () => {
    collection('t').insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
    ])
    assert.deepEqual(collection('t').updateMany({}, { $set: { n: 2 } }), {
      acknowledged: true,
      insertedId: null,
      matchedCount: 2,
      modifiedCount: 1,
      upsertedCount: 0,
    })
  })

  it('insert when nothing matches and upsert is asked for', () => {
    const { insertedId, upsertedCount } = collection('t').updateOne(
      { k: 'a', n: { $gt: 5 } },
      { $inc: { hits: 1 }, $setOnInsert: { at: 0 } },
      { upsert: true },
    )
    assert.equal(upsertedCount, 1)
    assert.deepEqual(collection('t').find().toArray(), [{ _id: insertedId, k: 'a', hits: 1, at: 0 }])
  })

  it('reach the matched element of an array', () => {
    collection('t').insertOne({
      _id: 1,
      items: [
        { k: 'a', n: 1 },
        { k: 'b', n: 1 },
      ],
    })
    collection('t').updateOne({ 'items.k': 'b' }, { $set: { 'items.$.n': 5 } })
    assert.deepEqual(collection('t').findOne(), {
      _id: 1,
      items: [
        { k: 'a', n: 1 },
        { k: 'b', n: 5 },
      ],
    })
  })

  it('refuse a plain document, and a new `_id`', () => {
    collection('t').insertOne({ _id: 1 })
    assert.throws(() => collection('t').updateOne({}, { n: 1 }), /requires atomic operators/)
    assert.throws(() => collection('t').updateOne({}, { $set: { _id: 2 } }), /immutable field '_id'/)
  })
})

describe('unique indexes', () => {
  it('refuse a second document with the same key, in an insert and in an update', () => {
    const people = collection('people')
    people.createIndex({ email: 1 }, { unique: true })
    people.insertMany([{ email: 'a' }, { email: 'b' }])
    const error =
      /^MongoServerError: E11000 duplicate key error collection: test\.people index: email_1 dup key: { email: "a" }$/
    assert.throws(() => people.insertOne({ email: 'a' }), error)
    assert.throws(() => people.updateOne({ email: 'b' }, { $set: { email: 'a' } }), error)
    assert.equal(people.countDocuments({ email: 'b' }), 1)
  })

  it('stop an ordered insert where it fails', () => {
    const t = collection('t')
    assert.throws(() => t.insertMany([{ _id: 1 }, { _id: 1 }, { _id: 2 }]), {
      name: 'MongoBulkWriteError',
      code: 11000,
    })
    assert.equal(t.countDocuments(), 1)
    assert.throws(() => t.insertMany([{ _id: 1 }, { _id: 2 }], { ordered: false }), { code: 11000 })
    assert.equal(t.countDocuments(), 2)
  })

  it('count a missing field as null, unless sparse or partial', () => {
    collection('a').createIndex({ k: 1 }, { unique: true })
    collection('a').insertOne({})
    assert.throws(() => collection('a').insertOne({}), /dup key: { k: null }/)
    collection('b').createIndex({ k: 1 }, { unique: true, sparse: true })
    collection('b').insertMany([{}, {}])
    collection('c').createIndex({ k: 1 }, { unique: true, partialFilterExpression: { live: true } })
    collection('c').insertMany([{ k: 1 }, { k: 1, live: true }])
    assert.throws(() => collection('c').insertOne({ k: 1, live: true }), { code: 11000 })
  })

  it('cannot be built over duplicates', () => {
    collection('t').insertMany([{ k: 1 }, { k: 1 }])
    assert.throws(() => collection('t').createIndex({ k: 1 }, { unique: true }), { code: 11000 })
    assert.equal(collection('t').getIndexes().length, 1)
  })
})

describe('many documents', () => {
  it('are inserted, changed and deleted in time that grows with their number', () => {
    const t = collection('t')
    t.createIndex({ k: 1 }, { unique: true })
    const startedAt = performance.now()
    t.insertMany(Array.from({ length: 20_000 }, (_, k) => ({ k })))
    t.updateMany({ k: { $gte: 10_000 } }, { $inc: { n: 1 } })
    t.deleteMany({ k: { $lt: 10_000 } })
    // A second or so; comparing each with each takes minutes.
    assert.ok(performance.now() - startedAt < 30_000)
    assert.equal(t.countDocuments({ n: 1 }), 10_000)
    t.insertOne({ k: 0 })
    assert.throws(() => t.insertOne({ k: 10_000 }), { code: 11000 })
  })
})

describe('$out and $merge', () => {
  it('write into a collection, whose unique keys count from then on', () => {
    collection('a').insertMany([{ _id: 1 }, { _id: 2 }])
    collection('a')
      .aggregate([{ $match: { _id: 2 } }, { $merge: { into: 'b' } }])
      .toArray()
    assert.deepEqual(collection('b').find().toArray(), [{ _id: 2 }])
    assert.throws(() => collection('b').insertOne({ _id: 2 }), { code: 11000 })
  })
})

describe('text indexes', () => {
  it('are needed for $text', () => {
    assert.throws(
      () =>
        collection('t')
          .find({ $text: { $search: 'x' } })
          .toArray(),
      { message: 'text index required for $text query', code: 27 },
    )
  })

  it('are one a collection', () => {
    const t = collection('t')
    t.createIndex({ a: 'text' })
    assert.equal(t.createIndex({ a: 'text' }), 'a_text')
    assert.throws(() => t.createIndex({ b: 'text' }), {
      code: 85,
      message:
        /^An equivalent index already exists with a different name and options\. Requested index: { v: 2, key: { _fts: "text", _ftsx: 1 }, name: "b_text", weights: { b: 1 }/,
    })
    assert.throws(() => t.createIndex({ c: 1, b: 'text' }), {
      code: 67,
      message: 'only one text index per collection allowed, found existing text index "a_text"',
    })
  })

  it('give a score to sort and project by, through every stage', () => {
    const t = collection('t')
    t.createIndex({ a: 'text' })
    t.insertMany([
      { _id: 1, a: 'tea and coffee' },
      { _id: 2, a: 'tea' },
    ])
    const meta = { $meta: 'textScore' }
    assert.deepEqual(
      t
        .find({ $text: { $search: 'tea' } }, { score: meta })
        .sort({ score: meta })
        .toArray(),
      [
        { _id: 2, a: 'tea', score: 1.1 },
        { _id: 1, a: 'tea and coffee', score: 0.75 },
      ],
    )
    const pipeline = [
      { $match: { $text: { $search: 'tea' } } },
      { $project: { a: 0 } },
      { $set: { score: meta } },
      { $sort: { score: 1 } },
    ]
    assert.deepEqual(t.aggregate(pipeline).toArray(), [
      { _id: 1, score: 0.75 },
      { _id: 2, score: 1.1 },
    ])
    assert.throws(() => t.find({}, { score: meta }).toArray(), /text score metadata/)
    assert.throws(
      () => t.aggregate([{ $limit: 1 }, { $match: { $text: { $search: 'x' } } }]).toArray(),
      /first pipeline stage/,
    )
  })
})

describe('explain', () => {
  beforeEach(() => {
    collection('t').insertMany(Array.from({ length: 100 }, (_, i) => ({ a: i % 10, b: i % 4, c: i })))
    collection('t').createIndex({ a: 1, b: 1 })
  })
  const plan = (filter: Record<string, unknown>, projection = {}, sort?: Record<string, number>) => {
    const cursor = collection('t').find(filter, projection)
    const { queryPlanner, executionStats: stats } = (sort ? cursor.sort(sort) : cursor).explain('executionStats')
    const stages: unknown[] = []
    for (
      let at = queryPlanner.winningPlan as Record<string, unknown> | undefined;
      at;
      at = at['inputStage'] as typeof at
    )
      stages.push(at['stage'])
    return [stages.join(' < '), stats.totalKeysExamined, stats.totalDocsExamined, stats.nReturned]
  }

  it('walks an index by its prefix', () => {
    assert.deepEqual(plan({ a: 3 }), ['FETCH < IXSCAN', 10, 10, 10])
    assert.deepEqual(plan({ a: 3, b: 1 }), ['FETCH < IXSCAN', 5, 5, 5])
  })

  it('reads the whole collection without one', () => {
    assert.deepEqual(plan({ b: 1 }), ['COLLSCAN', 0, 100, 25])
  })

  it('checks later fields on keys, the others on documents', () => {
    assert.deepEqual(plan({ a: { $gte: 8 }, b: 0 }), ['FETCH < IXSCAN', 20, 5, 5])
    assert.deepEqual(plan({ a: 3, c: 13 }), ['FETCH < IXSCAN', 10, 10, 1])
  })

  it('needs no documents when the index holds all that is asked', () => {
    assert.deepEqual(plan({ a: 3 }, { _id: 0, b: 1 }), ['PROJECTION_COVERED < IXSCAN', 10, 0, 10])
  })

  it('sorts where the index does not', () => {
    assert.equal(plan({ a: 3 }, {}, { b: 1 })[0], 'FETCH < IXSCAN')
    assert.equal(plan({ a: { $gt: 3 } }, {}, { b: 1 })[0], 'SORT < FETCH < IXSCAN')
    assert.equal(plan({}, {}, { a: -1, b: -1 })[0], 'FETCH < IXSCAN')
    assert.equal(plan({}, {}, { a: -1, b: 1 })[0], 'SORT < COLLSCAN')
  })
})
