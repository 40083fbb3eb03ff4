/** Markdown trees to HTML: the prose of every page, and the one-line Markdown of titles and quiz prompts. */
import type { Nodes as HastNodes, Root as HastRoot } from 'hast'
import { toHtml } from 'hast-util-to-html'
import { toHast } from 'mdast-util-to-hast'
import type { RootContent } from 'mdast'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import { unified } from 'unified'

const parser = unified().use(remarkParse).use(remarkGfm)

export function toHtmlString(nodes: RootContent[]): string {
  const tree = toHast({ type: 'root', children: nodes }) as HastRoot
  return toHtml(makeScrollable(tree))
}

/** Wide tables and blocks scroll by themselves, reachable by keyboard, instead of widening the page. */
function makeScrollable(tree: HastRoot): HastRoot {
  const wrap = <T extends HastNodes>(node: T): T => {
    if (!('children' in node)) return node
    node.children = node.children.map((child) => {
      if (child.type === 'element' && child.tagName === 'table') {
        return {
          type: 'element',
          tagName: 'div',
          properties: { className: ['scroll'], tabIndex: 0, role: 'region', ariaLabel: 'Table' },
          children: [child],
        }
      }
      // A wide block scrolls too.
      if (child.type === 'element' && child.tagName === 'pre') child.properties['tabIndex'] = 0
      return wrap(child as HastNodes) as never
    }) as never
    return node
  }
  return wrap(tree)
}

/** `` `$lookup`: what does it do `` → HTML without a paragraph around it. */
export function inline(markdown: string): string {
  const [first] = parser.parse(markdown).children
  if (!first) return ''
  const nodes = first.type === 'paragraph' ? first.children : [first]
  return toHtml(toHast({ type: 'root', children: nodes }))
}

/** The same without its markup: for titles of windows, feeds and pictures. */
export function plain(markdown: string): string {
  return markdown.replaceAll('`', '')
}

/** Whole Markdown, for answers and explanations of quiz items. */
export function block(markdown: string): string {
  return toHtmlString(parser.parse(markdown).children)
}
