/** A chart in text: lines in braille dots, bars in blocks. */

import { type ChartSpec, formatFigure, type Lab, type Points, type Run, valueAt } from '@viva/lab'
import { column, linesOf, type Scale, scaleOf } from './scale.ts'

/** Characters; each holds two dots by four. */
const [width, height] = [60, 4]

/** The dots of a braille character by column and row, as bits of its code point. */
const bits = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
]

export function drawChart(chart: ChartSpec<Lab['knobs']>, lab: Lab, run: Run): string {
  const { lines, theory } = linesOf(chart, run)
  const out = [chart.title]
  const all = lines.flatMap(({ points }) => points)
  if (all.length === 0) return [...out, '  nothing was measured'].join('\n')
  const y = scaleOf(chart.y, column(all, 1), true)
  const unit = chart.y.unit ?? ''
  if (lines.every(({ name }) => lab.series[name]!.as === 'bars')) {
    const names = chart.x.names ?? []
    const labels = lines.flatMap(({ name, points }) => {
      const of = lines.length > 1 ? ` ${lab.series[name]!.label}` : ''
      return column(points, 0).map((x, i) => ({
        label: `${names[x] ?? formatFigure(x)}${of}`,
        y: column(points, 1)[i]!,
      }))
    })
    const wide = Math.max(...labels.map(({ label }) => label.length))
    for (const { label, y: value } of labels)
      out.push(`  ${label.padEnd(wide)} ${barOf(y.at(value))} ${`${formatFigure(value)} ${unit}`.trim()}`)
    return out.join('\n')
  }
  const x = scaleOf(chart.x, column(all, 0), false)
  for (const { name, points } of lines) {
    const { label, unit: own = unit, as } = lab.series[name]!
    out.push(`  ${label}${own === '' ? '' : `, ${own}`}`)
    const [top, bottom] = [formatFigure(y.high), formatFigure(y.low)]
    const wide = Math.max(top.length, bottom.length)
    for (const [row, text] of dotted(points, x, y, as === 'dots' || as === 'bars', as === 'steps').entries())
      out.push(`  ${(row === 0 ? top : row === height - 1 ? bottom : '').padStart(wide)} ┤${text}`)
    const ends = [formatFigure(x.low), `${formatFigure(x.high)} ${chart.x.unit ?? ''}`.trim()] as const
    out.push(`  ${' '.repeat(wide + 2)}${ends[0]}${ends[1].padStart(width - ends[0].length)}`)
  }
  if (theory) out.push(`  Theory: ${theory.label}`)
  return out.join('\n')
}

/** Of forty blocks, in eighths. */
function barOf(share: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * 40 * 8)
  return '█'.repeat(eighths >> 3) + (eighths % 8 === 0 ? '' : String.fromCodePoint(0x2590 - (eighths % 8)))
}

/** Rows of braille, from the top. `isLoose` draws the points alone; otherwise each column spans all that the line does in it. */
export function dotted(points: Points, x: Scale, y: Scale, isLoose: boolean, isStepped = false): string[] {
  const [columns, rows] = [width * 2, height * 4]
  const cells = Array.from({ length: height }, () => new Array<number>(width).fill(0))
  const dotOf = (value: number): number => Math.round(y.at(value) * (rows - 1))
  const set = (column: number, dot: number): void => {
    if (column < 0 || column >= columns || dot < 0 || dot >= rows) return
    const fromTop = rows - 1 - dot
    cells[fromTop >> 2]![column >> 1]! |= bits[column & 1]![fromTop & 3]!
  }
  const columnOf = (at: number): number => Math.round(x.at(at) * (columns - 1))
  const spans = new Map<number, [low: number, high: number]>()
  const span = (at: number, dot: number): void => {
    const known = spans.get(at)
    if (known) spans.set(at, [Math.min(known[0], dot), Math.max(known[1], dot)])
    else spans.set(at, [dot, dot])
  }
  let before: [x: number, y: number] | undefined
  for (let i = 0; i < points.length; i += 2) {
    const [at, value] = [points[i]!, points[i + 1]!]
    const here = columnOf(at)
    if (isLoose) {
      set(here, dotOf(value))
      continue
    }
    if (before !== undefined) {
      let last = dotOf(before[1])
      const pair = [...before, at, isStepped ? before[1] : value]
      for (let step = columnOf(before[0]) + 1; step < here; step++) {
        const between = x.low + ((x.high - x.low) * step) / (columns - 1)
        const dot = dotOf(valueAt(pair, between))
        span(step, dot)
        // Up to its neighbour, so that what is steep has no gaps.
        span(step, last)
        last = dot
      }
      span(here, isStepped ? dotOf(before[1]) : last)
    }
    span(here, dotOf(value))
    before = [at, value]
  }
  for (const [at, [low, high]] of spans) for (let dot = low; dot <= high; dot++) set(at, dot)
  return cells.map((row) => row.map((cell) => String.fromCodePoint(0x2800 + cell)).join(''))
}
