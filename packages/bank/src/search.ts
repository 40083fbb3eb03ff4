/**
 * The search index: built once with the site, opened in the browser when somebody searches.
 *
 * MiniSearch's own JSON of 1,000 questions is 14 times over the 150 KB (gzip) that a search may cost, so the index travels
 * packed and MiniSearch is rebuilt from it when it is opened. What was traded for size:
 * - A word counts once per document, in its best field (title, tag, heading, answer, sections), not by how often it occurs.
 * - Titles and tags are kept whole. Of headings, answer and sections a document keeps its most telling words: by field, by how
 *   often they occur here and how rarely elsewhere. `postingBudget` is shared by all documents: a bank of 50 questions keeps
 *   every word, one of 1,000 about 50 a question.
 * - The lengths that the ranking divides by are those of what was kept.
 */
import MiniSearch, { type AsPlainObject, type Options } from 'minisearch'

export type SearchDocument = {
  id: string
  title: string
  category: string
  difficulty?: 'easy' | 'medium' | 'hard'
  tags: string[]
  headings: string[]
  answer: string
  /** Plain text of everything else. */
  sections: string
}

/** Plain JSON. Its strings are read by `openIndex` alone. */
export type PackedIndex = {
  version: 1
  /** One a line, in the order of the document numbers. */
  ids: string
  titles: string
  categories: string
  /** One letter a document: e, m, h, or - for none. */
  difficulties: string
  /** Sorted, one a line: the number of leading characters shared with the line before (base 36), then the rest. */
  terms: string
  /** For each term the number of postings, then for each posting `step from the document before × 5 + field`. */
  postings: string
}

export type SearchResult = {
  id: string
  title: string
  category: string
  difficulty?: 'easy' | 'medium' | 'hard'
  score: number
  /** Words of the index that were found in this document: to mark in the title or the answer. */
  matchedTerms: string[]
}

export type SearchOptions = { limit?: number }

export type Search = { search(query: string, options?: SearchOptions): SearchResult[] }

const fields = ['title', 'tags', 'headings', 'answer', 'sections'] as const
const boost = { title: 6, tags: 3, headings: 2.5, answer: 2, sections: 1 }
const difficulties = { e: 'easy', m: 'medium', h: 'hard' } as const

/** Words kept of all documents together. About 10.5 bits each after gzip. */
export const postingBudget = 60_000

/** Too common to tell anything, unless a title is about it (`this`, `in`). */
const stopWords = new Set(
  `a about after all also an and any are as at be because been before being but by can could did do does each for from had has have
  how if in into is it its just like made make may more most much must no nor not of off on once one only or other our out over
  own same should so some such than that the their them then there these they this those through to too under until up use used
  uses using very was we were what when where which while who why will with without would you your`.split(/\s+/),
)

const longestTerm = 35

/** Lower-case words; of `setTimeout` also its parts, of `$lookup` the word alone. */
export function termsOf(text: string): string[] {
  const terms: string[] = []
  for (const [word] of text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .matchAll(/[\p{L}\p{N}_]+/gu)) {
    const parts = word.split(/_+|(?<=\p{Ll})(?=\p{Lu})/u).filter((part) => part.length > 1)
    for (const part of parts.length > 1 ? [word, ...parts] : [word])
      terms.push(part.toLowerCase().slice(0, longestTerm))
  }
  return terms
}

export function buildIndex(documents: readonly SearchDocument[]): PackedIndex {
  const sorted = documents.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const counted = sorted.map(countTerms)
  const frequency = new Map<string, number>()
  for (const counts of counted) for (const term of counts.keys()) frequency.set(term, (frequency.get(term) ?? 0) + 1)
  const whole = (counts: Map<string, Count>) => [...counts].filter(([, { field }]) => field < 2)
  const spent = counted.reduce((sum, counts) => sum + whole(counts).length, 0)
  const share = Math.max(0, Math.floor((postingBudget - spent) / Math.max(1, sorted.length)))
  const postings = new Map<string, [document: number, field: number][]>()
  counted.forEach((counts, document) => {
    // tf-idf: (1 + ln tf) · ln(1 + N / df), times what the field is worth in the ranking.
    const weight = ([term, { times, field }]: [string, Count]) =>
      boost[fields[field] ?? 'sections'] *
      (1 + Math.log(times)) *
      Math.log(1 + sorted.length / (frequency.get(term) ?? 1))
    const telling = [...counts]
      .filter(([, { field }]) => field >= 2)
      .map((entry) => ({ entry, weight: weight(entry) }))
      .toSorted((a, b) => b.weight - a.weight || (a.entry[0] < b.entry[0] ? -1 : 1))
      .slice(0, share)
      .map(({ entry }) => entry)
    for (const [term, { field }] of [...whole(counts), ...telling]) {
      const list = postings.get(term)
      if (list) list.push([document, field])
      else postings.set(term, [[document, field]])
    }
  })
  const terms = [...postings.keys()].toSorted()
  return {
    version: 1,
    ids: sorted.map(({ id }) => oneLine(id)).join('\n'),
    titles: sorted.map(({ title }) => oneLine(title)).join('\n'),
    categories: sorted.map(({ category }) => oneLine(category)).join('\n'),
    difficulties: sorted.map(({ difficulty }) => difficulty?.[0] ?? '-').join(''),
    terms: terms.map((term, index) => frontCoded(term, terms[index - 1] ?? '')).join('\n'),
    postings: terms
      .map((term) => {
        const list = postings.get(term) ?? []
        let before = -1
        const steps = list.map(([document, field]) => {
          const step = (document - before) * fields.length + field
          before = document
          return encode(step)
        })
        return encode(list.length) + steps.join('')
      })
      .join(''),
  }
}

