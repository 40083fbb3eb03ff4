/** A Markdown file taken apart: frontmatter, headings, and blocks with the code fences checked and taken out. */
import { fitsInput } from '@viva/judge'
import type { Code, Heading as HeadingNode, Nodes, Root, RootContent } from 'mdast'
import type { Block, Heading } from './bank.ts'
import { type ContentError, contentError, show } from './error.ts'
import {
  type FenceMeta,
  isRunnable,
  knownLanguages,
  parseMeta,
  type QuestionFence,
  runnableLanguages,
} from './fence.ts'
import { checkImages, imageLabels } from './images.ts'
import { isComment, lineOf, markHeadings, parseField, parseMarkdown, visit } from './markdown.ts'
import { readYaml, type YamlSource } from './yaml.ts'

export type OpenDocument = {
  file: string
  frontmatter: YamlSource
  /** What stands under the frontmatter, comments left out. */
  body: RootContent[]
  headings: Heading[]
  /** A heading's own text, still in Markdown. */
  sourceOf: (heading: HeadingNode) => string
  /** By the `code` node that each was made from. */
  fences: Map<RootContent, QuestionFence>
  links: Link[]
  errors: ContentError[]
}

export type Link = { url: string; file: string; line: number }

/** `id` is what fence ids begin with; `sectionOf` names the section that a line belongs to. */
export function openDocument(
  file: string,
  text: string,
  id: string,
  sectionOf: (title: string) => string = () => 'body',
): OpenDocument {
  const root = parseMarkdown(text)
  const errors: ContentError[] = []
  const first = root.children[0]
  const frontmatter = first?.type === 'yaml' ? readYaml(file, first.value, lineOf(first)) : readYaml(file, '{}')
  if (first?.type !== 'yaml') {
    frontmatter.errors.push(
      contentError(file, 1, 'frontmatter', 'none', '--- on the first line, the fields, and --- again'),
    )
  }
  errors.push(...frontmatter.errors)
  const headings = markHeadings(root)
  const body = root.children.filter((node) => node.type !== 'yaml' && !isComment(node))
  checkTree(file, root, errors)
  const links = linksOf(file, root)
  return {
    file,
    frontmatter,
    body,
    headings,
    sourceOf: ({ children }) => text.slice(children[0]?.position?.start.offset, children.at(-1)?.position?.end.offset),
    fences: takeFences(file, body, id, sectionOf, errors, links),
    links,
    errors,
  }
}

/** Runs of ordinary Markdown between fences. */
export function blocksOf(nodes: RootContent[], fences: Map<RootContent, QuestionFence>): Block[] {
  const blocks: Block[] = []
  for (const node of nodes) {
    const fence = fences.get(node)
    if (fence) blocks.push({ kind: 'fence', fence })
    else if (node.type === 'code' && node.lang === 'output') continue
    else {
      const last = blocks.at(-1)
      if (last?.kind === 'markdown') last.nodes.push(node)
      else blocks.push({ kind: 'markdown', nodes: [node] })
    }
  }
  return blocks
}

function takeFences(
  file: string,
  body: RootContent[],
  id: string,
  sectionOf: (title: string) => string,
  errors: ContentError[],
  links: Link[],
) {
  const fences = new Map<RootContent, QuestionFence>()
  const setup = new Map<string, string>()
  let section = sectionOf('')
  body.forEach((node, index) => {
    if (node.type === 'heading' && node.depth === 2) section = sectionOf(textOf(node))
    if (node.type !== 'code') return
    const line = lineOf(node)
    const wrong = (found: string, expected: string) => errors.push(contentError(file, line, 'fence', found, expected))
    const language = node.lang ?? ''
    const before = body[index - 1]
    if (!knowsLanguage(node, wrong)) return
    const { meta, problems } = parseMeta(node.meta ?? '')
    for (const problem of problems) wrong(problem.found, problem.expected)
    if (meta.title !== undefined) {
      const title = checkText(file, line, 'fence title', meta.title)
      errors.push(...title.errors)
      links.push(...title.links)
    }
    if (language === 'text' || language === 'output') {
      if (meta.run || meta.setup || meta.skip !== undefined)
        wrong(`\`${language} ${node.meta}\``, `\`${language}\` without run, setup or skip`)
      if (language === 'output' && !(before?.type === 'code' && fences.get(before)?.kind === 'run')) {
        wrong('an `output` fence', 'a `run` fence right before it (use `text` for a transcript that is not asserted)')
      }
      return
    }
    const marks = [meta.run && 'run', meta.setup && 'setup', meta.skip !== undefined && 'skip'].filter(Boolean)
    if (marks.length !== 1) {
      // A fence that already has a meta problem (an empty skip) would only be reported twice.
      if (marks.length > 1 || problems.length === 0) {
        wrong(
          `\`${language}\` with ${marks.length === 0 ? 'none of them' : marks.join(' and ')}`,
          isRunnable(language) ? '`run`, `setup` or `skip="why it is not run"`' : '`skip="why it is not run"`',
        )
      }
      return
    }
    const common = {
      id: `${id}#${fences.size + 1}`,
      code: node.value,
      meta,
      line: line + 1,
      section,
      ...(meta.title === undefined ? {} : { title: meta.title }),
    }
    if (meta.skip !== undefined) {
      fences.set(node, { ...common, kind: 'still', run: false, language, skip: meta.skip })
    } else if (!isRunnable(language)) {
      wrong(`\`${language} ${marks[0]}\``, `one of ${runnableLanguages.join(', ')}, or \`skip="why it is not run"\``)
    } else if (meta.setup) {
      setup.set(language, setup.has(language) ? `${setup.get(language)}\n${node.value}` : node.value)
      fences.set(node, { ...common, kind: 'setup', run: false, language })
    } else {
      const after = body[index + 1]
      const output = after?.type === 'code' && after.lang === 'output' ? after.value : undefined
      if (output === undefined)
        wrong(`\`${language} run\` without its output`, 'an `output` fence right after it, with everything it prints')
      const unfit = output === undefined ? undefined : unfitInput(output, language, meta)
      if (unfit) wrong(`\`predict="${meta.predict}"\``, unfit)
      const before = setup.get(language)
      fences.set(node, {
        ...common,
        kind: 'run',
        run: true,
        language,
        ...(before === undefined ? {} : { setup: before }),
        expected: output ?? '',
      })
    }
  })
  return fences
}

