/** What an experiment is to the program that runs it. */

import type { Finding } from './record.ts'

export type Bench = {
  /** Shorter; its figures are not kept. */
  isQuick: boolean
  /** Whether a contestant takes part. */
  wants: (name: string) => boolean
  /** For whoever waits. */
  log: (line: string) => void
}

export type Experiment = {
  name: string
  /** One line for the list. */
  about: string
  /** Names that `--only` may have. */
  contestants: readonly string[]
  /** Packages whose versions stand in the record. */
  packages: readonly string[]
  run: (bench: Bench) => Promise<Finding>
}
