/** What every page does: search, settings, shortcuts. The search itself is loaded when it is opened. */
import { all, find, isTyping, make } from './dom.ts'
import { keepChoice, readChoice } from './prefs.ts'

const root = document.documentElement

let opening: Promise<typeof import('./search.ts')> | undefined
function openSearch(): void {
  opening ??= import('./search.ts')
  opening.then(
    ({ open }) => open(),
    () => {
      // A failed load may succeed the next time; say why nothing opened.
      opening = undefined
      alert('Search could not be loaded. Check the connection and try again.')
    },
  )
}

for (const button of all('#open-search, [data-open-search]')) button.addEventListener('click', openSearch)

function wireSettings(): void {
  for (const radio of all<HTMLInputElement>('#settings [name=theme]')) {
    radio.checked = radio.value === (readChoice('theme') ?? 'auto')
    radio.addEventListener('change', () => {
      const theme = radio.value === 'auto' ? undefined : radio.value
      keepChoice('theme', theme)
      if (theme) root.dataset['theme'] = theme
      else delete root.dataset['theme']
    })
  }
  const attempt = find<HTMLInputElement>('#settings [name=attempt]')
  const difficulty = find<HTMLInputElement>('#settings [name=difficulty]')
  if (!attempt || !difficulty) return
  attempt.checked = root.dataset['attempt'] === 'on'
  difficulty.checked = root.dataset['difficulty'] !== 'hidden'
  attempt.addEventListener('change', () => {
    root.dataset['attempt'] = attempt.checked ? 'on' : 'off'
    keepChoice('attempt', attempt.checked ? undefined : 'off')
  })
  difficulty.addEventListener('change', () => {
    root.dataset['difficulty'] = difficulty.checked ? 'shown' : 'hidden'
    keepChoice('difficulty', difficulty.checked ? undefined : 'hidden')
  })
}
find('#settings')?.addEventListener('beforetoggle', wireSettings)

const shortcuts: [string, string][] = [
  ['/', 'Search (also Ctrl K or ⌘ K)'],
  ['r', 'Reveal the answer'],
  ['j  k', 'Next and previous example'],
  ['Ctrl Enter', 'Run the example you are in'],
  ['n  p', 'Next and previous question'],
  ['1 – 8', 'Choose an option in a quiz'],
  ['Enter', 'Check, then next question, in a quiz'],
  ['?', 'This list'],
]

function showShortcuts(): void {
  const dialog =
    find<HTMLDialogElement>('#shortcuts') ??
    make('dialog', { id: 'shortcuts' }, make('h2', { textContent: 'Keyboard' }))
  if (!dialog.isConnected) {
    dialog.setAttribute('aria-label', 'Keyboard shortcuts')
    const list = make('dl', { className: 'keys' })
    for (const [keys, what] of shortcuts) {
      const term = make('dt')
      for (const key of keys.split('  ')) term.append(make('kbd', { textContent: key }), ' ')
      list.append(term, make('dd', { textContent: what }))
    }
    const close = make('button', { textContent: 'Close', type: 'button', autofocus: true })
    close.addEventListener('click', () => dialog.close())
    dialog.append(list, make('p', { className: 'row' }, close))
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close()
    })
    document.body.append(dialog)
  }
  if (!dialog.open) dialog.showModal()
}

document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'k') {
    event.preventDefault()
    openSearch()
    return
  }
  if (isTyping(event) || find('dialog[open]')) return
  if (event.key === '/') {
    event.preventDefault()
    openSearch()
  } else if (event.key === '?') showShortcuts()
  else if (event.key === 'n' || event.key === 'p') {
    find<HTMLAnchorElement>(`.nextprev a[rel=${event.key === 'n' ? 'next' : 'prev'}]`)?.click()
  }
})
