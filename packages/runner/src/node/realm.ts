/** JavaScript inside a Node worker thread: the module loader, the formatter, and the lock. */
import { format, inspect } from 'node:util'
import type { Realm } from '../interpreter.ts'
import { createLock, fenceUrl } from './lock.ts'

export function createNodeRealm(): Realm {
  const realProcess = process
  let source = ''
  const lock = createLock(() => source)
  return {
    importModule: (text) => {
      source = text
      return import(fenceUrl as string) as Promise<unknown>
    },
    format,
    inspect,
    onUncaught: (listener) => {
      realProcess.on('uncaughtException', listener)
      realProcess.on('unhandledRejection', listener)
    },
    lock: () => lock(),
  }
}
