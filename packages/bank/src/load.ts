/** Reads `content/` into a bank, and tells everything that is wrong in it. Node only. */
import { readdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type {
  Bank,
  Category,
  Difficulty,
  Document,
  Kit,
  Page,
  Post,
  Question,
  Redirect,
  Tag,
  Verified,
} from './bank.ts'
import { blocksOf, checkText, type Link, openDocument } from './document.ts'
import { compare, type ContentError, contentError, inOrder, show } from './error.ts'
import { checkLinks, checkRedirects } from './links.ts'
import { type ReadQuestion, readQuestion, readQuiz } from './question.ts'
import {
  categorySchema,
  isDate,
  isSlug,
  kitSchema,
  pageSchema,
  postSchema,
  redirectsSchema,
  slugText,
  tagsSchema,
  verifiedSchema,
} from './schema.ts'
import { fencesHash } from './verified.ts'
import { readYaml, validate, type YamlSource } from './yaml.ts'

export { searchDocument } from './search-document.ts'
export { fencesHash } from './verified.ts'

/** Never throws for what is in the folder: a file that cannot be used is missing in the bank and named in `errors`. */
export async function loadBank(contentDir: string): Promise<{ bank: Bank; errors: ContentError[] }> {
  return new Loader(resolve(contentDir)).load()
}

type Opened = { category: string; slug: string; read: ReadQuestion }

class Loader {
  readonly #dir: string
  readonly #name: string
  readonly #errors: ContentError[] = []
  readonly #links: Link[] = []

  constructor(dir: string) {
    this.#dir = dir
    this.#name = basename(dir)
  }

  async load(): Promise<{ bank: Bank; errors: ContentError[] }> {
    if ((await this.#list('.')) === undefined)
      this.#wrong('.', 1, 'folder', 'nothing', 'a folder with categories/, questions/, tags.yaml')
    const [tags, redirects, categories, opened, kits, posts, pages] = await Promise.all([
      this.#tags(),
      this.#redirects(),
      this.#categories(),
      this.#questions(),
      this.#kits(),
      this.#posts(),
      this.#pages(),
    ])
    const questions = opened.flatMap(({ read }) => (read.question ? [read.question] : []))
    const bank: Bank = {
      categories: categories.toSorted((a, b) => a.order - b.order || compare(a.slug, b.slug)),
      questions: inBankOrder(questions, categories),
      kits: kits
        .map(({ kit }) => kit)
        .toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level) || compare(a.slug, b.slug)),
      posts: posts.map(({ post }) => post).toSorted((a, b) => compare(b.date, a.date) || compare(a.slug, b.slug)),
      pages: pages.toSorted((a, b) => compare(a.slug, b.slug)),
      tags: (tags ?? []).toSorted((a, b) => compare(a.id, b.id)),
      redirects: redirects.list,
    }
    const folders = new Set(opened.map(({ category, slug }) => `${category}/${slug}`))
    const described = new Set((await this.#files('categories', '.md')).map(({ slug }) => slug))
    this.#checkQuestions(opened, folders, described, bank)
    for (const { kit, source } of kits) {
      kit.questions.forEach(({ id }, index) => {
        if (!folders.has(id))
          this.#wrong(
            `kits/${kit.slug}.yaml`,
            source.lineOf(['questions', index, 'id']),
            `questions[${index}].id`,
            show(id),
            expectedId(id, folders),
          )
      })
    }
    for (const { post, source } of posts)
      this.#checkTags(post.tags, bank.tags, tags !== undefined, post.file, source.lineOf)
    this.#errors.push(
      ...checkLinks(this.#links, bank, folders),
      ...checkRedirects(`${this.#name}/redirects.yaml`, bank, folders, redirects.lineOf),
    )
    return { bank, errors: inOrder(this.#errors) }
  }

  #wrong(path: string, line: number, field: string, found: string, expected: string) {
    this.#errors.push(
      contentError(
        path === '.' ? this.#name : path.startsWith(`${this.#name}/`) ? path : `${this.#name}/${path}`,
        line,
        field,
        found,
        expected,
      ),
    )
  }

  async #list(path: string): Promise<{ name: string; isFolder: boolean }[] | undefined> {
    try {
      const entries = await readdir(join(this.#dir, path), { withFileTypes: true })
      return entries
        .filter((entry) => !entry.name.startsWith('.'))
        .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
        .toSorted((a, b) => compare(a.name, b.name))
    } catch {
      return undefined
    }
  }

  async #files(folder: string, extension: string): Promise<{ slug: string; path: string }[]> {
    const entries = (await this.#list(folder)) ?? []
    return entries
      .filter((entry) => !entry.isFolder && entry.name.endsWith(extension))
      .map(({ name }) => ({ slug: name.slice(0, -extension.length), path: `${folder}/${name}` }))
  }

  /** Text with `\n` line ends, or undefined: absent (an error if the file is `needed`), unreadable or not UTF-8. */
  async #text(path: string, needed?: string): Promise<string | undefined> {
    let bytes: Uint8Array
    try {
      bytes = await readFile(join(this.#dir, path))
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unreadable'
      if (code !== 'ENOENT') this.#wrong(path, 1, 'file', code, 'a file that can be read')
      else if (needed !== undefined) this.#wrong(path, 1, 'file', 'nothing', needed)
      return undefined
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r\n?/g, '\n')
    } catch {
      this.#wrong(path, 1, 'file', 'bytes that are not UTF-8', 'UTF-8 text')
      return undefined
    }
  }

  /** Parsers of other people's making meet any text here: what they throw becomes an error like the others. */
  #guard<T>(path: string, read: () => T): T | undefined {
    try {
      return read()
    } catch (error) {
      const what = error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error)
      this.#wrong(path, 1, 'file', what, 'text that can be parsed')
      return undefined
    }
  }

  #slug(slug: string, path: string) {
    if (!isSlug(slug)) this.#wrong(path, 1, 'slug', show(slug), slugText)
  }

  async #tags(): Promise<Tag[] | undefined> {
    const text = await this.#text('tags.yaml', 'a list of { id, title, text }')
    if (text === undefined) return undefined
    return this.#guard('tags.yaml', () =>
      this.#validated('tags.yaml', readYaml(`${this.#name}/tags.yaml`, text), tagsSchema),
    )
  }

  async #redirects(): Promise<{ list: Redirect[]; lineOf: (path: readonly PropertyKey[]) => number }> {
    const none = { list: [], lineOf: () => 1 }
    const text = await this.#text('redirects.yaml')
    if (text === undefined) return none
    return (
      this.#guard('redirects.yaml', () => {
        const source = readYaml(`${this.#name}/redirects.yaml`, text)
        const map = source.value === null ? {} : this.#validated('redirects.yaml', source, redirectsSchema)
        return { list: Object.entries(map ?? {}).map(([from, to]) => ({ from, to })), lineOf: source.lineOf }
      }) ?? none
    )
  }

  #validated<S extends Parameters<typeof validate>[0]>(path: string, source: YamlSource, schema: S) {
    this.#errors.push(...source.errors)
    if (source.errors.length > 0) return undefined
    const { value, errors } = validate(schema, source, `${this.#name}/${path}`)
    this.#errors.push(...errors)
    return value
  }

  /** What category, post and page have in common. */
  async #document<S extends Parameters<typeof validate>[0]>(path: string, id: string, schema: S) {
    const text = await this.#text(path)
    if (text === undefined) return undefined
    const record = await this.#verifiedText(path.replace(/\.md$/, '.verified.json'))
    return this.#guard(path, () => {
      const open = openDocument(`${this.#name}/${path}`, text, id)
      this.#errors.push(...open.errors)
      this.#links.push(...open.links)
      if (open.frontmatter.errors.length > 0) return undefined
      const { value, errors } = validate(schema, open.frontmatter, open.file)
      this.#errors.push(...errors)
      if (value === undefined) return undefined
      const fences = [...open.fences.values()]
      const verified = this.#verified(record, fences)
      const document: Document = {
        file: open.file,
        blocks: blocksOf(open.body, open.fences),
        headings: open.headings,
        fences,
        ...(verified && { verified }),
      }
      return { value, document, source: open.frontmatter }
    })
  }

  async #categories(): Promise<Category[]> {
    const read = (await this.#files('categories', '.md')).map(async ({ slug, path }) => {
      this.#slug(slug, path)
      const opened = await this.#document(path, `categories/${slug}`, categorySchema)
      return opened ? [{ slug, ...opened.value, ...opened.document }] : []
    })
    return (await Promise.all(read)).flat()
  }

  async #pages(): Promise<Page[]> {
    const read = (await this.#files('pages', '.md')).map(async ({ slug, path }) => {
      this.#slug(slug, path)
      const opened = await this.#document(path, `pages/${slug}`, pageSchema)
      return opened ? [{ slug, ...opened.value, ...opened.document }] : []
    })
    return (await Promise.all(read)).flat()
  }

  async #posts(): Promise<{ post: Post; source: YamlSource }[]> {
    const seen = new Map<string, string>()
    const read = (await this.#files('posts', '.md')).map(async ({ slug: name, path }) => {
      const [, date = '', slug = ''] = /^(\d{4}-\d{2}-\d{2})-(.*)$/.exec(name) ?? []
      if (!isDate(date) || !isSlug(slug)) {
        this.#wrong(path, 1, 'slug', show(name), `<YYYY-MM-DD>-<slug>, the slug in ${slugText}`)
        return []
      }
      const twin = seen.get(slug)
      if (twin !== undefined)
        this.#wrong(path, 1, 'slug', `${show(slug)} again (first in ${twin})`, 'a slug of its own')
      seen.set(slug, path)
      const opened = await this.#document(path, `posts/${slug}`, postSchema)
      if (!opened) return []
      const post: Post = { slug, date, ...opened.value, tags: opened.value.tags ?? [], ...opened.document }
      return [{ post, source: opened.source }]
    })
    return (await Promise.all(read)).flat()
  }

  async #kits(): Promise<{ kit: Kit; source: YamlSource }[]> {
    const read = (await this.#files('kits', '.yaml')).map(async ({ slug, path }) => {
      this.#slug(slug, path)
      const text = await this.#text(path)
      if (text === undefined) return []
      const kit = this.#guard(path, () => {
        const source = readYaml(`${this.#name}/${path}`, text)
        const value = this.#validated(path, source, kitSchema)
        value?.questions.forEach(({ note }, index) => {
          if (note === undefined) return
          const line = source.lineOf(['questions', index, 'note'])
          const checked = checkText(`${this.#name}/${path}`, line, `questions[${index}].note`, note)
          this.#errors.push(...checked.errors)
          this.#links.push(...checked.links)
        })
        return value && { kit: { slug, ...value, file: `${this.#name}/${path}` } as Kit, source }
      })
      return kit ? [kit] : []
    })
    return (await Promise.all(read)).flat()
  }

  async #questions(): Promise<Opened[]> {
    const folders: { category: string; slug: string }[] = []
    for (const category of (await this.#list('questions')) ?? []) {
      if (!category.isFolder) continue
      for (const entry of (await this.#list(`questions/${category.name}`)) ?? [])
        if (entry.isFolder) folders.push({ category: category.name, slug: entry.name })
    }
    const read = folders.map(async ({ category, slug }): Promise<Opened[]> => {
      const folder = `questions/${category}/${slug}`
      const [text, quiz, record, lab] = await Promise.all([
        this.#text(`${folder}/question.md`, 'a question.md in every question folder'),
        this.#text(`${folder}/quiz.yaml`, 'a quiz.yaml with at least 4 items'),
        this.#verifiedText(`${folder}/verified.json`),
        this.#list(folder),
      ])
      if (text === undefined) return []
      const opened = this.#guard(`${folder}/question.md`, () =>
        readQuestion(`${this.#name}/${folder}/question.md`, text, category, slug),
      )
      if (!opened) return []
      this.#errors.push(...opened.errors)
      this.#links.push(...opened.links)
      const { question } = opened
      const items =
        quiz === undefined
          ? undefined
          : this.#guard(`${folder}/quiz.yaml`, () => readQuiz(`${this.#name}/${folder}/quiz.yaml`, quiz))
      this.#errors.push(...(items?.errors ?? []))
      this.#links.push(...(items?.links ?? []))
      if (question) {
        question.quiz = items?.items ?? []
        question.hasLab = lab?.some((entry) => entry.name === 'lab.ts') ?? false
        const verified = this.#verified(record, question.fences)
        if (verified) question.verified = verified
      }
      return [{ category, slug, read: opened }]
    })
    return (await Promise.all(read)).flat()
  }

  async #verifiedText(path: string): Promise<{ path: string; text: string } | undefined> {
    const text = await this.#text(path)
    return text === undefined ? undefined : { path, text }
  }

  #verified(record: { path: string; text: string } | undefined, fences: Question['fences']): Verified | undefined {
    if (!record) return undefined
    return this.#guard(record.path, () => {
      // JSON is YAML: the same reader finds the lines.
      const value = this.#validated(record.path, readYaml(`${this.#name}/${record.path}`, record.text), verifiedSchema)
      return (
        value && {
          hash: value.hash,
          on: value.on,
          engines: value.engines,
          matches: value.hash === fencesHash({ fences }),
        }
      )
    })
  }

  #checkTags(used: string[], tags: Tag[], isKnown: boolean, file: string, lineOf: YamlSource['lineOf']) {
    if (!isKnown) return
    used.forEach((tag, index) => {
      if (!tags.some(({ id }) => id === tag))
        this.#wrong(file, lineOf(['tags', index]), `tags[${index}]`, show(tag), 'a tag of tags.yaml')
    })
  }

  #checkQuestions(opened: Opened[], folders: Set<string>, categories: Set<string>, bank: Bank) {
    const isTagsRead = bank.tags.length > 0
    for (const { category, slug, read } of opened) {
      const file = `questions/${category}/${slug}/question.md`
      if (!categories.has(category))
        this.#wrong(file, 1, 'category', show(category), `a category that has its file (categories/${category}.md)`)
      const { question } = read
      if (!question) continue
      this.#checkTags(question.tags, bank.tags, isTagsRead, question.file, read.lineOf)
      question.related.forEach((id, index) => {
        const wrong = (expected: string) =>
          this.#wrong(file, read.lineOf(['related', index]), `related[${index}]`, show(id), expected)
        if (id === question.id) wrong('another question than itself')
        else if (!folders.has(id)) wrong(expectedId(id, folders))
      })
      if (question.related.every((id) => id.startsWith(`${category}/`)))
        this.#wrong(
          file,
          read.lineOf(['related']),
          'related',
          `only questions of ${category}`,
          'at least one of another category',
        )
    }
  }
}

const levels = ['junior', 'mid', 'senior']
const difficulties: Difficulty[] = ['easy', 'medium', 'hard']

function inBankOrder(questions: Question[], categories: Category[]): Question[] {
  const order = new Map(categories.map(({ slug, order }) => [slug, order]))
  return questions.toSorted(
    (a, b) =>
      (order.get(a.category) ?? Number.MAX_SAFE_INTEGER) - (order.get(b.category) ?? Number.MAX_SAFE_INTEGER) ||
      compare(a.category, b.category) ||
      difficulties.indexOf(a.difficulty) - difficulties.indexOf(b.difficulty) ||
      compare(a.slug, b.slug),
  )
}

/** Names a likely meant id: one with the same last part, else one of the same category. */
function expectedId(id: string, known: Set<string>): string {
  const [category = '', slug = ''] = id.split('/')
  const near =
    [...known].find((other) => other.endsWith(`/${slug}`)) ??
    [...known].find((other) => other.startsWith(`${category}/`))
  return `the id of a question that exists${near ? ` (like ${near})` : ''}`
}
