/** A lab's charts: uPlot, in the page's colours, drawn only while they are on the screen. */
import type { Points, Tone } from '@viva/lab'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { LabData } from '../../build/labs.ts'
import { colour, onNewColours } from '../colours.ts'
import { make } from '../dom.ts'

const tones: Record<Tone, string> = {
  signal: '--signal',
  bad: '--bad',
  ok: '--ok',
  plain: '--soft',
  second: '--second',
}

type Theory = { label: string; points: Points } | undefined
export type Drawn = {
  /** Of the lab's charts. */
  readonly index: number
  show(
    series: Record<string, Points>,
    theory: Theory,
    kept: Record<string, Points> | undefined,
    /** The curve that the reader drew. */
    said?: Points,
  ): void
}

const font = '11px system-ui, sans-serif'
const pen = make('canvas').getContext('2d')!
/** Width in CSS pixels. */
function widthOf(text: string): number {
  pen.font = font
  return pen.measureText(text).width
}

const isPowerOfTen = (value: number): boolean => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9

const columns = (points: Points): [number[], number[]] => [
  points.filter((_, index) => index % 2 === 0),
  points.filter((_, index) => index % 2 === 1),
]

type Line = { label: string; points: Points; stroke: string; as: string; dash?: number[]; width?: number }

const palette = ['--signal', '--second', '--ok', '--bad', '--soft', '--ink']

/** A colour for each series by its tone; a second series of the same tone takes the next unused colour. */
export function strokesOf(wanted: Tone[]): string[] {
  const used = new Set<string>()
  return wanted.map((tone) => {
    const first = tones[tone]
    const taken = wanted.map((other) => tones[other])
    const found = used.has(first) ? (palette.find((one) => !used.has(one) && !taken.includes(one)) ?? first) : first
    used.add(found)
    return found
  })
}

/** True when a third of the points of two lines are the same. */
function coincide(one: Line, other: Line): boolean {
  if (one.as === 'bars' || other.as === 'bars' || other.points.length === 0) return false
  const ys = new Map(columns(one.points)[0].map((x, at) => [x, one.points[2 * at + 1]]))
  const [xs, theirs] = columns(other.points)
  return xs.filter((x, at) => ys.get(x) === theirs[at]).length * 3 >= xs.length
}

