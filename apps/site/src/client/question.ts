/** A question's page: the attempt before the answer, the fences, the checklist. Engines and editor load on demand. */
import type { LabData } from '../build/labs.ts'
import { all, find, isTyping } from './dom.ts'
import { wireFences } from './fences.ts'
import { keepChoice } from './prefs.ts'
import { record } from './record.ts'

const root = document.documentElement
const question = find('.question')?.dataset['question']

function reveal(): void {
  if (!question || 'revealed' in root.dataset) return
  root.dataset['revealed'] = ''
  history.replaceState({ ...history.state, revealed: location.pathname }, '')
  const own = find<HTMLTextAreaElement>('#own')
  const text = own?.value.trim() ?? ''
  if (text) record({ type: 'written', question, text })
  record({ type: 'reveal', question })
  const after = find('.attempt .after')
  if (after) {
    after.hidden = text === ''
    after.textContent = 'Compare it with ours, then tick what it contained in the checklist at the end.'
  }
  const heading = find('#answer')
  heading?.setAttribute('tabindex', '-1')
  heading?.focus({ preventScroll: Boolean(text) })
}

/** A spoken answer should take about 40 seconds: the button counts them, a second press ends it. */
function sayAloud(button: HTMLElement): void {
  if (button.dataset['timer']) {
    clearInterval(Number(button.dataset['timer']))
    delete button.dataset['timer']
    button.textContent = 'Say it aloud'
    return
  }
  const startedAt = performance.now()
  const show = () => {
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    button.textContent = `${seconds} s ${seconds > 40 ? '(aim for 40)' : 'of 40'}: stop`
  }
  show()
  button.dataset['timer'] = String(setInterval(show, 1000))
}

function wireAttempt(): void {
  if (!question) return
  addEventListener('hashchange', () => {
    root.dataset['revealed'] = ''
    find(':target')?.scrollIntoView()
  })
  find('[data-do=reveal]')?.addEventListener('click', reveal)
  find('[data-do=always]')?.addEventListener('click', () => {
    keepChoice('attempt', 'off')
    reveal()
    root.dataset['attempt'] = 'off'
    find('#content')?.focus()
  })
  const aloud = find('[data-do=aloud]')
  aloud?.addEventListener('click', () => sayAloud(aloud))
}

function wireChecklist(): void {
  if (!question) return
  const boxes = all<HTMLInputElement>('[data-point]')
  const shown = find<HTMLOutputElement>('.checked')
  for (const box of boxes) {
    box.addEventListener('change', () => {
      const points = boxes.flatMap((box) => (box.checked ? [box.parentElement?.textContent?.trim() ?? ''] : []))
      if (shown) shown.value = `${points.length} of ${boxes.length}.`
      record({ type: 'checklist', question, points, of: boxes.length })
    })
  }
}

function wireBookmark(): void {
  const button = find('[data-do=bookmark]')
  if (!button || !question) return
  const show = (on: boolean) => {
    button.setAttribute('aria-pressed', String(on))
    button.textContent = on ? 'Bookmarked' : 'Bookmark'
  }
  // The log is opened only when this part of the page is near, so that reading costs nothing.
  new IntersectionObserver(
    async (entries, observer) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return
      observer.disconnect()
      const { isBookmarked } = await import('./log.ts')
      show(await isBookmarked(question).catch(() => false))
    },
    { rootMargin: '300px' },
  ).observe(button)
  button.addEventListener('click', () => {
    const on = button.getAttribute('aria-pressed') !== 'true'
    show(on)
    record({ type: 'bookmark', question, on })
  })
}

/** The section that the reader is in goes into the report's form. */
function wireReport(): void {
  const link = find<HTMLAnchorElement>('[data-report]')
  link?.addEventListener('click', () => {
    const passed = all('.question > h2').filter((heading) => heading.getBoundingClientRect().top < innerHeight / 2)
    const section = passed
      .map(({ textContent }) => textContent)
      .findLast((text) => !['Practise', 'Related', 'Sources'].includes(text ?? ''))
    const url = new URL(link.href)
    url.searchParams.set('section', section ?? '')
    link.href = url.href
  })
}

/** The lab that the address asks for. */
const labAsked = new URLSearchParams(location.search).get('lab')

/** The first thing that the reader does: until then a page is text, however near a lab is. A shared run is wanted at once. */
function firstSign(): Promise<void> {
  if (labAsked !== null) return Promise.resolve()
  return new Promise((resolve) => {
    for (const type of ['pointermove', 'pointerdown', 'keydown', 'focusin', 'scroll'])
      addEventListener(type, () => resolve(), { once: true, capture: true, passive: true })
  })
}

/** A lab's script is loaded when the lab comes near the screen. What is pressed before it is there is done once it is. */
function wireLabs(): void {
  const sign = firstSign()
  const open = async (section: HTMLElement): Promise<void> => {
    let pressed: (() => void) | undefined
    const wait = new AbortController()
    section.addEventListener(
      'submit',
      (event) => {
        event.preventDefault()
        const form = event.target as HTMLFormElement
        pressed = () => form.requestSubmit()
      },
      { signal: wait.signal },
    )
    section.addEventListener(
      'click',
      ({ target }) => {
        const button = (target as Element).closest<HTMLButtonElement>('button[type=button]')
        if (button) pressed = () => button.click()
      },
      { signal: wait.signal },
    )
    await sign
    try {
      const [{ openLab }, data] = await Promise.all([import('./lab/page.ts'), labData(section.dataset['lab']!)])
      wait.abort()
      openLab(section, data)
      pressed?.()
    } catch (error) {
      find('.said', section)!.textContent =
        `The lab could not be loaded (${String(error)}). Check the connection and load the page again.`
    }
  }
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue
        observer.unobserve(target)
        void open(target as HTMLElement)
      }
    },
    { rootMargin: '200px' },
  )
  for (const lab of all('.lab')) {
    if (lab.id === labAsked) void open(lab)
    else observer.observe(lab)
  }
}

async function labData(id: string): Promise<LabData> {
  const response = await fetch(`/labs/${id}.json`)
  if (!response.ok) throw new Error(`the server answered ${response.status}`)
  return (await response.json()) as LabData
}

wireAttempt()
wireLabs()
wireChecklist()
wireBookmark()
wireReport()
const fences = wireFences()

document.addEventListener('keydown', (event) => {
  if (isTyping(event) || find('dialog[open]')) return
  if (event.key === 'r') find('[data-do=reveal]')?.click()
  else if (event.key === 'j' || event.key === 'k') {
    const visible = fences.filter((fence) => fence.offsetParent !== null)
    const at = visible.findIndex((fence) => fence.contains(document.activeElement))
    const next = visible[event.key === 'j' ? at + 1 : Math.max(at - 1, 0)] ?? visible[0]
    next?.scrollIntoView({ block: 'center' })
    find('.expect textarea, .expect input', next)?.focus({ preventScroll: true })
    event.preventDefault()
  }
})
