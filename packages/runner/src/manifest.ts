/** What `buildEngines` writes beside the engines, so that a page knows what to fetch and how much. */
import type { Language } from './fence.ts'

/** A file below the folder of the manifest; its path holds the hash of its content. */
export type EngineFile = { path: string; bytes: number; gzipBytes: number }

export type EngineManifest = {
  frame: EngineFile
  engines: Partial<
    Record<Language, { worker: EngineFile; assets: Record<string, EngineFile>; modules: string[]; gzipBytes: number }>
  >
}
