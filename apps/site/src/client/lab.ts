/** A lab on the page: reads the knobs, takes the prediction, runs the lab in a worker and shows what is measured. */
import { type Knobs, type Outcome, type Points, readKnobs, type Said, writeKnobs } from '@viva/lab'
import type { LabData } from '../build/labs.ts'
import { all, find, make } from './dom.ts'
import { type Drawn, drawChart } from './lab-chart.ts'
import { drawDiagram } from './lab-diagram.ts'
import { openOwnEvents } from './lab-events.ts'
import { openPad } from './lab-pad.ts'
import type { Frame, FromLab, ToLab } from './lab-protocol.ts'
import { record } from './record.ts'
import { written } from './written.ts'

type Values = Record<string, number | string | boolean>

class LabOnPage {
  readonly #section: HTMLElement
  readonly #data: LabData
  readonly #id: string
  readonly #charts: Drawn[]
  readonly #drawSystem: (frame: Frame) => void
  readonly #own: ReturnType<typeof openOwnEvents> | undefined
  readonly #pad: ReturnType<typeof openPad> | undefined
  #worker: Worker | undefined
  #seed = 1
  #isPaused = false
  #theory: Extract<FromLab, { type: 'theory' }>['lines'] = []
  #frame: Frame | undefined
  #kept: Frame | undefined
  #nextDraw = 0
  /** What the reader drew before this run, to be laid over what was measured. */
  #saidCurve: Points | undefined

  constructor(section: HTMLElement, data: LabData) {
    this.#section = section
    this.#id = section.dataset['lab']!
    this.#data = data
    this.#charts = all('.plot', section).map((place, index) => drawChart(place, data, index))
    this.#drawSystem = drawDiagram(find('.diagram', section)!, this.#data.diagram)
    const own = find('.own', section)
    this.#own = own ? openOwnEvents(own) : undefined
    const { predict } = this.#data
    this.#pad = predict.kind === 'curve' ? this.#openPad(predict) : undefined
    this.#show({ progress: 0, figures: {}, series: {}, marks: [], cells: {}, rows: {} })
    this.#wire()
    this.#readAddress()
  }

