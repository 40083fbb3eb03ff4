/** The messages between the supervising side of a worker and the worker itself. */
import type { Language, RunError, StopCause } from './fence.ts'

/** Bytes and compiled modules that an interpreter starts from, by name. */
export type Assets = Record<string, ArrayBuffer | Uint8Array | WebAssembly.Module | Blob | string>

/** One piece of code to run, as a worker gets it. */
export type Job = { language: Language; code: string; setup: string; outputLimitBytes: number }

/** To the worker: one `load`, then one `run`. Only a worker that executes no code (`tsc`) takes more runs. */
export type ToWorker = { type: 'load'; assets: Assets } | ({ type: 'run' } & Job)

/**
 * From the worker. The worker shares a realm with the sandboxed code, so the receiver trusts none of it: it parses each
 * message (`messages.ts`) and applies every limit again (`supervise.ts`).
 */
export type FromWorker =
  /** Sent before any code runs. `snapshot` is the memory of a fresh interpreter, for cheaper starts. */
  | { type: 'ready'; snapshot?: Uint8Array }
  | { type: 'failed'; message: string }
  | { type: 'output'; text: string }
  | { type: 'end'; durationMs: number; error?: RunError; stopped?: StopCause; notice?: string }
