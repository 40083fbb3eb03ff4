/** Whatever bytes lie in the content folder: loadBank does not throw, and every error is data of the right shape. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { ContentError } from './error.ts'
import {
  type Files,
  goodContent,
  goodQuestion,
  goodQuiz,
  loadFiles,
  questionFile,
  quizFile,
} from './content.fixture.ts'

const targets = [
  questionFile,
  quizFile,
  'questions/git/rebase/verified.json',
  'tags.yaml',
  'redirects.yaml',
  'categories/git.md',
  'kits/back-end.yaml',
  'posts/2026-11-24-why.md',
  'pages/about.md',
]

function checkErrors(errors: ContentError[]) {
  for (const { file, line, field, found, expected, message } of errors) {
    assert.ok(file.startsWith('content/') && Number.isInteger(line) && line >= 1, message)
    assert.ok(field !== '' && found !== '' && expected !== '', message)
    assert.equal(message, `${file}:${line}: ${field}: found ${found}; expected ${expected}`)
    assert.doesNotMatch(message, /undefined|\[object|NaN/)
  }
}

async function survives(files: Files): Promise<ContentError[]> {
  const { bank, errors } = await loadFiles({ ...goodContent(), ...files })
  checkErrors(errors)
  JSON.stringify(bank)
  return errors
}

test('arbitrary bytes in any file', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...targets),
      fc.uint8Array({ maxLength: 200 }),
      async (file, bytes) => void (await survives({ [file]: bytes })),
    ),
    { numRuns: 40 },
  )
})

const pieces = [
  '---\n',
  '## Answer\n',
  '## Pitfalls\n',
  '### x\n',
  '- [ ] p\n',
  '```js run\n',
  '```output\n',
  '```\n',
  '> ',
  '- ',
  '[a](/b/)',
  '[a](#',
  '<!-- ',
  '-->',
  '<b>',
  '| a |\n|---|\n',
  '[^1]',
  '[^1]: x\n',
  '\u0000',
  '&#0;',
  '\\',
  '***',
  '\t',
  '\n\n',
  'title: x\n',
  'tags: [',
  '&a ',
  '*a',
  '? ',
  '!!js ',
  '"',
  "'",
  '%',
  '{',
  '}',
  ': ',
  '| \n',
  '__proto__: x\n',
  'constructor: x\n',
]
const markup = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'grapheme', maxLength: 6 })), { maxLength: 40 })
  .map((parts) => parts.join(''))

test('arbitrary markup in any file, alone and in the middle of what is right', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...targets), markup, fc.nat(), async (file, text, at) => {
      await survives({ [file]: text })
      const right = String(goodContent()[file] ?? '{}')
      const cut = at % (right.length + 1)
      await survives({ [file]: right.slice(0, cut) + text + right.slice(cut) })
    }),
    { numRuns: 50 },
  )
})

test('any JSON as quiz, tags or redirects', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(quizFile, 'tags.yaml', 'redirects.yaml', 'kits/back-end.yaml'),
      fc.json(),
      async (file, text) => {
        const errors = await survives({ [file]: text })
        if (file === quizFile) assert.ok(errors.length > 0, 'no quiz, and no error')
      },
    ),
    { numRuns: 40 },
  )
})

test('every line that is left out of a good question or quiz is harmless or an error of that folder', async () => {
  for (const [file, text] of [
    [questionFile, goodQuestion],
    [quizFile, goodQuiz],
  ] as const) {
    const lines = text.split('\n')
    for (let left = 0; left < lines.length; left += 3) {
      const errors = await survives({ [file]: lines.filter((_, index) => index !== left).join('\n') })
      if (lines[left]?.includes(': ') && file === quizFile) assert.ok(errors.length > 0, `without ${lines[left]}`)
    }
  }
})

test('depth and size do not bring it down', async () => {
  for (const text of [
    '> '.repeat(3000),
    '- '.repeat(2000),
    '['.repeat(20_000),
    '*'.repeat(20_000),
    '`'.repeat(50_000),
    '<'.repeat(20_000),
    `${'#'.repeat(6)} x\n`.repeat(5000),
  ]) {
    assert.ok((await survives({ [questionFile]: text })).length > 0)
  }
  for (const text of ['['.repeat(5000), '{a: '.repeat(3000), '- '.repeat(3000), '&a [*a]'])
    assert.ok((await survives({ [quizFile]: text })).length > 0)
})