/** What the output can be predicted as, when that is not what `predict` says. */
function unfitInput(expected: string, language: string, { predict }: FenceMeta): string | undefined {
  if (predict === undefined || fitsInput(expected, { language, predict })) return undefined
  return `\`predict="text"\` or none: the output has not the form that \`${predict}\` needs`
}

function knowsLanguage(node: Code, wrong: (found: string, expected: string) => void): boolean {
  if (!node.lang) wrong('code without a language', 'a fence that names its language (`text` for what is not code)')
  else if (!knownLanguages.includes(node.lang))
    wrong(`the language ${show(node.lang)}`, `one of ${knownLanguages.join(', ')}`)
  else return true
  return false
}

/** What is allowed nowhere: raw HTML, remote images, a first-level heading, a fence inside a list or a quote. */
function checkTree(file: string, root: Root, errors: ContentError[]) {
  checkImages(root, (node, found, expected) => errors.push(contentError(file, lineOf(node), 'image', found, expected)))
  visit(root, (node, parents) => {
    const wrong = (field: string, found: string, expected: string) =>
      errors.push(contentError(file, lineOf(node), field, found, expected))
    if (node.type === 'html' && !isComment(node)) wrong('html', show(node.value), 'Markdown (write code in backticks)')
    if (node.type === 'heading' && node.depth === 1)
      wrong('heading', show(`# ${textOf(node)}`), '## and deeper (the title stands in the frontmatter)')
    if (
      node.type === 'code' &&
      parents > 1 &&
      knowsLanguage(node, (found, expected) => wrong('fence', found, expected)) &&
      node.lang !== 'text'
    ) {
      wrong('fence', `a \`${node.lang}\` fence inside a list or a quote`, 'it at the left margin, between paragraphs')
    }
  })
}

/** Markdown inside a field: its links, HTML that a page would not show, and images that it would load. */
export function checkText(
  file: string,
  line: number,
  field: string,
  markdown: string,
): { links: Link[]; errors: ContentError[] } {
  // Most fields have neither links nor HTML; parsing them all took two fifths of the time.
  if (!/[\]<]/.test(markdown)) return { links: [], errors: [] }
  const root = parseField(markdown)
  const errors: ContentError[] = []
  visit(root, (node) => {
    if (node.type === 'html')
      errors.push(contentError(file, line, field, show(node.value), 'Markdown (write code in backticks)'))
  })
  checkImages(root, (_, found, expected) => errors.push(contentError(file, line, field, found, expected)))
  return { links: linksOf(file, root, line - 1), errors }
}

function linksOf(file: string, root: Nodes, lineShift = 0): Link[] {
  const links: Link[] = []
  const forImages = imageLabels(root)
  visit(root, (node) => {
    if (node.type === 'link' || (node.type === 'definition' && !forImages.has(node.identifier)))
      links.push({ url: node.url, file, line: lineOf(node) + lineShift })
  })
  return links
}

function textOf(node: Nodes): string {
  let text = ''
  visit(node, (part) => {
    if ('value' in part) text += part.value
  })
  return text
}
