import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDate, isSlug, orderSchema, singleSchema } from './schema.ts'

test('slugs', () => {
  for (const slug of ['a', 'write-ahead-log', 'http2', '2-phase']) assert.equal(isSlug(slug), true, slug)
  for (const slug of ['', '-a', 'a-', 'a--b', 'A', 'a_b', 'a b', 'é', 'a/b', 'x'.repeat(81)])
    assert.equal(isSlug(slug), false, slug)
})

test('dates', () => {
  for (const date of ['2026-11-24', '2028-02-29']) assert.equal(isDate(date), true, date)
  for (const date of ['2026-02-29', '2026-13-01', '2026-1-1', '26-01-01', '2026-11-24T00:00', ''])
    assert.equal(isDate(date), false, date)
})

test('an option that points at the other options is refused, one that only sounds like it is not', () => {
  const accepts = (option: string) =>
    singleSchema.safeParse({
      id: 'x',
      kind: 'single',
      prompt: 'p',
      options: ['a', option],
      answer: 'a',
      why: 'w',
      wrong: { [option]: 'r' },
    }).success
  for (const option of [
    'All of the above',
    'none of the above.',
    'Both of these',
    'None of them',
    'any of the others',
    'all of these answers',
  ])
    assert.equal(accepts(option), false, option)
  for (const option of ['None of the three', 'All of the memory', 'Both of them wait', 'all'])
    assert.equal(accepts(option), true, option)
})

test('steps are all different', () => {
  const accepts = (items: string[]) =>
    orderSchema.safeParse({ id: 'x', kind: 'order', prompt: 'p', items, why: 'w' }).success
  assert.equal(accepts(['a', 'b', 'c']), true)
  assert.equal(accepts(['a', 'b', 'a']), false)
  assert.equal(accepts(['a', 'b']), false)
})
