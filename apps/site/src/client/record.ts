/** Records one event in the reader's log. The log's code is loaded with the first event, not with the page. */
import type { EventInput } from './log.ts'

export function record(input: EventInput): void {
  import('./log.ts')
    .then(({ append }) => append(input))
    .catch((error: unknown) => console.warn('viva: this event was not recorded', error))
}
