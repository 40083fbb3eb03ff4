/** 1,000 made-up questions with the sizes and the word statistics of real ones: what the figures of the search are measured on. */
import { seededRandom } from './random.ts'
import type { SearchDocument } from './search.ts'

/** Sizes of the real questions (medians, counted in words): title 11, 12 headings of 6, answer 88, sections 1,850. */
const sizes = { title: 10, headings: 12, heading: 6, answer: 86, sections: 1850 }
const vocabularySize = 9000
const topics = 8

const starts = 'b c d f g h j k l m n p q r s t v w z br cl cr dr fl gr pl pr sc sh sl sp st tr th qu'.split(' ')
const middles = 'a e i o u ai ea ee io ou a e i o'.split(' ')
const ends = 'b ck d g l ll m n nd ng nt p r rd rt s ss st t x ble ction ment ness ing er al ity'.split(' ')
const common =
  `the of a to and is in it that for with as are on by not be from an when which one what every at or but has its a
  does can than then how you no more before only same there after each between has until because so if two why`.split(
    /\s+/,
  )

/** Zipf with exponent 1: the n-th commonest word comes 1/n as often as the commonest. */
export function makeCorpus(count = 1000, seed = 1): SearchDocument[] {
  const random = seededRandom(seed)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const words = new Set(common)
  while (words.size < vocabularySize) {
    const syllables = 1 + Math.floor(random() * 2.6)
    let word = ''
    for (let i = 0; i < syllables; i++) word += pick(starts) + pick(middles)
    words.add(word + pick(ends))
  }
  const vocabulary = [...words]
  // Two fifths of the text are the commonest words; of the rest, half is of the whole language and half of the question's own
  // subject: one of 8 topics, from a place of its own on.
  const zipf = (most: number) => Math.floor(most ** random()) - 1
  const word = (topic: number, subject: number): string => {
    if (random() < 0.4) return common[zipf(common.length)] ?? 'the'
    if (random() < 0.5) return vocabulary[zipf(vocabularySize)] ?? 'the'
    const own = Math.floor(vocabularySize / topics)
    return (
      vocabulary[common.length + (((topic * own + subject + zipf(own)) * 7) % (vocabularySize - common.length))] ??
      'the'
    )
  }
  return Array.from({ length: count }, (_, index) => {
    const topic = index % topics
    const subject = Math.floor(random() * 900)
    const text = (length: number) => Array.from({ length }, () => word(topic, subject)).join(' ')
    const about = (spread: number) => Math.max(1, Math.round(spread * (0.7 + random() * 0.6)))
    const title = text(about(sizes.title))
    const category = `topic-${topic}`
    return {
      id: `${category}/${title.split(' ').slice(0, 3).join('-')}-${index}`,
      title: `${title}?`,
      category,
      difficulty: pick(['easy', 'medium', 'hard'] as const),
      tags: Array.from({ length: 4 }, () => vocabulary[200 + topic * 12 + Math.floor(random() * 20)] ?? 'x'),
      headings: Array.from({ length: sizes.headings }, () => text(about(sizes.heading))),
      answer: text(about(sizes.answer)),
      sections: text(about(sizes.sections)),
    }
  })
}
