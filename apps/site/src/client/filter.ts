/** The filters of a category's list; they live in the address, so that the back button and a shared link keep them. */
import { all, find } from './dom.ts'

const form = find<HTMLFormElement>('[data-filters]')
const rows = all<HTMLElement>('[data-questions] > li')
const count = find('[data-count]')

function chosen(name: string): string[] {
  return all<HTMLInputElement>(`[name=${name}]:checked`, form!).map(({ value }) => value)
}

function apply(): void {
  const difficulties = chosen('difficulty')
  const tags = chosen('tag')
  let shown = 0
  for (const row of rows) {
    const carried = row.dataset['tags']!.split(' ')
    row.hidden =
      (difficulties.length > 0 && !difficulties.includes(row.dataset['difficulty']!)) ||
      (tags.length > 0 && !tags.some((tag) => carried.includes(tag)))
    if (!row.hidden) shown++
  }
  if (count) count.textContent = shown === rows.length ? `${shown} questions` : `${shown} of ${rows.length} questions`
}

if (form) {
  const asked = new URLSearchParams(location.search)
  for (const box of all<HTMLInputElement>('input', form)) box.checked = asked.getAll(box.name).includes(box.value)
  apply()
  form.addEventListener('change', () => {
    apply()
    const query = new URLSearchParams()
    for (const name of ['difficulty', 'tag']) for (const value of chosen(name)) query.append(name, value)
    history.replaceState(history.state, '', query.size > 0 ? `?${query}` : location.pathname)
  })
  form.addEventListener('submit', (event) => event.preventDefault())
}
