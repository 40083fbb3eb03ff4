/** The reader's own mouse, fingers, wheel and keys as a line of events. */
import { make } from '../dom.ts'

/** How long a line is recorded, from its first event. */
const spanMs = 10_000
/** A fast mouse gives a hundred a second: as many as can be told apart in the picture. */
const most = 300

export function openOwnEvents(host: HTMLElement): {
  /** Whole milliseconds since the first; `undefined` with fewer than two events. */
  moments(): number[] | undefined
  clear(): void
} {
  const ask = host.dataset['ask']!
  let moments: number[] = []
  let firstAt = 0
  // A button, so that it can be reached and heard by everybody; what it does is in its text.
  const area = make('button', { type: 'button', className: 'own-area', textContent: ask })
  const line = make('div', { className: 'own-line' })
  line.setAttribute('aria-hidden', 'true')
  const count = make('span', { className: 'small soft' })
  count.setAttribute('role', 'status')
  const clearing = make('button', { type: 'button', className: 'small', textContent: 'Clear my events', hidden: true })
  const tell = (): void => {
    clearing.hidden = moments.length === 0
    count.textContent =
      moments.length === 0
        ? 'Without them, the settings generate the events.'
        : moments.length === 1
          ? 'One event so far: a run needs two.'
          : `The next run uses your ${moments.length} events.`
  }
  const clear = (): void => {
    moments = []
    line.replaceChildren()
    tell()
  }
  const take = (event: Event): void => {
    if (moments.length === 0) firstAt = event.timeStamp
    const at = Math.round(event.timeStamp - firstAt)
    // Two in one millisecond are one: nothing could come between them.
    if (at > spanMs || moments.length >= most || at === moments.at(-1)) return
    moments.push(at)
    const mark = make('i')
    mark.style.left = `${(at / spanMs) * 100}%`
    line.append(mark)
    tell()
  }
  for (const type of ['pointermove', 'pointerdown', 'wheel'] as const)
    area.addEventListener(type, take, { passive: true })
  area.addEventListener('keydown', (event) => {
    // Tab leads away, and a key that is held down is the system's rhythm, not the reader's.
    if (event.key === 'Tab' || event.key === 'Shift' || event.repeat) return
    event.preventDefault()
    // Nor is it a shortcut of the page.
    event.stopPropagation()
    take(event)
  })
  clearing.addEventListener('click', clear)
  host.replaceChildren(area, line, make('div', { className: 'row' }, count, clearing))
  tell()
  return { moments: () => (moments.length < 2 ? undefined : [...moments]), clear }
}
