/** Markdown as a tree: parsing, plain text, headings with their anchors. */
import type { Heading as HeadingNode, Nodes, Root, RootContent } from 'mdast'
import { toString as inlineText } from 'mdast-util-to-string'
import remarkFrontmatter from 'remark-frontmatter'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import { unified } from 'unified'
import type { Heading } from './bank.ts'

const parser = unified().use(remarkParse).use(remarkFrontmatter, ['yaml']).use(remarkGfm)

export function parseMarkdown(text: string): Root {
  return parser.parse(text)
}

const fieldParser = unified().use(remarkParse).use(remarkGfm)

/** Markdown of a field of a YAML file, as pages render it: two lines of dashes are rules there, no frontmatter. */
export function parseField(text: string): Root {
  return fieldParser.parse(text)
}

export function lineOf(node: Nodes): number {
  return node.position?.start.line ?? 1
}

/** Text as it is read aloud: blocks on lines of their own, no code blocks, no comments. */
export function plainText(nodes: readonly Nodes[]): string {
  return nodes
    .map((node) => {
      if (node.type === 'code' || node.type === 'html' || node.type === 'definition' || node.type === 'yaml') return ''
      if (node.type === 'tableRow') return node.children.map((cell) => inlineText(cell)).join(' ')
      if (node.type === 'list' || node.type === 'listItem' || node.type === 'blockquote' || node.type === 'table')
        return plainText(node.children)
      if (node.type === 'footnoteDefinition') return plainText(node.children)
      return inlineText(node, { includeHtml: false }).trim()
    })
    .filter((text) => text !== '')
    .join('\n')
}

/** Words as a reader counts them: whatever stands between spaces and holds a letter or a digit. */
export function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length
}

/** The id of a heading on the page; `taken` makes it unique in its document. */
export function anchorOf(text: string, taken: Map<string, number> = new Map()): string {
  const plain =
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s+/g, '-') || 'section'
  let anchor = plain
  for (let n = taken.get(plain) ?? 0; taken.has(anchor); ) anchor = `${plain}-${++n}`
  taken.set(anchor, 0)
  return anchor
}

/** All headings, also inside lists and quotes. Writes each one's id into the tree, where an HTML renderer finds it. */
export function markHeadings(root: Root): Heading[] {
  const taken = new Map<string, number>()
  const headings: Heading[] = []
  visit(root, (node) => {
    if (node.type !== 'heading' || node.depth === 1) return
    const text = inlineText(node)
    const anchor = anchorOf(text, taken)
    const data: HeadingNode['data'] & { hProperties: { id: string } } = { ...node.data, hProperties: { id: anchor } }
    node.data = data
    headings.push({ depth: node.depth, text, anchor, line: lineOf(node) })
  })
  return headings
}

export function anchorOn(node: HeadingNode, headings: readonly Heading[]): string {
  return headings.find(({ line }) => line === lineOf(node))?.anchor ?? ''
}

/** Depth first, in the order of the text. */
export function visit(node: Nodes, see: (node: Nodes, parents: number) => void, parents = 0): void {
  see(node, parents)
  if ('children' in node) for (const child of node.children) visit(child, see, parents + 1)
}

/** One comment and nothing after it. `<!-->`, `<!--->` and `--!>` end a comment in a browser, so they count as HTML. */
export function isComment(node: RootContent): boolean {
  return node.type === 'html' && /^\s*<!--(?!-?>)(?:(?!--!?>)[\s\S])*-->\s*$/.test(node.value)
}
