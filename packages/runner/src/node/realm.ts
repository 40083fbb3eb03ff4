/** JavaScript inside a Node worker thread: the module loader, the formatter, and what a fence must not see. */
import { registerHooks } from 'node:module'
import { format, inspect } from 'node:util'
import { runInThisContext } from 'node:vm'
import type { Realm } from '../interpreter.ts'

const scope = globalThis as unknown as Record<string, unknown>

/** What a browser worker has not, or must not give, is not here either: a fence that passes in CI passes on the page. */
const hidden = [
  ...['process', 'Buffer', 'global', 'setImmediate', 'clearImmediate', 'require', 'module'],
  ...[
    'navigator',
    'fetch',
    'WebSocket',
    'EventSource',
    'BroadcastChannel',
    'XMLHttpRequest',
    'localStorage',
    'sessionStorage',
    'Storage',
  ],
]

export function createNodeRealm(): Realm {
  const realProcess = process
  let source = ''
  let isLocked = false
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === 'file:///fence.js') return { url: specifier, format: 'module', shortCircuit: true }
      if (isLocked && context.parentURL?.startsWith('file:///fence.js')) {
        throw new TypeError(
          `Cannot import '${specifier}': a js or ts fence runs in the browser too, where only its own code is there.`,
        )
      }
      return next(specifier, context)
    },
    load: (url, context, next) =>
      url === 'file:///fence.js' ? { format: 'module', source, shortCircuit: true } : next(url, context),
  })
  return {
    importModule: (text) => {
      source = text
      return import('file:///fence.js' as string) as Promise<unknown>
    },
    runScript: (text) => runInThisContext(text, { filename: 'file:///fence.js' }),
    format,
    inspect,
    onUncaught: (listener) => {
      realProcess.on('uncaughtException', listener)
      realProcess.on('unhandledRejection', listener)
    },
    lock: () => {
      isLocked = true
      for (const name of hidden) delete scope[name]
    },
  }
}
