/** Checks on options, made once at construction: each failure is an `InvalidOption` that names the option and the value. */

import { InvalidOption } from './errors.ts'

/** A whole number in [min, 2^53 − 1], or `Infinity` where `unbounded` is allowed. */
export function checkCount(option: string, value: number, { min = 1, unbounded = false } = {}): number {
  if ((unbounded && value === Infinity) || (Number.isSafeInteger(value) && value >= min)) return value
  const expected = `a whole number of at least ${min}${unbounded ? ', or Infinity' : ''}`
  throw new InvalidOption(option, value, expected)
}

/** A number of milliseconds: finite (or `Infinity` where `unbounded` is allowed) and at least `min`. */
export function checkMs(option: string, value: number, { min = 0, unbounded = false } = {}): number {
  if ((unbounded && value === Infinity) || (Number.isFinite(value) && value >= min)) return value
  throw new InvalidOption(
    option,
    value,
    `a number of milliseconds of at least ${min}${unbounded ? ', or Infinity' : ''}`,
  )
}

/** A finite number in [min, max], the ends included; `above` excludes the lower end. */
export function checkNumber(
  option: string,
  value: number,
  { min = -Infinity, max = Infinity, above = -Infinity }: { min?: number; max?: number; above?: number } = {},
): number {
  if (Number.isFinite(value) && value >= min && value <= max && value > above) return value
  const parts = [
    min > -Infinity && `at least ${min}`,
    above > -Infinity && `above ${above}`,
    max < Infinity && `at most ${max}`,
  ].filter(Boolean)
  throw new InvalidOption(option, value, `a finite number${parts.length ? ` ${parts.join(' and ')}` : ''}`)
}

/** One of the named choices. */
export function checkChoice<T extends string>(option: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value
  throw new InvalidOption(option, value, `one of ${choices.map((choice) => `'${choice}'`).join(', ')}`)
}

/** An object of options; `example` is one that is right. */
export function checkOptions<O extends object>(options: O, example: string): O {
  if (typeof options === 'object' && options !== null) return options
  throw new InvalidOption('options', options, `an object such as ${example}`)
}

/** Something that can be called. */
export function checkFunction<F>(option: string, value: F): F {
  if (typeof value === 'function') return value
  throw new InvalidOption(option, value, 'a function')
}
