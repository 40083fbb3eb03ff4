/** What a run of a lab looks like: the system, the charts, the figures, the tables and the checked claims. */
import { formatFigure, type Points, type Verdict } from '@viva/lab'
import type { LabData } from '../../build/labs.ts'
import { all, find, make } from '../dom.ts'
import { drawChart } from './chart.ts'
import { drawDiagram } from './diagram.ts'
import type { Frame } from './protocol.ts'

export type Theory = ({ label: string; points: Points } | undefined)[]

/** What is drawn besides the frame itself. */
export type Beside = {
  theory: Theory
  /** The pinned run. */
  pinned?: Frame | undefined
  /** The curve that the reader drew. */
  predicted?: Points | undefined
}

export type Result = { show(frame: Frame, beside: Beside): void; judge(verdicts: Verdict[] | undefined): void }

const signs = { holds: '✓', fails: '✗', open: '·' } as const

export function openResult(section: HTMLElement, data: LabData): Result {
  const charts = all('.plot', section).map((place) => drawChart(place, data, Number(place.dataset['chart'])))
  const drawSystem = drawDiagram(find('.diagram', section)!, data.diagram)
  const { predict } = data
  let nextDraw = 0

  const showFigures = (frame: Frame, pinned: Frame | undefined): void => {
    for (const row of all('[data-figure]', section)) {
      const name = row.dataset['figure']!
      const { digits } = data.figures[name]!
      const before = pinned && pinned !== frame ? ` (pinned: ${formatFigure(pinned.figures[name], digits)})` : ''
      row.children[1]!.textContent = formatFigure(frame.figures[name], digits) + before
      row.children[1]!.classList.toggle('word', typeof frame.figures[name] === 'string')
    }
  }

  const showTables = (frame: Frame): void => {
    const tables = Object.entries(data.tables ?? {}).filter(([name]) => frame.rows[name])
    const row = (tag: 'th' | 'td', cells: string[]): HTMLElement =>
      make(
        'tr',
        {},
        ...cells.map((textContent) => make(tag, tag === 'th' ? { textContent, scope: 'col' } : { textContent })),
      )
    find('.tables', section)!.replaceChildren(
      ...tables.map(([name, { title, columns }]) =>
        make(
          'div',
          { className: 'table', tabIndex: 0 },
          make(
            'table',
            {},
            make('caption', { textContent: title }),
            make('thead', {}, row('th', columns)),
            make(
              'tbody',
              {},
              ...frame.rows[name]!.map((cells) =>
                row(
                  'td',
                  cells.map((cell) => formatFigure(cell)),
                ),
              ),
            ),
          ),
        ),
      ),
    )
  }

  return {
    /** Draws at most once a frame of the screen. */
    show(frame, { theory, pinned, predicted }) {
      cancelAnimationFrame(nextDraw)
      nextDraw = requestAnimationFrame(() => {
        find<HTMLProgressElement>('progress', section)!.value = frame.progress
        drawSystem(frame)
        for (const chart of charts) {
          const isPredicted = predict.kind === 'curve' && predict.chart === chart.index
          chart.show(frame.series, theory[chart.index], pinned?.series, isPredicted ? predicted : undefined)
        }
        showFigures(frame, pinned)
        showTables(frame)
      })
    },
    judge(verdicts) {
      all('.claims .sign', section).forEach((sign, index) => {
        const holds = verdicts?.[index]?.holds
        const state = holds === undefined ? 'open' : holds ? 'holds' : 'fails'
        sign.textContent = signs[state]
        sign.className = `sign ${{ open: '', holds: 'ok', fails: 'bad' }[state]}`
        sign.title = { open: 'Not tested by this run', holds: 'Holds', fails: 'Does not hold here' }[state]
      })
    },
  }
}
