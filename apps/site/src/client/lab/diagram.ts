/** The system as it runs: parts joined by arrows whose dots move as items pass, lanes over time, or rows of cells. */
import { type Diagram, formatFigure, type Node } from '@viva/lab'
import { make } from '../dom.ts'
import type { Frame } from './protocol.ts'

function svg(name: string, attributes: Record<string, string | number>, ...children: (Element | string)[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
  element.append(...children)
  return element
}

/** Height of a part and the gaps between parts, in pixels; a narrow screen has them closer together. */
const spacing = { across: { high: 54, gapX: 40, gapY: 34 }, upright: { high: 42, gapX: 28, gapY: 18 } }
/** Of a letter of a name, on the mean, in pixels. */
const letter = 6.6

export function drawDiagram(host: HTMLElement, diagram: Diagram | undefined): (frame: Frame) => void {
  host.hidden = diagram === undefined
  if (diagram === undefined) return () => {}
  if (diagram.kind === 'flow') return flow(host, diagram)
  if (diagram.kind === 'lanes') return lanes(host, diagram)
  return (frame) => {
    host.replaceChildren(
      ...diagram.rows.map(({ id, label }) =>
        make(
          'div',
          { className: 'cells' },
          make('span', { className: 'cells-label', textContent: label }),
          make(
            'div',
            {},
            ...(frame.cells[id] ?? []).map(({ text, tone }) =>
              make('span', {
                className: tone === undefined || tone === 'plain' ? 'cell' : `cell ${tone}`,
                textContent: text || ' ',
              }),
            ),
          ),
        ),
      ),
    )
  }
}

function places(nodes: Node[]): Map<string, [number, number]> {
  const at = new Map<string, [number, number]>()
  let column = 0
  for (const node of nodes) {
    if (node.at) at.set(node.id, node.at)
    else if (node.kind === 'loss') at.set(node.id, [Math.max(0, column - 1), 1])
    else at.set(node.id, [column, 0])
    if (!node.at && node.kind !== 'loss') column++
    else if (node.at && node.kind !== 'loss') column = Math.max(column, node.at[0] + 1)
  }
  return at
}

type Flow = Extract<Diagram, { kind: 'flow' }>

/** Drawn from left to right, or, where that does not fit, from top to bottom. */
function flow(host: HTMLElement, diagram: Flow): (frame: Frame) => void {
  const most = new Map<string, number>()
  let [isUpright, last] = [undefined as boolean | undefined, undefined as Frame | undefined]
  let show: (frame: Frame) => void = () => {}
  const arrange = (): void => {
    const upright = host.clientWidth > 0 && host.clientWidth < 480
    if (upright === isUpright) return
    isUpright = upright
    show = drawFlow(host, diagram, upright, most)
    if (last) show(last)
  }
  arrange()
  new ResizeObserver(arrange).observe(host)
  return (frame) => {
    last = frame
    show(frame)
  }
}

/** `most`: the most that stood in each part, by its id. */
function drawFlow(
  host: HTMLElement,
  { nodes, edges }: Flow,
  isUpright: boolean,
  most: Map<string, number>,
): (frame: Frame) => void {
  const { high, gapX, gapY } = isUpright ? spacing.upright : spacing.across
  const at = places(nodes)
  if (isUpright) for (const [id, [column, row]] of at) at.set(id, [row, column])
  const wide = Math.max(112, ...nodes.map(({ label }) => label.length * letter + 12))
  const [columns, rows] = [0, 1].map((axis) => Math.max(...[...at.values()].map((place) => place[axis]!)) + 1) as [
    number,
    number,
  ]
  const centre = (id: string): [number, number] => {
    const [column, row] = at.get(id)!
    return [column * (wide + gapX) + wide / 2 + 1, row * (high + gapY) + high / 2 + 1]
  }
  const [width, height] = [columns * (wide + gapX) - gapX + 2, rows * (high + gapY) - gapY + 2]
  const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'flow', width, 'aria-hidden': 'true' })
  const lines = edges.map(({ from, to, tone = 'plain' }) => {
    const [[x1, y1], [x2, y2]] = [centre(from), centre(to)]
    const isAcross = Math.abs(x2 - x1) > Math.abs(y2 - y1)
    const sign = Math.sign(isAcross ? x2 - x1 : y2 - y1)
    const [startX, startY] = isAcross ? [x1 + (sign * wide) / 2, y1] : [x1, y1 + (sign * high) / 2]
    const [endX, endY] = isAcross ? [x2 - (sign * wide) / 2, y2] : [x2, y2 - (sign * high) / 2]
    const path = { x1: startX, y1: startY, x2: endX, y2: endY }
    const moving = svg('line', { ...path, class: `moving ${tone}` })
    picture.append(svg('line', { ...path, class: 'edge' }), moving)
    return moving
  })
  const parts = nodes.map(({ id, label, kind }) => {
    const [x, y] = centre(id)
    const box = { x: x - wide / 2, y: y - high / 2, width: wide, height: high, rx: 6 }
    const level = svg('rect', { ...box, width: 0, class: 'level' })
    const text = svg('text', { x, y: y + (isUpright ? 14 : 15), class: 'value' }, '–')
    picture.append(
      svg(
        'g',
        { class: `node ${kind}` },
        svg('rect', { ...box, class: 'box' }),
        level,
        svg('text', { x, y: y - (isUpright ? 5 : 8), class: 'name' }, label),
        text,
      ),
    )
    return { level, text }
  })
  host.replaceChildren(picture)
  return ({ figures }) => {
    edges.forEach(({ count }, index) => {
      const passed = count === undefined ? 0 : Number(figures[count] ?? 0)
      lines[index]!.setAttribute('stroke-dashoffset', String(-(passed * 3) % 1200))
      lines[index]!.classList.toggle('still', passed === 0)
    })
    nodes.forEach(({ id, value, of, kind }, index) => {
      const now = value === undefined ? undefined : figures[value]
      parts[index]!.text.textContent = value === undefined ? '' : formatFigure(now)
      if (typeof now !== 'number' || (kind !== 'queue' && kind !== 'servers')) return
      const top = Math.max(most.get(id) ?? 1, now)
      most.set(id, top)
      const full = of === undefined ? top : Number(figures[of] ?? top)
      parts[index]!.level.setAttribute('width', String(wide * Math.min(1, Math.max(0, now / (full || 1)))))
    })
  }
}

