/** The log page's content: figures, bookmarks and recent activity, gathered batch by batch. */
import { isEvent, type LoggedEvent } from '@viva/recall'
import { find, make } from './dom.ts'
import { eventBatches } from './log.ts'
import { describe, questionLink, visible } from './log-text.ts'

/** How many events the page lists. */
const recentEvents = 20
/** How many bookmarks the page lists; an imported log can hold any number. */
const listedBookmarks = 200

export type Summary = {
  events: number
  answers: number
  right: number
  days: Set<string>
  bookmarks: Set<string>
  /** Oldest first. */
  recent: LoggedEvent[]
}

/** Batches come in the order of replay, so that the last bookmark event of a question decides. */
export async function readSummary(): Promise<Summary> {
  const summary: Summary = { events: 0, answers: 0, right: 0, days: new Set(), bookmarks: new Set(), recent: [] }
  for await (const batch of eventBatches()) {
    for (const event of batch) add(summary, event)
    summary.recent = [...summary.recent, ...batch.slice(-recentEvents)].slice(-recentEvents)
  }
  return summary
}

function add(summary: Summary, event: LoggedEvent): void {
  summary.events++
  summary.days.add(event.at.slice(0, 10))
  if (!isEvent(event)) return
  if (event.type === 'attempt' || event.type === 'prediction') {
    // An override corrects the event before it: one more is right, not one more answered.
    if (!event.override) summary.answers++
    if (event.right) summary.right++
  } else if (event.type === 'bookmark') {
    if (event.on) summary.bookmarks.add(event.question)
    else summary.bookmarks.delete(event.question)
  }
}

export function showSummary({ events, answers, right, days, bookmarks, recent }: Summary): void {
  find('#log-figures')!.replaceChildren(
    figure('Events', events.toLocaleString('en')),
    figure('Answers and predictions', answers.toLocaleString('en')),
    figure('Correct', answers === 0 ? '–' : `${Math.round((100 * right) / answers)} %`),
    figure('Days', days.size.toLocaleString('en')),
  )
  const marked = [...bookmarks]
  const rows = marked.slice(-listedBookmarks).map((id) => make('li', { className: 'title' }, questionLink(id)))
  if (marked.length > rows.length)
    rows.push(make('li', { className: 'soft', textContent: `and ${marked.length - rows.length} more` }))
  find('#log-bookmarks')!.replaceChildren(
    ...(rows.length > 0 ? rows : [hint('li', 'No bookmarks. The Bookmark button is at the end of each question.')]),
  )
  find('#log-recent')!.replaceChildren(
    recent.length > 0
      ? table(recent.toReversed())
      : hint('p', 'No activity. Predict an output on any question, or take a quiz, and it appears here.'),
  )
  find('#log-body')!.hidden = false
}

function figure(name: string, value: string): HTMLElement {
  return make('div', {}, make('dt', { textContent: name }), make('dd', { textContent: value }))
}

function hint(tag: 'li' | 'p', textContent: string): HTMLElement {
  return make(tag, { className: 'soft', textContent })
}

function table(events: readonly LoggedEvent[]): HTMLElement {
  const heads = ['Time', 'Activity'].map((textContent) => make('th', { scope: 'col', textContent }))
  const rows = events.map((event) => make('tr', {}, make('td', {}, timeOf(event)), activity(event)))
  return make('table', { className: 'recent' }, make('thead', {}, make('tr', {}, ...heads)), make('tbody', {}, ...rows))
}

function timeOf({ at }: LoggedEvent): HTMLElement {
  const textContent = new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })
  return make('time', { dateTime: at, textContent })
}

function activity(event: LoggedEvent): HTMLElement {
  const cell = make('td', { textContent: describe(event) })
  if (!isEvent(event)) cell.append(' ', make('bdi', {}, make('code', { textContent: visible(event.type) })))
  else if ('question' in event) cell.append(': ', questionLink(event.question))
  return cell
}
