/** Images in Markdown: a page loads nothing from elsewhere, so an image is a small `data:` address. */
import type { Nodes, Root } from 'mdast'
import { show } from './error.ts'
import { visit } from './markdown.ts'

/** Longest `data:` address of an image, in characters. */
export const imageCharacters = 8192

const expected = `a data: address of a PNG, JPEG, GIF, WebP, AVIF or SVG image with at most ${imageCharacters} characters (nothing is loaded from elsewhere)`

/** Reports each image of `root` that a page would load, or that is too large; also images by reference. */
export function checkImages(root: Root, wrong: (node: Nodes, found: string, expected: string) => void): void {
  const addresses = new Map<string, string[]>()
  visit(root, (node) => {
    // All of them count: a page renders section by section, each with its own first definition of a label.
    if (node.type === 'definition')
      addresses.set(node.identifier, [...(addresses.get(node.identifier) ?? []), node.url])
  })
  visit(root, (node) => {
    const urls =
      node.type === 'image'
        ? [node.url]
        : node.type === 'imageReference'
          ? (addresses.get(node.identifier) ?? [''])
          : []
    const url = urls.find((one) => !isSmallImage(one))
    if (url === undefined) return
    const isLarge = url.length > imageCharacters && /^data:/i.test(url)
    wrong(node, isLarge ? `a data: address of ${url.length} characters` : show(url), expected)
  })
}

/** Labels that images use and links do not: their addresses are judged as images. */
export function imageLabels(root: Nodes): Set<string> {
  const images = new Set<string>()
  const links = new Set<string>()
  visit(root, (node) => {
    if (node.type === 'imageReference') images.add(node.identifier)
    if (node.type === 'linkReference') links.add(node.identifier)
  })
  return images.difference(links)
}

function isSmallImage(url: string): boolean {
  return url.length <= imageCharacters && /^data:image\/(png|jpeg|gif|webp|avif|svg\+xml)[;,]/i.test(url)
}
