import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Files,
  goodContent,
  goodQuestion,
  goodQuiz,
  loadFiles,
  questionFile,
  quizFile,
} from './content.fixture.ts'
import { fencesHash, loadBank } from './load.ts'

const question = 'content/questions/git/rebase/question.md'
const quiz = 'content/questions/git/rebase/quiz.yaml'

test('content that is right has no errors and a deterministic order', async () => {
  const { bank, errors } = await loadFiles(goodContent())
  assert.deepEqual(errors, [])
  assert.deepEqual(
    bank.categories.map(({ slug }) => slug),
    ['git', 'nodejs'],
  )
  assert.deepEqual(
    bank.questions.map(({ id }) => id),
    ['git/merge', 'git/rebase', 'git/reset', 'nodejs/streams'],
  )
  assert.deepEqual(
    bank.tags.map(({ id }) => id),
    ['branches', 'history'],
  )
  assert.deepEqual(bank.redirects, [{ from: '/questions/git/old/', to: '/questions/git/rebase/' }])
  assert.deepEqual(
    bank.posts.map(({ slug, date, tags }) => ({ slug, date, tags })),
    [{ slug: 'why', date: '2026-11-24', tags: [] }],
  )
  assert.equal(bank.posts[0]?.fences[0]?.id, 'posts/why#1')
  const again = await loadFiles(Object.fromEntries(Object.entries(goodContent()).toReversed()))
  assert.deepEqual(again.bank, bank)
})

test('a question has its sections, fences and items', async () => {
  const { bank } = await loadFiles(goodContent())
  const rebase = bank.questions.find(({ id }) => id === 'git/rebase')
  assert.ok(rebase)
  assert.equal(rebase.file, question)
  assert.equal(rebase.answer, 'It replays commits on another base.')
  assert.deepEqual(
    Object.values(rebase.sections).map(({ title, anchor }) => [title, anchor]),
    [
      ['Answer', 'answer'],
      ['In depth', 'in-depth'],
      ['Examples', 'examples'],
      ['Pitfalls', 'pitfalls'],
      ['Follow-ups', 'follow-ups'],
      ['Checklist', 'checklist'],
    ],
  )
  assert.deepEqual(
    rebase.sections.pitfalls.items.map(({ title, anchor }) => [title, anchor]),
    [
      ['It rewrites what others have', 'it-rewrites-what-others-have'],
      ['It hides the conflict', 'it-hides-the-conflict'],
    ],
  )
  assert.deepEqual(rebase.sections.checklist.points, ['copies', 'new base', 'never shared', 'reflog'])
  assert.deepEqual(
    rebase.sections.examples.blocks.map((block) => (block.kind === 'fence' ? block.fence.kind : 'markdown')),
    ['setup', 'run', 'still'],
  )
  const lines = goodQuestion.split('\n')
  assert.deepEqual(
    rebase.fences.map((fence) => [
      fence.id,
      fence.kind,
      fence.language,
      fence.section,
      lines[fence.line - 1],
      fence.kind === 'run' ? [fence.setup, fence.expected] : undefined,
    ]),
    [
      ['git/rebase#1', 'setup', 'js', 'examples', 'const base = 40', undefined],
      ['git/rebase#2', 'run', 'js', 'examples', 'console.log(base + 2)', ['const base = 40', '42']],
      ['git/rebase#3', 'still', 'c', 'examples', 'int x;', undefined],
      ['git/rebase#4', 'run', 'js', 'pitfalls', 'console.log([1].length)', ['const base = 40', '1']],
    ],
  )
  assert.deepEqual(
    rebase.quiz.map(({ id }) => id),
    ['what', 'which', 'order', 'gap'],
  )
  assert.equal(rebase.hasLab, false)
  assert.equal(rebase.verified, undefined)
})

test('comments of the scaffold are not content', async () => {
  const files = goodContent()
  files[questionFile] = goodQuestion.replace(
    '## Answer\n',
    '<!-- before -->\n\n## Answer\n\n<!-- inside\n\n``` of it -->\n',
  )
  const { bank, errors } = await loadFiles(files)
  assert.deepEqual(errors, [])
  assert.equal(bank.questions[1]?.answer, 'It replays commits on another base.')
})

