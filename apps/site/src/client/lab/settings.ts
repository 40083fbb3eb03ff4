/** A lab's settings on the page: sliders, lists and switches, its presets, and the address that carries them. */
import { defaults, formatFigure, type Knobs, readKnobs, writeKnobs } from '@viva/lab'
import type { LabData } from '../../build/labs.ts'
import { all, find } from '../dom.ts'

export type Values = Record<string, number | string | boolean>

export type Settings = {
  values(): Values
  /** Back to the defaults. */
  reset(): void
  /** The parameters of an address that brings these settings. */
  parameters(): [string, string][]
  /** Takes what an address brings; gives what is out of range, in words. */
  read(parameters: URLSearchParams): string[]
}

/** Wires the form of `section`. `onChange` is called when the reader changes a setting or presses a preset. */
export function openSettings(section: HTMLElement, data: LabData, onChange: () => void): Settings {
  const form = find<HTMLFormElement>('.knobs', section)!
  const look = find('.look', section)!
  const presets = all<HTMLButtonElement>('[data-preset]', section)
  const knobs = data.knobs as Knobs
  const startingValues: Values = defaults(knobs)
  const valuesOf = (index: number): Values => ({ ...startingValues, ...(data.presets[index]!.knobs as Values) })
  const input = (name: string): HTMLInputElement => find<HTMLInputElement>(`[name="${name}"]`, form)!

  const values = (): Values =>
    Object.fromEntries(
      Object.entries(knobs).map(([name, knob]) => {
        const field = input(name)
        if (knob.kind === 'number') return [name, Number(field.value)]
        return [name, knob.kind === 'switch' ? field.checked : field.value]
      }),
    )

  /** The texts beside the sliders, and which preset the settings equal. */
  const show = (): void => {
    for (const [name, knob] of Object.entries(knobs)) {
      if (knob.kind !== 'number') continue
      const field = input(name)
      find<HTMLOutputElement>('output', field.parentElement!)!.value =
        `${formatFigure(Number(field.value))} ${knob.unit}`
    }
    const now = JSON.stringify(values())
    const active = presets.findIndex((_, index) => JSON.stringify(valuesOf(index)) === now)
    presets.forEach((button, index) => button.setAttribute('aria-pressed', String(index === active)))
    const text = data.presets[active]?.look
    look.hidden = text === undefined
    look.textContent = text ?? ''
  }

  const set = (next: Values): void => {
    for (const [name, value] of Object.entries(next)) {
      const field = input(name)
      if (typeof value === 'boolean') field.checked = value
      else field.value = String(value)
    }
    show()
  }

  form.addEventListener('submit', (event) => event.preventDefault())
  form.addEventListener('input', () => {
    show()
    onChange()
  })
  presets.forEach((button, index) =>
    button.addEventListener('click', () => {
      set(valuesOf(index))
      onChange()
    }),
  )
  show()
  return {
    values,
    reset: () => set(startingValues),
    parameters: () => writeKnobs(knobs, values() as never),
    read(parameters) {
      const { values: read, problems } = readKnobs(knobs, parameters)
      set(read as Values)
      return problems
    },
  }
}
