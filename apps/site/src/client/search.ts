/** The search dialog: a combobox over the index, which is fetched when it is first opened. */
import { openIndex } from '@viva/bank/search'
import { find, make } from './dom.ts'

type Index = ReturnType<typeof openIndex>
let loading: Promise<Index> | undefined

function loadIndex(): Promise<Index> {
  loading ??= fetch('/search.json')
    .then((answer) => {
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
      return answer.json()
    })
    .then((data) => openIndex(data as Parameters<typeof openIndex>[0]))
    .catch((error: unknown) => {
      loading = undefined
      throw error
    })
  return loading
}

/** The words that were found, in bold: text nodes and marks, never HTML. */
function marked(text: string, words: string[]): Node[] {
  const usable = words.filter((word) => word.length > 1).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  if (usable.length === 0) return [document.createTextNode(text)]
  return text
    .split(new RegExp(`(${usable.join('|')})`, 'gi'))
    .map((part, index) => (index % 2 === 1 ? make('mark', { textContent: part }) : document.createTextNode(part)))
}

function build(): HTMLDialogElement {
  const input = make('input', {
    type: 'search',
    id: 'find-input',
    placeholder: 'Search questions and labs',
    autocomplete: 'off',
    spellcheck: false,
  })
  const list = make('ul', { id: 'find-list' })
  const note = make('p', { textContent: 'Type a word: a subject, a term, a part of a question.' })
  const close = make('button', { type: 'button', className: 'quiet', textContent: 'Esc' })
  close.setAttribute('aria-label', 'Close the search')
  const dialog = make(
    'dialog',
    { className: 'find', id: 'find' },
    make('div', { className: 'field' }, input, close),
    list,
    note,
  )
  dialog.setAttribute('aria-label', 'Search')
  for (const [name, value] of Object.entries({
    role: 'combobox',
    'aria-label': 'Search questions and labs',
    'aria-controls': 'find-list',
    'aria-expanded': 'false',
    'aria-autocomplete': 'list',
  }))
    input.setAttribute(name, value)
  list.setAttribute('role', 'listbox')
  list.setAttribute('aria-label', 'Results')
  note.setAttribute('role', 'status')
  close.addEventListener('click', () => dialog.close())
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })

  let chosen = -1
  const choose = (index: number) => {
    const rows = [...list.children]
    chosen = rows.length === 0 ? -1 : (index + rows.length) % rows.length
    rows.forEach((row, at) => row.setAttribute('aria-selected', String(at === chosen)))
    const row = rows[chosen]
    if (row) {
      input.setAttribute('aria-activedescendant', row.id)
      row.scrollIntoView({ block: 'nearest' })
    } else input.removeAttribute('aria-activedescendant')
  }
  const show = async () => {
    const query = input.value.trim()
    let index: Index
    try {
      index = await loadIndex()
    } catch (error) {
      note.textContent = `The index could not be loaded (${error instanceof Error ? error.message : String(error)}). Close and open the search to try again.`
      note.hidden = false
      return
    }
    if (query !== input.value.trim()) return
    const found = query === '' ? [] : index.search(query).slice(0, 12)
    list.replaceChildren(
      ...found.map((hit, at) => {
        const title = make('span', {}, ...marked(hit.title.replaceAll('`', ''), hit.matchedTerms))
        const row = make(
          'li',
          { id: `find-${at}` },
          make(
            'a',
            { href: hit.id.startsWith('labs/') ? `/${hit.id}/` : `/questions/${hit.id}/`, tabIndex: -1 },
            title,
            make('small', {}, [hit.category, hit.difficulty].filter(Boolean).join(' · ')),
          ),
        )
        row.setAttribute('role', 'option')
        return row
      }),
    )
    list.hidden = found.length === 0
    input.setAttribute('aria-expanded', String(found.length > 0))
    note.hidden = found.length > 0
    note.textContent =
      query === ''
        ? 'Type a word: a subject, a term, a part of a question.'
        : `Nothing found for “${query}”. Try one word of it, or browse all questions and labs in the menu.`
    choose(0)
  }
  input.addEventListener('input', () => void show())
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      choose(chosen + (event.key === 'ArrowDown' ? 1 : -1))
    } else if (event.key === 'Enter') {
      event.preventDefault()
      list.children[chosen]?.querySelector('a')?.click()
    }
  })
  document.body.append(dialog)
  void show()
  return dialog
}

export function open(): void {
  const dialog = find<HTMLDialogElement>('#find') ?? build()
  if (!dialog.open) dialog.showModal()
  const input = find<HTMLInputElement>('#find-input')
  input?.focus()
  input?.select()
}
