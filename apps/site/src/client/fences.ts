/** Fences on a page: say what you expect, run it here (or compare with what CI recorded), see how they differ. */
import type { RunResult } from '@viva/runner'
import { all, find, make } from './dom.ts'
import { record } from './record.ts'

type Editor = { text(): string; set(text: string): void; focus(): void; remove(): void }

/** Lines as they count: trailing blanks and a trailing newline do not. */
export function normalise(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trim()
}

/** How lines are aligned is not what a prediction is about. */
function isSame(predicted: string, actual: string): boolean {
  const loose = (text: string) => normalise(text).replaceAll(/[^\S\n]+/g, ' ')
  return loose(predicted) === loose(actual)
}

/** A verdict never rests on colour alone: a sign and a word go with it. */
function verdict(ok: boolean, text: string): HTMLElement {
  return make('p', { className: `verdict ${ok ? 'ok' : 'bad'}` }, `${ok ? '✓' : '✗'} ${text}`)
}

function printed(text: string, other?: string): HTMLElement {
  const pre = make('pre', { tabIndex: 0 })
  const samp = make('samp')
  const lines = text.split('\n')
  const against = other?.split('\n')
  lines.forEach((line, index) => {
    if (index > 0) samp.append('\n')
    samp.append(against && !isSame(against[index] ?? '', line) ? make('mark', { textContent: line || '⏎' }) : line)
  })
  if (text === '') samp.append(make('em', { textContent: 'nothing', className: 'soft' }))
  pre.append(samp)
  return pre
}

function beside(leftTitle: string, left: HTMLElement, rightTitle: string, right: HTMLElement): HTMLElement {
  // Two narrow columns would cut long lines.
  const isWide = [left, right].some((part) => part.textContent.split('\n').some((line) => line.length > 30))
  return make(
    'div',
    { className: isWide ? '' : 'pair' },
    make('div', {}, make('p', { textContent: leftTitle }), left),
    make('div', {}, make('p', { textContent: rightTitle }), right),
  )
}

/** Joins texts that come between two frames: each change of the document costs a layout. */
function oncePerFrame(show: (text: string) => void): (text: string) => void {
  let waiting = ''
  return (text) => {
    if (waiting === '')
      requestAnimationFrame(() => {
        const joined = waiting
        waiting = ''
        show(joined)
      })
    waiting += text
  }
}

class FenceOnPage {
  readonly figure: HTMLElement
  #code: string
  #setup: string
  #expected: string
  #editor: Editor | undefined
  #running: AbortController | undefined
  #result: HTMLElement
  #prediction: HTMLTextAreaElement
  #go: HTMLButtonElement

  constructor(figure: HTMLElement) {
    this.figure = figure
    this.#code = find('.source code', figure)!.textContent
    this.#setup = find('.setup-code', figure)?.textContent ?? ''
    this.#expected = find('.recorded samp', figure)?.textContent ?? ''
    this.#result = find('.result', figure)!
    this.#prediction = find<HTMLTextAreaElement>('.expect textarea', figure)!
    this.#go = find<HTMLButtonElement>('.expect [type=submit]', figure)!
    find('.expect', figure)!.addEventListener('submit', (event) => {
      event.preventDefault()
      if (this.#running) this.#running.abort()
      else void this.#start()
    })
    find('[data-do=edit]', figure)?.addEventListener(
      'click',
      (event) => void this.#edit(event.currentTarget as HTMLButtonElement),
    )
    find('[data-do=copy]', figure)?.addEventListener(
      'click',
      (event) => void this.#copy(event.currentTarget as HTMLButtonElement),
    )
    figure.addEventListener('keydown', (event) => {
      // The editor has run it already.
      if (event.defaultPrevented) return
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault()
        find<HTMLFormElement>('.expect', figure)!.requestSubmit()
      }
    })
  }

