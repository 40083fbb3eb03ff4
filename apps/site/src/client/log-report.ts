/** The report of an import: what happened to the lines of the file, and which were not taken. */
import type { LineNote, LineNotes } from '@viva/recall'
import { make } from './dom.ts'
import type { ImportReport } from './log-protocol.ts'
import { counted, visible } from './log-text.ts'

const shownLines = 20
/** Length of a reason on the page; the download has more of it. */
const reasonChars = 160
const downloadedReasonChars = 1000

/** One sentence or two for the status line. */
export function summarise({ outcome, reason, lines, added, refused }: ImportReport): string {
  if (outcome === 'cancelled') return 'Import cancelled. Nothing was stored.'
  if (outcome === 'stopped')
    return `Import stopped. ${visible(reason ?? '', downloadedReasonChars)} Nothing was stored.`
  if (refused.count === lines)
    return 'Import complete, but no line of this file is an event. Choose a file that this page exported.'
  const left = refused.count > 0 ? ` ${counted(refused.count, 'line')} refused.` : ''
  return `Import complete. ${counted(added, 'event')} added.${left}`
}

export function isBad({ outcome, refused }: ImportReport): boolean {
  return outcome === 'stopped' || refused.count > 0
}

/** Each line counts in one row after the first; unknown types are a part of the added events. */
function rows(report: ImportReport): [name: string, value: string][] {
  const { outcome, lines, added, known, repeated, conflicts, refused, unknownTypes } = report
  const number = (count: number) => count.toLocaleString('en')
  const found: [string, string][] = [
    ['Repeated in the file', number(repeated)],
    ['Conflicts', number(conflicts.count)],
    ['Refused', number(refused.count)],
  ]
  if (outcome !== 'complete') return [['Lines read', number(lines)], ['Stored', '0'], ...found]
  return [
    ['Lines read', number(lines)],
    ['Added', number(added)],
    ...(unknownTypes > 0 ? [['Added, of unknown types', number(unknownTypes)] as [string, string]] : []),
    ['Stored already', number(known)],
    ...found,
  ]
}

/** An import that was not completed resolved no conflict: what it noted while storing was undone. */
function asStored(report: ImportReport): ImportReport {
  return report.outcome === 'complete'
    ? report
    : { ...report, conflicts: { ...report.conflicts, count: 0, listed: [] } }
}

/** The report's elements; `file` names the import in the download. */
export function reportElements(given: ImportReport, file: string): HTMLElement[] {
  const report = asStored(given)
  const { refused, conflicts } = report
  const list = make('dl', { className: 'counts' })
  for (const [name, value] of rows(report))
    list.append(make('div', {}, make('dt', { textContent: name }), make('dd', { textContent: value })))
  const elements: HTMLElement[] = [list]
  if (conflicts.count > 0) {
    const meaning =
      'A conflict is a line with the id of another event and other content. One of the two is kept: ' +
      'the same one in every browser.'
    elements.push(make('p', { className: 'small soft', textContent: meaning }))
  }
  elements.push(...notes('Refused lines', refused), ...notes('Conflicts', conflicts))
  if (refused.count + conflicts.count > 0) elements.push(downloadButton(report, file))
  return elements
}

function notes(title: string, { count, listed }: LineNotes): HTMLElement[] {
  if (count === 0) return []
  const items = listed.slice(0, shownLines).map((item) => make('li', {}, make('bdi', { textContent: sentence(item) })))
  if (count > items.length)
    items.push(make('li', { className: 'soft', textContent: `and ${counted(count - items.length, 'more line')}` }))
  return [make('h3', { textContent: title }), make('ul', { className: 'lines' }, ...items)]
}

function sentence({ line, message }: LineNote, maxChars = reasonChars): string {
  return `Line ${line}: ${visible(message, maxChars)}`
}

/** Everything that the report lists, as text. */
function reportText(report: ImportReport, file: string): string {
  const text = [`Import of ${visible(file)}: ${summarise(report)}`, '']
  for (const [name, value] of rows(report)) text.push(`${name}: ${value}`)
  for (const [title, { count, listed }] of [
    ['Refused lines', report.refused],
    ['Conflicts', report.conflicts],
  ] as const) {
    if (count === 0) continue
    text.push('', title, ...listed.map((item) => sentence(item, downloadedReasonChars)))
    if (count > listed.length) text.push(`and ${counted(count - listed.length, 'more line')}`)
  }
  return `${text.join('\n')}\n`
}

function downloadButton(report: ImportReport, file: string): HTMLElement {
  const button = make('button', { type: 'button', id: 'log-report-download', textContent: 'Download report as text' })
  button.addEventListener('click', () => {
    download(new Blob([reportText(report, file)], { type: 'text/plain' }), 'viva-import-report.txt')
  })
  return make('p', {}, button)
}

/** Saves a file with the browser's own dialog. */
export function download(file: Blob, name: string): void {
  const href = URL.createObjectURL(file)
  make('a', { href, download: name }).click()
  // A large file is still being read after the click.
  setTimeout(() => URL.revokeObjectURL(href), 60_000)
}
