/** Holds a lab to its claims: over seeds, its presets, and the corners of its knobs. */

import type { RunEngine } from './bench.ts'
import { corners, defaults, type Knobs, type KnobValues } from './knobs.ts'
import type { Lab } from './lab.ts'
import { runLab, verdicts } from './run.ts'

/** A claim that did not hold, or a run that threw. */
export type Failure = { says: string; knobs: Record<string, unknown>; seed: number; figures: Record<string, unknown> }

export type Checked = {
  runs: number
  failures: Failure[] /** Claims that applied in no run: they say nothing. */
  idle: string[]
}

export type CheckOptions = {
  /** Default 10. Measurements and queries are not a matter of seeds: they run once for each setting. */
  seeds?: number
  engine?: RunEngine
  signal?: AbortSignal
}

/** Runs defaults and presets over all seeds, and every corner once. */
export async function checkLab<K extends Knobs>(
  lab: Lab<K>,
  { seeds = 10, engine, signal }: CheckOptions = {},
): Promise<Checked> {
  const start = defaults(lab.knobs)
  const shown = unique([start, ...lab.presets.map(({ knobs }) => ({ ...start, ...knobs }) as KnobValues<K>)])
  const isRepeated = lab.kind === 'simulation'
  const plan = shown.flatMap((knobs) =>
    Array.from({ length: isRepeated ? seeds : 1 }, (_, seed) => ({ knobs, seed: seed + 1 })),
  )
  // A real engine's corners take minutes, and say more about the machine than about the claim.
  if (isRepeated) for (const [index, knobs] of corners(lab.knobs).entries()) plan.push({ knobs, seed: index + 1 })
  const failures: Failure[] = []
  const applied = new Set<string>()
  for (const { knobs, seed } of plan) {
    signal?.throwIfAborted()
    try {
      const run = await runLab(lab, knobs, { seed, ...(engine && { engine }) })
      for (const { says, holds } of verdicts(lab, run)) {
        if (holds !== undefined) applied.add(says)
        if (holds === false) failures.push({ says, knobs, seed, figures: run.figures })
      }
      lab.why(run)
      if (lab.predict.kind !== 'curve') lab.predict.actual(run)
    } catch (error) {
      failures.push({ says: `It threw: ${(error as Error).stack ?? String(error)}`, knobs, seed, figures: {} })
    }
  }
  return { runs: plan.length, failures, idle: lab.claims.map(({ says }) => says).filter((says) => !applied.has(says)) }
}

function unique<T>(items: T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()]
}
