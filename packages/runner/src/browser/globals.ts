/** The globals of a browser worker that sandboxed code does not get. */

/**
 * Names of a worker that lead out of it, or to its own channel. The frame's policy and its opaque origin take network and
 * storage away; without the name the attempt is a plain ReferenceError.
 */
export const hidden = [
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'WebSocketStream', 'WebTransport', 'EventSource', 'importScripts'],
  ...['indexedDB', 'caches', 'BroadcastChannel', 'Worker', 'SharedWorker', 'navigator', 'postMessage', 'close'],
  ...[
    'onmessage',
    'cookieStore',
    'CookieStore',
    'webkitRequestFileSystem',
    'webkitRequestFileSystemSync',
    'Notification',
  ],
  ...['RTCDataChannel', 'IDBFactory', 'CacheStorage', 'FileReaderSync'],
]

/** Deletes `hidden` from the global object and everything it inherits from. */
export function lockWorker(): void {
  for (
    let owner: object | null = globalThis;
    owner && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    for (const name of hidden) delete (owner as Record<string, unknown>)[name]
  }
}
