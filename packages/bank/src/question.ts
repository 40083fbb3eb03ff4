/** One question folder: question.md and quiz.yaml, checked section by section. */
import type { RootContent } from 'mdast'
import type { Block, ChecklistSection, ItemSection, ProseSection, Question, SectionItem, Sections } from './bank.ts'
import { blocksOf, checkText, type Link, type OpenDocument, openDocument } from './document.ts'
import { type ContentError, contentError, show } from './error.ts'
import { anchorOf, anchorOn, countWords, lineOf, plainText } from './markdown.ts'
import { isSlug, type QuizItem, questionSchema, quizItemSchema, slugText } from './schema.ts'
import { fieldName, readYaml, validate } from './yaml.ts'

/** The six sections: key in `Sections`, and title in the file. */
export const sectionTitles = {
  answer: 'Answer',
  inDepth: 'In depth',
  examples: 'Examples',
  pitfalls: 'Pitfalls',
  followUps: 'Follow-ups',
  checklist: 'Checklist',
} as const
type SectionKey = keyof typeof sectionTitles
const sectionKeys = Object.keys(sectionTitles) as SectionKey[]

export const answerWordLimit = 90

export type ReadQuestion = {
  question: Question | undefined
  links: Link[]
  errors: ContentError[]
  lineOf: (path: readonly PropertyKey[]) => number
}

export function readQuestion(file: string, text: string, category: string, slug: string): ReadQuestion {
  const id = `${category}/${slug}`
  const document = openDocument(
    file,
    text,
    id,
    (title) => sectionKeys.find((key) => sectionTitles[key] === title) ?? 'body',
  )
  const { errors } = document
  for (const [field, name] of [
    ['category', category],
    ['slug', slug],
  ] as const) {
    if (!isSlug(name)) errors.push(contentError(file, 1, field, show(name), slugText))
  }
  const { sections, missing } = readSections(document)
  const answer = plainText(sections.answer.blocks.flatMap((block) => (block.kind === 'markdown' ? block.nodes : [])))
  checkSections(document, sections, missing, answer)
  const lineOf = document.frontmatter.lineOf
  if (document.frontmatter.errors.length > 0) return { question: undefined, links: document.links, errors, lineOf }
  const front = validate(questionSchema, document.frontmatter, file)
  errors.push(...front.errors)
  if (front.value) {
    const title = checkText(file, lineOf(['title']), 'title', front.value.title)
    errors.push(...title.errors)
    document.links.push(...title.links)
  }
  if (!front.value) return { question: undefined, links: document.links, errors, lineOf }
  const fences = [...document.fences.values()]
  const question: Question = {
    id,
    category,
    slug,
    ...front.value,
    answer,
    sections,
    headings: document.headings,
    fences,
    quiz: [],
    hasLab: false,
    file,
  }
  return { question, links: document.links, errors, lineOf }
}

/** `quiz.yaml`: every item that is right, and an error for all that is wrong. */
export function readQuiz(file: string, text: string): { items: QuizItem[]; links: Link[]; errors: ContentError[] } {
  const source = readYaml(file, text)
  const errors = [...source.errors]
  const links: Link[] = []
  if (errors.length > 0) return { items: [], links, errors }
  if (!Array.isArray(source.value)) {
    errors.push(contentError(file, 1, 'file', show(source.value), 'a list of quiz items'))
    return { items: [], links, errors }
  }
  const items: QuizItem[] = []
  const lines = new Map<string, number>()
  source.value.forEach((raw: unknown, index) => {
    const rawId =
      typeof raw === 'object' && raw !== null && 'id' in raw && typeof raw.id === 'string' ? raw.id : undefined
    const read = validate(quizItemSchema, source, file, [index], rawId === undefined ? `[${index}]` : rawId)
    errors.push(...read.errors)
    if (rawId !== undefined) {
      const line = source.lineOf([index, 'id'])
      const earlier = lines.get(rawId)
      if (earlier !== undefined)
        errors.push(
          contentError(
            file,
            line,
            `${rawId}.id`,
            `${show(rawId)} again (first on line ${earlier})`,
            'an id of its own',
          ),
        )
      else lines.set(rawId, line)
    }
    if (!read.value) return
    items.push(read.value)
    for (const [path, markdown] of markdownOf(read.value)) {
      const line = source.lineOf([index, ...path])
      const checked = checkText(file, line, fieldName(read.value.id, path), markdown)
      links.push(...checked.links)
      errors.push(...checked.errors)
    }
  })
  if (source.value.length < 4) errors.push(contentError(file, 1, 'file', `${source.value.length} items`, 'at least 4'))
  return { items, links, errors }
}

function markdownOf(item: QuizItem): [path: PropertyKey[], text: string][] {
  const texts: [PropertyKey[], string][] = [
    [['prompt'], item.prompt],
    [['why'], item.why],
  ]
  if (item.kind === 'single' || item.kind === 'multi') {
    item.options.forEach((option, index) => texts.push([['options', index], option]))
    for (const [option, why] of Object.entries(item.wrong)) texts.push([['wrong', option], why])
  }
  if (item.kind === 'order') item.items.forEach((text, index) => texts.push([['items', index], text]))
  return texts
}

type Part = { key: SectionKey; title: string; anchor: string; line: number; nodes: RootContent[] }

