/** What runs code in one language inside a worker: the half of an engine that knows the language. */
import type { RunError, StopCause } from './fence.ts'
import type { Assets, Job } from './protocol.ts'

/** Where a job prints. `begin` is called once, when setup is over: what came before stays silent and uncounted. */
export type Stage = { print: (text: string) => void; begin: () => void }

/** How a job ended by itself. */
export type Ending = { error?: RunError; stopped?: StopCause; notice?: string }

/** A loaded interpreter. `snapshot` is its memory before any code ran, which makes the next start cheaper. */
export type Interpreter = { run: (job: Job, stage: Stage) => Promise<Ending>; snapshot?: Uint8Array }

/** Starts an interpreter from its assets. */
export type Load = (assets: Assets) => Promise<Interpreter>

/** What differs between a Node worker and a browser worker for code in JavaScript. */
export type Realm = {
  /** Evaluates source as an ES module whose stack frames are named `fence.js`. */
  importModule: (source: string) => Promise<unknown>
  /** Node's own formatting rules for values. */
  format: (...values: unknown[]) => string
  inspect: (value: unknown, options?: Record<string, unknown>) => string
  /** Where a formatter cannot see the state of a promise: when the states that the last `format` met are known, if some were not. */
  probe?: () => Promise<void> | undefined
  /** Calls back with what nothing caught: an exception in a callback or a rejected promise. */
  onUncaught: (listener: (reason: unknown) => void) => void
  /** Deletes the globals that lead out of the worker: network, storage, its own channel. Before the code's own globals. */
  lock: () => void
}
