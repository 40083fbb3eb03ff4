/** Compares a prediction with what was printed. Loaded with the first prediction, not with the page. */
import { judge, type Judgement, type LineCredit, type Verdict } from '@viva/judge'
import creditsCss from '../look/credits.css?inline'
import { make, printed, verdict } from './dom.ts'

// The page's policy allows no <style>; an adopted style sheet needs none, and weighs nothing before it is needed.
const sheet = new CSSStyleSheet()
sheet.replaceSync(creditsCss)
document.adoptedStyleSheets.push(sheet)

export type Compared = { parts: HTMLElement[]; judged: Verdict }

const creditWords: Record<LineCredit['credit'], string> = {
  right: '✓ right',
  wrong: '✗ differs',
  missing: '✗ missing',
  extra: '✗ extra',
}

/** `onOverride` runs when the reader says that a prediction judged wrong was right; without it there is no button. */
export function comparePrediction(
  predicted: string,
  actual: string,
  language: string,
  onOverride: (() => void) | undefined,
): Compared {
  const judgement = judge(actual, predicted, { language })
  if (judgement.verdict !== 'wrong') {
    const text = judgement.verdict === 'exact' ? 'Correct' : 'Correct, in another layout'
    return { parts: [verdict(true, text), printed(actual)], judged: judgement.verdict }
  }
  const said = verdict(false, 'Not quite: compare below')
  const parts = [said, table(judgement)]
  if (onOverride) parts.push(overrideButton(said, onOverride))
  return { parts, judged: 'wrong' }
}

function summary({ lines, firstDifference }: Judgement): string {
  const right = lines.filter(({ credit }) => credit === 'right').length
  const count = `${right} of ${lines.length} ${lines.length === 1 ? 'line' : 'lines'} right.`
  if (!firstDifference) return count
  const where = lines.length > 1 ? ` in line ${firstDifference.line}` : ''
  const { given, expected } = firstDifference.from ?? {}
  if (given === undefined || expected === undefined) return where === '' ? count : `${count} First difference${where}.`
  return `${count} First difference${where}: you have ${quote(given)} where it printed ${quote(expected)}.`
}

const quote = (text: string): string => (text === '' ? 'nothing' : `“${text}”`)

/** Rows of the comparison; the summary counts all lines. */
const shownLines = 100

function table(judgement: Judgement): HTMLElement {
  const head = ['Line', 'Your prediction', 'It printed'].map((textContent) => make('th', { scope: 'col', textContent }))
  const rows = judgement.lines
    .slice(0, shownLines)
    .map(({ credit, given, expected }) =>
      make(
        'tr',
        { className: credit === 'right' ? 'ok' : 'bad' },
        make('th', { scope: 'row', textContent: creditWords[credit] }),
        cell('Your prediction', given),
        cell('It printed', expected),
      ),
    )
  return make(
    'table',
    { className: 'credits' },
    make('caption', { textContent: summary(judgement) }),
    make('thead', {}, make('tr', {}, ...head)),
    make('tbody', {}, ...rows),
  )
}

function cell(label: string, text: string | undefined): HTMLElement {
  const content = text === undefined ? make('em', { textContent: 'nothing' }) : make('samp', { textContent: text })
  const made = make('td', {}, content)
  // On a narrow screen the columns stand below each other, each with its name.
  made.dataset['label'] = label
  return made
}

function overrideButton(said: HTMLElement, onOverride: () => void): HTMLElement {
  const button = make('button', { type: 'button', textContent: 'I was right' })
  button.addEventListener('click', () => {
    const right = verdict(true, 'Counted as right: you overrode the verdict')
    right.tabIndex = -1
    said.replaceWith(right)
    right.focus()
    button.parentElement?.remove()
    onOverride()
  })
  return make('p', { className: 'override' }, button)
}
