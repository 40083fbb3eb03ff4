/** What a test run found: counts, failures and skips, and the text at its end. */

/** A failed test and how to run it alone. */
export type Failure = { stage: string; name: string; detail: string; rerun: string }

export type Skip = { name: string; reason: string }

export class Tally {
  passed = 0
  readonly failures: Failure[] = []
  readonly skips: Skip[] = []
  readonly #isStrict: boolean

  /** `strict`: a skipped test is a failed one (CI). */
  constructor({ strict }: { strict: boolean }) {
    this.#isStrict = strict
  }

  pass(count = 1): void {
    this.passed += count
  }

  fail(failure: Failure): void {
    this.failures.push(failure)
  }

  /** Every skip has a reason that says what is absent and how to get it. */
  skip(stage: string, name: string, reason: string, rerun: string): void {
    this.skips.push({ name, reason })
    if (this.#isStrict) this.fail({ stage, name, detail: `skipped, which CI=true forbids: ${reason}`, rerun })
  }

  get failed(): number {
    return this.failures.length
  }

  /** Failures again, skips with their reasons, and the count as the very last line. */
  summary(): string {
    const lines: string[] = []
    if (this.failures.length > 0) {
      lines.push('', 'Failed:')
      for (const { stage, name, detail, rerun } of this.failures) {
        lines.push(
          '',
          `✖ ${stage}: ${name}`,
          ...detail
            .trimEnd()
            .split('\n')
            .map((line) => `    ${line}`),
          `  again: ${rerun}`,
        )
      }
    }
    if (this.skips.length > 0) {
      lines.push('', 'Skipped:', ...this.skips.map(({ name, reason }) => `- ${name}: ${reason}`))
    }
    return [...lines, '', `${this.passed} passed, ${this.failed} failed`].join('\n')
  }
}
