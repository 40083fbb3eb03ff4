/** A lab's charts: uPlot, in the page's colours, drawn only while they are on the screen. */
import type { Points, Tone } from '@viva/lab'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { LabData } from '../build/labs.ts'
import { colour, onNewColours } from './colours.ts'
import { make } from './dom.ts'

const tones: Record<Tone, string> = {
  signal: '--signal',
  bad: '--bad',
  ok: '--ok',
  plain: '--soft',
  second: '--theory',
}

type Theory = { label: string; points: Points } | undefined
export type Drawn = {
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

/** Draws into `place`, which the page holds ready. */
export function drawChart(place: HTMLElement, data: LabData, index: number): Drawn {
  const chart = data.charts[index]!
  place.setAttribute('role', 'img')
  let plot: uPlot | undefined
  let [isSeen, last, themed] = [false, undefined as Parameters<Drawn['show']> | undefined, '']
  const draw = (): void => {
    if (!isSeen || last === undefined) return
    const [series, theory, kept, said] = last
    const lines: { label: string; points: Points; stroke: string; as: string; dash?: number[]; width?: number }[] = []
    if (theory)
      lines.push({ label: theory.label, points: theory.points, stroke: colour('--theory'), as: 'line', width: 1 })
    if (said)
      lines.push({ label: 'You said', points: said, stroke: colour('--ink'), as: 'line', dash: [6, 4], width: 1.6 })
    for (const name of chart.lines) {
      const spec = data.series[name]!
      const stroke = colour(tones[spec.tone ?? 'signal'])
      if (kept?.[name])
        lines.push({ label: `${spec.label}, kept`, points: kept[name], stroke, as: 'line', dash: [3, 3], width: 1 })
      lines.push({ label: spec.label, points: series[name] ?? [], stroke, as: spec.as ?? 'line' })
    }
    const tables = uPlot.join(
      lines.map(({ points }) => columns(points)) as uPlot.AlignedData[],
      lines.map(() => lines.map(() => 2)) as never,
    )
    const width = Math.max(220, place.clientWidth)
    const shape = JSON.stringify([lines.map(({ label, as, stroke }) => [label, as, stroke]), width])
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
        height: isSlanted ? 150 + longest * 0.6 : 180,
        cursor: { show: true, points: { show: false } },
        legend: { show: true, live: false },
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
