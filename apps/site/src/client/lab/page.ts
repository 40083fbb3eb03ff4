/** A lab on the page: takes the prediction, runs the lab in a worker and shows what is measured. */
import { formatFigure, type Outcome, type Points, type Said } from '@viva/lab'
import type { LabData } from '../../build/labs.ts'
import { all, find, make } from '../dom.ts'
import { record } from '../record.ts'
import { openOwnEvents } from './events.ts'
import { openPad } from './pad.ts'
import type { Frame, FromLab, ToLab } from './protocol.ts'
import { openResult, type Result, type Theory } from './result.ts'
import { openSettings, type Settings } from './settings.ts'
import { sentenceOf, share, type Shared, sharedOf, withPrediction } from './share.ts'

/** `before` shows the recorded example; `done` shows the reader's own run. */
type State = 'before' | 'running' | 'done'

class LabOnPage {
  readonly #section: HTMLElement
  readonly #data: LabData
  readonly #id: string
  readonly #settings: Settings
  readonly #result: Result
  readonly #own: ReturnType<typeof openOwnEvents> | undefined
  readonly #pad: ReturnType<typeof openPad> | undefined
  #worker: Worker | undefined
  #seed = 1
  #isPaused = false
  #theory: Theory = []
  /** The reader's last finished run. */
  #frame: Frame | undefined
  #pinned: Frame | undefined
  #shared: Shared | undefined
  readonly #exampleNote: string
  /** What the reader said before the last run. */
  #saidBefore: Said | undefined

  constructor(section: HTMLElement, data: LabData) {
    this.#section = section
    this.#id = section.dataset['lab']!
    this.#data = data
    this.#exampleNote = find('.outcome-note', section)!.textContent.trim()
    this.#result = openResult(section, data)
    this.#settings = openSettings(section, data, () => this.#settingsChanged())
    const own = find('.own', section)
    this.#own = own ? openOwnEvents(own) : undefined
    const { predict } = data
    this.#pad = predict.kind === 'curve' ? this.#openPad(predict) : undefined
    const details = find<HTMLDetailsElement>('.settings', section)!
    details.open = matchMedia('(min-width: 48rem)').matches
    this.#showExample()
    this.#wire()
    this.#readAddress()
  }

