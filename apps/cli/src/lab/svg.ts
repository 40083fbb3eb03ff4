/** A lab's charts as one SVG file, for papers and slides. */

import { formatFigure, type Lab, type Points, type Run, type Tone } from '@viva/lab'
import { column, linesOf, scaleOf } from './scale.ts'

const [width, height, left, right, top, bottom] = [640, 260, 64, 16, 48, 40]

/** The site's tones on paper. */
const colours: Record<Tone, string> = {
  signal: '#c2410c',
  bad: '#b91c1c',
  ok: '#15803d',
  plain: '#57534e',
  second: '#1d4ed8',
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

export function svgOf(lab: Lab, run: Run): string {
  const charts = lab.charts.map(
    (chart, index) => `<g transform="translate(0 ${index * height})">${chartOf(chart, lab, run)}</g>`,
  )
  const settings = Object.entries(run.knobs).map(([name, value]) => `${name} ${String(value)}`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${lab.charts.length * height}" font-family="system-ui, sans-serif" font-size="12">
<title>${escaped(lab.title)}</title>
<desc>${escaped([...settings, `seed ${run.seed}`].join(', '))}</desc>
<rect width="100%" height="100%" fill="#fff"/>
${charts.join('\n')}
</svg>
`
}

function chartOf(chart: Lab['charts'][number], lab: Lab, run: Run): string {
  const { lines, theory } = linesOf(chart, run)
  const all = lines.flatMap(({ points }) => points)
  const areBars = lines.some(({ name }) => lab.series[name]!.as === 'bars')
  const xs = column(all, 0)
  const x = scaleOf(chart.x, areBars ? xs.flatMap((at) => [at - 0.5, at + 0.5]) : xs, false)
  const y = scaleOf(chart.y, column(all, 1), true)
  const px = (value: number): string => (left + x.at(value) * (width - left - right)).toFixed(1)
  const py = (value: number): string =>
    (height - bottom - Math.min(1, Math.max(0, y.at(value))) * (height - top - bottom)).toFixed(1)
  const parts = [
    `<text x="${left}" y="20" font-weight="600">${escaped(chart.title)}</text>`,
    `<path d="M${left} ${top}V${height - bottom}H${width - right}" fill="none" stroke="#a8a29e"/>`,
    `<text x="${left - 6}" y="${top + 4}" text-anchor="end">${formatFigure(y.high)}</text>`,
    `<text x="${left - 6}" y="${height - bottom + 4}" text-anchor="end">${formatFigure(y.low)}</text>`,
  ]
  const legend: string[] = []
  for (const [index, { name, points }] of lines.entries()) {
    const { label, as = 'line', tone = 'plain' } = lab.series[name]!
    const colour = colours[tone]
    legend.push(`<tspan fill="${colour}" dx="${index === 0 ? 0 : 12}">${escaped(label)}</tspan>`)
    if (as === 'dots' || as === 'bars')
      for (let i = 0; i < points.length; i += 2) {
        const [at, value] = [points[i]!, points[i + 1]!]
        const wide = (Number(px(at + 0.8)) - Number(px(at))) / lines.length
        const from = Number(px(at - 0.4)) + index * wide
        parts.push(
          as === 'dots'
            ? `<circle cx="${px(at)}" cy="${py(value)}" r="2" fill="${colour}"/>`
            : `<rect x="${from.toFixed(1)}" y="${py(value)}" width="${wide.toFixed(1)}" height="${(height - bottom - Number(py(value))).toFixed(1)}" fill="${colour}"/>`,
        )
      }
    else if (points.length > 0)
      parts.push(
        `<path d="${pathOf(points, px, py, as === 'steps')}" fill="none" stroke="${colour}" stroke-width="1.5"/>`,
      )
  }
  if (theory) {
    parts.push(
      `<path d="${pathOf(theory.points, px, py, false)}" fill="none" stroke="#57534e" stroke-width="0.75" stroke-dasharray="4 3"/>`,
    )
    legend.push(`<tspan fill="#57534e" dx="12">- - ${escaped(theory.label)}</tspan>`)
  }
  parts.push(`<text x="${left}" y="38">${legend.join('')}</text>`)
  const names = chart.x.names
  if (names) {
    for (const [at, name] of names.entries())
      parts.push(
        `<text x="${px(at)}" y="${height - bottom + 16}" text-anchor="middle" font-size="10">${escaped(name)}</text>`,
      )
  } else
    parts.push(
      `<text x="${left}" y="${height - bottom + 16}">${formatFigure(x.low)}</text>`,
      `<text x="${width - right}" y="${height - bottom + 16}" text-anchor="end">${escaped(`${formatFigure(x.high)} ${chart.x.unit ?? ''}`.trim())}</text>`,
      `<text x="${(left + width - right) / 2}" y="${height - bottom + 16}" text-anchor="middle">${escaped(chart.x.label)}</text>`,
    )
  return parts.join('\n')
}

function pathOf(points: Points, px: (x: number) => string, py: (y: number) => string, isStepped: boolean): string {
  const parts: string[] = []
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [px(points[i]!), py(points[i + 1]!)]
    parts.push(i === 0 ? `M${x} ${y}` : isStepped ? `H${x}V${y}` : `L${x} ${y}`)
  }
  return parts.join('')
}
