/** Where a curve is drawn with the finger, or set with six sliders from the keyboard. */
import { formatFigure, type Points, type Quantity } from '@viva/lab'
import { colour, onNewColours } from '../colours.ts'
import { make } from '../dom.ts'

const stops = 6
const [width, height] = [320, 120]

type Axis = { quantity: Quantity; range: [number, number] }

const withUnit = (value: number, { unit }: Quantity): string => `${formatFigure(value)}${unit ? ` ${unit}` : ''}`

export function openPad(host: HTMLElement, across: Axis, up: Axis): { points(): Points | undefined; clear(): void } {
  const [x, y] = [across.range, up.range]
  const drawn: (number | undefined)[] = Array.from({ length: 64 })
  const canvas = make('canvas', { width: width * 2, height: height * 2, className: 'pad-canvas' })
  canvas.setAttribute('aria-hidden', 'true')
  const draw = (): void => {
    const pen = canvas.getContext('2d')!
    pen.clearRect(0, 0, canvas.width, canvas.height)
    pen.strokeStyle = colour('--grid')
    pen.lineWidth = 2
    for (const share of [0.25, 0.5, 0.75]) {
      pen.beginPath()
      pen.moveTo(0, share * canvas.height)
      pen.lineTo(canvas.width, share * canvas.height)
      pen.moveTo(share * canvas.width, 0)
      pen.lineTo(share * canvas.width, canvas.height)
      pen.stroke()
    }
    pen.strokeStyle = getComputedStyle(canvas).color
    pen.lineWidth = 4
    pen.beginPath()
    let isDown = false
    drawn.forEach((value, index) => {
      if (value === undefined) return
      const [px, py] = [
        (index / (drawn.length - 1)) * canvas.width,
        (1 - (value - y[0]) / (y[1] - y[0])) * canvas.height,
      ]
      if (isDown) pen.lineTo(px, py)
      else pen.moveTo(px, py)
      isDown = true
    })
    pen.stroke()
  }
  let before: number | undefined
  const at = (event: PointerEvent): void => {
    const box = canvas.getBoundingClientRect()
    const share = (value: number): number => Math.min(1, Math.max(0, value))
    const index = Math.round(share((event.clientX - box.left) / box.width) * (drawn.length - 1))
    const value = y[0] + (1 - share((event.clientY - box.top) / box.height)) * (y[1] - y[0])
    // A fast finger skips places: they get what lies between.
    const [from, was] = before === undefined ? [index, value] : [before, drawn[before] ?? value]
    for (let i = Math.min(from, index); i <= Math.max(from, index); i++)
      drawn[i] = from === index ? value : was + ((value - was) * (i - from)) / (index - from)
    before = index
    draw()
  }
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId)
    before = undefined
    at(event)
  })
  canvas.addEventListener('pointermove', (event) => {
    if (event.buttons > 0) at(event)
  })
  const indexOf = (stop: number): number => Math.round((stop / (stops - 1)) * (drawn.length - 1))
  const sliders = Array.from({ length: stops }, (_, stop) => {
    const slider = make('input', {
      type: 'range',
      min: String(y[0]),
      max: String(y[1]),
      step: 'any',
      value: String(y[0]),
    })
    const place = x[0] + ((x[1] - x[0]) * stop) / (stops - 1)
    slider.setAttribute('aria-label', `${up.quantity.label} at ${withUnit(place, across.quantity)}`)
    slider.addEventListener('input', () => {
      drawn[indexOf(stop)] = Number(slider.value)
      slider.setAttribute('aria-valuetext', withUnit(Number(slider.value), up.quantity))
      join(stop)
      draw()
    })
    return slider
  })
  /** From a slider that was moved to the next that was set, on either side, lies a straight line. */
  const join = (stop: number): void => {
    const isSet = (other: number): boolean => drawn[indexOf(other)] !== undefined
    const all = sliders.map((_, other) => other)
    for (const other of [all.slice(0, stop).findLast(isSet), all.slice(stop + 1).find(isSet)]) {
      if (other === undefined) continue
      const [from, to] = [Math.min(stop, other), Math.max(stop, other)].map(indexOf) as [number, number]
      for (let i = from + 1; i < to; i++)
        drawn[i] = drawn[from]! + ((drawn[to]! - drawn[from]!) * (i - from)) / (to - from)
    }
  }
  const text = (textContent: string): HTMLElement => make('span', { textContent })
  host.replaceChildren(
    make('p', { className: 'pad-axis' }, text(`${up.quantity.label}: ${withUnit(y[1], up.quantity)}`)),
    canvas,
    make(
      'p',
      { className: 'pad-axis' },
      text(withUnit(y[0], up.quantity)),
      text(`${across.quantity.label}, ${withUnit(x[0], across.quantity)} to ${withUnit(x[1], across.quantity)}`),
    ),
    make('div', { className: 'pad-sliders' }, ...sliders),
  )
  draw()
  onNewColours(draw)
  return {
    points() {
      const points = drawn.flatMap((value, index) =>
        value === undefined ? [] : [x[0] + ((x[1] - x[0]) * index) / (drawn.length - 1), value],
      )
      return points.length < 4 ? undefined : points
    },
    clear() {
      drawn.fill(undefined)
      draw()
    },
  }
}