function readSections(document: OpenDocument): { sections: Sections; missing: Set<string> } {
  const { file, body, fences, errors } = document
  const parts: Part[] = []
  let into: RootContent[] = []
  const before = into
  for (const node of body) {
    if (node.type !== 'heading' || node.depth !== 2) {
      into.push(node)
      continue
    }
    const title = plainText([node])
    const key = sectionKeys.find((key) => sectionTitles[key] === title)
    const wrong = (found: string, expected: string) =>
      errors.push(contentError(file, lineOf(node), 'section', found, expected))
    into = []
    if (!key)
      wrong(
        show(`## ${title}`),
        `one of ${sectionKeys.map((key) => `## ${sectionTitles[key]}`).join(', ')} (use ### inside a section)`,
      )
    else if (parts.some((part) => part.key === key)) wrong(`a second ${show(`## ${title}`)}`, 'each section once')
    else {
      const last = parts.at(-1)
      if (last && sectionKeys.indexOf(last.key) > sectionKeys.indexOf(key))
        wrong(
          `${show(`## ${title}`)} after ${show(`## ${last.title}`)}`,
          `the order ${sectionKeys.map((key) => sectionTitles[key]).join(', ')}`,
        )
      parts.push({ key, title, anchor: anchorOn(node, document.headings), line: lineOf(node), nodes: into })
    }
  }
  if (before[0])
    errors.push(contentError(file, lineOf(before[0]), 'section', 'text before the first section', '## Answer first'))
  const missing = new Set<string>()
  const end = body.at(-1)?.position?.end.line ?? 1
  const get = (key: SectionKey): Part => {
    const part = parts.find((part) => part.key === key)
    if (part) return part
    missing.add(sectionTitles[key])
    errors.push(
      contentError(
        file,
        end,
        'section',
        `no ${show(`## ${sectionTitles[key]}`)}`,
        `all of ${sectionKeys.map((key) => sectionTitles[key]).join(', ')}`,
      ),
    )
    return { key, title: sectionTitles[key], anchor: anchorOf(sectionTitles[key]), line: end, nodes: [] }
  }
  const prose = (key: SectionKey): ProseSection => {
    const { title, anchor, nodes } = get(key)
    return { title, anchor, blocks: blocksOf(nodes, fences) }
  }
  const sections = {
    answer: prose('answer'),
    inDepth: prose('inDepth'),
    examples: prose('examples'),
    pitfalls: readItems(get('pitfalls'), document),
    followUps: readItems(get('followUps'), document),
    checklist: readChecklist(get('checklist'), document),
  }
  return { sections, missing }
}

/** A section of `###` items. */
function readItems(part: Part, document: OpenDocument): ItemSection {
  const { fences } = document
  const groups: { item: Omit<SectionItem, 'blocks'> | undefined; nodes: RootContent[] }[] = [
    { item: undefined, nodes: [] },
  ]
  for (const node of part.nodes) {
    if (node.type === 'heading' && node.depth === 3)
      groups.push({
        item: { title: document.sourceOf(node), anchor: anchorOn(node, document.headings), line: lineOf(node) },
        nodes: [],
      })
    else groups.at(-1)?.nodes.push(node)
  }
  const items = groups.flatMap(({ item, nodes }): SectionItem[] =>
    item ? [{ ...item, blocks: blocksOf(nodes, fences) }] : [],
  )
  return { title: part.title, anchor: part.anchor, intro: blocksOf(groups[0]?.nodes ?? [], fences), items }
}

function readChecklist(part: Part, { file, errors }: OpenDocument): ChecklistSection {
  const points: string[] = []
  for (const node of part.nodes) {
    if (node.type !== 'list') {
      errors.push(contentError(file, lineOf(node), '## Checklist', `a ${node.type}`, 'only lines like - [ ] key point'))
      continue
    }
    for (const item of node.children) {
      const text = plainText(item.children)
      if (item.checked !== false || text === '')
        errors.push(
          contentError(
            file,
            lineOf(item),
            '## Checklist',
            item.checked ? 'a ticked point' : 'a point without a box',
            '- [ ] key point',
          ),
        )
      if (text !== '') points.push(text)
    }
  }
  return { title: part.title, anchor: part.anchor, points }
}

function checkSections(document: OpenDocument, sections: Sections, missing: ReadonlySet<string>, answer: string) {
  const { file, errors, headings } = document
  const wrong = (section: { title: string; anchor: string }, found: string, expected: string, at?: number) => {
    // That it is missing was told already.
    if (missing.has(section.title)) return
    const line = at ?? headings.find(({ anchor }) => anchor === section.anchor)?.line ?? 1
    errors.push(contentError(file, line, `## ${section.title}`, found, expected))
  }
  const words = countWords(answer)
  if (words > answerWordLimit) wrong(sections.answer, `${words} words`, `at most ${answerWordLimit}`)
  for (const section of [sections.answer, sections.inDepth, sections.examples]) {
    if (isEmpty(section.blocks)) wrong(section, 'nothing', 'text')
  }
  if (!sections.examples.blocks.some((block) => block.kind === 'fence') && !isEmpty(sections.examples.blocks))
    wrong(sections.examples, 'no fence', 'at least one code fence')
  for (const [section, least] of [
    [sections.pitfalls, 2],
    [sections.followUps, 3],
  ] as const) {
    if (section.items.length < least) wrong(section, `${section.items.length} ### items`, `at least ${least}`)
    for (const item of section.items)
      if (isEmpty(item.blocks)) wrong(section, `nothing under ${show(`### ${item.title}`)}`, 'text', item.line)
  }
  const points = sections.checklist.points.length
  if (points < 4 || points > 8) wrong(sections.checklist, `${points} points`, '4 to 8')
}

function isEmpty(blocks: Block[]): boolean {
  return blocks.length === 0
}
