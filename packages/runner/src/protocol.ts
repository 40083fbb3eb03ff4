/** What the host of a worker and the guest inside it say to each other. */
import type { Language, RunError, StopCause } from './fence.ts'

/** Bytes and compiled modules that an interpreter starts from, by name. */
export type Assets = Record<string, ArrayBuffer | Uint8Array | WebAssembly.Module | Blob | string>

/** One piece of code to run, as a guest gets it. */
export type Job = { language: Language; code: string; setup: string; outputLimitBytes: number }

/** Host to guest. One `load`, then one `run` at a time. */
export type ToGuest = { type: 'load'; assets: Assets } | ({ type: 'run' } & Job)

/** Guest to host. Text in `output` is already cut to the limit, but a host counts again: the guest shares a realm with the code. */
export type ToHost =
  /** `keep` holds assets that make the next start of this interpreter cheaper. */
  | { type: 'ready'; keep?: Assets }
  | { type: 'failed'; message: string }
  | { type: 'output'; text: string }
  | { type: 'end'; durationMs: number; error?: RunError; stopped?: StopCause; notice?: string }
