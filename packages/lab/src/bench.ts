/** What a lab's `run` is given: simulated time, probes, an engine, and a place to put what is measured. */

import { Level, Tally } from './probes.ts'
import { type Random, randomStream } from './random.ts'
import { type Points, Series } from './series.ts'
import { Simulation } from './simulation.ts'

/** Runs code in one of the languages of the questions and gives what it printed. */
export type EngineJob = { language: 'sql' | 'mongodb' | 'sqlite'; code: string; setup?: string; timeoutMs?: number }
export type RunEngine = (job: EngineJob, onOutput?: (text: string) => void) => Promise<string>

/** A span or a moment in a lane. */
export type Mark = {
  lane: string
  from: number
  to?: number
  label?: string
  tone?: 'signal' | 'bad' | 'ok' | 'plain' | 'second'
}

/** A cell of a row. */
export type Cell = { text: string; tone?: 'signal' | 'bad' | 'ok' | 'plain' | 'second' }

/** What a host is told while a lab runs. */
export type BenchHost = {
  /** Called between slices of work; a host that draws shows what there is, and returns a promise to hold the run (paused, or in step with real time). */
  turn?: (progress: number) => Promise<void> | undefined
  engine?: RunEngine
  /** Moments of the reader's own events, in whole milliseconds since the first, growing. */
  events?: readonly number[] | undefined
  /** Progress of a query lab, in words. */
  status?: (text: string) => void
}

/** So many slices a simulated run is shown in. */
const slices = 240

export class Bench {
  readonly seed: number
  /** Moments of the reader's own events, for a lab with `ownEvents`; `undefined` where there are none. */
  readonly events: readonly number[] | undefined
  readonly figures: Record<string, number | string> = {}
  readonly series = new Map<string, Series>()
  readonly rows: Record<string, (string | number)[][]> = {}
  readonly marks: Mark[] = []
  readonly cells: Record<string, Cell[]> = {}
  /** Moments at which cells changed: a host that draws shows them in turn. */
  cellVersion = 0
  readonly #host: BenchHost
  #simulation: Simulation | undefined
  readonly #beforeTurn: (() => void)[] = []

  constructor(seed: number, host: BenchHost = {}) {
    this.seed = seed
    this.events = host.events
    this.#host = host
  }

  /** The simulation of this run; its probes read its time. One per run; a lab that compares runs several in turn with `newSimulation`. */
  get simulation(): Simulation {
    this.#simulation ??= new Simulation({ seed: this.seed })
    return this.#simulation
  }

  /** Another simulation with the same chance, for a lab that compares settings. Probes made from now on read its time. */
  newSimulation(): Simulation {
    this.#simulation = new Simulation({ seed: this.seed })
    this.#beforeTurn.length = 0
    return this.#simulation
  }

  /** A stream of chance by name; the same seed and name give the same numbers. */
  random(name: string): Random {
    return randomStream(this.seed, name)
  }

  /** Runs the simulation until a moment in slices, in which the host draws. `from` and `to` say which share of the whole run this is. */
  async simulate(untilMs: number, { from = 0, to = 1 } = {}): Promise<void> {
    const simulation = this.simulation
    const startMs = simulation.now
    const isShown = this.#host.turn !== undefined
    const count = isShown ? Math.max(1, Math.round(slices * (to - from))) : 1
    for (let slice = 1; slice <= count; slice++) {
      await simulation.advance(startMs + ((untilMs - startMs) * slice) / count)
      await this.turn(from + ((to - from) * slice) / count)
    }
  }

