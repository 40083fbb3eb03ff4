/** Fences on a page: say what you expect, run it here (or compare with what CI recorded), see how they differ. */
import type { RunResult } from '@viva/runner'
import { all, find, make, printed, verdict } from './dom.ts'
import type { Compared } from './prediction.ts'
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
  #go: HTMLButtonElement

  constructor(figure: HTMLElement) {
    this.figure = figure
    this.#code = find('.source code', figure)!.textContent
    this.#setup = find('.setup-code', figure)?.textContent ?? ''
    this.#expected = find('.recorded samp', figure)?.textContent ?? ''
    this.#result = find('.result', figure)!
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

  get #prediction(): string {
    const input = find<HTMLTextAreaElement | HTMLInputElement>('.expect textarea, .expect :checked', this.figure)
    return input?.value ?? ''
  }

  get #isEdited(): boolean {
    return this.#editor !== undefined && this.#editor.text() !== this.#code
  }

  async #start(): Promise<void> {
    const predicted = normalise(this.#prediction)
    if (this.figure.dataset['runs'] === 'ci') {
      await this.#showRecorded(predicted)
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
      await this.#show(result, predicted)
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

  async #show(result: RunResult, predicted: string): Promise<void> {
    const actual = normalise(result.output)
    const asVerified = actual === normalise(this.#expected)
    const parts: HTMLElement[] = []
    if (result.notice) parts.push(verdict(false, result.notice))
    const compared = await this.#compare(predicted, actual)
    parts.push(...(compared?.parts ?? [printed(result.output)]))
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
    this.#log(predicted, actual, compared)
  }

  async #showRecorded(predicted: string): Promise<void> {
    const actual = normalise(this.#expected)
    const compared = await this.#compare(predicted, actual)
    const parts = compared?.parts ?? [printed(this.#expected)]
    const engine = find('.engine', this.figure)?.textContent ?? ''
    parts.push(
      make('p', {
        className: 'figures',
        textContent: `Recorded when it was verified, with ${engine}: this needs a real machine, not a browser.`,
      }),
    )
    this.#result.replaceChildren(...parts)
    this.#result.hidden = false
    this.#log(predicted, actual, compared)
  }

  /** Undefined without a prediction, or when the code that judges it cannot be loaded. */
  async #compare(predicted: string, actual: string): Promise<Compared | undefined> {
    if (predicted === '') return undefined
    const onOverride = this.#isEdited ? undefined : () => this.#recordPrediction(predicted, actual, 'wrong', true)
    return import('./prediction.ts').then(
      ({ comparePrediction }) => comparePrediction(predicted, actual, this.figure.dataset['language']!, onOverride),
      (error: unknown) => {
        console.warn('viva: not judged', error)
        return undefined
      },
    )
  }

  #log(predicted: string, actual: string, compared: Compared | undefined): void {
    const { page, fence } = this.figure.dataset
    // A prediction is about the published code; edited code is only a run.
    if (compared && !this.#isEdited) this.#recordPrediction(predicted, actual, compared.judged)
    else record({ type: 'run', question: page!, fence: fence!, edited: this.#isEdited })
  }

  #recordPrediction(predicted: string, actual: string, judged: Compared['judged'], override = false): void {
    const { page, fence } = this.figure.dataset
    const right = judged !== 'wrong' || override
    record({
      type: 'prediction',
      question: page!,
      fence: fence!,
      predicted,
      actual,
      right,
      judged,
      ...(override && { override }),
    })
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
