import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { QuestionFence } from './fence.ts'
import {
  type Answer,
  ask,
  decodeQuiz,
  encodeQuiz,
  grade,
  isInScope,
  itemKey,
  makeQuiz,
  type PlayableItem,
  quizItems,
} from './quiz.ts'
import { seededRandom } from './random.ts'

const single: PlayableItem = {
  question: 'git/rebase',
  id: 's',
  kind: 'single',
  prompt: '?',
  options: ['a', 'b', 'c'],
  answer: 'a',
  why: 'w',
  wrong: { b: 'not b', c: 'not c' },
}
const multi: PlayableItem = {
  question: 'git/rebase',
  id: 'm',
  kind: 'multi',
  prompt: '?',
  options: ['a', 'b', 'c'],
  answers: ['a', 'b'],
  why: 'w',
  wrong: { c: 'not c' },
}
const order: PlayableItem = {
  question: 'git/merge',
  id: 'o',
  kind: 'order',
  prompt: '?',
  items: ['1', '2', '3'],
  why: 'w',
}
const fill: PlayableItem = {
  question: 'git/merge',
  id: 'f',
  kind: 'fill',
  prompt: 'git ___',
  answers: ['rebase', 're  base'],
  why: 'w',
}
const exact: PlayableItem = { ...fill, id: 'e', answers: ['HEAD'], caseSensitive: true }
const output: PlayableItem = {
  question: 'git/reset',
  id: 'output:1',
  kind: 'output',
  prompt: '?',
  language: 'js',
  code: 'x',
  answer: 'one\n  two',
}

test('the generator is Mulberry32', () => {
  // Of the reference implementation in C with these seeds.
  const random = seededRandom(1)
  assert.deepEqual(
    [random(), random(), random()].map((value) => Math.floor(value * 2 ** 32)),
    [2693262067, 11749833, 2265367787],
  )
})

const grades: [name: string, item: PlayableItem, answer: Answer, right: boolean][] = [
  ['single', single, 'a', true],
  ['single', single, 'b', false],
  ['single, a list', single, ['a'], false],
  ['multi in another order', multi, ['b', 'a'], true],
  ['multi, one missing', multi, ['a'], false],
  ['multi, one too many', multi, ['a', 'b', 'c'], false],
  ['multi, one twice', multi, ['a', 'a'], false],
  ['multi, nothing', multi, [], false],
  ['multi, a text', multi, 'a', false],
  ['order', order, ['1', '2', '3'], true],
  ['order, two swapped', order, ['1', '3', '2'], false],
  ['order, one short', order, ['1', '2'], false],
  ['fill', fill, 'rebase', true],
  ['fill, spaces and capitals', fill, '  ReBase\t', true],
  ['fill, spaces inside', fill, 're base', true],
  ['fill, another word', fill, 'merge', false],
  ['fill, nothing', fill, '', false],
  ['fill, case matters', exact, 'head', false],
  ['fill, case matters and fits', exact, ' HEAD ', true],
  ['output', output, 'one\n  two', true],
  ['output, spaces and lines at the end', output, 'one  \r\n  two \n\n', true],
  ['output, another indent', output, 'one\ntwo', true],
  ['output, an empty line between', output, 'one\n\n  two', true],
  ['output, a line too many', output, 'one\n  two\n  two', false],
  ['output, another order', output, 'two\none', false],
]
for (const [name, item, answer, right] of grades) {
  test(`grade: ${name}: ${right ? 'right' : 'wrong'}`, () => assert.equal(grade(item, answer).right, right))
}

test('a grade says what would have been right and why what was chosen is wrong', () => {
  assert.deepEqual(grade(multi, ['a', 'c']), {
    right: false,
    expected: ['a', 'b'],
    why: 'w',
    wrong: [{ option: 'c', why: 'not c' }],
    missed: ['b'],
  })
  assert.deepEqual(grade(single, 'b'), {
    right: false,
    expected: 'a',
    why: 'w',
    wrong: [{ option: 'b', why: 'not b' }],
    missed: [],
  })
})