  /** Between two pieces of work, for labs that do not simulate: lets the host draw, pause and stop. `progress` from 0 to 1. */
  async turn(progress: number): Promise<void> {
    for (const update of this.#beforeTurn) update()
    await this.#host.turn?.(progress)
  }

  /** Sets a figure; the last value stands at the end. */
  figure(name: string, value: number | string): void {
    this.figures[name] = value
  }

  /** Adds a point to a series, in growing x. */
  point(series: string, x: number, y: number): void {
    let points = this.series.get(series)
    if (points === undefined) this.series.set(series, (points = new Series()))
    points.add(x, y)
  }

  /** A level that is drawn as the series `name` (over seconds), and shown as the figure of that name if there is one. */
  level(name: string): Level {
    const simulation = this.simulation
    const follow = (value: number): void => {
      this.point(name, simulation.now / 1000, value)
      this.figures[name] = value
    }
    const level = new (class extends Level {
      override set(value: number): void {
        super.set(value)
        follow(value)
      }
    })(() => simulation.now)
    level.set(0)
    return level
  }

  /** A count that is shown as the figure `name`. */
  counter(name: string): { add(count?: number): void; readonly count: number } {
    this.figures[name] = 0
    const figures = this.figures
    return {
      add: (count = 1) => {
        figures[name] = (figures[name] as number) + count
      },
      get count() {
        return figures[name] as number
      },
    }
  }

  /** How many a second, over windows of `everyMs`, as the series `name` (over seconds) and the figure of that name. */
  rate(name: string, everyMs = 1000): { add(count?: number): void; readonly count: number } {
    const simulation = this.simulation
    let [count, inWindow] = [0, 0]
    const close = (): void => {
      const perSecond = (inWindow * 1000) / everyMs
      this.point(name, simulation.now / 1000, perSecond)
      this.figures[name] = perSecond
      inWindow = 0
      simulation.after(everyMs, close)
    }
    simulation.after(everyMs, close)
    this.figures[name] = 0
    return {
      add: (more = 1) => {
        count += more
        inWindow += more
      },
      get count() {
        return count
      },
    }
  }

  /** Single values: waits, sizes. Drawn as the series `name` if it is given (at the present second). */
  tally(name?: string): Tally {
    if (name === undefined) return new Tally()
    const simulation = this.simulation
    const follow = (value: number): void => this.point(name, simulation.now / 1000, value)
    return new (class extends Tally {
      override record(value: number): void {
        super.record(value)
        follow(value)
      }
    })()
  }

  /** Calls `update` before the host draws: for figures that are costly to keep up to date. */
  beforeTurn(update: () => void): void {
    this.#beforeTurn.push(update)
  }

  /** A span (`to` given) or a moment in a lane of the diagram. */
  mark(mark: Mark): void {
    this.marks.push(mark)
  }

  /** How a row of cells of the diagram looks now. */
  show(row: string, cells: Cell[]): void {
    this.cells[row] = cells
    this.cellVersion++
  }

  /** Adds a row to a table. */
  row(table: string, values: (string | number)[]): void {
    ;(this.rows[table] ??= []).push(values)
  }

  /** Runs code on a real engine (query labs) and gives what it printed. */
  engine(job: EngineJob, onOutput?: (text: string) => void): Promise<string> {
    if (this.#host.engine === undefined) throw new Error(`this host has no engine for ${job.language}`)
    return this.#host.engine(job, onOutput)
  }

  /** What is being done, in words, for runs that take long. */
  status(text: string): void {
    this.#host.status?.(text)
  }

  /** Real time in milliseconds, for measurements. */
  now(): number {
    return performance.now()
  }

  /**
   * Measures what a call of `work` takes: batches that take at least `batchMs` each, repeated; the median of the batches and their
   * middle half. The unit is nanoseconds a call. Lets the host draw between batches.
   */
  async measure(
    work: (times: number) => void | Promise<void>,
    { repeats = 15, batchMs = 8, from = 0, to = 1, onBatch }: MeasureOptions = {},
  ): Promise<Measured> {
    let times = 1
    for (;;) {
      const begun = performance.now()
      await work(times)
      const tookMs = performance.now() - begun
      if (tookMs >= batchMs || times >= 2 ** 30) break
      times = Math.ceil(times * Math.min(10, Math.max(2, (batchMs * 1.2) / Math.max(tookMs, 0.01))))
    }
    const found: number[] = []
    for (let repeat = 0; repeat < repeats; repeat++) {
      const begun = performance.now()
      await work(times)
      const ns = ((performance.now() - begun) * 1e6) / times
      found.push(ns)
      onBatch?.(ns, repeat)
      await this.turn(from + ((to - from) * (repeat + 1)) / repeats)
    }
    const sorted = found.toSorted((a, b) => a - b)
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
    return { medianNs: at(0.5), lowNs: at(0.25), highNs: at(0.75), times }
  }

  /** The series as they are drawn. */
  points(): Record<string, Points> {
    return Object.fromEntries([...this.series].map(([name, series]) => [name, series.points()]))
  }
}

export type MeasureOptions = {
  repeats?: number
  batchMs?: number
  from?: number
  to?: number
  onBatch?: (ns: number, repeat: number) => void
}
/** Nanoseconds a call: the median of the batches and the middle half around it; `times` calls a batch. */
export type Measured = { medianNs: number; lowNs: number; highNs: number; times: number }