type Count = { times: number; field: number }

/** Each word with its best field and how often it occurs in all of them. */
function countTerms(document: SearchDocument): Map<string, Count> {
  const counts = new Map<string, Count>()
  const texts = [
    document.title,
    document.tags.join(' '),
    document.headings.join(' '),
    document.answer,
    document.sections,
  ]
  texts.forEach((text, field) => {
    for (const term of termsOf(text)) {
      const count = counts.get(term)
      if (count) count.times++
      else if (field === 0 || (!stopWords.has(term) && (field < 3 || isTelling(term))))
        counts.set(term, { times: 1, field })
    }
  })
  return counts
}

function isTelling(term: string): boolean {
  return term.length > 1 && !/^\d+$/.test(term)
}

export function openIndex(packed: PackedIndex): Search {
  if (packed.version !== 1)
    throw new Error(`search index: found version ${JSON.stringify(packed.version)}; expected 1. Build the site again.`)
  const ids = lines(packed.ids)
  const titles = lines(packed.titles)
  const categories = lines(packed.categories)
  const fieldLength = ids.map(() => fields.map(() => 0))
  const index: AsPlainObject['index'] = []
  const read = decoder(packed.postings)
  let term = ''
  const known = new Set<string>()
  for (const line of lines(packed.terms)) {
    term = term.slice(0, Number.parseInt(line[0] ?? '0', 36)) + line.slice(1)
    known.add(term)
    const entry: Record<string, Record<string, number>> = {}
    let document = -1
    for (let left = read(); left > 0; left--) {
      const value = read()
      const field = value % fields.length
      document += (value - field) / fields.length
      // "07", not "7": names that look like array indices make the engine allocate arrays of a thousand (20 times slower).
      const list = (entry[field] ??= Object.create(null) as Record<string, number>)
      list[`0${document}`] = 1
      const lengths = fieldLength[document]
      if (lengths) lengths[field] = (lengths[field] ?? 0) + 1
    }
    index.push([term, entry])
  }
  const options: Options<{ id: number }> = {
    fields: [...fields],
    tokenize: termsOf,
    processTerm: (term) => term,
  }
  const engine = MiniSearch.loadJS<{ id: number }>(
    {
      documentCount: ids.length,
      nextId: ids.length,
      documentIds: Object.fromEntries(ids.map((_, number) => [number, number])),
      fieldIds: Object.fromEntries(fields.map((field, number) => [field, number])),
      fieldLength: Object.fromEntries(fieldLength.entries()),
      averageFieldLength: fields.map(
        (_, field) => fieldLength.reduce((sum, lengths) => sum + (lengths[field] ?? 0), 0) / Math.max(1, ids.length),
      ),
      storedFields: {},
      dirtCount: 0,
      index,
      serializationVersion: 2,
    },
    options,
  )

  function search(query: string, { limit = 20 }: SearchOptions = {}): SearchResult[] {
    const all = [...new Set(termsOf(query.slice(0, 200)))].slice(0, 12)
    const telling = all.filter(
      (term, position) => !stopWords.has(term) || known.has(term) || position === all.length - 1,
    )
    const asked = telling.some((term) => !stopWords.has(term))
      ? telling.filter((term) => !stopWords.has(term) || known.has(term))
      : telling
    if (asked.length === 0) return []
    const last = asked.at(-1)
    const found = engine.search(asked.join(' '), {
      boost,
      // A stop word is not the beginning of a longer word, unless it is still being typed.
      prefix: (term) => term.length > 1 && (term === last || !stopWords.has(term)),
      fuzzy: (term) => (term.length > 3 && !stopWords.has(term) ? 0.2 : false),
      maxFuzzy: 2,
      weights: { prefix: 0.5, fuzzy: 0.25 },
    })
    return found
      .map(({ id, score, terms, queryTerms }) => ({
        number: id as number,
        score: score * (queryTerms.length / asked.length),
        terms,
      }))
      .toSorted((a, b) => b.score - a.score || a.number - b.number)
      .slice(0, limit)
      .map(({ number, score, terms }) => {
        const difficulty = difficulties[packed.difficulties[number] as 'e']
        return {
          id: ids[number] ?? '',
          title: titles[number] ?? '',
          category: categories[number] ?? '',
          ...(difficulty !== undefined && { difficulty }),
          score,
          matchedTerms: terms,
        }
      })
  }

  // The first search compiles MiniSearch's code: done here, not under the reader's first key.
  search('warm upp')
  return { search }
}

function lines(text: string): string[] {
  return text === '' ? [] : text.split('\n')
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}

function frontCoded(term: string, before: string): string {
  let shared = 0
  while (shared < longestTerm && shared < term.length && term[shared] === before[shared]) shared++
  return shared.toString(36) + term.slice(shared)
}

// Whole numbers as printable ASCII without " and \, base 45: digits that more follow are of the upper half of the alphabet.
const alphabet = Array.from({ length: 92 }, (_, index) => String.fromCharCode(index + 35)).filter(
  (character) => character !== '\\',
)
const base = 45

function encode(value: number): string {
  let text = alphabet[value % base] ?? ''
  for (let rest = Math.floor(value / base); rest > 0; rest = Math.floor(rest / base))
    text = (alphabet[base + (rest % base)] ?? '') + text
  return text
}

function decoder(text: string): () => number {
  const digit = new Map(alphabet.map((character, index) => [character, index]))
  let position = 0
  return () => {
    let value = 0
    for (;;) {
      const it = digit.get(text[position++] ?? '')
      if (it === undefined) throw new Error(`search index: postings end or break at ${position}. Build the site again.`)
      if (it < base) return value * base + it
      value = value * base + (it - base)
    }
  }
}
