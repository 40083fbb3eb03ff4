/** JavaScript inside a browser worker: modules from blobs, Node's formatter, and without the globals that lead out of it. */
import { format, inspect, Proxy as VisibleProxy } from 'node-inspect-extracted'
import type { Realm } from '../interpreter.ts'
import { lockWorker } from './globals.ts'

const scope = globalThis as unknown as Record<string | symbol, unknown>
const { URL: NativeURL, Blob: NativeBlob, addEventListener: listen } = globalThis

/** What the patched formatter asks about a promise (see build.ts): `[state, value]`, or undefined for pending. */
const promiseHook = Symbol.for('viva.promise')

export function createBrowserRealm(): Realm {
  const settled = new WeakMap<Promise<unknown>, [1 | 2, unknown]>()
  let unknown = new Set<Promise<unknown>>()
  // Captured before a fence can replace it.
  const then = Promise.prototype.then
  const now = Promise.resolve()
  scope[promiseHook] = (promise: Promise<unknown>) => {
    const state = settled.get(promise)
    if (!state) unknown.add(promise)
    return state
  }
  // Two reactions: the promise's own runs first only if it was settled at this moment.
  const probeOne = (promise: Promise<unknown>) =>
    new Promise<void>((resolve) => {
      void then.call(
        promise,
        (value) => {
          settled.set(promise, [1, value])
          resolve()
        },
        (reason) => {
          settled.set(promise, [2, reason])
          resolve()
        },
      )
      void then.call(now, () => resolve())
    })
  scope['Proxy'] = VisibleProxy
  return {
    importModule: async (source) => {
      const url = NativeURL.createObjectURL(
        new NativeBlob([`${source}\n//# sourceURL=file:///fence.js`], { type: 'text/javascript' }),
      )
      try {
        return (await import(url)) as unknown
      } finally {
        NativeURL.revokeObjectURL(url)
      }
    },
    format,
    inspect: inspect as Realm['inspect'],
    probe: () => {
      if (unknown.size === 0) return undefined
      const asked = [...unknown]
      unknown = new Set()
      return then.call(Promise.all(asked.map(probeOne)), () => {
        unknown = new Set()
      }) as Promise<void>
    },
    onUncaught: (listener) => {
      listen('error', (event) => {
        event.preventDefault()
        listener((event as ErrorEvent).error)
      })
      listen('unhandledrejection', (event) => {
        event.preventDefault()
        listener((event as PromiseRejectionEvent).reason)
      })
    },
    lock: lockWorker,
  }
}