  #openPad({ chart, x, y }: Extract<LabData['predict'], { kind: 'curve' }>): ReturnType<typeof openPad> {
    const axes = this.#data.charts[chart]!
    return openPad(find('.pad', this.#section)!, { quantity: axes.x, range: x }, { quantity: axes.y, range: y })
  }

  #wire(): void {
    const section = this.#section
    find('.predict', section)!.addEventListener('submit', (event) => {
      event.preventDefault()
      if (this.#worker) this.#stop('Stopped.')
      else this.#run()
    })
    find('.knobs', section)!.addEventListener('submit', (event) => event.preventDefault())
    find('.knobs', section)!.addEventListener('input', () => this.#showKnobs())
    const press = (name: string, work: () => void) => this.#button(name).addEventListener('click', work)
    press('pause', () => {
      this.#isPaused = !this.#isPaused
      this.#tell({ type: this.#isPaused ? 'pause' : 'resume' })
      this.#button('pause').textContent = this.#isPaused ? 'Go on' : 'Pause'
      this.#button('step').hidden = !this.#isPaused
    })
    press('step', () => this.#tell({ type: 'step' }))
    press('finish', () => this.#tell({ type: 'finish' }))
    press('reset', () => this.#reset())
    press('keep', () => {
      this.#kept = this.#kept === this.#frame ? undefined : this.#frame
      this.#button('keep').textContent = this.#kept ? 'Kept; run again to compare' : 'Keep to compare'
      if (this.#frame) this.#show(this.#frame)
    })
    for (const button of all('[data-preset]', section))
      button.addEventListener('click', () => {
        const preset = this.#data.presets[Number(button.dataset['preset'])]!
        const defaults = Object.entries(this.#data.knobs).map(([name, { value }]) => [name, value] as const)
        this.#setKnobs({ ...Object.fromEntries(defaults), ...(preset.knobs as Values) })
        const look = find('.look', section)!
        look.hidden = preset.look === undefined
        look.textContent = preset.look ?? ''
      })
  }

  #button(name: string): HTMLButtonElement {
    return find<HTMLButtonElement>(`[data-do=${name}]`, this.#section)!
  }

  #tell(message: ToLab): void {
    this.#worker?.postMessage(message)
  }

  #input(name: string): HTMLInputElement {
    return find<HTMLInputElement>(`.knobs [name="${name}"]`, this.#section)!
  }

  #knobs(): Values {
    const entries = Object.entries(this.#data.knobs).map(([name, knob]) => {
      const input = this.#input(name)
      return [name, knob.kind === 'number' ? Number(input.value) : knob.kind === 'switch' ? input.checked : input.value]
    })
    return Object.fromEntries(entries) as Values
  }

  #setKnobs(values: Values): void {
    for (const [name, value] of Object.entries(values)) {
      const input = this.#input(name)
      if (typeof value === 'boolean') input.checked = value
      else input.value = String(value)
    }
    this.#showKnobs()
  }

  #showKnobs(): void {
    for (const [name, knob] of Object.entries(this.#data.knobs)) {
      if (knob.kind !== 'number') continue
      const output = find<HTMLOutputElement>('output', this.#input(name).parentElement!)!
      output.value = `${written(Number(this.#input(name).value))} ${knob.unit}`
    }
  }

  /** A shared address: `?lab=…&arrivals=150`. What is out of range is named, and left as it was. */
  #readAddress(): void {
    const parameters = new URLSearchParams(location.search)
    if (parameters.get('lab') !== this.#id.split('/').at(-1)) return
    if (location.hash === '') this.#section.scrollIntoView({ block: 'nearest' })
    const { values, problems } = readKnobs(this.#data.knobs as Knobs, parameters)
    this.#setKnobs(values as Values)
    const seed = Number(parameters.get('seed') ?? 1)
    if (Number.isInteger(seed) && seed >= 0) this.#seed = seed
    if (problems.length > 0) this.#say(`The address asks for what this lab cannot do: ${problems.join('; ')}.`, 'bad')
  }

  #writeAddress(values: Values): void {
    const parameters = new URLSearchParams([
      ['lab', this.#id.split('/').at(-1)!],
      ...writeKnobs(this.#data.knobs as Knobs, values as never),
    ])
    if (this.#seed !== 1) parameters.set('seed', String(this.#seed))
    history.replaceState(history.state, '', `?${parameters}${location.hash}`)
  }

  #said(): Said | undefined {
    if (this.#pad) return this.#pad.points()
    const form = find<HTMLFormElement>('.predict', this.#section)!
    const said = new FormData(form).get('said')
    if (typeof said !== 'string' || said === '') return undefined
    return this.#data.predict.kind === 'number' ? Number(said) : said
  }

  #run(): void {
    const knobs = this.#knobs()
    const said = this.#said()
    this.#saidCurve = Array.isArray(said) ? said : undefined
    this.#writeAddress(knobs)
    const worker = new Worker(new URL('./lab-worker.ts', import.meta.url), { type: 'module' })
    this.#worker = worker
    worker.addEventListener('message', ({ data }: MessageEvent<FromLab>) => this.#heard(data, said))
    worker.addEventListener('error', () =>
      this.#stop('The lab could not be loaded. Check the connection and press Run again.'),
    )
    const isShown = !matchMedia('(prefers-reduced-motion: reduce)').matches
    this.#tell({ type: 'run', lab: this.#id, knobs, seed: this.#seed, isShown, said, events: this.#own?.moments() })
    this.#setRunning(true)
    this.#say(said === undefined ? 'Running without a prediction.' : 'Running …', 'plain')
  }

  #setRunning(isRunning: boolean): void {
    const isWatched = isRunning && this.#data.kind === 'simulation'
    find('.predict [type=submit]', this.#section)!.textContent = isRunning ? 'Stop' : 'Run'
    for (const name of ['pause', 'finish']) this.#button(name).hidden = !isWatched
    this.#button('step').hidden = true
    this.#button('pause').textContent = 'Pause'
    this.#button('keep').hidden = isRunning || this.#frame === undefined
    this.#isPaused = false
    const progress = find<HTMLProgressElement>('progress', this.#section)!
    progress.hidden = !isRunning
    // An engine does not say how far it is: until the lab does, the bar only shows that something goes on.
    if (isRunning && this.#data.kind === 'query') progress.removeAttribute('value')
  }

  #stop(why?: string): void {
    this.#worker?.terminate()
    this.#worker = undefined
    this.#setRunning(false)
    if (why) this.#say(why, 'plain')
  }

  #reset(): void {
    this.#stop()
    this.#kept = undefined
    this.#frame = undefined
    this.#theory = []
    this.#pad?.clear()
    this.#saidCurve = undefined
    this.#own?.clear()
    for (const form of all<HTMLFormElement>('form', this.#section)) form.reset()
    this.#showKnobs()
    this.#show({ progress: 0, figures: {}, series: {}, marks: [], cells: {}, rows: {} })
    for (const sign of all('.claims .sign', this.#section)) sign.textContent = '·'
    this.#button('keep').hidden = true
    find('.said', this.#section)!.replaceChildren()
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
      const signs = all('.claims .sign', this.#section)
      message.verdicts.forEach(({ holds }, index) => {
        const sign = signs[index]!
        sign.textContent = holds === undefined ? '·' : holds ? '✓' : '✗'
        sign.className = `sign ${holds === undefined ? '' : holds ? 'ok' : 'bad'}`
        sign.title = holds === undefined ? 'Does not apply to these knobs' : holds ? 'Holds' : 'Does not hold here'
      })
      this.#verdict(said, message.outcome, message.why)
    }
  }

  async #execute({ id, job }: Extract<FromLab, { type: 'execute' }>): Promise<void> {
    const { timeoutMs = 60_000, ...fence } = job
    try {
      const { runHere } = await import('./engine.ts')
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
      if (result.error) this.#tell({ type: 'engine', id, error: result.error.message })
      else if (result.notice) this.#tell({ type: 'engine', id, error: result.notice })
      else this.#tell({ type: 'engine', id, output: result.output })
    } catch (error) {
      this.#tell({ type: 'engine', id, error: error instanceof Error ? error.message : String(error) })
    }
  }

  #verdict(said: Said | undefined, outcome: Outcome | undefined, why: string): void {
    const { predict } = this.#data
    const why_ = make('p', { textContent: why })
    const place = find('.said', this.#section)!
    if (said === undefined || outcome === undefined) {
      const open = make('p', { className: 'verdict', textContent: 'This run cannot say whether you are right.' })
      place.replaceChildren(...(said === undefined ? [] : [open]), why_)
      record({ type: 'run', question: this.#section.dataset['question']!, fence: this.#id, edited: false })
      return
    }
    const word = (value: Said | number | string | undefined): string => {
      if (predict.kind === 'choice')
        return predict.options.find((option) => option.value === value)?.label ?? String(value)
      if (predict.kind === 'number')
        return `${written(value as number, predict.quantity.digits)} ${predict.quantity.unit ?? ''}`.trim()
      return `off by ${Math.round((outcome.share ?? 0) * 100)} % of the range`
    }
    const sentence =
      predict.kind === 'curve'
        ? `Your curve is ${word(said)} on the mean.`
        : `You said ${word(said)}; it was ${word(outcome.actual)}.`
    const verdict = make(
      'p',
      { className: `verdict ${outcome.isRight ? 'ok' : 'bad'}` },
      `${outcome.isRight ? '✓' : '✗'} ${sentence}`,
    )
    place.replaceChildren(verdict, why_)
    record({
      type: 'prediction',
      question: this.#section.dataset['question']!,
      fence: this.#id,
      predicted: predict.kind === 'curve' ? 'a curve' : word(said),
      actual: predict.kind === 'curve' ? word(said) : word(outcome.actual),
      right: outcome.isRight,
    })
  }

  #say(text: string, tone: 'plain' | 'bad'): void {
    find('.said', this.#section)!.replaceChildren(
      make('p', { className: tone === 'bad' ? 'verdict bad' : 'soft', textContent: text }),
    )
  }

  /** At most once a frame of the screen. */
  #show(frame: Frame): void {
    cancelAnimationFrame(this.#nextDraw)
    this.#nextDraw = requestAnimationFrame(() => {
      find<HTMLProgressElement>('progress', this.#section)!.value = frame.progress
      this.#drawSystem(frame)
      this.#charts.forEach((chart, index) => {
        const said =
          this.#data.predict.kind === 'curve' && this.#data.predict.chart === index ? this.#saidCurve : undefined
        chart.show(frame.series, this.#theory[index], this.#kept?.series, said)
      })
      for (const row of all('[data-figure]', this.#section)) {
        const name = row.dataset['figure']!
        const { digits } = this.#data.figures[name]!
        const before = this.#kept && this.#kept !== frame ? ` (kept: ${written(this.#kept.figures[name], digits)})` : ''
        row.children[1]!.textContent = written(frame.figures[name], digits) + before
        row.children[1]!.classList.toggle('word', typeof frame.figures[name] === 'string')
      }
      this.#showTables(frame)
    })
  }

  #showTables(frame: Frame): void {
    const tables = Object.entries(this.#data.tables ?? {}).filter(([name]) => frame.rows[name])
    find('.tables', this.#section)!.replaceChildren(
      ...tables.map(([name, { title, columns }]) =>
        make(
          'div',
          { className: 'table', tabIndex: 0 },
          make(
            'table',
            {},
            make('caption', { textContent: title }),
            make(
              'thead',
              {},
              make('tr', {}, ...columns.map((column) => make('th', { textContent: column, scope: 'col' }))),
            ),
            make(
              'tbody',
              {},
              ...frame.rows[name]!.map((row) =>
                make('tr', {}, ...row.map((cell) => make('td', { textContent: written(cell) }))),
              ),
            ),
          ),
        ),
      ),
    )
  }
}

/** `data`: what the lab says of itself, from `/labs/<id>.json`. */
export function openLab(section: HTMLElement, data: LabData): void {
  new LabOnPage(section, data)
}
