/** A text index: tokens, stop words, stems, and the score of a document, by the rules of MongoDB's text index version 3. */
import stemmers from 'snowball-stemmers'
import { type Doc, isPlain, MongoServerError, notModelled } from './document.ts'
import { englishStopWords } from './stopwords.ts'

export type TextOptions = {
  /** By field; `$**` stands for every field that holds a string. */
  weights: Record<string, number>
  defaultLanguage: string
  languageOverride: string
}

/** A parsed `$search`. Terms are stems; one of `terms` and all of `phrases` must be there. */
export type TextQuery = { terms: Set<string>; negated: Set<string>; phrases: string[]; negatedPhrases: string[] }

// What separates tokens; in English an apostrophe does not ("don't" is one word, and a stop word).
const separator = /(?:(?!')[\p{Pattern_Syntax}\p{White_Space}\p{Dash}\p{Quotation_Mark}\p{Terminal_Punctuation}])+/u
const separatorOrApostrophe = /[\p{Pattern_Syntax}\p{White_Space}\p{Dash}\p{Quotation_Mark}\p{Terminal_Punctuation}]+/u
const english = stemmers.newStemmer('english')

function checkLanguage(language: string): 'english' | 'none' {
  if (language === 'english' || language === 'en') return 'english'
  if (language === 'none') return 'none'
  throw notModelled(`The language "${language}" (only english and none are)`)
}

function plainLetters(text: string): string {
  return text.normalize('NFD').replace(/\p{Mark}/gu, '')
}

/** The index terms of a text, in order. `all` keeps stop words, as a check for negated terms does. */
export function termsOf(text: string, language: string, { all = false } = {}): string[] {
  const isEnglish = checkLanguage(language) === 'english'
  const terms: string[] = []
  for (const token of text.split(isEnglish ? separator : separatorOrApostrophe)) {
    const word = token.toLowerCase()
    if (word === '' || (isEnglish && !all && englishStopWords.has(word))) continue
    terms.push(plainLetters(isEnglish ? english.stem(word) : word))
  }
  return terms
}

/** Reads a search: words, `"phrases"`, and both negated by a `-` that follows white space. */
export function parseSearch(search: string, language: string): TextQuery {
  const phrases: string[] = []
  const negatedPhrases: string[] = []
  let wanted = ''
  let unwanted = ''
  for (const [, minus, phrase, word] of search.matchAll(/(?:(?<=^|\s)(-))?(?:"([^"]*)"|([^\s"]+))/g)) {
    if (phrase !== undefined) {
      if (minus) negatedPhrases.push(phrase)
      else {
        phrases.push(phrase)
        // The words of a phrase are terms too: they find the candidates and score them.
        wanted += `${phrase} `
      }
    } else if (minus) unwanted += `${word} `
    else wanted += `${word} `
  }
  return {
    terms: new Set(termsOf(wanted, language)),
    negated: new Set(termsOf(unwanted, language)),
    phrases,
    negatedPhrases,
  }
}

/** The texts that the index sees in a document, each with its weight. */
function textsOf(document: Doc, { weights }: TextOptions): { text: string; weight: number }[] {
  const found: { text: string; weight: number }[] = []
  const walk = (value: unknown, path: string) => {
    if (typeof value === 'string') {
      const weight = weights[path] ?? weights['$**']
      if (weight !== undefined) found.push({ text: value, weight })
    } else if (Array.isArray(value)) for (const item of value) walk(item, path)
    else if (isPlain(value))
      for (const [key, item] of Object.entries(value)) walk(item, path === '' ? key : `${path}.${key}`)
  }
  walk(document, '')
  return found
}

function languageOf(document: Doc, options: TextOptions): string {
  const own = document[options.languageOverride]
  if (own === undefined) return options.defaultLanguage
  if (typeof own !== 'string') {
    throw new MongoServerError('found language override field in document with non-string type', 17261, 'Location17261')
  }
  return own
}

/**
 * The score of each term of a document. For a field of `n` tokens in which a term occurs `c` times:
 *
 *     score = weight · (1 + 1/2 + 1/4 + … c terms) · (0.5 · c / n + 0.5) · (1.1 if the field is exactly the term, else 1)
 *
 * summed over the fields (src/mongo/db/fts/fts_spec.cpp, `_scoreStringV2`).
 */
export function scoreTerms(document: Doc, options: TextOptions): Map<string, number> {
  const language = languageOf(document, options)
  const scores = new Map<string, number>()
  for (const { text, weight } of textsOf(document, options)) {
    const counts = new Map<string, number>()
    const terms = termsOf(text, language)
    for (const term of terms) counts.set(term, (counts.get(term) ?? 0) + 1)
    for (const [term, count] of counts) {
      const frequency = 2 - 2 ** (1 - count)
      const share = (0.5 * count) / terms.length + 0.5
      const exact = text.toLowerCase() === term ? 1.1 : 1
      scores.set(term, (scores.get(term) ?? 0) + weight * frequency * share * exact)
    }
  }
  return scores
}

/** The score of a document for a search, or undefined where it does not match. */
export function scoreDocument(document: Doc, query: TextQuery, options: TextOptions): number | undefined {
  const scores = scoreTerms(document, options)
  const hits = [...query.terms].filter((term) => scores.has(term))
  if (hits.length === 0) return undefined
  const texts = textsOf(document, options).map(({ text }) => text)
  const language = languageOf(document, options)
  const contains = (phrase: string) => texts.some((text) => fold(text).includes(fold(phrase)))
  if (query.negated.size > 0) {
    const own = new Set(texts.flatMap((text) => termsOf(text, language, { all: true })))
    if ([...query.negated].some((term) => own.has(term))) return undefined
  }
  if (!query.phrases.every(contains) || query.negatedPhrases.some(contains)) return undefined
  return hits.reduce((sum, term) => sum + (scores.get(term) ?? 0), 0)
}

function fold(text: string): string {
  return plainLetters(text).toLowerCase()
}
