/** The judge against predictions that were labelled by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, type Verdict } from './judge.ts'
import { javascriptValues } from './labelled/javascript-values.fixture.ts'
import { javascript } from './labelled/javascript.fixture.ts'
import { laterQueries } from './labelled/later-queries.fixture.ts'
import { later } from './labelled/later.fixture.ts'
import { mongodb } from './labelled/mongodb.fixture.ts'
import { sqlValues } from './labelled/sql-values.fixture.ts'
import { sql } from './labelled/sql.fixture.ts'
import { typescript } from './labelled/typescript.fixture.ts'

const labelled = [
  ...javascript,
  ...javascriptValues,
  ...typescript,
  ...sql,
  ...sqlValues,
  ...mongodb,
  ...later,
  ...laterQueries,
].flatMap(({ from, language, expected, exact = [], equivalent = [], wrong }) => {
  const label = (texts: string[], verdict: Verdict) =>
    texts.map((given) => ({ from, language, expected, given, verdict }))
  return [...label(exact, 'exact'), ...label(equivalent, 'equivalent'), ...label(wrong, 'wrong')]
})
const judged = labelled.map((one) => ({ ...one, found: judge(one.expected, one.given, one).verdict }))
const shown = ({ from, given, found, verdict }: (typeof judged)[number]) =>
  `${from}: ${JSON.stringify(given)} is ${verdict}, judged ${found}`

test('has at least 300 labelled predictions, 120 of them wrong', () => {
  assert.ok(labelled.length >= 300, `${labelled.length}`)
  assert.ok(labelled.filter(({ verdict }) => verdict === 'wrong').length >= 120)
})

test('accepts no prediction that an examiner calls wrong', () => {
  const falseRights = judged.filter(({ verdict, found }) => verdict === 'wrong' && found !== 'wrong')
  assert.deepEqual(falseRights.map(shown), [])
})

test('rejects at most 1 % of the predictions that an examiner accepts', () => {
  const accepted = judged.filter(({ verdict }) => verdict !== 'wrong')
  const falseWrongs = accepted.filter(({ found }) => found === 'wrong')
  assert.ok(falseWrongs.length <= accepted.length / 100, falseWrongs.map(shown).join('\n'))
})

test('tells the exact output from another layout of it', () => {
  const confused = judged.filter(({ verdict, found }) => found !== 'wrong' && verdict !== 'wrong' && found !== verdict)
  assert.deepEqual(confused.map(shown), [])
})
