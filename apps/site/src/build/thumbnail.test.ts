import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lab } from '@viva/lab'
import type { LabExample } from './labs.ts'
import { thumbnail } from './thumbnail.ts'

const lab = {
  series: { a: { label: 'A' }, b: { label: 'B', as: 'bars' }, c: { label: 'C', as: 'steps' } },
  charts: [{ title: 'T', x: { label: 'x' }, y: { label: 'y' }, lines: ['a', 'b', 'c'] }],
} as unknown as Lab
const example = (series: Record<string, number[]>): LabExample => ({
  series,
  figures: {},
  marks: [],
  cells: {},
  rows: {},
  theory: [null],
})

test('draws each series in its own way, inside the frame', () => {
  const svg = thumbnail(lab, example({ a: [0, 0, 10, 5], b: [2, 4], c: [0, 1, 5, 3] }))
  assert.match(svg, /<path class="line-0" d="M\d/)
  assert.equal(svg.match(/<rect class="fill-1"/g)?.length, 1)
  assert.match(svg, /<path class="line-2" d="M[\d. ]+H[\d.]+V/)
  for (const [, x] of svg.matchAll(/[MLH](-?[\d.]+)/g)) assert.ok(Number(x) >= 0 && Number(x) <= 240, `x = ${x}`)
})

test('draws nothing without a recorded run, and survives empty and constant series', () => {
  assert.equal(thumbnail(lab, undefined), '')
  assert.equal(thumbnail(lab, example({})), '')
  assert.doesNotMatch(thumbnail(lab, example({ a: [1, 2] })), /NaN|Infinity/)
  assert.doesNotMatch(thumbnail(lab, example({ a: [1, 0, 2, 0], c: [0, 0] })), /NaN|Infinity/)
})
