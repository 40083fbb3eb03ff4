import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anchorOf, countWords, markHeadings, parseMarkdown, plainText } from './markdown.ts'

test('plain text keeps blocks apart and leaves code blocks and comments out', () => {
  const root = parseMarkdown(
    'One **two**\n`three`.\n\n- four\n- five [six](/x/)\n\n<!-- no -->\n\n```js\nno\n```\n\n| a | b |\n|---|---|\n| c | d |\n',
  )
  assert.equal(plainText(root.children), 'One two\nthree.\nfour\nfive six\na b\nc d')
})

test('words are what holds a letter or a digit', () => {
  for (const [text, words] of [
    ['', 0],
    ['a - b', 2],
    ['3 × 4', 2],
    ['in-flight', 1],
    ['a\n\nb', 2],
    ['`x`, y.', 2],
    ['日本 語', 2],
  ] as const)
    assert.equal(countWords(text), words, text)
})

test('anchors', () => {
  for (const [text, anchor] of [
    ['In depth', 'in-depth'],
    ['`$lookup`: what?', 'lookup-what'],
    ['O(n²) — é', 'on²-é'],
    ['a_b-c', 'a_b-c'],
    ['???', 'section'],
  ] as const)
    assert.equal(anchorOf(text), anchor)
})

test('headings of the same text get anchors of their own, written into the tree', () => {
  const root = parseMarkdown('## A\n\n## A\n\n## A 1\n\n> ### A\n')
  const headings = markHeadings(root)
  assert.deepEqual(
    headings.map(({ depth, anchor, line }) => [depth, anchor, line]),
    [
      [2, 'a', 1],
      [2, 'a-1', 3],
      [2, 'a-1-1', 5],
      [3, 'a-2', 7],
    ],
  )
  const second = root.children[1]
  assert.deepEqual(second?.data, { hProperties: { id: 'a-1' } })
})
