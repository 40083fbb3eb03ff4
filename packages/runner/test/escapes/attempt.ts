/** What an attempt is: data. A file in `attempts/` exports a list of these as `attempts`; its name is the group. */
import type { Fence, Language, RunResult, StopCause } from '../../src/fence.ts'

/** Facts that hold for the result of a run. Every attempt is also judged by what `judge.ts` observes. */
export type Expectation = {
  /** The whole output. */
  output?: string
  /** The output matches this. */
  matches?: RegExp
  /** Nothing that the page gets (output, error, notice) matches this. */
  lacks?: RegExp
  /** Why the run was stopped; `null` where it must end by itself. */
  stopped?: StopCause | StopCause[] | null
  /** The run ends within this time, in milliseconds as the page measures it. */
  withinMs?: number
  /** Any other check; returns what is wrong. */
  check?: (result: RunResult) => string | undefined
}

/** A fence that tries to get out. */
export type FenceAttempt = {
  id: string
  language: Language
  /** `{{site}}`, `{{attacker}}` and `{{stun}}` become the origins and the host and port of the listeners. */
  code: string
  setup?: string
  timeoutMs?: number
  outputLimitBytes?: number
  /** Aborts this long after the start, as the Stop button does. */
  abortAfterMs?: number
  /** The longest that the page's timers may be late during the run. Default `pageDelayLimitMs`. */
  pageDelayMs?: number
  /**
   * Runs as a worker of the sandbox frame without any engine around it: nothing is hidden, `print` posts text. Shows what
   * the frame's origin and policy hold by themselves.
   */
  isBare?: boolean
  /** Runs alone although its language runs several attempts in one fence. */
  alone?: boolean
  /** Tries to change later runs: the language's sentinel runs right after it, even where that takes seconds. */
  persists?: boolean
  /** May make the sandbox frame crash: the page then opens another. */
  mayReplaceFrame?: boolean
  /**
   * Takes more memory than a browser gives one process. Where page, frame and worker share a process, as in the headless
   * shell, the browser may end it: that is counted as "page lost" and does not fail.
   */
  mayLosePage?: boolean
  expect?: Expectation
}

/** A hostile page: `script` runs in a page of another origin. See `embedding.ts`. */
export type PageAttempt = {
  id: string
  /** Body of an async function with `site`, `frameUrl`, `engine` (a hostile engine's script) and `report` in scope. */
  script: string
  /** The attacker's host name; `localhost` is another site, `127.0.0.1` the same site on another port. */
  from: 'localhost' | '127.0.0.1'
}

/** Milliseconds that a page's timers may be late during any attempt: a dropped half second is what a reader notices. */
export const pageDelayLimitMs = 700

/** Milliseconds from Stop to the end of the run: 100 by design, and an allowance for a loaded two-core machine. */
export const stopLimitMs = 100 + 400

/** JavaScript that runs `body` as an async function, waits for it at most 150 ms, and prints how it ended. */
export function js(id: string, body: string, more: Partial<FenceAttempt> = {}): FenceAttempt {
  const code = `
const print = console.log
try {
  const value = await Promise.race([(async () => {
${body}
  })(), new Promise((resolve) => setTimeout(resolve, 150, 'pending'))])
  print('ended:', typeof value === 'string' ? value : typeof value)
} catch (error) {
  print('refused:', String(error?.name ?? error))
}`
  return { id, language: 'js', code, ...more }
}

/** The same, in a bare worker. */
export function bare(id: string, body: string, more: Partial<FenceAttempt> = {}): FenceAttempt {
  // A script with a typing mistake prints nothing, and is found by that.
  return js(id, `print('began')\n${body}`, { ...more, isBare: true })
}

/** The same attempt for each name. */
export function each(names: string[], make: (name: string) => FenceAttempt): FenceAttempt[] {
  return names.map(make)
}

/** Python that catches every exception, so that several attempts share one fence. */
export function python(id: string, code: string, more: Partial<FenceAttempt> = {}): FenceAttempt {
  return { id, language: 'python', code, ...more }
}

/** JavaScript inside Python's worker, through `pyodide.code.run_js`. */
export function pythonJs(id: string, script: string, more: Partial<FenceAttempt> = {}): FenceAttempt {
  return python(id, `from pyodide.code import run_js\nprint(run_js(${JSON.stringify(script)}))`, more)
}

export type { Fence, Language, RunResult }
