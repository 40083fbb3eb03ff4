/** From whatever runs code to what a query lab asks for. */

import type { EngineJob, RunEngine } from './bench.ts'

/** The part of a runner that is needed: runs one piece of code, gives what it printed and how it ended. */
type RunsCode = {
  run(
    code: { language: EngineJob['language']; code: string; setup?: string },
    options: { signal?: AbortSignal; onOutput?: (text: string) => void; timeoutMs: number; outputLimitBytes: number },
  ): Promise<{ output: string; error?: { message: string }; notice?: string }>
}

/** An engine for `runLab` and `checkLab`. Code that ends badly rejects with why. */
export function engineOf(runner: RunsCode, signal?: AbortSignal): RunEngine {
  return async ({ language, code, setup, timeoutMs = 30_000 }, onOutput) => {
    const { output, error, notice } = await runner.run(
      { language, code, ...(setup !== undefined && { setup }) },
      { timeoutMs, outputLimitBytes: 2 ** 20, ...(onOutput && { onOutput }), ...(signal && { signal }) },
    )
    const wrong = error?.message ?? notice
    if (wrong !== undefined) throw new Error(`${language}: ${wrong}`)
    return output
  }
}
