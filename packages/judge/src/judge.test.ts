/** The shape of a judgement: verdict, credit per line, first difference, score. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge } from './judge.ts'

const js = { language: 'js' }
const credits = (expected: string, given: string, language = 'js') =>
  judge(expected, given, { language }).lines.map(({ credit }) => credit)

test('gives credit for each line and names the first difference', () => {
  const { verdict, score, lines, firstDifference } = judge('a: 1\nb: 2\nc: 3', 'a: 1\nb: 20\nc: 3', js)
  assert.equal(verdict, 'wrong')
  assert.equal(score, 2 / 3)
  assert.deepEqual(lines, [
    { credit: 'right', line: 1, expected: 'a: 1', given: 'a: 1' },
    { credit: 'wrong', line: 2, expected: 'b: 2', given: 'b: 20' },
    { credit: 'right', line: 3, expected: 'c: 3', given: 'c: 3' },
  ])
  assert.deepEqual(firstDifference, { line: 2, expected: 'b: 2', given: 'b: 20', from: { expected: '2', given: '20' } })
})

test('says from which word on a line differs', () => {
  const order = judge('body · end · then 1 · after await', 'body, end, after await, then 1', js)
  assert.deepEqual(order.firstDifference?.from, { expected: 'then 1 after', given: 'after await then' })
  const short = judge('a b c', 'a b', js)
  assert.deepEqual(short.firstDifference?.from, { expected: 'c', given: '' })
})

test('tells a missing line from an extra one', () => {
  assert.deepEqual(credits('one\ntwo\nthree', 'one\nthree'), ['right', 'missing', 'right'])
  assert.deepEqual(credits('one\nthree', 'one\ntwo\nthree'), ['right', 'extra', 'right'])
  assert.equal(judge('one\ntwo', 'one', js).score, 0.5)
  assert.equal(judge('one', 'one\ntwo', js).firstDifference?.line, 2)
})

test('counts neither header nor row count of a table as lines', () => {
  const table = ' n | sku\n---+-----\n 1 | a\n 2 | b\n(2 rows)'
  assert.deepEqual(credits(table, '1 a\n2 c', 'sql'), ['right', 'wrong'])
  assert.deepEqual(credits(table, 'n | sku\n1 | a\n2 | c\n(2 rows)', 'sql'), ['right', 'wrong'])
})

test('joins lines or splits them, but does not regroup them', () => {
  assert.equal(judge('1 2\n3', '1 2 3', js).verdict, 'equivalent')
  assert.equal(judge('1 2\n3', '1\n2\n3', js).verdict, 'equivalent')
  assert.equal(judge('1 2\n3', '1\n2 3', js).verdict, 'wrong')
})

test('compares numbers to the last digit and in any notation', () => {
  assert.equal(judge('1000', '1e3', js).verdict, 'equivalent')
  assert.equal(judge('1000', '1,000', js).verdict, 'equivalent')
  assert.equal(judge('0.5', '.5', js).verdict, 'equivalent')
  assert.equal(judge('9007199254740993', '9007199254740992', js).verdict, 'wrong')
  assert.equal(judge('[ 1000 ]', '[1,000]', js).verdict, 'wrong')
  assert.equal(judge('0', '-0', js).verdict, 'wrong')
  assert.equal(judge('007', '7', js).verdict, 'wrong')
})

test('ignores the size of a Map or Set when it is left out, not when it is wrong', () => {
  const map = "Map(2) { 'a' => 1, 'b' => 2 }"
  assert.equal(judge(map, 'Map {a => 1, b => 2}', js).verdict, 'equivalent')
  assert.equal(judge(map, 'Map(3) {a => 1, b => 2}', js).verdict, 'wrong')
  assert.equal(judge(map, '{a => 1, b => 2}', js).verdict, 'wrong')
  assert.equal(judge('Set(1) { [ 1, 2 ] }', 'Set { 1, 2 }', js).verdict, 'wrong')
  assert.equal(judge('[Function: f] [class A]', '[Function f] [class A]', js).verdict, 'equivalent')
  assert.equal(judge('[Function: f]', '[Function: g]', js).verdict, 'wrong')
  assert.equal(judge('Foo { a: 1 }', '{ a: 1 }', js).verdict, 'wrong')
})

test('takes an object over several lines as one line', () => {
  const nested = "{\n  name: 'Ada',\n  tags: [ 'a', 'b' ]\n}\ntrue"
  assert.deepEqual(credits(nested, "{ name: 'Ada', tags: ['a', 'c'] }\ntrue"), ['wrong', 'right'])
  assert.equal(judge(nested, '{"name":"Ada","tags":["a","b"]}\ntrue', js).verdict, 'equivalent')
})

test('judges no output', () => {
  assert.equal(judge('', '', js).verdict, 'exact')
  assert.equal(judge('', 'nothing', js).verdict, 'equivalent')
  assert.equal(judge('', '1', js).verdict, 'wrong')
  assert.equal(judge('1', '', js).verdict, 'wrong')
})
