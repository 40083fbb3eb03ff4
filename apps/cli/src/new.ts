/** `viva new question`: a folder whose comments say what each section holds, and whose gaps the checks name. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readArguments } from './commands.ts'
import { UsageError, type World } from './world.ts'

export async function newQuestion(args: string[], world: World): Promise<number> {
  const { words, flags } = readArguments(args, ['title'])
  const [kind, ...rest] = words
  if (kind !== undefined && kind !== 'question')
    throw new UsageError(`cannot make a ${JSON.stringify(kind)}; only \`question\`.`)
  if (rest.length > 2)
    throw new UsageError(`one category and one slug, found also ${JSON.stringify(rest.slice(2).join(' '))}.`)
  const known = await categories(world)
  let [category, slug] = rest
  let title = flags['title']
  if (world.isInteractive) {
    category ??= await world.ask(`Category (${known.join(', ')}): `)
    title ??= await world.ask('Title, as an interviewer asks it: ')
    if (slug === undefined) {
      const proposed = slugOf(title ?? '')
      slug = (await world.ask(`Slug, the last part of its address for ever [${proposed}]: `))?.trim() || proposed
    }
  }
  category = category?.trim()
  title = title?.trim()
  if (!category) throw new UsageError(`no category. Known: ${known.join(', ')}.`)
  if (!slug) throw new UsageError('no slug, the last part of the address (like partial-indexes).')
  if (!title) throw new UsageError('no title (--title "When is a partial index worth it?").')
  if (!known.includes(category))
    throw new UsageError(
      `unknown category ${JSON.stringify(category)}. Known: ${known.join(', ')}. A new one begins with content/categories/<slug>.md.`,
    )
  if (slugOf(slug) !== slug)
    throw new UsageError(
      `${JSON.stringify(slug)} is no slug: lower-case letters, digits and single hyphens (${JSON.stringify(slugOf(slug) || 'write-ahead-log')}).`,
    )
  const folder = join(world.root, 'content', 'questions', category, slug)
  if (existsSync(folder)) throw new UsageError(`content/questions/${category}/${slug}/ exists already.`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'question.md'), questionText(title, world.now()))
  await writeFile(join(folder, 'quiz.yaml'), quizText)
  world.print(`content/questions/${category}/${slug}/question.md
content/questions/${category}/${slug}/quiz.yaml

Fill them in; their comments say what belongs where. Then:
  npm run viva -- check ${category}/${slug}
  npm run verify -- --question ${category}/${slug}`)
  return 0
}

async function categories(world: World): Promise<string[]> {
  const names = await readdir(join(world.root, 'content', 'categories')).catch(() => [])
  return names
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -3))
    .toSorted()
}

function slugOf(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 80)
}

function questionText(title: string, now: Date): string {
  return `---
title: ${JSON.stringify(title)}
difficulty: medium # easy | medium | hard
tags: [] # 2 to 6 ids of content/tags.yaml
related: [] # 3 to 6 question ids, at least one of another category
sources: [] # at least two primary ones: { title: "PostgreSQL 18 manual, 11.8", url: https://… }
updated: ${now.toISOString().slice(0, 10)}
---

## Answer

<!-- What you say first: at most 90 words, 30 to 40 seconds aloud, complete on its own. -->

## In depth

<!-- The why first, then the trade-offs, then the limits. A mechanism, not a list of headings. Numbers with their unit and
where they come from; average and worst case kept apart; when you would choose something else, and why. Use ### inside. -->

## Examples

<!-- Code that shows it. A run fence is followed by an output fence with everything it prints:

\`\`\`js run title="What it shows"
console.log(1 + 1)
\`\`\`
\`\`\`output
2
\`\`\`

A setup fence runs before every later run fence of its language. Code that cannot run says skip="why". -->

## Pitfalls

<!-- At least two, each "### What people get wrong": failing on purpose in a fence, then fixed. -->

## Follow-ups

<!-- At least three, each "### What the interviewer asks next" with its answer under it: an alternative and when; what it looks
like in production and how you diagnose it; how you test the edges. -->

## Checklist

<!-- 4 to 8 lines "- [ ] key point" that a full answer contains. -->
`
}

const quizText = `# At least four items. An id is stable for ever. Options are about equal in length and shuffled at display, so never "all of the
# above". Items that ask for a fence's output are made from the runnable fences by themselves. Copy, fill in, remove the #:
#
# - id: what-happens
#   kind: single
#   prompt: What happens when …?
#   options: [this, that, something else]
#   answer: this
#   why: Why it is right.
#   wrong:
#     that: Why it is wrong.
#     something else: Why it is wrong.
# - id: which-hold
#   kind: multi
#   prompt: Which of these hold?
#   options: [one, two, three, four]
#   answers: [one, two]
#   why: Why they are right.
#   wrong:
#     three: Why it is wrong.
#     four: Why it is wrong.
# - id: in-order
#   kind: order
#   prompt: Put the steps in order.
#   items: [first, second, third]
#   why: Why in this order.
# - id: the-word
#   kind: fill
#   prompt: "\`create index on jobs (run_at) ___ state = 'queued'\`"
#   answers: [where]
#   why: Why it is this word.
[]
`
