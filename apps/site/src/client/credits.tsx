/** The credit of each line of a predicted output, in a quiz. */
import type { Judgement, LineCredit } from '@viva/judge'

const words: Record<LineCredit['credit'], string> = {
  right: '✓ right',
  wrong: '✗ differs',
  missing: '✗ missing',
  extra: '✗ extra',
}

function Side({ label, text }: { label: string; text: string | undefined }) {
  return <td data-label={label}>{text === undefined ? <em>nothing</em> : <samp>{text}</samp>}</td>
}

/** Rows of the comparison; nobody reads more. */
const shownLines = 100

export function Credits({ judgement }: { judgement: Judgement }) {
  return (
    <table class="credits">
      <thead>
        <tr>
          <th scope="col">Line</th>
          <th scope="col">Your prediction</th>
          <th scope="col">It printed</th>
        </tr>
      </thead>
      <tbody>
        {judgement.lines.slice(0, shownLines).map(({ credit, given, expected }, index) => (
          <tr key={index} class={credit === 'right' ? 'ok' : 'bad'}>
            <th scope="row">{words[credit]}</th>
            <Side label="Your prediction" text={given} />
            <Side label="It printed" text={expected} />
          </tr>
        ))}
      </tbody>
    </table>
  )
}
