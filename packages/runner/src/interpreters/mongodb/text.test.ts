import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseSearch, scoreDocument, termsOf } from './text.ts'

const options = { weights: { name: 1, description: 1 }, defaultLanguage: 'english', languageOverride: 'language' }
const score = (document: Record<string, unknown>, search: string, weights: Record<string, number> = options.weights) =>
  scoreDocument(document, parseSearch(search, 'english'), { ...options, weights })

test('words are lower-cased, stop words go, the rest is stemmed', () => {
  assert.deepEqual(termsOf("The Runner's RUNNING, don't café-bars!", 'english'), ['runner', 'run', 'cafe', 'bar'])
  assert.deepEqual(termsOf('The running', 'none'), ['the', 'running'])
})

test("scores are those of the server's manual for its stores", () => {
  // https://www.mongodb.com/docs/manual/reference/operator/query/text/
  assert.equal(score({ name: 'Java Hut', description: 'Coffee and cakes' }, 'java coffee shop'), 1.5)
  assert.equal(score({ name: 'Coffee Shop', description: 'Just coffee' }, 'java coffee shop'), 2.25)
  assert.equal(score({ name: 'Java Shopping', description: 'Indonesian goods' }, 'java coffee shop'), 1.5)
  assert.equal(score({ name: 'Burger Buns', description: 'Gourmet hamburgers' }, 'java coffee shop'), undefined)
})

test('a repeated word counts a half, a quarter, … more; a field that is only the word a tenth more', () => {
  assert.equal(score({ name: 'tea tea' }, 'tea'), 1.5)
  assert.equal(score({ name: 'Tea' }, 'tea'), 1.1)
  assert.equal(score({ name: 'Tea' }, 'tea', { name: 10 }), 11)
})

test('a phrase must be there literally, a negated word must not', () => {
  assert.ok(score({ name: 'Coffee Shop' }, '"coffee shop"'))
  assert.equal(score({ name: 'Shop of coffee' }, '"coffee shop"'), undefined)
  assert.equal(score({ name: 'Java Shop' }, 'java -shop'), undefined)
  assert.equal(score({ name: 'Java Shopping' }, 'java -shop'), undefined)
  assert.equal(score({ name: 'Java Shop' }, 'java -"java shop"'), undefined)
  assert.equal(score({ name: 'Java Hut' }, '-shop'), undefined)
})

test('a hyphen within a word negates nothing', () => {
  assert.ok(score({ name: 'pre owned' }, 'pre-owned'))
})

test('a part of a word is no match, another form of it is', () => {
  assert.equal(score({ name: 'database' }, 'data'), undefined)
  assert.ok(score({ name: 'indexes' }, 'indexing'))
})

test('a language that is not modelled is refused', () => {
  assert.throws(() => termsOf('perro', 'spanish'), /not part of this model/)
})
