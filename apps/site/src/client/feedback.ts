/**
 * The feedback form: fills in question, section and kind from the address, sends JSON, shows the
 * server's answer. Nothing in the address can make it say that a message was sent or refused.
 */
import { all, find } from './dom.ts'

const form = find<HTMLFormElement>('#feedback')!
const sent = find('#sent')!
const problem = find('#problem')!
const asked = new URLSearchParams(location.search)

for (const name of ['question', 'section']) {
  const field = form.elements.namedItem(name)
  if (field instanceof HTMLInputElement) field.value = asked.get(name)?.slice(0, field.maxLength) ?? ''
}
for (const radio of all<HTMLInputElement>('[name=kind]', form))
  radio.checked = radio.value === (asked.get('kind') ?? 'mistake')

function refuse(text: string): void {
  problem.textContent = text
  problem.hidden = false
}

type Problem = { title?: string; detail?: string; errors?: { field?: string; detail?: string; message?: string }[] }

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  problem.hidden = true
  sent.hidden = true
  const button = find<HTMLButtonElement>('[type=submit]', form)!
  const body = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ''))
  const page =
    URL.parse(document.referrer)?.origin === location.origin ? new URL(document.referrer).pathname : undefined
  button.disabled = true
  try {
    const answer = await fetch('/api/feedback', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, ...(page ? { page } : {}) }),
    })
    if (answer.ok) {
      form.reset()
      sent.hidden = false
      sent.scrollIntoView({ block: 'center' })
    } else if (answer.headers.get('content-type')?.includes('json')) {
      const reply = (await answer.json()) as Problem
      const fields = reply.errors?.map(
        ({ field, detail, message }) => `${field ?? 'message'}: ${detail ?? message ?? ''}`,
      )
      refuse(
        fields && fields.length > 0
          ? fields.join(' · ')
          : (reply.detail ?? reply.title ?? `The server answered ${answer.status}.`),
      )
    } else if (answer.status === 404 || answer.status === 405) {
      refuse(
        'This copy of Viva is served as plain files, without the server that stores feedback. Your text is still here: send it to the people who run the site.',
      )
    } else refuse(`The server answered ${answer.status}. Your text is still here; try again in a minute.`)
  } catch {
    refuse('The server could not be reached. Your text is still here; check the connection and send again.')
  } finally {
    button.disabled = false
  }
})
