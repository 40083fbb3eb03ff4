/** What a runner is given, and what it gives back: the contract that every language engine passes. */

/** Languages that can be run. `node`, `tsc`, `git` and `bash` run in CI only; a browser shows their recorded output as such. */
export type Language = 'js' | 'ts' | 'node' | 'tsc' | 'sql' | 'sqlite' | 'mongodb' | 'python' | 'git' | 'bash'

/** A piece of code to run. */
export type Fence = {
  language: Language
  code: string
  /** Code of the page's `setup` fences in the same language; runs first, must print nothing. */
  setup?: string
}

/** Limits of one run. */
export type RunOptions = {
  /** Stops the run; the result then has `stopped: 'abort'`. */
  signal?: AbortSignal
  /** Called with chunks of text in the order they were printed. Many small prints come joined (see `output.ts`). */
  onOutput?: (text: string) => void
  /** Milliseconds of running time, engine start not counted. Default 5,000. */
  timeoutMs?: number
  /** Bytes of UTF-8 output. Default 65,536. */
  outputLimitBytes?: number
}

/**
 * Why a run was ended before the code ended by itself. `exit`: the code ended its process or its interpreter, or its worker
 * sent something that no run sends (the notice says which).
 */
export type StopCause = 'time' | 'memory' | 'output' | 'exit' | 'abort'

/** Which engine ran a fence. */
export type Engine = {
  /** For people: "PostgreSQL (PGlite)". */
  name: string
  /** "18.6 (PGlite 0.5.16)". */
  version: string
}

/** An error that nothing caught. */
export type RunError = { name: string; message: string; line?: number }

/** What one run printed and how it ended. */
export type RunResult = {
  /** Everything printed, whole, newline-separated, without a trailing newline. An uncaught error is its last line(s), as the language's own tool would print it. */
  output: string
  /** The uncaught error, if that is how the code ended. `line` counts from 1 in `fence.code`. */
  error?: RunError
  /** Set when the run was ended from outside; `notice` then says why. */
  stopped?: StopCause
  /** A sentence for the reader about how the run ended, where the output alone does not say it. */
  notice?: string
  /** Milliseconds from the first statement to the end, engine start not counted. */
  durationMs: number
  engine: Engine
}

/** The interface of every engine. A run starts clean: nothing of an earlier run is visible in it. */
export type Runner = {
  run(fence: Fence, options?: RunOptions): Promise<RunResult>
  /** Frees workers and engines; the runner can be used again afterwards. */
  close(): Promise<void>
}