test('verified.json matches as long as the run fences stay as they were', async () => {
  const files = goodContent()
  const { bank } = await loadFiles(files)
  const rebase = bank.questions.find(({ id }) => id === 'git/rebase')
  assert.ok(rebase)
  const record = JSON.stringify(
    { hash: fencesHash(rebase), on: '2026-11-24', engines: { js: { name: 'V8', version: '14' } } },
    null,
    2,
  )
  const verifiedOf = async (text: string) => {
    const { bank, errors } = await loadFiles({
      ...files,
      'questions/git/rebase/verified.json': record,
      [questionFile]: text,
    })
    assert.deepEqual(errors, [])
    return bank.questions.find(({ id }) => id === 'git/rebase')?.verified
  }
  assert.deepEqual(await verifiedOf(goodQuestion), {
    hash: fencesHash(rebase),
    on: '2026-11-24',
    engines: { js: { name: 'V8', version: '14' } },
    matches: true,
  })
  assert.equal((await verifiedOf(goodQuestion.replace('another base', 'a new base')))?.matches, true)
  for (const [from, to] of [
    ['42\n', '43\n'],
    ['base + 2', 'base + 3'],
    ['base = 40', 'base = 41'],
  ] as const) {
    assert.equal((await verifiedOf(goodQuestion.replace(from, to)))?.matches, false, `${from} → ${to}`)
  }
})

test('the title of an item keeps its Markdown, its anchor does not', async () => {
  const title = '`$lookup` **twice**, [see](/questions/git/merge/) a*b'
  const files = { ...goodContent(), [questionFile]: goodQuestion.replace('It hides the conflict', title) }
  const { bank, errors } = await loadFiles(files)
  assert.deepEqual(errors, [])
  const item = bank.questions.find(({ id }) => id === 'git/rebase')?.sections.pitfalls.items[1]
  assert.equal(item?.title, title)
  assert.equal(item?.anchor, 'lookup-twice-see-ab')
})

test('a lab is seen', async () => {
  const { bank } = await loadFiles({ ...goodContent(), 'questions/git/rebase/lab.ts': '' })
  assert.deepEqual(
    bank.questions.filter(({ hasLab }) => hasLab).map(({ id }) => id),
    ['git/rebase'],
  )
})

test('a folder that is not there is one error', async () => {
  const { bank, errors } = await loadBank('/nowhere/content')
  assert.equal(bank.questions.length, 0)
  assert.equal(
    errors[0]?.message,
    'content:1: folder: found nothing; expected a folder with categories/, questions/, tags.yaml',
  )
})