/** Draws into `place`, which the page holds ready. */
export function drawChart(place: HTMLElement, data: LabData, index: number): Drawn {
  const chart = data.charts[index]!
  place.setAttribute('role', 'img')
  let plot: uPlot | undefined
  let [isSeen, last, themed] = [false, undefined as Parameters<Drawn['show']> | undefined, '']
  const draw = (): void => {
    if (!isSeen || last === undefined) return
    const [series, theory, kept, said] = last
    const lines: Line[] = []
    if (theory)
      lines.push({ label: theory.label, points: theory.points, stroke: colour('--theory'), as: 'line', width: 1 })
    if (said)
      lines.push({ label: 'You said', points: said, stroke: colour('--ink'), as: 'line', dash: [6, 4], width: 1.6 })
    const strokes = strokesOf(chart.lines.map((name) => data.series[name]!.tone ?? 'signal'))
    const drawn: Line[] = []
    chart.lines.forEach((name, at) => {
      const spec = data.series[name]!
      const stroke = colour(strokes[at]!)
      const pinned = kept?.[name]
      if (pinned)
        lines.push({ label: `${spec.label}, pinned`, points: pinned, stroke, as: 'line', dash: [3, 3], width: 1 })
      const line: Line = { label: spec.label, points: series[name] ?? [], stroke, as: spec.as ?? 'line' }
      // A line on top of an equal one is dashed, so that both are seen.
      if (drawn.some((other) => coincide(other, line))) line.dash = [7, 7]
      drawn.push(line)
      lines.push(line)
    })
    const tables = uPlot.join(
      lines.map(({ points }) => columns(points)) as uPlot.AlignedData[],
      lines.map(() => lines.map(() => 2)) as never,
    )
    const width = Math.max(220, place.clientWidth)
    const shape = JSON.stringify([lines.map(({ label, as, stroke, dash }) => [label, as, stroke, dash]), width])
    if (plot && shape === themed) {
      plot.setData(tables)
      return
    }
    themed = shape
    plot?.destroy()
    const soft = colour('--soft')
    const line = { stroke: colour('--grid'), width: 1 }
    const axisOf = (isLog: boolean | undefined) => {
      // A logarithmic axis has a line for each digit: so many are a grey field.
      const filter = (_: uPlot, splits: number[]) => {
        const powers = splits.filter(isPowerOfTen)
        const each = Math.ceil((powers.length * 52) / (width - 60))
        return splits.map((at) => (isPowerOfTen(at) && powers.indexOf(at) % each === 0 ? at : null))
      }
      const grid = isLog ? { ...line, filter } : line
      return { stroke: soft, grid, ticks: grid, font, ...(isLog && { filter }) }
    }
    const names = chart.x.names
    const hasBars = chart.lines.some((name) => data.series[name]!.as === 'bars')
    const longest = Math.max(0, ...(names ?? []).map(widthOf))
    const isSlanted = names !== undefined && longest + 6 > (width - 60) / names.length
    const unit = (quantity: { label: string; unit?: string | undefined }): string =>
      quantity.unit ? `${quantity.label}, ${quantity.unit}` : quantity.label
    plot = new uPlot(
      {
        width,
        height: (width < 400 ? 150 : 180) + (isSlanted ? longest * 0.6 - 30 : 0),
        cursor: { show: true, points: { show: false } },
        legend: {
          show: true,
          live: false,
          markers: {
            width: 3,
            dash: (_: uPlot, at: number) => (lines[at - 1]?.dash ? 'dashed' : 'solid'),
            fill: () => 'transparent',
          },
        },
        scales: {
          x: {
            time: false,
            ...(chart.x.log && { distr: 3 as const }),
            range: (_, low, high): [number, number] => {
              if (names) return [-0.6, names.length - 0.4]
              if (chart.x.range) return chart.x.range
              // Half a bar stands left of the first and right of the last place.
              const margin = hasBars ? 0.6 : low === high ? 1 : 0
              return [low - margin, high + margin]
            },
          },
          y: {
            ...(chart.y.log && { distr: 3 as const }),
            ...(!chart.y.log && {
              range: (_: uPlot, low: number, high: number): [number, number] =>
                // A line along the upper end is drawn whole.
                chart.y.range
                  ? [chart.y.range[0], chart.y.range[1] + (chart.y.range[1] - chart.y.range[0]) * 0.03]
                  : [Math.min(0, low ?? 0), (high ?? 1) > 0 ? (high ?? 1) * 1.08 : 1],
            }),
          },
        },
        axes: [
          {
            ...axisOf(chart.x.log),
            label: unit(chart.x),
            labelSize: 18,
            labelFont: font,
            size: isSlanted ? 16 + longest * 0.6 : 30,
            ...(isSlanted && { rotate: 35 }),
            ...(names && {
              splits: () => names.map((_, at) => at),
              values: (_: uPlot, all: number[]) => all.map((at) => names[at] ?? ''),
            }),
          },
          {
            ...axisOf(chart.y.log),
            label: unit(chart.y),
            labelSize: 18,
            labelFont: font,
            size: (_: uPlot, values: string[] | null) =>
              16 + Math.max(16, ...(values ?? []).map((one) => widthOf(one ?? ''))),
          },
        ],
        series: [
          {},
          ...lines.map(({ label, stroke, as, dash, width = 1.6 }) => ({
            label,
            stroke,
            width,
            spanGaps: true,
            ...(dash && { dash }),
            points: { show: as === 'dots', size: 4, fill: stroke },
            ...(as === 'steps' && { paths: uPlot.paths.stepped!({ align: 1 }) }),
            ...(as === 'bars' && { paths: uPlot.paths.bars!({ size: [0.6, 80] }), fill: stroke }),
            ...(as === 'dots' && { paths: () => null }),
          })),
        ],
      },
      tables,
      place,
    )
  }
  new IntersectionObserver(([entry]) => {
    isSeen = entry?.isIntersecting ?? false
    draw()
  }).observe(place)
  new ResizeObserver(() => draw()).observe(place)
  onNewColours(draw)
  return {
    index,
    show(series, theory, kept, said) {
      last = [series, theory, kept, said]
      const told = chart.lines.map(
        (name) => `${data.series[name]!.label}: ${series[name]?.at(-1)?.toPrecision(4) ?? 'nothing yet'} at the end`,
      )
      place.setAttribute(
        'aria-label',
        `${chart.title}. ${told.join('; ')}. ${theory ? `Theory: ${theory.label}.` : ''}`,
      )
      draw()
    },
  }
}
