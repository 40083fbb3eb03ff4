import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { makeCorpus } from './search.corpus.ts'
import { measureSearch } from './search.measure.ts'
import { buildIndex, openIndex, type PackedIndex, type SearchDocument, termsOf } from './search.ts'

const documents: SearchDocument[] = [
  {
    id: 'microservices/backpressure',
    title: 'What is backpressure and where does it show up?',
    category: 'microservices',
    difficulty: 'medium',
    tags: ['queues', 'streams'],
    headings: ['Retrying a full queue'],
    answer: 'A consumer tells its producer to slow down.',
    sections: 'TCP has a receive window. setImmediate yields.',
  },
  {
    id: 'mongodb/lookup',
    title: '`$lookup`: what does it do?',
    category: 'mongodb',
    difficulty: 'hard',
    tags: ['joins'],
    headings: [],
    answer: 'It joins a collection.',
    sections: 'Without an index every document is read.',
  },
  {
    id: 'javascript/this',
    title: 'How is `this` decided?',
    category: 'javascript',
    tags: ['functions'],
    headings: [],
    answer: 'By the call.',
    sections: 'A producer may call it too.',
  },
]
const open = (docs: SearchDocument[]) => openIndex(JSON.parse(JSON.stringify(buildIndex(docs))) as PackedIndex)
const search = open(documents)
const first = (query: string) => search.search(query)[0]?.id

test('a result says what it is and which words were found', () => {
  const [hit] = search.search('backpressure')
  assert.ok(hit)
  const { score, ...rest } = hit
  assert.ok(score > 0)
  assert.deepEqual(rest, {
    id: 'microservices/backpressure',
    title: 'What is backpressure and where does it show up?',
    category: 'microservices',
    difficulty: 'medium',
    matchedTerms: ['backpressure'],
  })
  assert.equal('difficulty' in (search.search('decided')[0] ?? {}), false)
})

const finds: [query: string, id: string | undefined][] = [
  ['backpr', 'microservices/backpressure'],
  ['bakcpressure', 'microservices/backpressure'],
  ['BACKPRESSURE', 'microservices/backpressure'],
  ['$lookup', 'mongodb/lookup'],
  ['lookup joins', 'mongodb/lookup'],
  ['streams', 'microservices/backpressure'],
  ['retry', 'microservices/backpressure'],
  ['window', 'microservices/backpressure'],
  ['setimmediate', 'microservices/backpressure'],
  ['immediate', 'microservices/backpressure'],
  ['this', 'javascript/this'],
  ['what is backpressure', 'microservices/backpressure'],
  ['', undefined],
  ['?!', undefined],
  ['zzzzzz', undefined],
]
for (const [query, id] of finds) {
  test(`"${query}" finds ${id ?? 'nothing'}`, () => assert.equal(first(query), id))
}

test('a title counts more than a tag, a tag more than a heading, a heading more than the answer, that more than the rest', () => {
  const blank = {
    category: 'c',
    tags: ['apple'],
    headings: ['cherry'],
    answer: 'plum words here',
    sections: 'grape words here',
  }
  const ranked: SearchDocument[] = [
    { ...blank, id: 'c/5', title: 'Five', sections: 'vacuum words here' },
    { ...blank, id: 'c/4', title: 'Four', answer: 'vacuum words here' },
    { ...blank, id: 'c/3', title: 'Three', headings: ['vacuum'] },
    { ...blank, id: 'c/2', title: 'Two', tags: ['vacuum'] },
    { ...blank, id: 'c/1', title: 'Vacuum' },
  ]
  assert.deepEqual(
    open(ranked)
      .search('vacuum')
      .map(({ id }) => id),
    ['c/1', 'c/2', 'c/3', 'c/4', 'c/5'],
  )
})

test('a document that has both words comes before one that has one of them twice as well', () => {
  assert.equal(first('producer window'), 'microservices/backpressure')
  assert.equal(search.search('producer', { limit: 1 }).length, 1)
})

test('words', () => {
  assert.deepEqual(termsOf("It's setTimeout, `max_old_space` & café; O(n²) $lookup 日本"), [
    'it',
    's',
    'settimeout',
    'set',
    'timeout',
    'max_old_space',
    'max',
    'old',
    'space',
    'cafe',
    'o',
    'n2',
    'lookup',
    '日本',
  ])
})

test('the index does not depend on the order of the documents', () => {
  assert.deepEqual(buildIndex(documents.toReversed()), buildIndex(documents))
})

test('an empty bank can be searched', () => assert.deepEqual(open([]).search('x'), []))

test('an index of another version is refused', () => {
  assert.throws(
    () => openIndex({ ...buildIndex(documents), version: 2 } as unknown as PackedIndex),
    /found version 2; expected 1/,
  )
  assert.throws(() => openIndex({ ...buildIndex(documents), postings: '' }), /postings end or break/)
})

test('whatever text the documents hold, each is found by each word of its title', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 30 })
  const document = fc.record({
    title: text,
    headings: fc.array(text, { maxLength: 3 }),
    answer: text,
    sections: text,
    tags: fc.array(text, { maxLength: 2 }),
  })
  fc.assert(
    fc.property(fc.array(document, { maxLength: 6 }), (list) => {
      const docs = list.map((rest, index) => ({ ...rest, id: `c/${index}`, category: 'c' }))
      const opened = open(docs)
      for (const { id, title } of docs) {
        for (const term of termsOf(title))
          assert.ok(
            opened.search(term).some((hit) => hit.id === id),
            JSON.stringify([term, title]),
          )
      }
    }),
    { numRuns: 60 },
  )
})

test('1,000 questions: at most 150 KB gzip, and 5 ms to a result', () => {
  const figures = measureSearch()
  assert.equal(figures.documents, 1000)
  assert.ok(figures.gzipKb <= 150, `${figures.gzipKb} KB`)
  // The median: one search may be interrupted by another program on this machine.
  assert.ok(figures.medianMs <= 5, `${figures.medianMs} ms`)
})

test('1,000 questions: each is found by the words of its title', () => {
  const corpus = makeCorpus()
  const opened = open(corpus)
  const missed = corpus
    .filter((_, index) => index % 10 === 0)
    .filter(({ id, title }) => opened.search(title)[0]?.id !== id)
  assert.deepEqual(
    missed.map(({ id }) => id),
    [],
  )
})
