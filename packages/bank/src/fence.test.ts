import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { parseMeta } from './fence.ts'

const cases: [text: string, meta: object, problems: string[]][] = [
  ['', { run: false, setup: false }, []],
  ['run', { run: true, setup: false }, []],
  ['run title="A burst"', { run: true, setup: false, title: 'A burst' }, []],
  [`setup title='say "go"'`, { run: false, setup: true, title: 'say "go"' }, []],
  ['skip="needs = a compiler"', { run: false, setup: false, skip: 'needs = a compiler' }, []],
  ['skip', { run: false, setup: false }, ['found `skip`; expected `skip="some words"`']],
  ['skip=""', { run: false, setup: false }, ['found `skip=""`; expected `skip="some words"`']],
  ['title=burst', { run: false, setup: false }, ['found `title=burst`; expected `title="some words"`']],
  ['run="yes"', { run: true, setup: false }, ['found `run="yes"`; expected `run` without a value']],
  ['run run', { run: true, setup: false }, ['found `run` twice; expected it once']],
  [
    'rum',
    { run: false, setup: false },
    ['found `rum`; expected `run`, `setup`, `title="…"`, `skip="why it is not run"`, `predict="…"`'],
  ],
  ['run predict="order"', { run: true, setup: false, predict: 'order' }, []],
  [
    'run predict="words"',
    { run: true, setup: false },
    ['found `predict="words"`; expected `predict="order|cells|number|choice|text"`'],
  ],
]

for (const [text, meta, problems] of cases) {
  test(`meta: ${text || 'nothing'}`, () => {
    const read = parseMeta(text)
    assert.deepEqual(read.meta, meta)
    assert.deepEqual(
      read.problems.map(({ found, expected }) => `found ${found}; expected ${expected}`),
      problems,
    )
  })
}

test('a title of any words without a double quote comes back as it was', () => {
  const words = fc.string({ minLength: 1 }).filter((text) => text.trim() !== '' && !text.includes('"'))
  fc.assert(
    fc.property(words, fc.boolean(), (title, run) => {
      const read = parseMeta(`${run ? 'run ' : ''}title="${title}"`)
      assert.deepEqual(read, { meta: { run, setup: false, title: title.trim() }, problems: [] })
    }),
  )
})
