import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { runCommand } from './commands.ts'

const question = (title: string) => `---
title: ${title}
difficulty: easy
tags: [history, branches]
related: []
sources:
  - { title: Manual, url: "https://git-scm.com/docs" }
  - { title: Book, url: "https://git-scm.com/book" }
updated: 2026-11-24
---

## Answer

Say \`git\` & go.

## In depth

Text.

## Examples

\`\`\`js run
console.log('one')
\`\`\`
\`\`\`output
one
\`\`\`

## Pitfalls

### First

Text.

### Second

Text.

## Follow-ups

### First?

Text.

### Second?

Text.

### Third?

Text.

## Checklist

- [ ] one
- [ ] two
- [ ] three
- [ ] four
`
const quizText = `- { id: s, kind: single, prompt: Pick., options: [good, bad], answer: good, why: It is good., wrong: { bad: It is bad. } }
- { id: m, kind: multi, prompt: Pick all., options: [good, fine, bad], answers: [good, fine], why: They are., wrong: { bad: It is bad. } }
- { id: o, kind: order, prompt: Sort., items: [one, two, three], why: By number. }
- { id: f, kind: fill, prompt: "git ___ this & that", answers: [rebase], why: Its name. }
`

let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'viva-cli-'))
  const files: Record<string, string> = {
    'tags.yaml': '- { id: history, title: H, text: T }\n- { id: branches, title: B, text: T }\n',
    'categories/git.md': '---\ntitle: Git\norder: 1\nsummary: S\n---\n',
    'categories/nodejs.md': '---\ntitle: Node.js\norder: 2\nsummary: S\n---\n',
  }
  const ids = ['git/zero', 'git/one', 'git/two', 'nodejs/three']
  for (const id of ids) {
    const related = ids.filter((other) => other !== id).join(', ')
    files[`questions/${id}/question.md`] = question(`About ${id}`).replace(/related: .*/, `related: [${related}]`)
    files[`questions/${id}/quiz.yaml`] = quizText
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, 'content', path)), { recursive: true })
    await writeFile(join(root, 'content', path), text)
  }
})
after(() => rm(root, { recursive: true }))

async function viva(args: string[], lines: string[] = [], isInteractive = false) {
  const printed: string[] = []
  const complained: string[] = []
  const asked: string[] = []
  const started: string[][] = []
  const code = await runCommand(args, {
    root,
    now: () => new Date('2026-11-24T12:00:00Z'),
    newSeed: () => 5,
    isInteractive,
    print: (text) => printed.push(text),
    complain: (text) => complained.push(text),
    ask: (prompt) => {
      asked.push(prompt)
      return Promise.resolve(lines.shift())
    },
    start: (program, args) => {
      started.push([program, ...args])
      return Promise.resolve(3)
    },
  })
  return { code, printed: printed.join('\n'), complained: complained.join('\n'), asked, started }
}

const misuses: [args: string[], complaint: RegExp][] = [
  [['quizz'], /unknown command "quizz"\. Known: new, check, verify, quiz, lab, export, feedback/],
  [['__proto__'], /unknown command "__proto__"/],
  [['quiz', '--conut', '3'], /Unknown option '--conut'\. Known flags: --count, --seed\.\nUsage: .*viva -- quiz/],
  [['quiz', 'cooking'], /no questions in "cooking"\. Categories: git, nodejs\./],
  [['quiz', 'git', 'nodejs'], /one category, found git and nodejs/],
  [['quiz', '--count', 'many'], /count: found "many"; expected a whole number from 1 to 100/],
  [['new', 'kit'], /cannot make a "kit"; only `question`/],
  [['new', 'question'], /no category\. Known: git, nodejs\./],
  [['new', 'question', 'git'], /no slug/],
  [['new', 'question', 'git', 'x'], /no title/],
  [['new', 'question', 'cooking', 'x', '--title', 'T'], /unknown category "cooking"\. Known: git, nodejs/],
  [['new', 'question', 'git', 'Big Slug', '--title', 'T'], /"Big Slug" is no slug: .*"big-slug"/],
  [['new', 'question', 'git', '../../x', '--title', 'T'], /"..\/..\/x" is no slug/],
  [['new', 'question', 'git', 'one', '--title', 'T'], /content\/questions\/git\/one\/ exists already/],
  [['export', 'pdf'], /found "pdf"; the one format is `anki`/],
  [['export', 'anki', '--out', 'no/such/folder.tsv'], /cannot write no\/such\/folder\.tsv: ENOENT/],
]
for (const [args, complaint] of misuses) {
  test(`misuse: viva ${args.join(' ')}`, async () => {
    const { code, complained } = await viva(args)
    assert.match(complained, complaint)
    assert.equal(code, 1)
  })
}

