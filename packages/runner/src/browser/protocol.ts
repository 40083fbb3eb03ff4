/** What the site and the sandboxed frame say to each other over one port. */

/** Site to frame. `assets` whose name is in `modules` are compiled once and given to each worker. */
export type ToFrame =
  | { type: 'engine'; engine: string; script: string; assets: Record<string, ArrayBuffer | string>; modules: string[] }
  | { type: 'spawn'; engine: string; id: number; port: MessagePort }
  | { type: 'terminate'; id: number }
  | { type: 'ping' }

/** Frame to site. */
export type FromFrame = { type: 'hello' } | { type: 'pong' } | { type: 'gone'; id: number; message: string }

/** The message that carries the port from the site's window to the frame's. */
export const portMessage = 'viva-runner-port'
