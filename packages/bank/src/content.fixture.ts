/** A small content folder that is right, to be spoiled by tests: files by path. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Bank } from './bank.ts'
import type { ContentError } from './error.ts'
import { loadBank } from './load.ts'

export type Files = Record<string, string | Uint8Array>

export const questionFile = 'questions/git/rebase/question.md'
export const quizFile = 'questions/git/rebase/quiz.yaml'

const fence = (code: string, output: string) => `\`\`\`js run\n${code}\n\`\`\`\n\`\`\`output\n${output}\n\`\`\``

export const goodQuestion = `---
title: What does a rebase do?
difficulty: medium
tags: [history, branches]
related:
  - git/merge
  - git/reset
  - nodejs/streams
sources:
  - { title: Git manual, url: "https://git-scm.com/docs/git-rebase" }
  - { title: Pro Git, url: "https://git-scm.com/book" }
updated: 2026-11-24
---

## Answer

It replays commits on another base.

## In depth

### Why copies

Each commit names its parent. See [merges](/questions/git/merge/#why-copies) and [below](#checklist).

## Examples

\`\`\`js setup
const base = 40
\`\`\`

${fence('console.log(base + 2)', '42')}

\`\`\`c skip="needs a compiler"
int x;
\`\`\`

## Pitfalls

### It rewrites what others have

${fence('console.log([1].length)', '1')}

### It hides the conflict

Text.

## Follow-ups

### When a merge?

Text.

### How to undo it?

Text.

### How to test it?

Text.

## Checklist

- [ ] copies
- [ ] new base
- [ ] never shared
- [ ] reflog
`

export const goodQuiz = `- id: what
  kind: single
  prompt: What is made?
  options: [copies, moves]
  answer: copies
  why: A commit cannot change.
  wrong:
    moves: A commit names its parent.
- id: which
  kind: multi
  prompt: Which hold?
  options: [a, b, c]
  answers: [a, b]
  why: They do.
  wrong: { c: It does not. }
- id: order
  kind: order
  prompt: In order.
  items: [one, two, three]
  why: So.
- id: gap
  kind: fill
  prompt: git ___ main
  answers: [rebase]
  why: So.
`

/** Four questions in two categories, a kit, a post, a page, a redirect. */
export function goodContent(): Files {
  const files: Files = {
    'tags.yaml':
      '- { id: branches, title: Branches, text: Lines of work. }\n- { id: history, title: History, text: What happened. }\n',
    'redirects.yaml': '/questions/git/old/: /questions/git/rebase/\n',
    'categories/git.md': '---\ntitle: Git\norder: 1\nsummary: Versions.\n---\n\nText.\n',
    'categories/nodejs.md': '---\ntitle: Node.js\norder: 2\nsummary: JavaScript on servers.\n---\n',
    'kits/back-end.yaml':
      'title: Back end\nrole: Back-end developer\nlevel: senior\nsummary: Text.\nminutes: 45\nquestions:\n  - { id: git/rebase, weight: 3 }\n',
    'posts/2026-11-24-why.md': `---\ntitle: Why\nsummary: Because.\nauthor: Ada\n---\n\n${fence('console.log(1)', '1')}\n`,
    'pages/about.md': '---\ntitle: About\nsummary: Us.\n---\n\nSee [why](/blog/why/).\n',
    [questionFile]: goodQuestion,
    [quizFile]: goodQuiz,
  }
  for (const id of ['git/merge', 'git/reset', 'nodejs/streams']) {
    const others = ['git/rebase', 'git/merge', 'git/reset', 'nodejs/streams'].filter((other) => other !== id)
    const related = others.map((other) => `  - ${other}\n`).join('')
    files[`questions/${id}/question.md`] = goodQuestion.replace(/related:\n(?: {2}- .*\n)+/, `related:\n${related}`)
    files[`questions/${id}/quiz.yaml`] = goodQuiz
  }
  return files
}

/** The bank of these files, read from a temporary folder that is named `content`. */
export async function loadFiles(files: Files): Promise<{ bank: Bank; errors: ContentError[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'viva-bank-'))
  try {
    for (const [path, data] of Object.entries(files)) {
      const file = join(folder, 'content', path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, data)
    }
    return await loadBank(join(folder, 'content'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
