/** Calls of user callbacks: what one throws is reported, and breaks no count of ours. */

/** Writes an error of a callback to the console: it must neither be lost nor reach work that has nothing to do with it. */
export function report(error: unknown): void {
  try {
    console.error(error)
  } catch {
    // There is no console, or it throws: nobody is left to be told.
  }
}

/** What `callback` returns, or `fallback` when it throws. */
export function attempt<T>(callback: () => T, fallback: T): T {
  try {
    return callback()
  } catch (error) {
    report(error)
    return fallback
  }
}
