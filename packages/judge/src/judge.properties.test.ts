/** What holds of every output in the question bank, however it is typed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bankOutputs } from './bank.fixture.ts'
import { judge } from './judge.ts'

const outputs = bankOutputs()
const output = fc.constantFrom(...outputs)

test('finds the outputs of the bank', () => {
  assert.ok(outputs.length > 400, `${outputs.length}`)
})

test('an output predicts itself exactly', () => {
  for (const { from, language, expected } of outputs) {
    assert.equal(judge(expected, expected, { language }).verdict, 'exact', from)
    assert.equal(judge(expected, `\n${expected.replaceAll('\n', '  \r\n')}\n\n`, { language }).verdict, 'exact', from)
  }
})

/** The text outside quotes through `change`; quoted text stays. */
function outside(text: string, change: (part: string) => string): string {
  return text
    .split(/((?<![^\s[({,:])'[^'\n]*'(?![\w])|(?<![^\s[({,:])"[^"\n]*"(?![\w]))/)
    .map((part, index) => (index % 2 === 1 ? part : change(part)))
    .join('')
}

const reformats: Record<string, (text: string) => string> = {
  'no spaces inside brackets': (text) =>
    outside(text, (part) => part.replace(/([[{]) +/g, '$1').replace(/ +([\]}])/g, '$1')),
  'no space after a comma in brackets': (text) => text.replace(/\[[^'"[\]]*\]/g, (list) => list.replaceAll(', ', ',')),
  'wide spaces': (text) => outside(text, (part) => part.replaceAll(' ', '   ')),
  'double quotes': (text) => text.replace(/(?<![^\s[({,:])'([^'"\n]*)'(?![\w])/g, '"$1"'),
  'curly quotes': (text) => text.replace(/(?<![^\s[({,:])'([^'"\n]*)'(?![\w])/g, '‘$1’'),
  'commas for dots': (text) => text.replaceAll(' · ', ', '),
  'arrows for dots': (text) => text.replaceAll(' · ', ' -> '),
  'a full stop at the end': (text) => text.replace(/(?<=\w)$/, '.'),
  'other case of keywords': (text) =>
    outside(text, (part) => part.replace(/\btrue\b/g, 'True').replace(/\bnull\b/g, 'NULL')),
  'empty lines between lines': (text) => text.replaceAll('\n', '\n\n'),
  'tables without header, ruler and row count': (text) =>
    text.replace(/^.*\n\s*-+(\+-+)*\n((?:.*\n)*?)\((?!0 )\d+ rows?\)$/gm, (_, __, rows: string) => rows.trimEnd()),
}

test('another layout of an output is never wrong', () => {
  const names = fc.subarray(Object.keys(reformats), { minLength: 1 })
  fc.assert(
    fc.property(output, names, ({ expected, language }, chosen) => {
      const given = chosen.reduce((text, name) => reformats[name]!(text), expected)
      assert.notEqual(judge(expected, given, { language }).verdict, 'wrong', `${chosen.join(', ')}:\n${given}`)
    }),
    { numRuns: 1000, seed: 1 },
  )
  for (const { expected, language } of outputs)
    for (const [name, reformat] of Object.entries(reformats))
      assert.notEqual(
        judge(expected, reformat(expected), { language }).verdict,
        'wrong',
        `${name}:\n${reformat(expected)}`,
      )
})

/** Where each word or number stands; not in a table's header, which may stand before each value, too. */
function tokens(text: string): RegExpExecArray[] {
  const header = /^.*(?=\n\s*-+(\+-+)*$)/gm
  const headers = [...text.matchAll(header)].map(({ index, 0: line }) => [index, index + line.length] as const)
  return [...text.matchAll(/[\p{L}\p{N}_$%]+(?:[.'-][\p{L}\p{N}_]+)*/gu)].filter(
    ({ index }) => !headers.some(([start, end]) => index >= start && index < end),
  )
}

function swapped(text: string, one: number, other: number): string {
  const found = tokens(text)
  const [left, right] = [found[Math.min(one, other)]!, found[Math.max(one, other)]!]
  const between = text.slice(left.index + left[0].length, right.index)
  return `${text.slice(0, left.index)}${right[0]}${between}${left[0]}${text.slice(right.index + right[0].length)}`
}

const differ = (left: string, right: string) =>
  left.toLowerCase() !== right.toLowerCase() && (!/^[\d.]+$/.test(left + right) || Number(left) !== Number(right))

/** Order is the point, save in the wording of an error. */
const ordered = outputs.filter(
  ({ expected, language }) =>
    language !== 'tsc' && tokens(expected).length > 1 && !/ERROR|Error\b|E11000/.test(expected),
)

test('two different words in each other’s place are never right', () => {
  const places = fc.tuple(fc.nat(), fc.nat())
  fc.assert(
    fc.property(fc.constantFrom(...ordered), places, ({ expected, language }, [a, b]) => {
      const found = tokens(expected)
      const [one, other] = [a % found.length, b % found.length]
      fc.pre(differ(found[one]![0], found[other]![0]))
      const given = swapped(expected, one, other)
      assert.equal(judge(expected, given, { language }).verdict, 'wrong', given)
    }),
    { numRuns: 2000, seed: 2 },
  )
})

test('a missing word, an extra word and another number are never right', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ordered), fc.nat(), ({ expected, language }, place) => {
      const found = tokens(expected)
      const { index, 0: text } = found[place % found.length]!
      const [before, after] = [expected.slice(0, index), expected.slice(index + text.length)]
      const isNumber = /^\d+$/.test(text)
      // A label may be left out; what stands in a row count is one.
      const isLabel = /^\s*:/.test(after) || /\(\d* ?$/.test(before)
      if (!isLabel) assert.equal(judge(expected, before + after, { language }).verdict, 'wrong', before + after)
      for (const other of [`${text} ${text}`, `${text}x`, ...(isNumber ? [`${text}0`, `${text}1`, `-${text}`] : [])])
        assert.equal(judge(expected, before + other + after, { language }).verdict, 'wrong', before + other + after)
    }),
    { numRuns: 1000, seed: 3 },
  )
})

test('any text is judged, whatever it holds, and credit stays between 0 and 1', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.stringMatching(/^[[\](){}'"`,:|\- a1.\n]{0,40}$/),
  )
  fc.assert(
    fc.property(text, text, fc.constantFrom('js', 'sql', 'tsc', 'python'), (expected, given, language) => {
      const { verdict, score, firstDifference } = judge(expected, given, { language })
      assert.ok(score >= 0 && score <= 1)
      assert.equal(verdict === 'wrong', firstDifference !== undefined)
      assert.equal(judge(expected, expected, { language }).verdict, 'exact')
    }),
    { numRuns: 1000, seed: 4 },
  )
})

test('long texts are judged in bounded time', () => {
  const long = 'a 1 [ 2, { b: 3 } ] '.repeat(900)
  const lines = 'x: [ 1 ]\n'.repeat(2000)
  for (const [expected, given] of [
    [long, `${long} z`],
    [lines, `${lines}y`],
    ['['.repeat(9000), '('.repeat(9000)],
  ] as const)
    assert.equal(judge(expected, given, { language: 'js' }).verdict, 'wrong')
})