test('grades a predicted output by its values, with the verdict and the credit per line', () => {
  const item: PlayableItem = {
    question: 'javascript/closures',
    id: 'output:1',
    kind: 'output',
    prompt: 'What does this print?',
    language: 'js',
    code: '',
    answer: "[ 'Ada', 1 ]\ntrue",
  }
  const judged = (answer: string) => {
    const { right, judgement } = grade(item, answer)
    return [right, judgement?.verdict, judgement?.lines.map(({ credit }) => credit).join()]
  }
  assert.deepEqual(judged("[ 'Ada', 1 ] \ntrue\n"), [true, 'exact', 'right,right'])
  assert.deepEqual(judged('["Ada", 1]\ntrue'), [true, 'equivalent', 'right,right'])
  assert.deepEqual(judged('["Ada", 1]\nfalse'), [false, 'wrong', 'right,wrong'])
  assert.deepEqual(judged('["Ada", "1"]\ntrue'), [false, 'wrong', 'wrong,right'])
})

function pool(questions: number, each: number): PlayableItem[] {
  return Array.from({ length: questions * each }, (_, index) => ({
    ...single,
    question: `c/q${Math.floor(index / each)}`,
    id: `i${index % each}`,
  }))
}

test('a quiz is decided by its items, count and seed', () => {
  const sizes = {
    questions: fc.integer({ min: 1, max: 12 }),
    each: fc.integer({ min: 1, max: 6 }),
    count: fc.integer({ min: 0, max: 40 }),
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  }
  fc.assert(
    fc.property(fc.record(sizes), ({ questions, each, count, seed }) => {
      const items = pool(questions, each)
      const quiz = makeQuiz(items, { count, seed })
      assert.equal(quiz.length, Math.min(count, items.length))
      assert.equal(new Set(quiz.map(itemKey)).size, quiz.length, 'an item twice')
      assert.deepEqual(makeQuiz(items.toReversed(), { count, seed }), quiz, 'the order of the items matters')
      const perQuestion = Map.groupBy(quiz, ({ question }) => question)
      const counts = [...perQuestion.values()].map(({ length }) => length)
      if (quiz.length > 0) {
        assert.equal(perQuestion.size, Math.min(questions, count), 'a question left out')
        assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, 'not spread')
      }
      for (const { choices } of quiz) assert.deepEqual(choices.toSorted(), ['a', 'b', 'c'])
    }),
  )
})

test('another seed is another quiz, and options stand in every order', () => {
  const items = pool(20, 3)
  const keys = (seed: number) => makeQuiz(items, { count: 10, seed }).map(itemKey).join()
  assert.ok(new Set(Array.from({ length: 50 }, (_, seed) => keys(seed))).size > 45)
  const firsts = Array.from({ length: 300 }, (_, seed) => ask(single, seed).choices[0])
  for (const option of ['a', 'b', 'c']) {
    const times = firsts.filter((first) => first === option).length
    assert.ok(times > 60 && times < 140, `${option} first ${times} times of 300`)
  }
})

test('steps are never shown in their right order', () => {
  for (let seed = 0; seed < 500; seed++) assert.notDeepEqual(ask(order, seed).choices, ['1', '2', '3'])
})

test('a doubled item is asked once', () => {
  assert.equal(makeQuiz([single, single, { ...single }], { count: 10, seed: 1 }).length, 1)
})

