/** The messages between the site, the sandbox frame and a worker in it. */
import type { Assets } from '../protocol.ts'

/** An engine, as the site hands it to the frame. `assets` whose name is in `modules` are compiled once. */
export type EngineMessage = {
  type: 'engine'
  engine: string
  script: string
  assets: Record<string, ArrayBuffer | string>
  modules: string[]
}

/** Site to frame. */
export type ToFrame =
  | EngineMessage
  | { type: 'spawn'; engine: string; id: number; port: MessagePort }
  | { type: 'terminate'; id: number }
  | { type: 'ping' }

/** Frame to site. */
export type FromFrame = { type: 'hello' } | { type: 'pong' } | { type: 'gone'; id: number; message: string }

/** Frame to worker, once. */
export type Start = { assets: Assets; port: MessagePort }

/** Worker to frame, once, before the worker may run code. The snapshot is large: it stays in the frame. */
export type Started = { snapshot?: Uint8Array }

/** The message that carries the port from the site's window to the frame's. */
export const portMessage = 'viva-runner-port'
