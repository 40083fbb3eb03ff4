/** Where an adapter puts what the broker sends, and `take` gets it: a line with one who waits, and an end. */

export class Inbox<T> {
  readonly #items: T[] = []
  #wake: (() => void) | undefined
  #end: { error: unknown } | undefined
  #isNudged = false

  get length(): number {
    return this.#items.length
  }

  push(item: T): void {
    this.#items.push(item)
    this.#wake?.()
  }

  /** Whoever takes from now on is told so, what is in it included. The first error counts. */
  fail(error: unknown): void {
    this.#end ??= { error }
    this.#wake?.()
  }

  /** Whoever takes gets none, and may ask again. */
  nudge(): void {
    this.#isNudged = true
    this.#wake?.()
  }

  /** All that is in it. */
  empty(): T[] {
    return this.#items.splice(0)
  }

  /** At least one and at most `max`, in order; none when the signal is aborted, or after a nudge. */
  async take(max: number, signal: AbortSignal): Promise<T[]> {
    while (this.#items.length === 0 && this.#end === undefined && !signal.aborted && !this.#isNudged)
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake)
          this.#wake = undefined
          resolve()
        }
        this.#wake = wake
        signal.addEventListener('abort', wake, { once: true })
      })
    this.#isNudged = false
    if (signal.aborted) return []
    if (this.#end !== undefined) throw this.#end.error
    return this.#items.splice(0, max)
  }
}
