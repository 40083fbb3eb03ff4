/** What a run shows: its output, and a verdict with a sign and a word. */
import { make } from './dom.ts'

/** A verdict never rests on colour alone: a sign and a word go with it. */
export function verdict(ok: boolean, text: string): HTMLElement {
  return make('p', { className: `verdict ${ok ? 'ok' : 'bad'}` }, `${ok ? '✓' : '✗'} ${text}`)
}

export function printed(text: string): HTMLElement {
  const samp = make('samp', { textContent: text })
  if (text === '') samp.append(make('em', { textContent: 'nothing', className: 'soft' }))
  return make('pre', { tabIndex: 0 }, samp)
}
