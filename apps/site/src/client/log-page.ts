/** The reader's own log: figures, bookmarks, the last entries; export, import, delete. */
import { bookmarks, isEvent, type LoggedEvent } from '@viva/recall'
import { find, make } from './dom.ts'
import { allEvents } from './log.ts'
import { clear, exportText, importText } from './log-file.ts'

const status = find('#log-status')!

const titleOf = (id: string): string => id.split('/').pop()!.replaceAll('-', ' ')

function sentence(event: LoggedEvent): string {
  if (!isEvent(event)) return event.type
  switch (event.type) {
    case 'attempt':
      if (event.override) return `Overrode a verdict: ${titleOf(event.question)}`
      return `${event.right ? 'Answered right' : 'Missed'}: ${titleOf(event.question)}`
    case 'prediction':
      if (event.override) return `Overrode a verdict: ${titleOf(event.question)}`
      return `${event.right ? 'Predicted' : 'Did not predict'} an output: ${titleOf(event.question)}`
    case 'run':
      return `${event.edited ? 'Edited and ran' : 'Ran'} an example: ${titleOf(event.question)}`
    case 'reveal':
      return `Revealed the answer: ${titleOf(event.question)}`
    case 'written':
      return `Wrote an answer: ${titleOf(event.question)}`
    case 'checklist':
      return `Ticked ${event.points.length} points: ${titleOf(event.question)}`
    case 'bookmark':
      return `${event.on ? 'Bookmarked' : 'Removed the bookmark'}: ${titleOf(event.question)}`
    case 'quiz-started':
      return 'Started a quiz'
    case 'quiz-finished':
      return 'Finished a quiz'
    case 'note':
      return `Wrote a note: ${titleOf(event.question)}`
  }
}

function figure(name: string, value: number | string): HTMLElement {
  return make('div', {}, make('dt', { textContent: name }), make('dd', { textContent: String(value) }))
}

async function show(): Promise<void> {
  const events = await allEvents()
  const judged = events.filter(isEvent).filter((event) => event.type === 'attempt' || event.type === 'prediction')
  // An override corrects the event before it: one more is right, not one more answered.
  const attempts = judged.filter(({ override }) => !override)
  const right = judged.filter(({ right }) => right).length
  find('#log-figures')!.replaceChildren(
    figure('entries', events.length),
    figure('answers and predictions', attempts.length),
    figure('right', attempts.length === 0 ? '–' : `${Math.round((100 * right) / attempts.length)} %`),
    figure('days', new Set(events.map(({ at }) => at.slice(0, 10))).size),
  )
  const marked = [...bookmarks(events)]
  find('#log-bookmarks')!.replaceChildren(
    ...(marked.length > 0
      ? marked.map((id) =>
          make('li', {}, make('a', { className: 'title', href: `/questions/${id}/`, textContent: titleOf(id) })),
        )
      : [
          make('li', {
            className: 'soft',
            textContent: 'Questions that you bookmark are listed here. The button is at the end of each question.',
          }),
        ]),
  )
  find('#log-body')!.hidden = false
  const last = events.slice(-20).toReversed()
  const body = make('tbody')
  for (const event of last) {
    const when = new Date(event.at)
    body.append(
      make(
        'tr',
        {},
        make(
          'td',
          {},
          make('time', {
            dateTime: event.at,
            textContent: when.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' }),
          }),
        ),
        make('td', { textContent: sentence(event) }),
      ),
    )
  }
  find('#log-entries')!.replaceChildren(
    last.length > 0
      ? make(
          'table',
          {},
          make('thead', {}, make('tr', {}, make('th', { textContent: 'When' }), make('th', { textContent: 'What' }))),
          body,
        )
      : make('p', {
          className: 'soft',
          textContent: 'Nothing yet. Predict an output on any question, or take a quiz, and it is written down here.',
        }),
  )
}

find('#log-export')!.addEventListener('click', async () => {
  const text = await exportText()
  const link = make('a', {
    href: URL.createObjectURL(new Blob([text], { type: 'application/jsonl' })),
    download: `viva-log-${new Date().toISOString().slice(0, 10)}.jsonl`,
  })
  link.click()
  URL.revokeObjectURL(link.href)
  status.textContent = `Exported ${text === '' ? 0 : text.trimEnd().split('\n').length} entries.`
})

const file = find<HTMLInputElement>('#log-file')!
find('#log-import')!.addEventListener('click', () => file.click())
file.addEventListener('change', async () => {
  const chosen = file.files?.[0]
  if (!chosen) return
  const { added, known, errors } = await importText(await chosen.text())
  status.textContent = `Imported ${added} entries; ${known} were here already.${errors.length > 0 ? ` ${errors.length} lines could not be read: ${errors.slice(0, 3).join('; ')}${errors.length > 3 ? ' …' : ''}` : ''}`
  status.className = errors.length > 0 ? 'ui bad' : 'ui'
  file.value = ''
  await show()
})

const remove = find<HTMLButtonElement>('#log-delete')!
remove.addEventListener('click', async () => {
  if (remove.dataset['sure'] === undefined) {
    remove.dataset['sure'] = ''
    remove.textContent = 'Delete for good?'
    status.textContent = 'This cannot be undone. Export first if you want to keep it.'
    return
  }
  await clear()
  delete remove.dataset['sure']
  remove.textContent = 'Delete the log'
  status.textContent = 'The log is empty.'
  await show()
})

show().catch((error: unknown) => {
  status.textContent = `The browser does not let this page keep a log (${error instanceof Error ? error.message : String(error)}). Private windows often forbid it.`
})
