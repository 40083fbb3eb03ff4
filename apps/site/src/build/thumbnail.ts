/** A small picture of a lab's main chart, drawn at build from its recorded example run. */
import type { Lab, Points } from '@viva/lab'
import type { LabExample } from './labs.ts'

const [width, height, pad] = [240, 96, 6]

type Scale = (value: number) => number

function scaleOf(values: number[], from: number, to: number, isLog: boolean, isFromZero: boolean): Scale {
  const shaped = (value: number): number => (isLog ? Math.log10(Math.max(value, 1e-12)) : value)
  const all = values.filter((value) => Number.isFinite(value) && (!isLog || value > 0)).map(shaped)
  const low = Math.min(...all, ...(isFromZero && !isLog ? [0] : []))
  const high = Math.max(...all, ...(all.length === 0 ? [1] : []))
  const span = high - low || 1
  return (value) => from + ((shaped(value) - low) / span) * (to - from)
}

const pairsOf = (points: Points): [number, number][] =>
  Array.from({ length: points.length / 2 }, (_, at) => [points[2 * at]!, points[2 * at + 1]!])

const number = (value: number): string => String(Math.round(value * 10) / 10)

/** SVG text; colours come from the classes `line-0`, `line-1` … of the page. Empty where there is nothing to draw. */
export function thumbnail(lab: Lab, example: LabExample | undefined): string {
  const chart = lab.charts[0]
  if (!chart || !example) return ''
  const lines = chart.lines.map((name) => ({
    as: lab.series[name]?.as ?? 'line',
    pairs: pairsOf(example.series[name] ?? []),
  }))
  const points = lines.flatMap(({ pairs }) => pairs)
  if (points.length === 0) return ''
  const hasBars = lines.some(({ as }) => as === 'bars')
  const xs = points.map(([x]) => x)
  const margin = hasBars ? 0.6 : 0
  const x = scaleOf(
    [Math.min(...xs) - margin, Math.max(...xs) + margin, ...xs],
    pad,
    width - pad,
    chart.x.log ?? false,
    false,
  )
  const y = scaleOf(
    points.map(([, value]) => value),
    height - pad,
    pad,
    chart.y.log ?? false,
    true,
  )
  const shapes = lines.map(({ as, pairs }, at) => {
    if (as === 'bars') {
      const wide = Math.max(2, ((width - 2 * pad) / Math.max(2, pairs.length)) * 0.55)
      return pairs
        .map(([px, py]) => {
          const top = y(py)
          return `<rect class="fill-${at}" x="${number(x(px) - wide / 2)}" y="${number(top)}" width="${number(wide)}" height="${number(Math.max(0, height - pad - top))}"/>`
        })
        .join('')
    }
    if (as === 'dots')
      return pairs
        .map(([px, py]) => `<circle class="fill-${at}" cx="${number(x(px))}" cy="${number(y(py))}" r="1.6"/>`)
        .join('')
    const path = pairs.map(([px, py], index) => {
      const step = as === 'steps' && index > 0 ? `H${number(x(px))}V${number(y(py))}` : undefined
      return step ?? `${index === 0 ? 'M' : 'L'}${number(x(px))} ${number(y(py))}`
    })
    return `<path class="line-${at}" d="${path.join('')}"/>`
  })
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true" preserveAspectRatio="none">${shapes.join('')}</svg>`
}
