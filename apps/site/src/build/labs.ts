// The labs of the bank, by the question they belong to. The page is given what a lab says of itself; its code runs in a worker.
import type { Knobs, Lab } from '@viva/lab'

const found = import.meta.glob<Lab>('../../../../content/questions/*/*/lab*.ts', { eager: true, import: 'default' })

export type LabOnPage = { id: string; question: string; lab: Lab }

/** What the page's script needs: everything but the functions. */
export type LabData = Pick<
  Lab,
  'kind' | 'title' | 'knobs' | 'presets' | 'series' | 'figures' | 'tables' | 'diagram'
> & {
  predict: Lab['predict']
  charts: Lab['charts']
  claims: string[]
}

export function labsOf(question: string): LabOnPage[] {
  return Object.entries(found)
    .flatMap(([path, lab]) => {
      const match = /questions\/([^/]+\/[^/]+)\/(lab(?:-[a-z0-9-]+)?)\.ts$/.exec(path)
      return match?.[1] === question ? [{ id: `${question}/${match[2]}`, question, lab }] : []
    })
    .toSorted((a, b) => a.id.localeCompare(b.id))
}

/** Functions are left out by JSON. */
export function dataOf(lab: Lab<Knobs>): string {
  const { kind, title, knobs, presets, predict, series, charts, figures, tables, diagram } = lab
  const data = {
    kind,
    title,
    knobs,
    presets,
    predict,
    series,
    charts,
    figures,
    tables,
    diagram,
    claims: lab.claims.map(({ says }) => says),
  }
  return JSON.stringify(data).replaceAll('<', '\\u003c')
}
