/** The input for each output of the bank, and what an answer given through it is worth. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bankOutputs } from './bank.fixture.ts'
import { inputFor, type InputKind } from './input-for.ts'
import { judge } from './judge.ts'

const cases: [expected: string, language: string, input: ReturnType<typeof inputFor>][] = [
  ['200000', 'node', { kind: 'number' }],
  ['-0.5', 'js', { kind: 'number' }],
  ['"1"', 'js', { kind: 'text' }],
  ['1 2', 'js', { kind: 'text' }],
  ['true', 'js', { kind: 'choice', choices: ['true', 'false'] }],
  ['False', 'python', { kind: 'choice', choices: ['true', 'false'] }],
  ['NaN', 'js', { kind: 'choice', choices: ['undefined', 'null', 'NaN', '0'] }],
  [' has_age\n---------\n t\n(1 row)', 'sql', { kind: 'choice', choices: ['true', 'false'] }],
  ['start · end · then', 'js', { kind: 'order', labels: ['end', 'start', 'then'] }],
  ['broken · default · finally', 'js', { kind: 'order', labels: ['default', 'finally', 'broken'] }],
  ['a · a · b', 'js', { kind: 'text' }],
  [' n | sku\n---+-----\n 1 | a\n(1 row)', 'sql', { kind: 'cells', columns: ['n', 'sku'], rows: 1 }],
  [' QUERY PLAN\n------------\n Seq Scan\n(1 row)', 'sql', { kind: 'text' }],
  ['Uncaught Error: mine', 'js', { kind: 'text' }],
]
for (const [expected, language, input] of cases)
  test(`asks for ${input.kind} when the output is ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(inputFor(expected, { language }), input)
  })

test('asks for the name of an error that the engine words', () => {
  const input = inputFor("Uncaught TypeError: Cannot read properties of undefined (reading 'length')", {
    language: 'ts',
  })
  assert.ok(input.kind === 'choice' && input.choices.includes('TypeError') && input.choices.includes('no error'))
})

test('follows the author, and rejects a kind that the output does not have', () => {
  assert.deepEqual(inputFor('1', { language: 'js', predict: 'text' }), { kind: 'text' })
  assert.throws(() => inputFor('1', { language: 'js', predict: 'cells' }), {
    name: 'RangeError',
    message: 'predict: found "cells"; this output can be predicted as number or text',
  })
})

test('the right answer, given through the input, is right; every other choice is wrong', () => {
  const counts: Record<InputKind, number> = { number: 0, choice: 0, order: 0, cells: 0, text: 0 }
  for (const { from, language, expected } of bankOutputs()) {
    const input = inputFor(expected, { language })
    counts[input.kind]++
    if (input.kind === 'choice') {
      const right = input.choices.filter((choice) => judge(expected, choice, { language }).verdict !== 'wrong')
      assert.equal(right.length, 1, `${from}: ${right.join(', ')}`)
    }
    if (input.kind === 'order')
      assert.equal(judge(expected, input.labels.join('\n'), { language }).verdict, 'wrong', from)
    if (input.kind === 'cells') {
      const rows = expected.split('\n').slice(2, -1)
      const typed = rows
        .map((row) =>
          row
            .split('|')
            .map((cell) => cell.trim())
            .join(' | '),
        )
        .join('\n')
      assert.notEqual(judge(expected, typed, { language }).verdict, 'wrong', from)
    }
  }
  for (const kind of ['number', 'choice', 'order', 'cells'] as const)
    assert.ok(counts[kind] > 0, JSON.stringify(counts))
  if (process.env['SHOW_COUNTS']) console.log(counts)
})
