/** The page where a quiz is chosen: what was missed, and a quiz that was left half done. */
import { encodeQuiz } from '@viva/bank/quiz'
import { all, find, make } from './dom.ts'
import { halfDone, missedItems } from './log.ts'

const missed = await missedItems().catch(() => new Set<string>())
const count = find('#misses-count')
if (count) count.textContent = String(missed.size)
const radio = find<HTMLInputElement>('[name=scope][value=misses]')
if (radio) radio.disabled = missed.size === 0

const asked = new URLSearchParams(location.search).get('scope')
for (const choice of all<HTMLInputElement>('[name=scope]'))
  if (choice.value === asked && !choice.disabled) choice.checked = true

const open = await halfDone().catch(() => undefined)
const card = find('#resume')
if (open && open.answers.size > 0 && card) {
  card.append(
    `You are ${open.answers.size} of ${open.count} into a quiz. `,
    make('a', { href: `/quiz/run/?${encodeQuiz(open)}`, textContent: 'Resume' }),
  )
  card.hidden = false
}
