/** The picture of a record: small multiples of line charts, each curve with its name at its end, for light and dark. */

import type { Axis, Chart, ExperimentRecord, Series } from './record.ts'

const width = 860
const margin = { left: 54, right: 124, top: 34, bottom: 46 }
const plotHeight = 168
const columns = 2
const gutter = 8
const head = 66
const lineGap = 13

/** Ours is the one in the accent's colour; the others take what is left in the order of the record. */
const tones = ['ours', 'a', 'b', 'c', 'd', 'e', 'f'] as const

const style = `
text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--soft);font-variant-numeric:tabular-nums}
.page{fill:var(--page)}.h{font-size:17px;font-weight:650;fill:var(--ink)}.t{font-weight:650;font-size:13px;fill:var(--ink)}
.q{font-size:12.5px}.grid{stroke:var(--grid);fill:none}.axis{stroke:var(--axis);fill:none}.span{fill:var(--span)}.mark{stroke:var(--soft);stroke-dasharray:2 3;fill:none}
.m{font-size:11px}text.k{stroke:var(--page);stroke-width:3px;paint-order:stroke}.n{font-weight:600;stroke:var(--page);stroke-width:3px;paint-order:stroke}.l{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}.lead{fill:none;stroke-width:.8;opacity:.6}
.ours{--c:var(--ours)}.a{--c:var(--a)}.b{--c:var(--b)}.c{--c:var(--c4)}.d{--c:var(--d)}.e{--c:var(--e)}.f{--c:var(--soft)}
g.s path,g.s line{stroke:var(--c)}g.s text,g.s circle{fill:var(--c)}g.ours .l{stroke-width:2.6}g.f .l{stroke-dasharray:4 3}
:root{--page:#fbfaf7;--ink:#22252b;--soft:#5c6069;--grid:#e7e4dc;--axis:#b9b5ab;--span:#efe6d8;--ours:#b8440f;--a:#3a6ea5;--b:#6b5b95;--c4:#2f7d6b;--d:#8a6d1f;--e:#a03d62}
@media (prefers-color-scheme:dark){:root{--page:#17181b;--ink:#ecebe7;--soft:#a3a6ad;--grid:#2a2c31;--axis:#565961;--span:#2c2720;--ours:#ff8a4c;--a:#7fb0e3;--b:#b3a3dd;--c4:#6cc4ad;--d:#d3b45f;--e:#e08aa9}}
`.trim()