/** Beyond so many marks a lane is a grey band anyway. */
const mostMarks = 600

/** Round steps: at most so many from 0 to the end, as a person would write them. */
export function ticksOf(end: number, most: number): number[] {
  const raw = end / Math.max(1, most)
  const power = 10 ** Math.floor(Math.log10(raw))
  const step = power * ([1, 2, 2.5, 5, 10].find((times) => times * power >= raw) ?? 10)
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, index) => Number((index * step).toPrecision(12)))
}

function lanes(host: HTMLElement, { lanes, x }: Extract<Diagram, { kind: 'lanes' }>): (frame: Frame) => void {
  const row = 30
  const left = Math.max(40, ...lanes.map(({ label }) => label.length * letter + 8))
  const draw = ({ marks }: Frame): void => {
    const width = Math.max(260, host.clientWidth || 640)
    const right = width - 22
    const end = Math.max(1e-9, ...marks.map(({ from, to }) => to ?? from))
    const scale = (at: number): number => left + (at / end) * (right - left)
    const height = lanes.length * row + 26
    const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'lanes', width, 'aria-hidden': 'true' })
    lanes.forEach(({ label }, index) => {
      const y = index * row + row / 2
      picture.append(
        svg('text', { x: 0, y: y + 4, class: 'name' }, label),
        svg('line', { x1: left, x2: right, y1: y, y2: y, class: 'edge' }),
      )
    })
    for (const { lane, from, to, label = '', tone = 'plain' } of marks.slice(0, mostMarks)) {
      const place = lanes.findIndex(({ id }) => id === lane)
      const y = Math.max(0, place) * row + row / 2
      if (to === undefined) {
        const dot = { cx: scale(from), cy: y, r: 4, class: `mark ${tone}` }
        picture.append(svg('circle', dot, svg('title', {}, `${label} ${formatFigure(from)}`)))
        continue
      }
      const span = Math.max(1.5, scale(to) - scale(from))
      const box = { x: scale(from), y: y - 10, width: span, height: 20, rx: 2, class: `mark ${tone}` }
      picture.append(svg('rect', box, svg('title', {}, `${label} ${formatFigure(from)}–${formatFigure(to)}`)))
      if (label.length * 6.2 + 4 < span)
        picture.append(svg('text', { x: scale(from) + span / 2, y: y + 4, class: 'inside' }, label))
    }
    const unit = x.unit ?? ''
    for (const at of ticksOf(end, Math.min(8, (right - left) / 90)))
      picture.append(
        svg('text', { x: scale(at), y: height - 6, class: 'tick' }, `${at.toLocaleString('en')} ${unit}`.trim()),
      )
    host.replaceChildren(picture)
  }
  let last: Frame | undefined
  let drawnAt = 0
  new ResizeObserver(() => {
    if (last && host.clientWidth !== drawnAt) draw(last)
    drawnAt = host.clientWidth
  }).observe(host)
  return (frame) => {
    last = frame
    drawnAt = host.clientWidth
    draw(frame)
  }
}
