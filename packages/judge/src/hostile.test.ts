/** Inputs made to hang or crash the judge: an answer may come from an imported log. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge } from './judge.ts'

const expected = ['[ 1, 2, { a: 1 } ]\n[ 3 ]', ' id | name\n----+------\n  1 | a\n(1 row)']
const lines = (line: string): string => Array.from({ length: 119 }, () => line).join('\n')
const hostile: [name: string, text: string][] = [
  ['quotes that never close', " 'a".repeat(1333)],
  ['quotes and brackets that never close', "['a".repeat(1333)],
  ['lines of quotes that never close', lines("['a 'b 'c 'd 'e 'f 'g 'h 'i")],
  ['lines of open brackets', lines('['.repeat(30))],
  ['deep brackets', '['.repeat(3999)],
  ['separators', '|'.repeat(3999)],
  ['dashes', `${'-'.repeat(3998)}x`],
  ['arrows', '->'.repeat(1999)],
  ['more than is read', '->'.repeat(50_000)],
]

test('judges lines that can be read in two ways in bounded time', () => {
  const startedAt = performance.now()
  const errors = Array.from({ length: 60 }, () => 'KeyError: KeyError').join('\n')
  assert.equal(judge(errors, `${'KeyError '.repeat(90)}zzz`, { language: 'js' }).verdict, 'wrong')
  const rows = `a|b\n-+-\n${'null | \n'.repeat(60)}(60 rows)`
  assert.equal(judge(rows, `${'null null '.repeat(60)}zzz`, { language: 'sql' }).verdict, 'wrong')
  assert.ok(performance.now() - startedAt < 2000, `${performance.now() - startedAt} ms`)
})

test('judges many thousands of lines in bounded time', () => {
  const startedAt = performance.now()
  const text = 'a\n'.repeat(32_000)
  assert.equal(judge(text, 'b\n'.repeat(32_000), { language: 'js' }).verdict, 'wrong')
  assert.equal(judge(text, 'b', { language: 'js' }).lines.length, 32_000)
  assert.ok(performance.now() - startedAt < 3000, `${performance.now() - startedAt} ms`)
})

for (const [name, text] of hostile)
  test(`judges ${name} in bounded time, and does not throw`, () => {
    for (const language of ['js', 'sql'] as const)
      for (const output of expected) {
        const startedAt = performance.now()
        assert.equal(judge(output, text, { language }).verdict, 'wrong')
        assert.equal(judge(text, output, { language }).verdict, 'wrong')
        assert.ok(judge(text, `${text} z`, { language }))
        // A hundredth of what the quadratic search took; a loaded machine needs the room.
        assert.ok(performance.now() - startedAt < 2000, `${language}: ${performance.now() - startedAt} ms`)
      }
  })
