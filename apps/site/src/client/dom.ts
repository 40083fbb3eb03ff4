/** The few DOM words that every island uses. */
export function find<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T | null {
  return within.querySelector<T>(selector)
}

export function all<T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T[] {
  return [...within.querySelectorAll<T>(selector)]
}

/** An element from its tag, properties and children; text is text, never HTML. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}

/** A verdict never rests on colour alone: a sign and a word go with it. */
export function verdict(ok: boolean, text: string): HTMLElement {
  return make('p', { className: `verdict ${ok ? 'ok' : 'bad'}` }, `${ok ? '✓' : '✗'} ${text}`)
}

/** An output as it was printed; scrolls by keyboard when it is wide. */
export function printed(text: string): HTMLElement {
  const samp = make('samp', { textContent: text })
  if (text === '') samp.append(make('em', { textContent: 'nothing', className: 'soft' }))
  return make('pre', { tabIndex: 0 }, samp)
}

/** True while the reader types, so that single-key shortcuts keep out of the way. */
export function isTyping(event: KeyboardEvent): boolean {
  // The editor lives in a shadow root, which hides the real target from `event.target`.
  const [first] = event.composedPath()
  const target = first instanceof Element ? first : undefined
  return (
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    event.isComposing ||
    Boolean(target?.closest('input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable=true]'))
  )
}
