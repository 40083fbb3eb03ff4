/** A suite is a list of cases: run them with whatever runs your tests. */

/** `for (const { name, run } of conformsTo…(…)) test(name, run)` */
export type Case = {
  /** The rule, as a sentence. */
  name: string
  /** Rejects when the part breaks the rule, and says how. */
  run(): Promise<void>
}

export function expect(isTrue: boolean, message: string): void {
  if (!isTrue) throw new Error(message)
}

export function expectSame(actual: unknown, expected: unknown, what: string): void {
  const [shown, right] = [show(actual), show(expected)]
  if (shown !== right) throw new Error(`${what}: expected ${right}, got ${shown}`)
}

/** The error that `run` throws or rejects with; an error if it does neither. */
export async function errorOf(run: () => unknown, what: string): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  throw new Error(`${what}: expected an error, got none`)
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`
  if (value instanceof Error || typeof value !== 'object' || value === null) return String(value)
  return `{ ${Object.entries(value)
    .map(([key, one]) => `${key}: ${show(one)}`)
    .join(', ')} }`
}
