/** The entry of a Node worker thread: one interpreter, chosen by `workerData.language`. */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { cacheFolder } from './cache.ts'
import type { Language } from '../fence.ts'
import { serve } from '../serve.ts'
import type { Load } from '../interpreter.ts'
import type { LoadPyodide } from '../interpreters/python.ts'
import { createLock } from './lock.ts'
import { createNodeRealm } from './realm.ts'

/** Languages that run in a worker thread. */
export type WorkerLanguage = Exclude<Language, 'node' | 'git' | 'bash'>

const load: Record<WorkerLanguage, Load> = {
  js: async () => (await import('../interpreters/javascript.ts')).loadJavaScript(createNodeRealm(), (source) => source),
  ts: async () => {
    const { stripTypes } = await import('../interpreters/types.ts')
    return (await import('../interpreters/javascript.ts')).loadJavaScript(createNodeRealm(), stripTypes)
  },
  mongodb: async () => (await import('../interpreters/mongodb.ts')).loadMongodb(createNodeRealm()),
  sql: async (assets) => (await import('../interpreters/postgres.ts')).loadPostgres(assets),
  sqlite: async (assets) => (await import('../interpreters/sqlite.ts')).loadSqlite(assets),
  python: async (assets) => {
    const lock = createLock(() => '')
    const { loadPyodide } = await import('pyodide')
    const { loadPython } = await import('../interpreters/python.ts')
    const interpreter = await loadPython(assets, loadPyodide as unknown as LoadPyodide, {})
    // Its source of random bytes is imported on first use.
    interpreter.python.runPython('import os; os.urandom(1); del os')
    // Pyodide schedules its callbacks with setImmediate.
    lock(['setImmediate'])
    return interpreter
  },
  tsc: async () => (await import('../interpreters/tsc.ts')).loadTsc(),
}

// Workers are started by the hundred: what they load is parsed once.
enableCompileCache(join(cacheFolder, 'code'))

const port = parentPort
if (!port) throw new Error('This file runs in a worker thread.')
const { language } = workerData as { language: WorkerLanguage }
serve(
  {
    post: port.postMessage.bind(port),
    receive: (listener) => void port.on('message', listener),
  },
  load[language],
  { isReusable: language === 'tsc' },
)