export function draw(record: ExperimentRecord): string {
  const rows = Math.ceil(record.charts.length / columns)
  const panelWidth = (width - gutter) / columns
  const panelHeight = margin.top + plotHeight + margin.bottom
  const question = wrapped(record.question, 125)
  const top = head + (question.length - 1) * 17
  const height = top + rows * panelHeight + 24
  const toneOf = tonesOf(record)
  const missed = record.verdict.filter(({ is }) => is === 'missed').length
  const goals = `${record.verdict.length - missed} of ${record.verdict.length} goals met`
  const panels = record.charts.map((chart, index) => {
    const x = (index % columns) * (panelWidth + gutter)
    const y = top + Math.floor(index / columns) * panelHeight
    return `<g transform="translate(${x} ${y})">\n${panel(chart, panelWidth, toneOf)}\n</g>`
  })
  const { machine } = record
  const where = `${record.date} · Node ${record.versions.node} · ${machine.cpu}, ${machine.cores} cores · ${goals}`
  return [
    '<!-- biome-ignore-all format: drawn by run/picture.ts -->',
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escaped(titleOf(record))}</title>`,
    `<desc id="desc">${escaped(description(record))}</desc>`,
    `<style>\n${style}\n</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="10"/>`,
    `<text class="h" x="18" y="30">${escaped(titleOf(record))}</text>`,
    ...question.map((line, index) => `<text class="q" x="18" y="${50 + index * 17}">${escaped(line)}</text>`),
    ...panels,
    `<text class="m" x="18" y="${height - 12}">${escaped(where)}</text>`,
    '</svg>\n',
  ].join('\n')
}

function titleOf({ experiment }: ExperimentRecord): string {
  return `Sluice, measured: ${experiment}`
}

function description({ question, contestants, verdict }: ExperimentRecord): string {
  const who = contestants.map(({ name, what }) => `${name}: ${what}`).join('; ')
  const found = verdict.map(({ goal, measured, unit, is }) => `${goal}: ${measured ?? 'nothing'} ${unit}, ${is}`)
  return `${question} ${who}. ${found.join('. ')}.`
}

function tonesOf({ contestants }: ExperimentRecord): (name: string) => string {
  const others = contestants.filter(({ name }) => !isOurs(name))
  return (name) => {
    if (isOurs(name)) return 'ours'
    const index = others.findIndex((other) => other.name === name)
    return index < 0 ? 'f' : (tones[1 + index] ?? 'f')
  }
}

function isOurs(name: string): boolean {
  return /^(ours|sluice)$/i.test(name)
}

type Scale = { at: (value: number) => number; ticks: number[]; from: number; to: number }

function panel(chart: Chart, panelWidth: number, toneOf: (name: string) => string): string {
  const right = panelWidth - margin.right
  const [left, top] = [margin.left, margin.top]
  const bottom = top + plotHeight
  const all = chart.series.map((one) => within(one, chart.x))
  const xs = all.flatMap((one) => one.x)
  const ys = [...all.flatMap((one) => one.y), ...(chart.marks ?? []).map(({ at }) => at)]
  const x = scale(chart.x, xs, left, right, 6)
  const y = scale(chart.y, ys, bottom, top, 5)
  const yAt = (value: number) => clamp(y.at(Math.max(y.from, Math.min(y.to, value))), top, bottom)
  const parts: string[] = [
    `<text class="t" x="${left - 36}" y="18">${escaped(withUnit(chart.title, chart.y.unit))}</text>`,
  ]
  for (const { from, to, label } of chart.spans ?? []) {
    const [a, b] = [x.at(Math.max(from, x.from)), x.at(Math.min(to, x.to))]
    parts.push(`<rect class="span" x="${n(a)}" y="${top}" width="${n(b - a)}" height="${plotHeight}"/>`)
    parts.push(`<text class="m" x="${n(a + 4)}" y="${top + 12}">${escaped(label)}</text>`)
  }
  for (const tick of y.ticks) {
    const at = n(y.at(tick))
    parts.push(`<path class="grid" d="M${left} ${at}H${n(right)}"/>`)
    parts.push(`<text x="${left - 7}" y="${n(y.at(tick) + 4)}" text-anchor="end">${number(tick)}</text>`)
  }
  parts.push(`<path class="axis" d="M${left} ${bottom}H${n(right)}"/>`)
  for (const tick of x.ticks) {
    const at = n(x.at(tick))
    parts.push(`<path class="axis" d="M${at} ${bottom}v4"/>`)
    parts.push(`<text x="${at}" y="${bottom + 17}" text-anchor="middle">${number(tick)}</text>`)
  }
  parts.push(
    `<text x="${n((left + right) / 2)}" y="${bottom + 34}" text-anchor="middle">${escaped(withUnit(chart.x.label, chart.x.unit))}</text>`,
  )
  for (const { at, label } of chart.marks ?? []) {
    parts.push(`<path class="mark" d="M${left} ${n(yAt(at))}H${n(right)}"/>`)
    parts.push(
      `<text class="m k" x="${left + 5}" y="${n(yAt(at) + (yAt(at) < top + 14 ? 13 : -4))}">${escaped(label)}</text>`,
    )
  }
  // Ours last, on top.
  const ordered = all
    .filter((one) => one.x.length > 0)
    .toSorted((a, b) => Number(isOurs(a.name)) - Number(isOurs(b.name)))
  const isSparse = ordered.every((one) => one.x.length <= 12)
  for (const one of ordered) parts.push(curve(one, { x: x.at, y: yAt }, chart.gap ?? Infinity, isSparse, toneOf))
  parts.push(...names(ordered, { x: x.at, y: yAt }, right, toneOf))
  return parts.join('\n')
}

/** The part of a curve that is on the axis. */
function within({ name, x, y }: Series, { from = -Infinity, to = Infinity }: Axis): Series {
  const isShown = x.map((one) => one >= from && one <= to)
  return { name, x: x.filter((_, index) => isShown[index]), y: y.filter((_, index) => isShown[index]) }
}

type Place = { x: (value: number) => number; y: (value: number) => number }

function curve(one: Series, at: Place, gap: number, isSparse: boolean, toneOf: (name: string) => string): string {
  let path = ''
  let isDown = false
  one.x.forEach((x, index) => {
    if (index > 0 && x - one.x[index - 1]! > gap) isDown = false
    path += `${isDown ? 'L' : 'M'}${n(at.x(x))} ${n(at.y(one.y[index]!))}`
    isDown = true
  })
  const dots = isSparse
    ? one.x.map((x, index) => `<circle cx="${n(at.x(x))}" cy="${n(at.y(one.y[index]!))}" r="2.6"/>`)
    : []
  return `<g class="s ${toneOf(one.name)}"><path class="l" d="${path}"/>${dots.join('')}</g>`
}

/** Names at the right, each beside the end of its curve; where ends are too close they are moved apart, and a thin line leads to the end. */
function names(all: Series[], at: Place, right: number, toneOf: (name: string) => string): string[] {
  const ends = all
    .map((one) => ({ name: one.name, x: at.x(one.x.at(-1)!), end: at.y(one.y.at(-1)!) }))
    .toSorted((a, b) => a.end - b.end)
  const [lowest, highest] = [margin.top + 4, margin.top + plotHeight]
  const places = ends.map(({ end }) => Math.max(lowest, end))
  for (let i = 1; i < places.length; i++) places[i] = Math.max(places[i]!, places[i - 1]! + lineGap)
  for (let i = places.length - 1; i >= 0; i--)
    places[i] = Math.min(places[i]!, (places[i + 1] ?? highest + lineGap) - lineGap)
  return ends.map(({ name, x, end }, index) => {
    const place = places[index]!
    const lead = `<path class="lead" d="M${n(x + 3)} ${n(end)}L${n(right + 7)} ${n(place)}"/>`
    return `<g class="s ${toneOf(name)}">${lead}<text class="n" x="${n(right + 10)}" y="${n(place + 4)}">${escaped(name)}</text></g>`
  })
}

function scale(axis: Axis, values: number[], from: number, to: number, count: number): Scale {
  const isLog = axis.scale === 'log'
  const known = isLog ? values.filter((value) => value > 0) : values
  let low = axis.from ?? (isLog ? Math.min(...known) : 0)
  let high = axis.to ?? Math.max(...known, isLog ? 0 : 1e-9)
  if (!Number.isFinite(low)) low = isLog ? 1 : 0
  if (!(high > low)) high = low + 1
  const ticks = axis.ticks ?? (isLog ? decades(low, high) : rounds(low, high, count))
  if (axis.ticks === undefined && axis.from === undefined) low = Math.min(low, ticks[0]!)
  if (axis.ticks === undefined && axis.to === undefined) high = Math.max(high, ticks.at(-1)!)
  const turn = isLog ? Math.log10 : (value: number) => value
  const [a, b] = [turn(low), turn(high)]
  const at = (value: number) => from + ((turn(isLog ? Math.max(value, low) : value) - a) / (b - a)) * (to - from)
  return { at, ticks: ticks.filter((tick) => tick >= low && tick <= high), from: low, to: high }
}

/** Ticks at 1, 2 or 5 times a power of ten that cover the values. */
function rounds(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10)
  const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)]
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)))
}

function decades(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high) - 1e-9)]
  return Array.from({ length: last - first + 1 }, (_, index) => Number((10 ** (first + index)).toPrecision(6)))
}

function wrapped(text: string, most: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    if (lines.at(-1) !== '' && lines.at(-1)!.length + word.length + 1 > most) lines.push(word)
    else lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${word}`
  }
  return lines
}

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value))
const n = (value: number) => String(Math.round(value * 10) / 10)
const number = (value: number) => value.toLocaleString('en')
const withUnit = (label: string, unit: string | undefined) => (unit === undefined ? label : `${label} (${unit})`)
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