  #openPad({ chart, x, y }: Extract<LabData['predict'], { kind: 'curve' }>): ReturnType<typeof openPad> {
    const axes = this.#data.charts[chart]!
    return openPad(find('.pad', this.#section)!, { quantity: axes.x, range: x }, { quantity: axes.y, range: y })
  }

  #wire(): void {
    find('.predict', this.#section)!.addEventListener('submit', (event) => {
      event.preventDefault()
      if (this.#worker) this.#stop('Stopped.')
      else this.#run()
    })
    const press = (name: string, work: () => void) => this.#button(name).addEventListener('click', work)
    press('pause', () => {
      this.#isPaused = !this.#isPaused
      this.#tell({ type: this.#isPaused ? 'pause' : 'resume' })
      this.#button('pause').textContent = this.#isPaused ? 'Resume' : 'Pause'
      this.#button('step').hidden = !this.#isPaused
    })
    press('step', () => this.#tell({ type: 'step' }))
    press('finish', () => this.#tell({ type: 'finish' }))
    press('reset', () => this.#reset())
    press('again', () => this.#askAgain())
    press('share', () => void this.#share())
    press('pin', () => {
      this.#pinned = this.#pinned === this.#frame ? undefined : this.#frame
      this.#button('pin').setAttribute('aria-pressed', String(this.#pinned !== undefined))
      this.#button('pin').textContent = this.#pinned ? 'Pinned' : 'Pin'
      if (this.#frame) this.#show(this.#frame)
    })
  }

  #button(name: string): HTMLButtonElement {
    return find<HTMLButtonElement>(`[data-do=${name}]`, this.#section)!
  }

  #tell(message: ToLab): void {
    this.#worker?.postMessage(message)
  }

  #setState(state: State): void {
    this.#section.dataset['state'] = state
    const isRunning = state === 'running'
    const isWatched = isRunning && this.#data.kind === 'simulation'
    find('.predict [type=submit]', this.#section)!.textContent = isRunning
      ? 'Stop'
      : state === 'done'
        ? 'Run again'
        : 'Run'
    for (const name of ['pause', 'finish']) this.#button(name).hidden = !isWatched
    this.#button('step').hidden = true
    this.#button('pause').textContent = 'Pause'
    for (const name of ['pin', 'share', 'reset']) this.#button(name).hidden = state !== 'done'
    this.#isPaused = false
    const progress = find<HTMLProgressElement>('progress', this.#section)!
    progress.hidden = !isRunning
    // An engine does not say how far it is: until the lab does, the bar only shows that something goes on.
    if (isRunning && this.#data.kind === 'query') progress.removeAttribute('value')
  }

  /** The recorded run stands where the reader's own will stand. */
  #showExample(): void {
    const { example } = this.#data
    this.#theory = example?.theory.map((line) => line ?? undefined) ?? []
    const empty: Frame = { progress: 0, figures: {}, series: {}, marks: [], cells: {}, rows: {} }
    this.#show(example ? { ...empty, ...example } : empty)
    this.#setState('before')
  }

  #note(text: string): void {
    const note = find('.outcome-note', this.#section)!
    note.textContent = text
    note.hidden = text === ''
  }

  #settingsChanged(): void {
    if (this.#section.dataset['state'] !== 'done') return
    this.#section.classList.add('stale')
    this.#note('From the previous settings. Run again to see what these do.')
  }

  /** A shared address: `?lab=…&arrivals=150&said=100`. A value out of range is named and replaced by the default. */
  #readAddress(): void {
    const parameters = new URLSearchParams(location.search)
    if (parameters.get('lab') !== this.#id.split('/').at(-1)) return
    if (location.hash === '') this.#section.scrollIntoView({ block: 'nearest' })
    const problems = this.#settings.read(parameters)
    const seed = Number(parameters.get('seed') ?? 1)
    if (Number.isInteger(seed) && seed >= 0) this.#seed = seed
    const theirs = this.#wordOfShared(parameters.get('said'))
    if (problems.length > 0) this.#say(`The address asks for what this lab cannot do: ${problems.join('; ')}.`, 'bad')
    else if (theirs !== undefined) this.#say(`Whoever shared this predicted ${theirs}. What do you predict?`, 'plain')
  }

  #wordOfShared(text: string | null): string | undefined {
    const { predict } = this.#data
    if (text === null || text === '') return undefined
    if (predict.kind === 'choice') return predict.options.find(({ value }) => value === text)?.label
    return predict.kind === 'number' && Number.isFinite(Number(text)) ? this.#word(Number(text)) : undefined
  }

  #parameters(): URLSearchParams {
    const parameters = new URLSearchParams([['lab', this.#id.split('/').at(-1)!], ...this.#settings.parameters()])
    if (this.#seed !== 1) parameters.set('seed', String(this.#seed))
    return parameters
  }

  async #share(): Promise<void> {
    const url = new URL(location.pathname, location.origin)
    url.search = withPrediction(this.#parameters(), this.#saidBefore).toString()
    const told = await share(sentenceOf(this.#data.title, this.#shared), url.href)
    find('.shared', this.#section)!.textContent = told
  }

  #said(): Said | undefined {
    if (this.#pad) return this.#pad.points()
    const said = new FormData(find<HTMLFormElement>('.predict', this.#section)!).get('said')
    if (typeof said !== 'string' || said === '') return undefined
    return this.#data.predict.kind === 'number' ? Number(said) : said
  }

  #run(): void {
    const said = this.#said()
    this.#saidBefore = said
    this.#shared = undefined
    history.replaceState(history.state, '', `?${this.#parameters()}${location.hash}`)
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    this.#worker = worker
    worker.addEventListener('message', ({ data }: MessageEvent<FromLab>) => this.#heard(data, said))
    worker.addEventListener('error', () =>
      this.#stop('The lab could not be loaded. Check the connection and press Run again.'),
    )
    const isShown = !matchMedia('(prefers-reduced-motion: reduce)').matches
    const knobs = this.#settings.values()
    this.#tell({ type: 'run', lab: this.#id, knobs, seed: this.#seed, isShown, said, events: this.#own?.moments() })
    this.#section.classList.remove('stale')
    this.#note('')
    find('.shared', this.#section)!.textContent = ''
    find('.asked', this.#section)!.textContent =
      said === undefined ? 'You made no prediction.' : `Your prediction: ${this.#word(said)}`
    this.#setState('running')
    find('.why', this.#section)!.textContent = ''
    this.#say('Running…', 'plain')
    this.#bringIntoView()
  }

  /** The whole result stays on the screen: the lab's top goes to the top when its picture would end below. */
  #bringIntoView(): void {
    this.#section.scrollTop = 0
    const end = find('.outcome', this.#section)!.getBoundingClientRect().bottom
    const { top } = this.#section.getBoundingClientRect()
    if (end > innerHeight || top < 0) this.#section.scrollIntoView({ block: 'start' })
  }

  #stop(why?: string): void {
    this.#worker?.terminate()
    this.#worker = undefined
    this.#setState(this.#frame ? 'done' : 'before')
    if (why) this.#say(why, 'plain')
  }

  /** The question again, for the next run; the result stays until then. */
  #askAgain(): void {
    this.#section.dataset['state'] = 'before'
    find<HTMLInputElement>('[name=said], .pad-sliders input', this.#section)?.focus()
  }

  #reset(): void {
    this.#stop()
    this.#pinned = undefined
    this.#frame = undefined
    this.#pad?.clear()
    this.#saidBefore = undefined
    this.#own?.clear()
    for (const form of all<HTMLFormElement>('form', this.#section)) form.reset()
    this.#settings.reset()
    this.#section.classList.remove('stale')
    this.#note(this.#exampleNote)
    this.#result.judge(undefined)
    this.#showExample()
    this.#button('pin').textContent = 'Pin'
    this.#button('pin').setAttribute('aria-pressed', 'false')
    for (const place of ['.said', '.why', '.shared']) find(place, this.#section)!.replaceChildren()
    history.replaceState(history.state, '', location.pathname + location.hash)
  }

  #heard(message: FromLab, said: Said | undefined): void {
    if (message.type === 'theory') this.#theory = message.lines
    else if (message.type === 'status') this.#say(message.text, 'plain')
    else if (message.type === 'frame') this.#show(message.frame)
    else if (message.type === 'execute') void this.#execute(message)
    else if (message.type === 'failed') this.#stop(`The run failed: ${message.message}`)
    else {
      this.#frame = message.frame
      this.#stop()
      this.#show(message.frame)
      this.#result.judge(message.verdicts)
      this.#shared = sharedOf(said, message.outcome, (value) => this.#word(value))
      this.#verdict(said, message.outcome, message.why)
    }
  }

  async #execute({ id, job }: Extract<FromLab, { type: 'execute' }>): Promise<void> {
    const { timeoutMs = 60_000, ...fence } = job
    try {
      const { runHere } = await import('../engine.ts')
      const result = await runHere(fence, {
        timeoutMs,
        onProgress: ({ loadedBytes, totalBytes }) => {
          if (loadedBytes < totalBytes)
            this.#say(
              `Loading the engine: ${(loadedBytes / 1e6).toFixed(1)} of ${(totalBytes / 1e6).toFixed(1)} MB`,
              'plain',
            )
        },
        onOutput: (text) => this.#tell({ type: 'printed', id, text }),
      })
      const error = result.error?.message ?? result.notice
      this.#tell(error === undefined ? { type: 'engine', id, output: result.output } : { type: 'engine', id, error })
    } catch (error) {
      this.#tell({ type: 'engine', id, error: error instanceof Error ? error.message : String(error) })
    }
  }

  /** A prediction or an outcome as the page words it. */
  #word(value: Said | number | string): string {
    const { predict } = this.#data
    if (predict.kind === 'choice') return predict.options.find((one) => one.value === value)?.label ?? String(value)
    if (predict.kind === 'curve') return 'the curve you drew'
    return `${formatFigure(value as number, predict.quantity.digits)} ${predict.quantity.unit ?? ''}`.trim()
  }

  #verdict(said: Said | undefined, outcome: Outcome | undefined, why: string): void {
    const question = this.#section.dataset['question']!
    find('.why', this.#section)!.textContent = why
    const place = find('.said', this.#section)!
    if (said === undefined || outcome === undefined) {
      const open = make('p', { className: 'verdict', textContent: 'This run cannot say whether you are right.' })
      place.replaceChildren(...(said === undefined ? [] : [open]))
      record({ type: 'run', question, fence: this.#id, edited: false })
      return
    }
    const isCurve = this.#data.predict.kind === 'curve'
    const off = `off by ${Math.round((outcome.share ?? 0) * 100)} % of the range`
    const sentence = isCurve
      ? `Your curve is ${off} on average.`
      : `You said ${this.#word(said)}; it was ${this.#word(outcome.actual!)}.`
    const [sign, tone] = outcome.isRight ? ['✓ Correct.', 'ok'] : ['✗ Not quite.', 'bad']
    place.replaceChildren(make('p', { className: `verdict ${tone}`, textContent: `${sign} ${sentence}` }))
    record({
      type: 'prediction',
      question,
      fence: this.#id,
      predicted: isCurve ? 'a curve' : this.#word(said),
      actual: isCurve ? off : this.#word(outcome.actual!),
      right: outcome.isRight,
    })
  }

  #say(text: string, tone: 'plain' | 'bad'): void {
    find('.said', this.#section)!.replaceChildren(
      make('p', { className: tone === 'bad' ? 'verdict bad' : 'soft', textContent: text }),
    )
  }

  #show(frame: Frame): void {
    const predicted = Array.isArray(this.#saidBefore) ? (this.#saidBefore as Points) : undefined
    this.#result.show(frame, { theory: this.#theory, pinned: this.#pinned, predicted })
  }
}

/** `data`: the lab's description, from `/labs/<id>.json`. */
export function openLab(section: HTMLElement, data: LabData): void {
  new LabOnPage(section, data)
}