/** One thing spoiled: what is replaced by what in which file, and every error that follows. */
const cases: { name: string; file?: string; spoil: [from: string | RegExp, to: string] | Files; errors: string[] }[] = [
  {
    name: 'a misspelt field, and a title too much',
    spoil: ['difficulty: medium', 'dificulty: medium'],
    errors: [
      `${question}:2: difficulty: found nothing; expected one of easy, medium, hard`,
      `${question}:3: dificulty: found a field that is not known; expected only title, difficulty, tags, related, sources, updated`,
    ],
  },
  {
    name: 'a difficulty',
    spoil: ['medium', 'tough'],
    errors: [`${question}:3: difficulty: found "tough"; expected one of easy, medium, hard`],
  },
  {
    name: 'a number for a title',
    spoil: ['What does a rebase do?', '42'],
    errors: [`${question}:2: title: found 42; expected text (in quotes, if it looks like a number or a date)`],
  },
  {
    name: 'too few tags',
    spoil: ['[history, branches]', '[history]'],
    errors: [`${question}:4: tags: found 1; expected at least 2 of them`],
  },
  {
    name: 'an unknown tag',
    spoil: ['[history, branches]', '[history, trees]'],
    errors: [`${question}:4: tags[1]: found "trees"; expected a tag of tags.yaml`],
  },
  {
    name: 'a tag twice',
    spoil: ['[history, branches]', '[history, history]'],
    errors: [`${question}:4: tags[1]: found "history"; expected each one once`],
  },
  {
    name: 'a related id that is missing',
    spoil: ['  - git/merge\n', '  - git/merges\n'],
    errors: [
      `${question}:6: related[0]: found "git/merges"; expected the id of a question that exists (like git/merge)`,
    ],
  },
  {
    name: 'itself',
    spoil: ['  - git/merge\n', '  - git/rebase\n'],
    errors: [`${question}:6: related[0]: found "git/rebase"; expected another question than itself`],
  },
  {
    name: 'no other category',
    spoil: {
      [questionFile]: goodQuestion.replace('nodejs/streams', 'git/tags'),
      'questions/git/tags/question.md': goodQuestion,
      'questions/git/tags/quiz.yaml': goodQuiz,
    },
    errors: [`${question}:5: related: found only questions of git; expected at least one of another category`],
  },
  {
    name: 'a source without https',
    spoil: ['"https://git-scm.com/book"', '"http://git-scm.com/book"'],
    errors: [
      `${question}:11: sources[1].url: found "http://git-scm.com/book"; expected an address that begins with https://`,
    ],
  },
  {
    name: 'a day that is not',
    spoil: ['2026-11-24', '2026-02-30'],
    errors: [`${question}:12: updated: found "2026-02-30"; expected a date that exists, as YYYY-MM-DD`],
  },
  {
    name: 'broken YAML',
    spoil: ['tags: [history, branches]', 'tags: [history'],
    errors: [
      `${question}:5: yaml: found Flow sequence in block collection must be sufficiently indented and end with a ]; expected valid YAML`,
    ],
  },
  {
    name: 'a field twice',
    spoil: ['updated:', 'title: Again\nupdated:'],
    errors: [`${question}:12: yaml: found Map keys must be unique; expected valid YAML`],
  },
  {
    name: 'no frontmatter',
    spoil: [/^---[^]*?---\n/, ''],
    errors: [`${question}:1: frontmatter: found none; expected --- on the first line, the fields, and --- again`],
  },
  {
    name: 'a section missing',
    spoil: [/## Pitfalls[^]*?(?=## Follow)/, ''],
    errors: [
      `${question}:61: section: found no "## Pitfalls"; expected all of Answer, In depth, Examples, Pitfalls, Follow-ups, Checklist`,
    ],
  },
  {
    name: 'a section of another name',
    spoil: ['## In depth', '## In Depth'],
    errors: [
      `${question}:19: section: found "## In Depth"; expected one of ## Answer, ## In depth, ## Examples, ## Pitfalls, ## Follow-ups, ## Checklist (use ### inside a section)`,
      `${question}:76: section: found no "## In depth"; expected all of Answer, In depth, Examples, Pitfalls, Follow-ups, Checklist`,
    ],
  },
  {
    name: 'sections out of order',
    spoil: { [questionFile]: goodQuestion.replace(/(## Answer[^]*?)(## In depth[^]*?)(## Examples)/, '$2$1$3') },
    errors: [
      `${question}:21: section: found "## Answer" after "## In depth"; expected the order Answer, In depth, Examples, Pitfalls, Follow-ups, Checklist`,
    ],
  },
  {
    name: 'a section twice',
    spoil: ['## Checklist', '## Examples\n\nMore.\n\n## Checklist'],
    errors: [`${question}:71: section: found a second "## Examples"; expected each section once`],
  },
  {
    name: 'text before the first section',
    spoil: ['## Answer', 'Hello.\n\n## Answer'],
    errors: [`${question}:15: section: found text before the first section; expected ## Answer first`],
  },
  {
    name: 'a long answer',
    spoil: ['It replays', `${'word '.repeat(85)}It replays`],
    errors: [`${question}:15: ## Answer: found 91 words; expected at most 90`],
  },
  {
    name: 'an empty section',
    spoil: ['It replays commits on another base.', '<!-- nothing -->'],
    errors: [`${question}:15: ## Answer: found nothing; expected text`],
  },
  {
    name: 'one pitfall',
    spoil: ['### It hides the conflict\n', ''],
    errors: [`${question}:42: ## Pitfalls: found 1 ### items; expected at least 2`],
  },
  {
    name: 'two follow-ups',
    spoil: ['### How to test it?\n\nText.\n', ''],
    errors: [`${question}:57: ## Follow-ups: found 2 ### items; expected at least 3`],
  },
  {
    name: 'an empty follow-up',
    spoil: ['### How to undo it?\n\nText.\n', '### How to undo it?\n'],
    errors: [`${question}:63: ## Follow-ups: found nothing under "### How to undo it?"; expected text`],
  },
  {
    name: 'three points',
    spoil: ['- [ ] reflog\n', ''],
    errors: [`${question}:71: ## Checklist: found 3 points; expected 4 to 8`],
  },
  {
    name: 'a point without a box',
    spoil: ['- [ ] reflog', '- reflog'],
    errors: [`${question}:76: ## Checklist: found a point without a box; expected - [ ] key point`],
  },
  {
    name: 'a first-level heading',
    spoil: ['### Why copies', '# Why copies'],
    errors: [
      `${question}:21: heading: found "# Why copies"; expected ## and deeper (the title stands in the frontmatter)`,
    ],
  },
  {
    name: 'raw HTML',
    spoil: ['Each commit', '<b>Each</b> commit'],
    errors: [
      `${question}:23: html: found "</b>"; expected Markdown (write code in backticks)`,
      `${question}:23: html: found "<b>"; expected Markdown (write code in backticks)`,
    ],
  },
  {
    name: 'a run without output',
    spoil: ['```output\n42\n```\n', ''],
    errors: [
      `${question}:31: fence: found \`js run\` without its output; expected an \`output\` fence right after it, with everything it prints`,
    ],
  },
  {
    name: 'a prediction that its output cannot have',
    spoil: ['```js run', '```js run predict="cells"'],
    errors: [
      `${question}:31: fence: found \`predict="cells"\`; expected \`predict="text"\` or none: the output has not the form that \`cells\` needs`,
    ],
  },
  {
    name: 'a second output',
    spoil: ['```output\n42\n```\n', '```output\n42\n```\n```output\n43\n```\n'],
    errors: [
      `${question}:37: fence: found an \`output\` fence; expected a \`run\` fence right before it (use \`text\` for a transcript that is not asserted)`,
    ],
  },
  {
    name: 'a fence that says nothing',
    spoil: ['```c skip="needs a compiler"', '```c'],
    errors: [`${question}:38: fence: found \`c\` with none of them; expected \`skip="why it is not run"\``],
  },
  {
    name: 'run and skip',
    spoil: ['```js run\nconsole.log(base', '```js run skip="x"\nconsole.log(base'],
    errors: [
      `${question}:31: fence: found \`js\` with run and skip; expected \`run\`, \`setup\` or \`skip="why it is not run"\``,
      `${question}:34: fence: found an \`output\` fence; expected a \`run\` fence right before it (use \`text\` for a transcript that is not asserted)`,
    ],
  },
  {
    name: 'a language that cannot run',
    spoil: ['```c skip="needs a compiler"', '```c run'],
    errors: [
      `${question}:38: fence: found \`c run\`; expected one of js, ts, tsc, node, sql, sqlite, mongodb, python, git, bash, or \`skip="why it is not run"\``,
    ],
  },
  {
    name: 'an unknown language',
    spoil: ['```c skip="needs a compiler"', '```javascript skip="no"'],
    errors: [
      `${question}:38: fence: found the language "javascript"; expected one of js, ts, tsc, node, sql, sqlite, mongodb, python, git, bash, c, cpp, csharp, css, diff, dockerfile, go, graphql, html, http, ini, java, json, jsx, kotlin, lua, nginx, proto, redis, rust, toml, tsx, xml, yaml, text, output`,
    ],
  },
  {
    name: 'a fence in a list',
    spoil: ['Each commit names', '- x\n\n  ```js run\n  1\n  ```\n\nEach commit names'],
    errors: [
      `${question}:25: fence: found a \`js\` fence inside a list or a quote; expected it at the left margin, between paragraphs`,
    ],
  },
  {
    name: 'a dead link',
    spoil: ['/questions/git/merge/#why-copies', '/questions/git/merges/'],
    errors: [`${question}:23: link: found "/questions/git/merges/"; expected the path of a page that exists`],
  },
  {
    name: 'a link without its slash',
    spoil: ['/questions/git/merge/#why-copies', '/questions/git/merge'],
    errors: [
      `${question}:23: link: found "/questions/git/merge"; expected /questions/git/merge/ (with a slash at the end)`,
    ],
  },
  {
    name: 'a relative link',
    spoil: ['/questions/git/merge/#why-copies', '../merge/'],
    errors: [
      `${question}:23: link: found "../merge/"; expected https://…, a path from the root like /questions/git/rebase/, or #heading`,
    ],
  },
  {
    name: 'a link to what was renamed',
    spoil: ['/questions/git/merge/#why-copies', '/questions/git/old/'],
    errors: [`${question}:23: link: found "/questions/git/old/"; expected its new path, /questions/git/rebase/`],
  },
  {
    name: 'a dead anchor there',
    spoil: ['merge/#why-copies', 'merge/#why'],
    errors: [
      `${question}:23: link: found "/questions/git/merge/#why"; expected the anchor of a heading there (#answer, #in-depth, #why-copies, #examples, #pitfalls, #it-rewrites-what-others-have, #it-hides-the-conflict, #follow-ups)`,
    ],
  },
  {
    name: 'a dead anchor here',
    spoil: ['(#checklist)', '(#check)'],
    errors: [
      `${question}:23: link: found "#check"; expected the anchor of a heading there (#answer, #in-depth, #why-copies, #examples, #pitfalls, #it-rewrites-what-others-have, #it-hides-the-conflict, #follow-ups)`,
    ],
  },
  { name: 'no quiz', spoil: { [quizFile]: '[]\n' }, errors: [`${quiz}:1: file: found 0 items; expected at least 4`] },
  {
    name: 'a quiz that is no list',
    spoil: { [quizFile]: 'a: b\n' },
    errors: [`${quiz}:1: file: found a map with a; expected a list of quiz items`],
  },
  {
    name: 'an unknown kind',
    file: quizFile,
    spoil: ['kind: fill', 'kind: cloze'],
    errors: [`${quiz}:22: gap.kind: found "cloze"; expected one of single, multi, order, fill`],
  },
  {
    name: 'an answer that is no option',
    file: quizFile,
    spoil: ['answer: copies', 'answer: copy'],
    errors: [`${quiz}:5: what.answer: found "copy"; expected one of the options, word for word`],
  },
  {
    name: 'a wrong option without its reason',
    file: quizFile,
    spoil: ['{ c: It does not. }', '{}'],
    errors: [`${quiz}:15: which.wrong: found none; expected a reason for the wrong option "c"`],
  },
  {
    name: 'a reason for a right option',
    file: quizFile,
    spoil: ['{ c: It does not. }', '{ c: It does not., a: It does. }'],
    errors: [
      `${quiz}:15: which.wrong.a: found a right option; expected reasons for wrong options only (the right one goes into why)`,
    ],
  },
  {
    name: 'no why',
    file: quizFile,
    spoil: ['  why: A commit cannot change.\n', ''],
    errors: [`${quiz}:1: what.why: found nothing; expected text`],
  },
  {
    name: 'all of the above',
    file: quizFile,
    spoil: ['[a, b, c]', '[a, b, c, All of the above]'],
    errors: [
      `${quiz}:12: which.options[3]: found "All of the above"; expected an answer of its own (options are shuffled, so never "all of the above")`,
      `${quiz}:15: which.wrong: found none; expected a reason for the wrong option "All of the above"`,
    ],
  },
  {
    name: 'no gap',
    file: quizFile,
    spoil: ['git ___ main', 'git rebase main'],
    errors: [`${quiz}:23: gap.prompt: found 0 gaps; expected one gap, written ___`],
  },
  {
    name: 'an id twice',
    file: quizFile,
    spoil: ['id: which', 'id: what'],
    errors: [`${quiz}:9: what.id: found "what" again (first on line 1); expected an id of its own`],
  },
  {
    name: 'a dead link in a quiz',
    file: quizFile,
    spoil: ['why: They do.', 'why: "[They](/nowhere/) do."'],
    errors: [`${quiz}:14: link: found "/nowhere/"; expected the path of a page that exists`],
  },
  {
    name: 'HTML in a quiz',
    file: quizFile,
    spoil: ['why: They do.', 'why: A Set<T> does.'],
    errors: [`${quiz}:14: which.why: found "<T>"; expected Markdown (write code in backticks)`],
  },
  {
    name: 'HTML in a title',
    spoil: ['What does a rebase do?', 'What is a Promise<T>?'],
    errors: [`${question}:2: title: found "<T>"; expected Markdown (write code in backticks)`],
  },
  {
    name: 'a kit without its question',
    file: 'kits/back-end.yaml',
    spoil: ['git/rebase', 'git/rebasing'],
    errors: [
      'content/kits/back-end.yaml:7: questions[0].id: found "git/rebasing"; expected the id of a question that exists (like git/merge)',
    ],
  },
  {
    name: 'a weight too high',
    file: 'kits/back-end.yaml',
    spoil: ['weight: 3', 'weight: 6'],
    errors: ['content/kits/back-end.yaml:7: questions[0].weight: found 6; expected at most 5'],
  },
  {
    name: 'a redirect to nowhere',
    file: 'redirects.yaml',
    spoil: ['/questions/git/rebase/', '/nowhere/'],
    errors: [
      'content/redirects.yaml:1: /questions/git/old/: found "/nowhere/"; expected the path of a page that exists',
    ],
  },
  {
    name: 'a loop',
    spoil: { 'redirects.yaml': '/a/: /b/\n/b/: /a/\n' },
    errors: [
      'content/redirects.yaml:1: /a/: found a loop (/a/ → /b/ → /a/); expected a path that ends at a page',
      'content/redirects.yaml:2: /b/: found a loop (/b/ → /a/ → /b/); expected a path that ends at a page',
    ],
  },
  {
    name: 'a redirect from a page',
    spoil: { 'redirects.yaml': '/about/: /\n' },
    errors: ['content/redirects.yaml:1: /about/: found a page that exists; expected a path that no page has any more'],
  },
  {
    name: 'a redirect without slashes',
    spoil: { 'redirects.yaml': 'old: /\n' },
    errors: [
      'content/redirects.yaml:1: old: found "old"; expected a path like /questions/git/rebase/, with a slash at both ends',
    ],
  },
  {
    name: 'a post without a day',
    spoil: { 'posts/hello.md': '' },
    errors: [
      'content/posts/hello.md:1: slug: found "hello"; expected <YYYY-MM-DD>-<slug>, the slug in lower-case letters, digits and single hyphens (like write-ahead-log)',
    ],
  },
  {
    name: 'a long summary',
    file: 'categories/git.md',
    spoil: ['Versions.', 'x'.repeat(161)],
    errors: ['content/categories/git.md:4: summary: found 161 characters; expected at most 160 characters'],
  },
  {
    name: 'a tag twice',
    file: 'tags.yaml',
    spoil: ['id: history', 'id: branches'],
    errors: ['content/tags.yaml:2: [1].id: found "branches"; expected each one once'],
  },
  {
    name: 'bytes',
    spoil: { [quizFile]: new Uint8Array([0xff, 0xfe, 0x00]) },
    errors: [`${quiz}:1: file: found bytes that are not UTF-8; expected UTF-8 text`],
  },
  {
    name: 'an alias bomb',
    spoil: {
      [quizFile]: `- &a [x,x,x,x,x,x,x,x,x]\n- &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n- &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n- &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`,
    },
    errors: [
      `${quiz}:1: yaml: found Excessive alias count indicates a resource exhaustion attack; expected plain YAML`,
    ],
  },
]

for (const { name, file = questionFile, spoil, errors } of cases) {
  test(`error: ${name}`, async () => {
    const files = goodContent()
    if (Array.isArray(spoil)) {
      const before = files[file]
      assert.equal(typeof before, 'string')
      files[file] = String(before).replace(spoil[0], spoil[1])
      assert.notEqual(files[file], before, 'the case spoils nothing')
    } else Object.assign(files, spoil)
    const { errors: found } = await loadFiles(files)
    assert.deepEqual(
      found.map(({ message }) => message),
      errors,
    )
  })
}

test('several mistakes in several files are all told, in order', async () => {
  const files = goodContent()
  files[questionFile] = goodQuestion.replace('medium', 'tough').replace('## Pitfalls', '## Traps')
  files[quizFile] = goodQuiz.replace('kind: order', 'kind: sort')
  files['pages/about.md'] = '---\ntitle: About\n---\n'
  const { bank, errors } = await loadFiles(files)
  assert.deepEqual(
    errors.map(({ file, line, field }) => [file, line, field]),
    [
      ['content/pages/about.md', 2, 'summary'],
      [question, 3, 'difficulty'],
      [question, 42, 'section'],
      [question, 76, 'section'],
      [quiz, 17, 'order.kind'],
    ],
  )
  // What is right is still there, and a broken question is no dead link.
  assert.deepEqual(
    bank.questions.map(({ id }) => id),
    ['git/merge', 'git/reset', 'nodejs/streams'],
  )
})

test('line ends of Windows change nothing but the bytes', async () => {
  const files = Object.fromEntries(
    Object.entries(goodContent()).map(([path, text]) => [path, String(text).replaceAll('\n', '\r\n')]),
  )
  assert.deepEqual(await loadFiles(files), await loadFiles(goodContent()))
})