function fence(over: Partial<{ code: string; expected: string; setup: string; line: number }>): QuestionFence {
  return {
    id: 'git/rebase#1',
    kind: 'run',
    run: true,
    language: 'js',
    code: 'console.log(1)',
    expected: '1',
    meta: { run: true, setup: false },
    line: 1,
    section: 'examples',
    ...over,
  }
}
const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`).join('\n')

test('output items come from short fences', () => {
  const idsOf = (fences: QuestionFence[]) => quizItems({ id: 'git/rebase', quiz: [], fences }).map(({ id }) => id)
  assert.equal(idsOf([fence({})]).length, 1)
  assert.equal(idsOf([fence({ expected: lines(4), code: lines(25) })]).length, 1)
  assert.equal(idsOf([fence({ expected: lines(5) })]).length, 0)
  assert.equal(idsOf([fence({ code: lines(26) })]).length, 0)
  assert.equal(idsOf([fence({ code: lines(20), setup: lines(6) })]).length, 0)
  assert.equal(idsOf([fence({ expected: '' })]).length, 0)
  assert.equal(idsOf([fence({ expected: ' a | b \n---+---\n 1 | 2' })]).length, 0, 'a table')
  assert.equal(idsOf([fence({ expected: '1847' })]).length, 0, 'a number that nobody works out in the head')
  assert.equal(idsOf([fence({ expected: '1000' })]).length, 1, 'a round one')
  assert.equal(
    idsOf([fence({ expected: '1847', code: 'console.log(1_847)' })]).length,
    1,
    'one that stands in the code',
  )
  assert.deepEqual(idsOf([fence({})]), idsOf([fence({ line: 99 })]), 'the id moves with the fence')
  assert.notDeepEqual(idsOf([fence({})]), idsOf([fence({ code: 'console.log(2)' })]))
  assert.equal(
    idsOf([
      {
        id: 'x#1',
        kind: 'still',
        run: false,
        language: 'c',
        skip: 'x',
        code: 'x',
        meta: { run: false, setup: false },
        line: 1,
        section: 'examples',
      },
    ]).length,
    0,
  )
})

test('items are plain JSON', () => {
  const items = quizItems({ id: 'git/rebase', quiz: [single], fences: [fence({ setup: 'x' })] })
  assert.deepEqual(JSON.parse(JSON.stringify(items)), items)
  assert.deepEqual(
    items.map(({ question, kind }) => [question, kind]),
    [
      ['git/rebase', 'single'],
      ['git/rebase', 'output'],
    ],
  )
})

test('an address comes back as it was', () => {
  const scope = fc.constantFrom('all', 'git', 'git/rebase', 'tag:locks', 'kit:senior-back-end', 'misses')
  fc.assert(
    fc.property(
      scope,
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      (scope, count, seed) => {
        assert.deepEqual(decodeQuiz(encodeQuiz({ scope, count, seed })), {
          address: { scope, count, seed },
          errors: [],
        })
      },
    ),
  )
  assert.equal(encodeQuiz({ scope: 'git/rebase', count: 10, seed: 7 }), 'scope=git/rebase&count=10&seed=7')
})

test('an address without a seed is a new quiz; one that is wrong says what is right', () => {
  assert.deepEqual(decodeQuiz(''), { address: { scope: 'all', count: 10 }, errors: [] })
  assert.deepEqual(decodeQuiz('?scope=Git&count=0&seed=-1'), {
    address: { scope: 'all', count: 10 },
    errors: [
      'scope: found "Git"; expected all, a category, a question\'s id, tag:… or kit:…',
      'count: found "0"; expected a whole number from 1 to 100',
      'seed: found "-1"; expected a whole number from 0 to 4294967295',
    ],
  })
  fc.assert(fc.property(fc.string(), (query) => void decodeQuiz(query)))
})

test('scopes', () => {
  const question = { id: 'git/rebase', category: 'git', tags: ['history'] }
  const kits = [{ slug: 'senior', questions: [{ id: 'git/rebase' }] }]
  for (const scope of ['all', 'git', 'git/rebase', 'tag:history', 'kit:senior'])
    assert.equal(isInScope(scope, question, kits), true, scope)
  for (const scope of ['nodejs', 'git/merge', 'tag:git', 'kit:junior', 'history'])
    assert.equal(isInScope(scope, question, kits), false, scope)
})
