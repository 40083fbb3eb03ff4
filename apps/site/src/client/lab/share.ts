/** Sharing a run: an address that carries the settings, the seed and the prediction, and the sentence that goes with it. */
import type { Outcome, Said } from '@viva/lab'

export type Shared = { said: string; was: string }

/** "I said 100 /s; it was 0 /s. You?", or an invitation where there is no outcome to tell. */
export function sentenceOf(title: string, shared: Shared | undefined): string {
  return shared ? `${title}: I said ${shared.said}; it was ${shared.was}. You?` : `${title}: what do you predict?`
}

/** The prediction goes along, so that the next reader can be asked against it; a drawn curve is too long for an address. */
export function withPrediction(parameters: URLSearchParams, said: Said | undefined): URLSearchParams {
  const all = new URLSearchParams(parameters)
  if (typeof said === 'number' || typeof said === 'string') all.set('said', String(said))
  return all
}

/** What the sentence needs; `undefined` when the run could not judge the prediction. */
export function sharedOf(
  said: Said | undefined,
  outcome: Outcome | undefined,
  word: (value: number | string) => string,
): Shared | undefined {
  if (said === undefined || Array.isArray(said) || outcome?.actual === undefined) return undefined
  return { said: word(said), was: word(outcome.actual) }
}

/** Opens the system's share sheet on touch devices; elsewhere copies sentence and address. Gives what to tell the reader. */
export async function share(text: string, url: string): Promise<string> {
  const isTouch = matchMedia('(pointer: coarse)').matches
  if (isTouch && 'share' in navigator) {
    try {
      await navigator.share({ text, url })
      return ''
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return ''
    }
  }
  try {
    await navigator.clipboard.writeText(`${text} ${url}`)
    return 'Link copied.'
  } catch {
    // No permission, or no secure context: the address bar holds the same settings.
    return `Copy this link: ${url}`
  }
}
