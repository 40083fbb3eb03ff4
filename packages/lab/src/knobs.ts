/** What a reader can turn: typed, bounded, with units; written into an address and read back from it. */

export type NumberKnob = {
  kind: 'number'
  label: string
  /** "/s", "ms", "items"; empty for a plain number. */
  unit: string
  min: number
  max: number
  step: number
  value: number
  /** One sentence, shown under the label. */
  hint?: string
}
export type ChoiceKnob<V extends string = string> = {
  kind: 'choice'
  label: string
  options: { value: V; label: string }[]
  value: V
  hint?: string
}
export type SwitchKnob = { kind: 'switch'; label: string; value: boolean; hint?: string }

export type Knob = NumberKnob | ChoiceKnob | SwitchKnob
export type Knobs = Record<string, Knob>

/** The values of knobs: a number, one of the options, or on and off. */
export type KnobValues<K extends Knobs> = { [N in keyof K]: ValueOf<K[N]> }

/** Distributes, so that a knob of unknown kind has any of the three. */
type ValueOf<K extends Knob> = K extends NumberKnob ? number : K extends ChoiceKnob<infer V> ? V : boolean

/** A number in a range: `number({ label: 'Arrivals', unit: '/s', min: 10, max: 300, step: 10, value: 120 })`. */
export function number(
  knob: Omit<NumberKnob, 'kind' | 'step' | 'unit'> & { step?: number; unit?: string },
): NumberKnob {
  const { min, max, step = 1, value, unit = '' } = knob
  if (!(min < max) || !(step > 0) || value < min || value > max)
    throw new RangeError(
      `knob "${knob.label}" must have min < max, a step above 0 and a value between, got ${min}, ${max}, ${step}, ${value}`,
    )
  return { ...knob, kind: 'number', step, unit }
}

/** One of a few: `choice({ label: 'When full', options: { wait: 'wait', fail: 'refuse' }, value: 'wait' })`. */
export function choice<V extends string>(knob: {
  label: string
  options: Record<V, string>
  value: NoInfer<V>
  hint?: string
}): ChoiceKnob<V> {
  const options = Object.entries<string>(knob.options).map(([value, label]) => ({ value: value as V, label }))
  if (!options.some(({ value }) => value === knob.value))
    throw new RangeError(`knob "${knob.label}": the value "${knob.value}" is not one of its options`)
  return { ...knob, kind: 'choice', options }
}

/** On or off. */
export function onOff(knob: Omit<SwitchKnob, 'kind'>): SwitchKnob {
  return { ...knob, kind: 'switch' }
}

/** How the knobs stand at first. */
export function defaults<K extends Knobs>(knobs: K): KnobValues<K> {
  return Object.fromEntries(Object.entries(knobs).map(([name, { value }]) => [name, value])) as KnobValues<K>
}

/** What is wrong with a value for a knob, or `undefined`. The sentence names the knob, the value and what would be right. */
export function whyNot(knob: Knob, value: unknown): string | undefined {
  if (knob.kind === 'switch')
    return typeof value === 'boolean' ? undefined : `${knob.label} can be on or off, not "${String(value)}"`
  if (knob.kind === 'choice') {
    const values = knob.options.map((option) => option.value)
    return values.includes(String(value))
      ? undefined
      : `${knob.label} can be ${values.join(', ')}, not "${String(value)}"`
  }
  const unit = knob.unit === '' ? '' : ` ${knob.unit}`
  if (typeof value === 'number' && value >= knob.min && value <= knob.max) return undefined
  return `${knob.label} can be ${knob.min} to ${knob.max}${unit}, not "${String(value)}"`
}

/** Reads knobs from texts (of an address, of flags). What is not given stays as it is by default; what is wrong is named and left at its default. */
export function readKnobs<K extends Knobs>(
  knobs: K,
  texts: Iterable<[string, string]>,
): { values: KnobValues<K>; problems: string[] } {
  const values: Record<string, number | string | boolean> = { ...defaults(knobs) }
  const problems: string[] = []
  for (const [name, text] of texts) {
    // An address may name anything, `constructor` too.
    const knob = Object.hasOwn(knobs, name) ? knobs[name] : undefined
    if (knob === undefined) continue
    const value = parse(knob, text)
    const problem = whyNot(knob, value)
    if (problem === undefined) values[name] = value as never
    else problems.push(problem)
  }
  return { values: values as KnobValues<K>, problems }
}

function parse(knob: Knob, text: string): unknown {
  if (knob.kind === 'choice') return text
  if (knob.kind === 'switch') return text === 'on' ? true : text === 'off' ? false : text
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
}

/** Only what differs from the defaults, so that an address stays short. */
export function writeKnobs<K extends Knobs>(knobs: K, values: KnobValues<K>): [string, string][] {
  return Object.entries(knobs).flatMap(([name, knob]) => {
    const value = values[name]
    if (value === knob.value) return []
    return [[name, value === true ? 'on' : value === false ? 'off' : String(value)] as [string, string]]
  })
}

/** The corners of the ranges: every combination of least and greatest, or, when there are too many, each extreme alone and all together. */
export function corners<K extends Knobs>(knobs: K, most = 64): KnobValues<K>[] {
  const ends = Object.entries(knobs).map(([name, knob]) => ({
    name,
    values:
      knob.kind === 'number'
        ? [knob.min, knob.max]
        : knob.kind === 'switch'
          ? [false, true]
          : knob.options.map(({ value }) => value),
  }))
  const start = defaults(knobs)
  if (ends.reduce((product, { values }) => product * values.length, 1) <= most)
    return ends.reduce<KnobValues<K>[]>(
      (all, { name, values }) => all.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
      [start],
    )
  const alone = ends.flatMap(({ name, values }) => values.map((value) => ({ ...start, [name]: value })))
  const together = [0, -1].map((at) =>
    Object.fromEntries(ends.map(({ name, values }) => [name, values.at(at)])),
  ) as KnobValues<K>[]
  return [...alone, ...together]
}
