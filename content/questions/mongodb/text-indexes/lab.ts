/** A text index at work: what a search becomes, which documents it finds and with what score, and what it cannot find. */

import { choice, defineLab, number } from '@viva/lab'

const articles = [
  { _id: 1, title: 'Fast queries', body: 'An index makes the payment query fast.' },
  { _id: 2, title: 'Index basics', body: 'What it is and what it costs.' },
  { _id: 3, title: 'Tax', body: 'The payment index of the tax office is an index of rates.' },
  { _id: 4, title: 'The Who', body: 'To be or not to be.' },
  { _id: 5, title: 'Blueberry pie', body: 'Bake it slowly.' },
  { _id: 6, title: 'Paying twice', body: 'A gateway retried the payments after a timeout.' },
]

/** What is searched for, and the pattern that a reader may have had in mind. */
const searches = {
  index: { label: 'index', naive: /index/i },
  indexing: { label: 'indexing', naive: /indexing/i },
  'fast payment': { label: 'fast payment (two words)', naive: /fast.*payment|payment.*fast/is },
  '"payment index"': { label: '"payment index" (a phrase)', naive: /payment index/i },
  'payment -tax': { label: 'payment -tax (not tax)', naive: /payment/i },
  '-tax': { label: '-tax (only a negation)', naive: /^(?!.*\btax\b)/is },
  blue: { label: 'blue (half a word)', naive: /blue/i },
  paymnet: { label: 'paymnet (a typing error)', naive: /payment/i },
  'the who': { label: 'the who (stop words)', naive: /the who/i },
} as const
type Search = keyof typeof searches

type Found = { _id: number; title: string; score: number }
type Printed = {
  found: Found[]
  keys: number
  plan: string
  /** Of each word of the search, what the index knows it as. */
  words: { word: string; finds: number }[]
  /** Of single terms, which documents have an entry. */
  and: number[]
  second: string
}

