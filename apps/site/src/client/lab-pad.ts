/** Where a curve is drawn with the finger, or set with six sliders from the keyboard. */
import type { Points } from '@viva/lab'
import { make } from './dom.ts'

const stops = 6
const [width, height] = [320, 120]

export function openPad(
  host: HTMLElement,
  x: [number, number],
  y: [number, number],
): { points(): Points | undefined; clear(): void } {
  const drawn: (number | undefined)[] = Array.from({ length: 64 })
  const canvas = make('canvas', { width: width * 2, height: height * 2, className: 'pad-canvas' })
  canvas.setAttribute('aria-hidden', 'true')
  const draw = (): void => {
    const pen = canvas.getContext('2d')!
    pen.clearRect(0, 0, canvas.width, canvas.height)
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
  const sliders = Array.from({ length: stops }, (_, stop) => {
    const index = Math.round((stop / (stops - 1)) * (drawn.length - 1))
    const slider = make('input', {
      type: 'range',
      min: String(y[0]),
      max: String(y[1]),
      step: 'any',
      value: String(y[0]),
    })
    slider.setAttribute('aria-label', `At ${(x[0] + ((x[1] - x[0]) * stop) / (stops - 1)).toFixed(1)}`)
    slider.addEventListener('input', () => {
      drawn[index] = Number(slider.value)
      draw()
    })
    return slider
  })
  host.replaceChildren(canvas, make('div', { className: 'pad-sliders' }, ...sliders))
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
