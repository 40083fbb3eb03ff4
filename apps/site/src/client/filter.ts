/** The filters of a list of questions; the address carries them, so that the back button and a shared link keep them. */
import { all, find } from './dom.ts'

const names = ['category', 'difficulty', 'lab', 'tag'] as const

const form = find<HTMLFormElement>('[data-filters]')
const rows = all<HTMLElement>('[data-questions] > li')
const count = find('[data-count]')
const clear = find('[data-clear]')

function chosen(name: string): string[] {
  return all<HTMLInputElement>(`[name=${name}]:checked`, form!).map(({ value }) => value)
}

/** A row is shown when it has one of the chosen values of each filter. */
function apply(): void {
  const wanted = names.map((name) => [name, chosen(name)] as const).filter(([, values]) => values.length > 0)
  for (const row of rows)
    row.hidden = !wanted.every(([name, values]) =>
      values.some((value) => row.dataset[name]!.split(' ').includes(value)),
    )
  const shown = rows.filter((row) => !row.hidden).length
  const all_ = `${rows.length} ${rows.length === 1 ? 'question' : 'questions'}`
  if (count)
    count.textContent =
      shown === rows.length ? all_ : shown === 0 ? `None of ${all_} match. Remove a filter.` : `${shown} of ${all_}`
  if (clear) clear.hidden = wanted.length === 0
}

function keepInAddress(): void {
  const query = new URLSearchParams(names.flatMap((name) => chosen(name).map((value) => [name, value])))
  history.replaceState(history.state, '', query.size > 0 ? `?${query}` : location.pathname)
}

if (form) {
  const asked = new URLSearchParams(location.search)
  for (const box of all<HTMLInputElement>('input', form)) box.checked = asked.getAll(box.name).includes(box.value)
  apply()
  form.addEventListener('change', () => {
    apply()
    keepInAddress()
  })
  form.addEventListener('submit', (event) => event.preventDefault())
  clear?.addEventListener('click', () => {
    form.reset()
    apply()
    keepInAddress()
    find<HTMLInputElement>('input', form)?.focus()
  })
}