test('help', async () => {
  const { code, printed } = await viva(['--help'])
  assert.equal(code, 0)
  for (const name of ['new', 'check', 'verify', 'quiz', 'lab', 'export', 'feedback'])
    assert.match(printed, new RegExp(`^  ${name} `, 'm'))
  assert.equal((await viva([])).code, 1)
  assert.match((await viva(['quiz', '--help'])).printed, /^Usage: npm run viva -- quiz \[category\]/)
})

test('verify hands its arguments and its exit status on', async () => {
  const { code, started } = await viva(['verify', '--question', 'git/one', '--help'])
  assert.deepEqual(started, [['npm', 'run', '--silent', 'verify', '--', '--question', 'git/one', '--help']])
  assert.equal(code, 3)
})

test('check: content that is right', async () => {
  const { code, printed, complained } = await viva(['check'])
  assert.equal(complained, '')
  assert.equal(printed, '4 questions, 4 runnable fences, 16 quiz items: no mistakes')
  assert.equal(code, 0)
})

test('new question: the scaffold asks for exactly what is missing', async () => {
  const folder = join(root, 'content/questions/git/what-is-a-tag')
  try {
    const made = await viva(['new', 'question', 'git', 'what-is-a-tag', '--title', 'What is a "tag": a name?'])
    assert.equal(made.code, 0)
    assert.match(made.printed, /viva -- check git\/what-is-a-tag/)
    const text = await readFile(join(folder, 'question.md'), 'utf8')
    assert.match(text, /^title: "What is a \\"tag\\": a name\?"$/m)
    assert.match(text, /^updated: 2026-11-24$/m)
    const { code, complained, printed } = await viva(['check', 'git/what-is-a-tag'])
    assert.equal(code, 1)
    assert.deepEqual(
      complained.split('\n').map((line) => line.replace('content/questions/git/what-is-a-tag/', '')),
      [
        'question.md:4: tags: found 0; expected at least 2 of them',
        'question.md:5: related: found 0; expected at least 3 of them',
        'question.md:6: sources: found 0; expected at least 2 of them',
        'question.md:10: ## Answer: found nothing; expected text',
        'question.md:14: ## In depth: found nothing; expected text',
        'question.md:19: ## Examples: found nothing; expected text',
        'question.md:32: ## Pitfalls: found 0 ### items; expected at least 2',
        'question.md:36: ## Follow-ups: found 0 ### items; expected at least 3',
        'question.md:41: ## Checklist: found 0 points; expected 4 to 8',
        'quiz.yaml:1: file: found 0 items; expected at least 4',
      ],
    )
    assert.match(printed, /: 10 mistakes$/)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('new question: the quiz of the scaffold is right once its # are taken away', async () => {
  const folder = join(root, 'content/questions/git/from-scaffold')
  try {
    await viva(['new', 'question', 'git', 'from-scaffold', '--title', 'T'])
    const file = join(folder, 'quiz.yaml')
    const lines = (await readFile(file, 'utf8')).split('\n')
    await writeFile(
      file,
      lines
        .slice(lines.indexOf('#') + 1)
        .filter((line) => line.startsWith('#'))
        .map((line) => line.slice(2))
        .join('\n'),
    )
    const { complained } = await viva(['check', 'from-scaffold/quiz'])
    assert.equal(complained, '')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('new question: asks for what is missing when somebody is there', async () => {
  const folder = join(root, 'content/questions/nodejs/when-to-fork')
  try {
    const { code, asked } = await viva(['new', 'question'], ['nodejs', 'When to fork?', ''], true)
    assert.equal(code, 0)
    assert.deepEqual(asked, [
      'Category (git, nodejs): ',
      'Title, as an interviewer asks it: ',
      'Slug, the last part of its address for ever [when-to-fork]: ',
    ])
    assert.match(await readFile(join(folder, 'question.md'), 'utf8'), /^title: "When to fork\?"$/m)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('quiz: asks again what cannot be read, explains each answer, counts at the end', async () => {
  const { printed: plain } = await viva(['quiz', 'nodejs', '--count', '5', '--seed', '5'], [])
  assert.match(
    plain,
    /^5 items, seed 5 \(the same on the site: \/quiz\/\?scope=nodejs&count=5&seed=5\)\. Ctrl\+D ends\./,
  )
  assert.match(plain, /\n0 of 0 right\.$/)
  const lines: string[] = []
  const answers = async (): Promise<string> =>
    (await viva(['quiz', 'nodejs', '--count', '5', '--seed', '5'], [...lines])).printed
  for (let at = 1; at <= 5; at++) {
    const shown = (await answers()).split(`\n${at}/5 · About nodejs/three\n`)[1] ?? ''
    const number = (choice: string) =>
      /^ {2}(\d)\. /.exec(shown.split('\n').find((line) => line.endsWith(`. ${choice}`)) ?? '')?.[1] ?? '?'
    if (shown.includes('Pick all.')) lines.push('9', '', `${number('fine')}, ${number('good')}`)
    else if (shown.includes('Pick.')) lines.push('1 2', number('bad'))
    else if (shown.includes('Sort.')) lines.push('1 2', `${number('one')} ${number('two')} ${number('three')}`)
    else if (shown.includes('git ___')) lines.push(' Rebase ')
    else lines.push('one', '')
  }
  const printed = await answers()
  assert.equal(printed.match(/✓ Right\./g)?.length, 3)
  assert.equal(printed.match(/✓ Correct\./g)?.length, 1)
  assert.match(printed, /✗ Not right\. good\nIt is good\.\nbad: It is bad\./)
  assert.match(printed, /Numbers from 1 to 3, with spaces between\./)
  assert.match(printed, /Numbers from 1 to 2, one of them\./)
  assert.match(printed, /Numbers from 1 to 3, each once\./)
  assert.match(printed, /\n4 of 5 right\.\n {2}again: \/questions\/nodejs\/three\/ \(s\)$/)
})

test('quiz: without a seed it takes a new one', async () => {
  assert.match((await viva(['quiz'])).printed, /^10 items, seed 5 /)
})

test('export: a card for each question and each item, that Anki can read', async () => {
  const { code, printed } = await viva(['export', 'anki', '--out', 'cards.tsv'])
  assert.equal(code, 0)
  assert.match(printed, /^20 cards in cards\.tsv/)
  const lines = (await readFile(join(root, 'cards.tsv'), 'utf8')).split('\n')
  assert.deepEqual(lines.slice(0, 5), [
    '#separator:tab',
    '#html:true',
    '#guid column:1',
    '#tags column:4',
    '#columns:guid\tFront\tBack\tTags',
  ])
  const one = lines.find((line) => line.startsWith('"viva:git/one"'))
  assert.equal(
    one,
    '"viva:git/one"\t"About git/one"\t"Say git &amp; go.<ul><li>one</li><li>two</li><li>three</li><li>four</li></ul>"\t"viva git easy history branches"',
  )
  assert.ok(
    lines.includes(
      '"viva:git/one#f"\t"git ___ this &amp; that"\t"rebase<br><br>Its name."\t"viva git easy history branches"',
    ),
  )
  assert.equal(lines.length, 5 + 20 + 1)
})

test('the program itself: exit status and streams', () => {
  const bin = join(dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'viva.js')
  const wrong = spawnSync(process.execPath, [bin, 'nothing'], { encoding: 'utf8' })
  assert.equal(wrong.status, 1)
  assert.match(wrong.stderr, /unknown command "nothing"/)
  assert.equal(wrong.stdout, '')
  assert.equal(spawnSync(process.execPath, [bin, '--help'], { encoding: 'utf8' }).status, 0)
})
