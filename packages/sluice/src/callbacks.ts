/** Calls of user callbacks: what one throws is reported, and breaks no count of ours. */

/**
 * Writes an error of a callback to the console: it must neither be lost nor reach work that has
 * nothing to do with it.
 */
export function report(error: unknown): void {
  try {
    console.error(error)
  } catch {
    // There is no console, or it throws: nobody is left to be told.
  }
}

/** The same hooks, none of which throws. */
export function guarded<Hooks extends object>(hooks: Hooks): Hooks {
  return new Proxy(hooks, {
    get(target, name) {
      const hook: unknown = Reflect.get(target, name)
      if (typeof hook !== 'function') return hook
      return (...args: unknown[]): unknown => attempt(() => Reflect.apply(hook, target, args) as unknown, undefined)
    },
  })
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
