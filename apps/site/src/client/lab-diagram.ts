/** The system as it runs: parts joined by arrows whose dots move as items pass, lanes over time, or rows of cells. */
import type { Diagram, Node } from '@viva/lab'
import { make } from './dom.ts'
import type { Frame } from './lab-protocol.ts'

function svg(name: string, attributes: Record<string, string | number>, ...children: (Element | string)[]): SVGElement {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value))
  element.append(...children)
  return element
}

/** A figure as it is read: no more digits than say something. */
export function written(value: number | string | undefined, digits?: number): string {
  if (value === undefined) return '–'
  if (typeof value === 'string') return value
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '–'
  const places = digits ?? (Number.isInteger(value) ? 0 : Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2)
  return value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places })
}

const [wide, high, gapX, gapY] = [112, 54, 40, 34]

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
          ...(frame.cells[id] ?? []).map(({ text, tone = 'plain' }) =>
            make('span', { className: `cell ${tone}`, textContent: text || ' ' }),
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

function flow(host: HTMLElement, { nodes, edges }: Extract<Diagram, { kind: 'flow' }>): (frame: Frame) => void {
  const at = places(nodes)
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
    const text = svg('text', { x, y: y + 15, class: 'value' }, '–')
    picture.append(
      svg(
        'g',
        { class: `node ${kind}` },
        svg('rect', { ...box, class: 'box' }),
        level,
        svg('text', { x, y: y - 8, class: 'name' }, label),
        text,
      ),
    )
    return { level, text }
  })
  host.replaceChildren(picture)
  const most = new Map<string, number>()
  return ({ figures }) => {
    edges.forEach(({ count }, index) => {
      const passed = count === undefined ? 0 : Number(figures[count] ?? 0)
      lines[index]!.setAttribute('stroke-dashoffset', String(-(passed * 3) % 1200))
      lines[index]!.classList.toggle('still', passed === 0)
    })
    nodes.forEach(({ id, value, of, kind }, index) => {
      const now = value === undefined ? undefined : figures[value]
      parts[index]!.text.textContent = value === undefined ? '' : written(now)
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

function lanes(host: HTMLElement, { lanes, x }: Extract<Diagram, { kind: 'lanes' }>): (frame: Frame) => void {
  const [left, width, row] = [96, 640, 30]
  return ({ marks }) => {
    const end = Math.max(1e-9, ...marks.map(({ from, to }) => to ?? from))
    const scale = (at: number): number => left + (at / end) * (width - left - 12)
    const height = lanes.length * row + 26
    const picture = svg('svg', { viewBox: `0 0 ${width} ${height}`, class: 'lanes', width, 'aria-hidden': 'true' })
    lanes.forEach(({ label }, index) => {
      const y = index * row + row / 2
      picture.append(
        svg('text', { x: 0, y: y + 4, class: 'name' }, label),
        svg('line', { x1: left, x2: width - 12, y1: y, y2: y, class: 'edge' }),
      )
    })
    for (const { lane, from, to, label = '', tone = 'plain' } of marks.slice(0, mostMarks)) {
      const y =
        Math.max(
          0,
          lanes.findIndex(({ id }) => id === lane),
        ) *
          row +
        row / 2
      if (to === undefined) {
        picture.append(
          svg(
            'circle',
            { cx: scale(from), cy: y, r: 4, class: `mark ${tone}` },
            svg('title', {}, `${label} ${written(from)}`),
          ),
        )
        continue
      }
      const span = Math.max(1.5, scale(to) - scale(from))
      picture.append(
        svg(
          'rect',
          { x: scale(from), y: y - 10, width: span, height: 20, rx: 2, class: `mark ${tone}` },
          svg('title', {}, `${label} ${written(from)}–${written(to)}`),
        ),
      )
      if (label.length * 6.2 + 4 < span)
        picture.append(svg('text', { x: scale(from) + span / 2, y: y + 4, class: 'inside' }, label))
    }
    const unit = x.unit ?? ''
    for (const share of [0, 0.25, 0.5, 0.75, 1])
      picture.append(
        svg('text', { x: scale(end * share), y: height - 6, class: 'tick' }, `${written(end * share)} ${unit}`),
      )
    host.replaceChildren(picture)
  }
}
