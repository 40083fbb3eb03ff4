/** Prints the figures of the search: `node packages/bank/src/search.measure.ts`. */
import { gzipSync } from 'node:zlib'
import MiniSearch from 'minisearch'
import { makeCorpus } from './search.corpus.ts'
import { buildIndex, openIndex } from './search.ts'

export type SearchFigures = {
  documents: number
  words: number
  buildMs: number
  rawKb: number
  gzipKb: number
  openMs: number
  /** Of the first search after opening, and over all of them. */
  firstMs: number
  medianMs: number
  worstMs: number
}

const kb = (bytes: number) => Math.round(bytes / 102.4) / 10
const time = <T>(run: () => T): [T, number] => {
  const start = performance.now()
  const result = run()
  return [result, performance.now() - start]
}

export function measureSearch(count = 1000): SearchFigures {
  const corpus = makeCorpus(count)
  const [packed, buildMs] = time(() => buildIndex(corpus))
  const json = JSON.stringify(packed)
  const [search, openMs] = time(() => openIndex(JSON.parse(json) as typeof packed))
  // What a reader types: each beginning of two words of a title, then a word with a slip in it.
  const queries = corpus
    .filter((_, index) => index % 50 === 7)
    .flatMap(({ title }) => {
      const words = title.split(' ').filter((word) => word.length > 4)
      const typed = words.slice(0, 2).join(' ')
      return [
        ...Array.from({ length: typed.length }, (_, end) => typed.slice(0, end + 1)),
        `${words[0]?.slice(0, 2)}x${words[0]?.slice(3)}`,
      ]
    })
  const times = queries.map((query) => time(() => search.search(query))[1])
  const sorted = times.toSorted((a, b) => a - b)
  return {
    documents: count,
    words: packed.terms.split('\n').length,
    buildMs,
    rawKb: kb(json.length),
    gzipKb: kb(gzipSync(json, { level: 9 }).length),
    openMs,
    firstMs: times[0] ?? 0,
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
    worstMs: sorted.at(-1) ?? 0,
  }
}

/** MiniSearch's own JSON of the same text, to compare. */
export function plainIndexKb(count = 1000): number {
  const engine = new MiniSearch({
    fields: ['title', 'tags', 'headings', 'answer', 'sections'],
    storeFields: ['title', 'category', 'difficulty'],
  })
  engine.addAll(
    makeCorpus(count).map((document) => ({
      ...document,
      tags: document.tags.join(' '),
      headings: document.headings.join(' '),
    })),
  )
  return kb(gzipSync(JSON.stringify(engine)).length)
}

if (import.meta.main) {
  const figures = measureSearch()
  for (const [name, value] of Object.entries(figures))
    console.log(`${name.padEnd(10)} ${Math.round(value * 100) / 100}`)
  console.log(`${'plain'.padEnd(10)} ${plainIndexKb()} KB gzip, MiniSearch's own JSON`)
}
