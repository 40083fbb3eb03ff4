// The labs of the bank, by the question they belong to. The page is given what a lab says of itself; its code runs in a worker.
import type { Knobs, Lab } from '@viva/lab'

const found = import.meta.glob<Lab>('../../../../content/questions/*/*/lab*.ts', { eager: true, import: 'default' })

export type LabOnPage = { id: string; question: string; lab: Lab }

/** What the page's script needs of a lab, fetched when it is opened: everything but the functions and what the page says already. */
export type LabData = Pick<
  Lab,
  'kind' | 'title' | 'knobs' | 'presets' | 'ownEvents' | 'series' | 'figures' | 'tables' | 'diagram'
> & {
  predict: Lab['predict']
  charts: Lab['charts']
}

export const allLabs = (): LabOnPage[] =>
  Object.entries(found).flatMap(([path, lab]) => {
    const match = /questions\/([^/]+\/[^/]+)\/(lab(?:-[a-z0-9-]+)?)\.ts$/.exec(path)
    return match?.[1] ? [{ id: `${match[1]}/${match[2]}`, question: match[1], lab }] : []
  })

/** The first is the bench beside the answer. */
export function labsOf(question: string): LabOnPage[] {
  return allLabs()
    .filter((one) => one.question === question)
    .toSorted((a, b) => a.id.localeCompare(b.id))
}

/** Functions are left out by JSON. */
export function dataOf(lab: Lab<Knobs>): string {
  const { kind, title, knobs, presets, predict, ownEvents, series, charts, figures, tables, diagram } = lab
  return JSON.stringify({ kind, title, knobs, presets, predict, ownEvents, series, charts, figures, tables, diagram })
}
