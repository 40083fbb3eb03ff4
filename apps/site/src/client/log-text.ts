/** Text from a log as text on the page: nothing in it can hide, reorder or overflow what stands around it. */
import { isEvent, type LoggedEvent } from '@viva/recall'
import { make } from './dom.ts'

const shownChars = 120

/** Control, bidi and other invisible characters become escapes like \u202e; long texts are cut. */
export function visible(text: string, maxChars = shownChars): string {
  const cut = text.length > maxChars ? `${text.slice(0, maxChars)}…` : text
  return cut.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16)
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
  })
}

/** A link to the question, or its id as text if no question can have that id. */
export function questionLink(id: string): HTMLElement {
  const isPath = /^[a-z0-9-]+\/[a-z0-9-]+$/.test(id)
  if (!isPath) return make('bdi', { textContent: visible(id) })
  const title = id.slice(id.indexOf('/') + 1).replaceAll('-', ' ')
  return make('a', { href: `/questions/${id}/`, textContent: visible(title) })
}

/** What the reader did, in words. */
export function describe(event: LoggedEvent): string {
  if (!isEvent(event)) return 'Unknown event type'
  if ('override' in event && event.override) return 'Marked an answer as right'
  switch (event.type) {
    case 'attempt':
      return event.right ? 'Correct answer' : 'Wrong answer'
    case 'prediction':
      return event.right ? 'Correct prediction' : 'Wrong prediction'
    case 'run':
      return event.edited ? 'Ran an edited example' : 'Ran an example'
    case 'reveal':
      return 'Showed the answer'
    case 'written':
      return 'Wrote an answer'
    case 'checklist':
      return `Ticked ${event.points.length} of ${counted(event.of, 'point')}`
    case 'bookmark':
      return event.on ? 'Added a bookmark' : 'Removed a bookmark'
    case 'note':
      return event.text.trim() === '' ? 'Removed a note' : 'Wrote a note'
    case 'quiz-started':
      return `Started a quiz of ${counted(event.count, 'question')}`
    case 'quiz-finished':
      return `Finished a quiz: ${event.right} of ${event.of} correct`
  }
}

/** `1 event`, `2,000 events`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}
