/** A lab's charts: uPlot, in the page's colours, drawn only while they are on the screen. */
import type { Points, Tone } from '@viva/lab'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { LabData } from '../build/labs.ts'
import { make } from './dom.ts'

const tones: Record<Tone, string> = {
  signal: '--signal',
  bad: '--bad',
  ok: '--ok',
  plain: '--soft',
  second: '--theory',
}

/** A canvas cannot read custom properties: the browser resolves them on an element. */
function colour(name: string): string {
  const probe = make('span', { hidden: true })
  probe.style.color = `var(${name})`
  document.body.append(probe)
  const found = getComputedStyle(probe).color
  probe.remove()
  return found
}

type Theory = { label: string; points: Points } | undefined
export type Drawn = {
  show(series: Record<string, Points>, theory: Theory, kept: Record<string, Points> | undefined): void
}

const columns = (points: Points): [number[], number[]] => [
  points.filter((_, index) => index % 2 === 0),
  points.filter((_, index) => index % 2 === 1),
]

export function drawChart(host: HTMLElement, data: LabData, index: number): Drawn {
  const chart = data.charts[index]!
  const title = make('p', { className: 'chart-title', textContent: chart.title })
  const place = make('div', { className: 'plot' })
  place.setAttribute('role', 'img')
  host.append(title, place)
  let plot: uPlot | undefined
  let [isSeen, last, themed] = [false, undefined as Parameters<Drawn['show']> | undefined, '']
  const draw = (): void => {
    if (!isSeen || last === undefined) return
    const [series, theory, kept] = last
    const lines: { label: string; points: Points; stroke: string; as: string; dash?: number[]; width?: number }[] = []
    if (theory)
      lines.push({ label: theory.label, points: theory.points, stroke: colour('--theory'), as: 'line', width: 1 })
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
    const shape = JSON.stringify([
      lines.map(({ label, as }) => [label, as]),
      place.clientWidth,
      document.documentElement.dataset['theme'],
    ])
    if (plot && shape === themed) {
      plot.setData(tables)
      return
    }
    themed = shape
    plot?.destroy()
    const soft = colour('--soft')
    const grid = { stroke: colour('--grid'), width: 1 }
    const axis = { stroke: soft, grid, ticks: grid, font: '11px system-ui, sans-serif' }
    const names = chart.x.names
    const unit = (quantity: { label: string; unit?: string | undefined }): string =>
      quantity.unit ? `${quantity.label}, ${quantity.unit}` : quantity.label
    plot = new uPlot(
      {
        width: Math.max(220, place.clientWidth),
        height: 180,
        cursor: { show: true, points: { show: false } },
        legend: { show: true, live: false },
        scales: {
          x: {
            time: false,
            ...(chart.x.log && { distr: 3 as const }),
            range: (_, low, high) =>
              names
                ? [-0.6, names.length - 0.4]
                : (chart.x.range ?? (low === high ? [low - 1, high + 1] : [low, high])),
          },
          y: {
            ...(chart.y.log && { distr: 3 as const }),
            ...(!chart.y.log && {
              range: (_: uPlot, low: number, high: number): [number, number] =>
                chart.y.range ?? [Math.min(0, low ?? 0), (high ?? 1) > 0 ? (high ?? 1) * 1.08 : 1],
            }),
          },
        },
        axes: [
          {
            ...axis,
            label: unit(chart.x),
            labelSize: 18,
            labelFont: axis.font,
            size: 30,
            ...(names && {
              splits: () => names.map((_, at) => at),
              values: (_: uPlot, all: number[]) => all.map((at) => names[at] ?? ''),
            }),
          },
          { ...axis, label: unit(chart.y), labelSize: 18, labelFont: axis.font, size: 52 },
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
  return {
    show(series, theory, kept) {
      last = [series, theory, kept]
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
