/** `viva export anki`: the bank as a tab-separated file with the header lines that Anki 2.1.54 and later read. */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Bank } from '@viva/bank'
import { loadBank } from '@viva/bank/load'
import { readArguments } from './commands.ts'
import { UsageError, type World } from './world.ts'

export async function exportBank(args: string[], world: World): Promise<number> {
  const { words, flags } = readArguments(args, ['out'])
  if (words.length !== 1 || words[0] !== 'anki')
    throw new UsageError(`found ${JSON.stringify(words.join(' '))}; the one format is \`anki\`.`)
  const { bank, errors } = await loadBank(join(world.root, 'content'))
  if (errors.length > 0)
    world.complain(
      `viva export: content/ has ${errors.length} mistakes (\`npm run viva -- check\`); what is wrong is left out.`,
    )
  const rows = ankiRows(bank)
  const out = flags['out'] ?? 'viva-anki.tsv'
  await writeFile(resolve(world.root, out), ankiText(rows)).catch((error: Error) => {
    throw new UsageError(`cannot write ${out}: ${error.message}`, { cause: error })
  })
  world.print(`${rows.length} cards in ${out}. In Anki: File, Import.`)
  return 0
}

/** Id, front, back, tags. The id lets a later import update the card instead of adding another. */
export type AnkiRow = [id: string, front: string, back: string, tags: string]

export function ankiRows(bank: Bank): AnkiRow[] {
  return bank.questions.flatMap((question) => {
    const tags = ['viva', question.category, question.difficulty, ...question.tags].join(' ')
    const points = question.sections.checklist.points.map((point) => `<li>${html(point)}</li>`).join('')
    const rows: AnkiRow[] = [
      [`viva:${question.id}`, html(question.title), `${html(question.answer)}<ul>${points}</ul>`, tags],
    ]
    for (const item of question.quiz) {
      const list =
        item.kind === 'single' || item.kind === 'multi'
          ? item.options.toSorted()
          : item.kind === 'order'
            ? item.items.toSorted()
            : []
      const choices = list.length > 0 ? `<ul>${list.map((text) => `<li>${html(text)}</li>`).join('')}</ul>` : ''
      const code = item.code ? `<pre>${escape(item.code.text)}</pre>` : ''
      const answer = item.kind === 'single' ? [item.answer] : item.kind === 'order' ? item.items : item.answers
      rows.push([
        `viva:${question.id}#${item.id}`,
        `${html(item.prompt)}${code}${choices}`,
        `${answer.map(html).join(item.kind === 'order' ? ' → ' : '<br>')}<br><br>${html(item.why)}`,
        tags,
      ])
    }
    return rows
  })
}

export function ankiText(rows: AnkiRow[]): string {
  const header = [
    '#separator:tab',
    '#html:true',
    '#guid column:1',
    '#tags column:4',
    '#columns:guid\tFront\tBack\tTags',
  ]
  // A quoted field may hold quotes (doubled), tabs and line ends.
  return [...header, ...rows.map((row) => row.map((field) => `"${field.replaceAll('"', '""')}"`).join('\t')), ''].join(
    '\n',
  )
}

/** Inline Markdown as far as prompts use it: code and line ends. */
function html(markdown: string): string {
  return escape(markdown)
    .replace(/`([^`]+)`/g, '<code>$1</code>')
    .replaceAll('\n', '<br>')
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