export default defineLab({
  kind: 'query',
  title: 'What a text index finds',
  task: 'Pick a search and read which documents come back, in which order, and why. Then change the weight of titles and the language.',
  knobs: {
    search: choice<Search>({
      label: 'Search',
      options: Object.fromEntries(Object.entries(searches).map(([search, { label }]) => [search, label])) as Record<
        Search,
        string
      >,
      value: 'index',
    }),
    weight: number({ label: 'Weight of a title', unit: '× body', min: 1, max: 10, value: 5 }),
    language: choice({
      label: 'Language of the index',
      options: { english: 'english: stems, stop words', none: 'none: words as they are' },
      value: 'english',
    }),
  },
  presets: [
    { name: 'One word', knobs: {}, look: 'A title counts more than two mentions in the body.' },
    {
      name: 'Another form of it',
      knobs: { search: 'indexing' },
      look: 'The word stands in no document, its stem in three.',
    },
    {
      name: 'Two words',
      knobs: { search: 'fast payment' },
      look: 'Or, not and: documents with only one of them come too.',
    },
    { name: 'Half a word', knobs: { search: 'blue' }, look: 'Blueberry is not found: an entry is a whole stem.' },
    { name: 'Stop words', knobs: { search: 'the who' }, look: 'Nothing is left of the search.' },
    {
      name: 'Without a language',
      knobs: { search: 'the who', language: 'none' },
      look: 'The band is found, and so is every text with “the”.',
    },
    { name: 'Only a negation', knobs: { search: '-tax' }, look: 'There is nothing to start from.' },
  ],
  predict: {
    ask: 'How many of the six documents does this search find?',
    kind: 'number',
    quantity: { label: 'Documents', digits: 0 },
    min: 0,
    max: 6,
    share: 0,
    slack: 0.4,
    actual: (run) => run.figure('found'),
  },
  series: {
    score: { label: 'Score', as: 'bars', tone: 'signal' },
    naive: { label: 'A plain reading would match', as: 'bars', tone: 'plain' },
  },
  charts: [
    {
      title: 'Score of each document',
      x: { label: 'Document', names: articles.map(({ title }) => title) },
      y: { label: 'Score' },
      lines: ['score'],
    },
    {
      title: 'What the words alone would match (1: yes)',
      x: { label: 'Document', names: articles.map(({ title }) => title) },
      y: { label: 'Matches', range: [0, 1] },
      lines: ['naive'],
    },
  ],
  figures: {
    found: { label: 'Documents found', unit: 'of 6', digits: 0 },
    best: { label: 'Best' },
    bestScore: { label: 'Its score', digits: 3 },
    naive: { label: 'A plain reading would match', unit: 'of 6', digits: 0 },
    words: { label: 'Words that the index knows', digits: 0 },
    keys: { label: 'Index keys read', digits: 0 },
    all: { label: 'Documents with every word', digits: 0 },
    second: { label: 'A second text index' },
  },
  tables: {
    words: { title: 'The search, word by word', columns: ['Word', 'Documents with its stem', 'What became of it'] },
    found: { title: 'Found, best first', columns: ['Document', 'Title', 'Score'] },
  },
  diagram: {
    kind: 'cells',
    rows: [{ id: 'search', label: 'Search' }, ...articles.map(({ _id, title }) => ({ id: `d${_id}`, label: title }))],
  },
  claims: [
    {
      says: 'Two words mean or: documents that hold only one of them are found as well.',
      when: ({ knobs }) => knobs.search === 'fast payment',
      holds: (run) => run.figure('found') > run.figure('all'),
    },
    {
      says: 'With stems, another form of a word finds the same documents; without, it finds nothing here.',
      when: ({ knobs }) => knobs.search === 'indexing',
      holds: (run) => run.figure('found') === (run.knobs.language === 'english' ? 3 : 0),
    },
    {
      says: 'Half a word finds nothing, and a typing error neither, though a plain reading would match.',
      when: ({ knobs }) => knobs.search === 'blue' || knobs.search === 'paymnet',
      holds: (run) => run.figure('found') === 0 && run.figure('naive') > 0,
    },
    {
      says: 'Stop words are not in an English index at all.',
      when: ({ knobs }) => knobs.search === 'the who',
      holds: (run) => run.figure('found') > 0 === (run.knobs.language === 'none'),
    },
    {
      says: 'A search of negations only finds nothing, though documents without the word are there.',
      when: ({ knobs }) => knobs.search === '-tax',
      holds: (run) => run.figure('found') === 0 && run.figure('naive') > 0,
    },
    {
      says: 'The score is the documented sum: weight × (0.5 ÷ words + 0.5) for a word that stands once in a title of two.',
      when: ({ knobs }) => knobs.search === 'index',
      holds: (run) => {
        const basics = (run.rows.found ?? []).find((row) => row[0] === 2)
        return basics !== undefined && Math.abs(Number(basics[2]) - run.knobs.weight * 0.75) < 0.001
      },
    },
    {
      says: 'Results sorted by score fall from best to worst.',
      holds: ({ rows }) => {
        const scores = (rows.found ?? []).map((row) => Number(row[2]))
        return scores.every((score, at) => at === 0 || score <= scores[at - 1]!)
      },
    },
    {
      says: 'A second text index on the collection is refused.',
      holds: (run) => run.word('second') === 'IndexOptionsConflict',
    },
  ],
  why(run) {
    const { search, weight, language } = run.knobs
    const [found, naive] = [run.figure('found'), run.figure('naive')]
    const start = `“${search}” found ${found} of 6 documents${found > 0 ? `, “${run.word('best')}” first with ${run.figure('bestScore').toFixed(2)}` : ''}. `
    const reason: Record<Search, string> = {
      index: `A title weighs ${weight} times a body, and a word counts for more in a short text. “Tax” has it twice in its body: 1.5 × a share for its length.`,
      indexing:
        language === 'english'
          ? 'Search and text pass through the same stemmer, so indexing, index and indexes are one entry.'
          : 'Without a language there are no stems, and the very word stands nowhere.',
      'fast payment': `Words are joined by or: ${run.figure('all')} of these documents hold${run.figure('all') === 1 ? 's' : ''} both. For and, search for the rarer word and check the other on what is found.`,
      '"payment index"':
        'The words find the candidates; then each candidate’s text is searched for the phrase, because the index stores no positions.',
      'payment -tax': 'The word finds, and documents with the other are taken out of what was found.',
      '-tax': `${naive} documents are without the word. A negation takes away from what other words have found, and here there are none.`,
      blue: 'An entry is a whole stem, and no stem here is “blue”. A prefix needs an anchored pattern on an ordinary index, or a search engine.',
      paymnet:
        'There is no entry of that spelling, and no measure of how near two words are. Tolerance for typing errors is a search engine’s work.',
      'the who':
        language === 'english'
          ? 'Both are stop words of English: dropped from the search, and never in the index. For names take default_language none.'
          : 'Every word is an entry now, so the band is found, along with each text that has “the”; that is the price.',
    }
    return `${start}${reason[search]} The index read ${run.figure('keys')} ${run.figure('keys') === 1 ? 'key' : 'keys'} for this.`
  },
  async run({ search, weight, language }, bench) {
    const words = search.replaceAll('"', '').split(' ')
    const code = `
db.articles.insertMany(${JSON.stringify(articles)})
db.articles.createIndex({ title: 'text', body: 'text' }, { weights: { title: ${weight} }, default_language: '${language}' })
const query = { $text: { $search: ${JSON.stringify(search)} } }
const score = { $meta: 'textScore' }
const found = db.articles.find(query, { title: 1, score }).sort({ score }).toArray()
const { queryPlanner, executionStats } = db.articles.find(query).explain('executionStats')
const ids = (word) => db.articles.find({ $text: { $search: word } }).toArray().map((one) => one._id)
const words = ${JSON.stringify(words)}.map((word) => word.replace(/^-/, ''))
let second = 'accepted'
try { db.articles.createIndex({ summary: 'text' }) } catch (error) { second = error.codeName }
const lists = words.map(ids)
print(JSON.stringify({
  found, keys: executionStats.totalKeysExamined, plan: queryPlanner.winningPlan.stage, second,
  words: words.map((word, at) => ({ word, finds: lists[at].length })),
  and: lists.reduce((all, list) => all.filter((id) => list.includes(id))),
}))`
    bench.status('Building the index and searching')
    const printed = JSON.parse(await bench.engine({ language: 'mongodb', code, timeoutMs: 30_000 })) as Printed
    const { naive } = searches[search]
    const texts = articles.map(({ title, body }) => `${title}. ${body}`)
    const plain = texts.map((text) => naive.test(text))
    for (const [at, { _id }] of articles.entries()) {
      const score = printed.found.find((one) => one._id === _id)?.score
      bench.point('score', at, score ?? 0)
      bench.point('naive', at, plain[at]! ? 1 : 0)
      bench.show(`d${_id}`, [
        { text: score === undefined ? 'not found' : score.toFixed(2), tone: score === undefined ? 'plain' : 'ok' },
        ...texts[at]!.split(' ').map((text) => ({ text })),
      ])
    }
    const isKnown = (finds: number): boolean => finds > 0
    bench.show(
      'search',
      printed.words.map(({ word, finds }) => ({ text: word, tone: isKnown(finds) ? 'signal' : 'bad' })),
    )
    for (const [at, { word, finds }] of printed.words.entries())
      bench.row('words', [
        word,
        finds,
        words[at]!.startsWith('-')
          ? 'takes away'
          : isKnown(finds)
            ? 'finds and scores'
            : 'no entry: a stop word, or no such stem',
      ])
    for (const { _id, title, score } of printed.found) bench.row('found', [_id, title, Math.round(score * 1000) / 1000])
    bench.figure('found', printed.found.length)
    bench.figure('best', printed.found[0]?.title ?? 'none')
    bench.figure('bestScore', printed.found[0]?.score ?? 0)
    bench.figure('naive', plain.filter(Boolean).length)
    bench.figure('words', printed.words.filter(({ finds }) => isKnown(finds)).length)
    bench.figure('keys', printed.keys)
    bench.figure('all', printed.and.length)
    bench.figure('second', printed.second)
    await bench.turn(1)
  },
})
