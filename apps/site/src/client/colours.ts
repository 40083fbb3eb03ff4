/** The page's colours for a canvas, and when they change. */
import { make } from './dom.ts'

/** A canvas cannot read custom properties: the browser resolves them on an element. */
export function colour(name: string): string {
  const probe = make('span', { hidden: true })
  probe.style.color = `var(${name})`
  document.body.append(probe)
  const found = getComputedStyle(probe).color
  probe.remove()
  return found
}

const redraws = new Set<() => void>()
const changed = (): void => redraws.forEach((redraw) => redraw())
new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ['data-theme'] })
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed)

/** Calls it whenever the page takes other colours. */
export function onNewColours(redraw: () => void): void {
  redraws.add(redraw)
}