  get #isEdited(): boolean {
    return this.#editor !== undefined && this.#editor.text() !== this.#code
  }

  async #start(): Promise<void> {
    const predicted = normalise(this.#prediction.value)
    if (this.figure.dataset['runs'] === 'ci') {
      this.#showRecorded(predicted)
      return
    }
    const language = this.figure.dataset['language']!
    const controller = new AbortController()
    this.#running = controller
    this.#go.textContent = 'Stop'
    this.#result.hidden = false
    const status = make('p', { className: 'figures', textContent: 'Starting the engine …' })
    const bar = make('progress', { max: 1 })
    bar.setAttribute('aria-label', 'Engine download')
    const stream = make('pre', { hidden: true })
    this.#result.replaceChildren(status, bar, stream)
    bar.hidden = true
    try {
      const { runHere } = await import('./engine.ts')
      const result = await runHere(
        {
          language: language as 'js',
          code: this.#editor?.text() ?? this.#code,
          ...(this.#setup ? { setup: this.#setup } : {}),
        },
        {
          signal: controller.signal,
          onProgress: ({ loadedBytes, totalBytes }) => {
            bar.hidden = loadedBytes >= totalBytes
            bar.value = loadedBytes / totalBytes
            status.textContent =
              loadedBytes < totalBytes
                ? `Loading the engine: ${megabytes(loadedBytes)} of ${megabytes(totalBytes)}`
                : 'Running …'
          },
          onOutput: oncePerFrame((text) => {
            status.textContent = 'Running …'
            stream.hidden = false
            stream.append(text)
          }),
        },
      )
      this.#show(result, predicted)
    } catch (error) {
      this.#result.replaceChildren(
        verdict(false, `The engine did not start: ${error instanceof Error ? error.message : String(error)}`),
        make('p', {
          className: 'figures',
          textContent: 'Check the connection and press Run again; the recorded output is below.',
        }),
      )
    } finally {
      this.#running = undefined
      this.#go.textContent = 'Run'
    }
  }

  #show(result: RunResult, predicted: string): void {
    const actual = normalise(result.output)
    const asVerified = actual === normalise(this.#expected)
    const parts: HTMLElement[] = []
    if (result.notice) parts.push(verdict(false, result.notice))
    if (predicted !== '') parts.push(...this.#compare(predicted, actual, 'it printed'))
    else parts.push(printed(result.output))
    const figures = [
      `${result.engine.name} ${result.engine.version}`,
      `${result.durationMs < 10 ? result.durationMs.toFixed(1) : Math.round(result.durationMs)} ms`,
    ]
    if (this.#isEdited) figures.push('edited by you')
    else if (!result.stopped) figures.push(asVerified ? 'same as verified' : 'differs from the verified output')
    parts.push(make('p', { className: 'figures', textContent: figures.join(' · ') }))
    this.#result.replaceChildren(...parts)
    // On the bench the result may lie below the fold of a scrolling panel.
    this.#result.scrollIntoView({ block: 'nearest' })
    this.#log(predicted, actual)
  }

  #showRecorded(predicted: string): void {
    const actual = normalise(this.#expected)
    const parts = predicted === '' ? [printed(this.#expected)] : this.#compare(predicted, actual, 'it printed')
    const engine = find('.engine', this.figure)?.textContent ?? ''
    parts.push(
      make('p', {
        className: 'figures',
        textContent: `Recorded when it was verified, with ${engine}: this needs a real machine, not a browser.`,
      }),
    )
    this.#result.replaceChildren(...parts)
    this.#result.hidden = false
    this.#log(predicted, actual)
  }

  #compare(predicted: string, actual: string, verb: string): HTMLElement[] {
    if (isSame(predicted, actual)) return [verdict(true, 'You said it.'), printed(actual)]
    return [
      verdict(false, 'Not what you expected.'),
      beside('You expected', printed(predicted, actual), `What ${verb}`, printed(actual, predicted)),
    ]
  }

  #log(predicted: string, actual: string): void {
    const page = this.figure.dataset['page']!
    const fence = this.figure.dataset['fence']!
    // A prediction is about the published code; edited code is only a run.
    if (predicted === '' || this.#isEdited) record({ type: 'run', question: page, fence, edited: this.#isEdited })
    else record({ type: 'prediction', question: page, fence, predicted, actual, right: isSame(predicted, actual) })
  }

  async #edit(button: HTMLButtonElement): Promise<void> {
    const source = find('.source', this.figure)!
    if (this.#editor) {
      this.#editor.remove()
      this.#editor = undefined
      source.hidden = false
      button.textContent = 'Edit'
      return
    }
    button.disabled = true
    try {
      const { openEditor } = await import('./editor.ts')
      const host = make('div', { className: 'editor' })
      source.after(host)
      source.hidden = true
      this.#editor = openEditor(host, this.#code, this.figure.dataset['language']!, () =>
        find<HTMLFormElement>('.expect', this.figure)!.requestSubmit(),
      )
      this.#editor.focus()
      button.textContent = 'Reset'
    } finally {
      button.disabled = false
    }
  }

  async #copy(button: HTMLButtonElement): Promise<void> {
    const done = await navigator.clipboard.writeText(this.#editor?.text() ?? this.#code).then(
      () => true,
      () => false,
    )
    button.textContent = done ? 'Copied' : 'Select and copy'
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 1600)
  }
}

function megabytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`
}

/** Makes every runnable fence of the page live; returns their figures in page order. */
export function wireFences(): HTMLElement[] {
  return all<HTMLElement>('.fence[data-fence]').map((figure) => new FenceOnPage(figure).figure)
}
