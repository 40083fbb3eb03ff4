/** What a lab is made of. One file describes it; it runs in a browser's worker, in CI and in the terminal. */

import type { Bench } from './bench.ts'
import { type Knobs, type KnobValues, whyNot } from './knobs.ts'
import type { Points } from './series.ts'

/** An axis or a figure: what it is called and what it is counted in. */
export type Quantity = { label: string; unit?: string /** Digits after the point; default by size. */; digits?: number }

/** What a series shows; drawn in the order they are listed. `steps` for a level that holds until it changes, `dots` for single values, `bars` for one value per x. */
export type SeriesSpec = Quantity & { as?: 'line' | 'steps' | 'dots' | 'bars'; tone?: Tone }

/** Colours by meaning, never by taste: what is under pressure, what is lost, what arrived, what is only there. */
export type Tone = 'signal' | 'bad' | 'ok' | 'plain' | 'second'

export type ChartSpec<K extends Knobs> = {
  title: string
  x: Quantity & {
    /** Fixed range; by default what is measured. */ range?: [number, number]
    log?: boolean /** Names of x = 0, 1, 2 …, for bars. */
    names?: readonly string[]
  }
  y: Quantity & { range?: [number, number]; log?: boolean }
  /** Names of series. */
  lines: string[]
  /** What theory says for these knobs, drawn as a thin line; `undefined` where it says nothing. */
  theory?: (knobs: KnobValues<K>) => { label: string; points: Points } | undefined
}

/** One part of the picture of the system. Numbers are names of figures that the run keeps up to date with `bench.figure`. */
export type Node = {
  id: string
  label: string
  /** `source` makes, `queue` holds, `servers` work, `sink` is where things end well, `loss` where they end badly, `state` shows a word. */
  kind: 'source' | 'queue' | 'servers' | 'sink' | 'loss' | 'state'
  /** The figure inside: a rate, a depth, how many are busy, a count, a word. */
  value?: string
  /** The figure that is full (a capacity, how many servers); without it the level is drawn against the most there has been. */
  of?: string
  /** Column and row in the grid, from 0; by default the next column of row 0, losses in row 1 below the node before them. */
  at?: [column: number, row: number]
}
/** An arrow; `count` names a figure that counts what has passed, so that dots move as fast as it grows. */
export type Edge = { from: string; to: string; count?: string; label?: string; tone?: Tone }

/** How the system itself is drawn while it runs. */
export type Diagram =
  | { kind: 'flow'; nodes: Node[]; edges: Edge[] }
  /** Lanes of spans and moments over the x axis: schedules, sessions, event lines. */
  | { kind: 'lanes'; lanes: { id: string; label: string }[]; x: Quantity }
  /** Rows of cells: frames of memory, slots of a ring, pages of an index. */
  | { kind: 'cells'; rows: { id: string; label: string }[] }

export type Prediction<R> = {
  /** Asked before each run; "With these knobs, …?" */
  ask: string
} & (
  | {
      kind: 'number'
      quantity: Quantity
      min: number
      max: number
      /** What was measured; `undefined` when this run cannot say. */
      actual: (run: R) => number | undefined
      /** Right within this share of what was measured (default 0.25) or within `slack` of the unit. */
      share?: number
      slack?: number
    }
  | { kind: 'choice'; options: { value: string; label: string }[]; actual: (run: R) => string | undefined }
  | {
      /** Drawn over the chart with the finger, or given at a few x. */
      kind: 'curve'
      /** The chart (by its title's index) and the series that it is compared with. */
      chart: number
      series: string
      x: [number, number]
      y: [number, number]
    }
)

/** An assertion on what was measured; its sentence is what the page shows with the verdict. */
export type Claim<R> = {
  says: string
  /** Where it applies; by default everywhere. */
  when?: (run: R) => boolean
  holds: (run: R) => boolean
}

/** What a run has measured. */
export type Run<K extends Knobs = Knobs> = {
  knobs: KnobValues<K>
  seed: number
  /** The last value of each figure. */
  figures: Record<string, number | string>
  /** Numbers only; throws when there is none of that name, so that a claim cannot hold by a spelling mistake. */
  figure(name: string): number
  /** The words; throws when there is none. */
  word(name: string): string
  /** As drawn: thinned. */
  series: Record<string, Points>
  /** Rows of tables, in order. */
  rows: Record<string, (string | number)[][]>
}

export type Table = { title: string; columns: string[] }

export type Lab<K extends Knobs = Knobs> = {
  /** `simulation`: virtual time, the same figures everywhere. `measurement`: real time on this machine. `query`: a real engine on real rows. */
  kind: 'simulation' | 'measurement' | 'query'
  title: string
  /** What to do, in one or two sentences that begin with a verb. */
  task: string
  knobs: K
  /** Settings worth seeing, each of which shows something else. The first may repeat the defaults. */
  presets: { name: string; knobs: Partial<KnobValues<K>> /** What to look at. */; look?: string }[]
  predict: Prediction<Run<K>>
  /** The reader's own mouse and keys may be the events: what to do, in a sentence. The run gets their moments as `bench.events`. */
  ownEvents?: string
  series: Record<string, SeriesSpec>
  charts: ChartSpec<K>[]
  /** What is read off, in this order; also what a diagram's names refer to (`hidden` ones are for it alone). */
  figures: Record<string, Quantity & { hidden?: boolean }>
  tables?: Record<string, Table>
  diagram?: Diagram
  claims: Claim<Run<K>>[]
  /** Why it came out so, after the run: two to four sentences with the numbers of this run. */
  why: (run: Run<K>) => string
  run: (knobs: KnobValues<K>, bench: Bench) => void | Promise<void>
}

/** Checks a lab and gives it back typed: every series that a chart draws exists, presets are within range. */
export function defineLab<const K extends Knobs>(lab: Lab<K>): Lab<K> {
  const wrong: string[] = []
  for (const { title, lines } of lab.charts)
    for (const line of lines)
      if (!(line in lab.series)) wrong.push(`chart "${title}" draws "${line}", which is not in series`)
  for (const { name, knobs } of lab.presets)
    for (const [knob, value] of Object.entries(knobs)) {
      const problem = lab.knobs[knob] === undefined ? `there is no knob "${knob}"` : whyNot(lab.knobs[knob], value)
      if (problem !== undefined) wrong.push(`preset "${name}": ${problem}`)
    }
  if (lab.predict.kind === 'curve' && !(lab.predict.series in lab.series))
    wrong.push(`the prediction is about "${lab.predict.series}", which is not in series`)
  if (lab.diagram?.kind === 'flow') {
    const ids = new Set(lab.diagram.nodes.map(({ id }) => id))
    for (const { from, to } of lab.diagram.edges)
      for (const id of [from, to]) if (!ids.has(id)) wrong.push(`the diagram has an arrow to "${id}", which is no node`)
    for (const figure of [
      ...lab.diagram.nodes.flatMap(({ value, of }) => [value, of]),
      ...lab.diagram.edges.map(({ count }) => count),
    ])
      if (figure !== undefined && !(figure in lab.figures))
        wrong.push(`the diagram shows "${figure}", which is not in figures`)
  }
  if (lab.claims.length === 0) wrong.push('it claims nothing')
  if (wrong.length > 0) throw new TypeError(`lab "${lab.title}": ${wrong.join('; ')}`)
  return lab
}
