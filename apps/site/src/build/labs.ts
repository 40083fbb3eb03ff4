// The labs of the bank, by the question they belong to. The page is given what a lab says of itself; its code runs in a worker.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cell, Knobs, Lab, Mark, Points } from '@viva/lab'
import { root } from './content.ts'

const found = import.meta.glob<Lab>('../../../../content/questions/*/*/lab*.ts', { eager: true, import: 'default' })

export type LabOnPage = { id: string; question: string; lab: Lab }

/** A recorded run, drawn until the reader has one; `tools/build/lab-examples.ts` writes it. */
export type LabExample = {
  /** The preset that was run. */
  preset?: string
  figures: Record<string, number | string>
  series: Record<string, Points>
  marks: Mark[]
  cells: Record<string, Cell[]>
  rows: Record<string, (string | number)[][]>
  theory: ({ label: string; points: Points } | null)[]
}

/** `undefined` where the pages are built without the recorded runs, as `astro dev` does in a fresh clone. */
export function exampleOf(id: string): LabExample | undefined {
  const folder = process.env['VIVA_LAB_EXAMPLES'] ?? join(root, '.cache/lab-examples')
  try {
    return (JSON.parse(readFileSync(join(folder, `${id}.json`), 'utf8')) as { example: LabExample }).example
  } catch {
    return undefined
  }
}

/** What the page's script needs of a lab, fetched when it is opened: everything but the functions and what the page says already. */
export type LabData = Pick<
  Lab,
  'kind' | 'title' | 'knobs' | 'presets' | 'ownEvents' | 'series' | 'figures' | 'tables' | 'diagram'
> & {
  predict: Lab['predict']
  charts: Lab['charts']
  example?: LabExample
}

export const allLabs = (): LabOnPage[] =>
  Object.entries(found).flatMap(([path, lab]) => {
    const match = /questions\/([^/]+\/[^/]+)\/(lab(?:-[a-z0-9-]+)?)\.ts$/.exec(path)
    return match?.[1] ? [{ id: `${match[1]}/${match[2]}`, question: match[1], lab }] : []
  })

export const labUrl = (id: string): string => `/labs/${id}/`

/** The first is the bench beside the answer. */
export function labsOf(question: string): LabOnPage[] {
  return allLabs()
    .filter((one) => one.question === question)
    .toSorted((a, b) => a.id.localeCompare(b.id))
}

/** What stands above the recorded run. */
export function exampleNote({ preset }: LabExample): string {
  const what = preset === undefined ? 'with the default settings' : `of “${preset}”`
  return `Example: a recorded run ${what}. Yours will replace it.`
}

/** Functions are left out by JSON. */
export function dataOf(id: string, lab: Lab<Knobs>): string {
  const { kind, title, knobs, presets, predict, ownEvents, series, charts, figures, tables, diagram } = lab
  const example = exampleOf(id)
  return JSON.stringify({
    ...{ kind, title, knobs, presets, predict, ownEvents, series, charts, figures, tables, diagram },
    ...(example && { example }),
  })
}
