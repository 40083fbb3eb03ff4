/** A Node worker thread as the supervising side sees it. */
import { Worker } from 'node:worker_threads'
import type { WorkerHandle } from '../supervise.ts'
import type { WorkerLanguage } from './worker.ts'

/** JavaScript objects in one worker thread. WebAssembly memories have a limit of their own (`wasm-memory.ts`). */
const heapLimitMb = 256
/** Growth of the whole process during one run that counts as its memory: buffers are in no heap. */
const processGrowthLimitBytes = 1.5 * 2 ** 30

/** Starts a worker thread; `onClosed` is called once, when it ends or is terminated. */
export function openWorker(language: WorkerLanguage, onClosed: () => void): WorkerHandle {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: { language },
    resourceLimits: { maxOldGenerationSizeMb: language === 'tsc' ? 1024 : heapLimitMb, maxYoungGenerationSizeMb: 64 },
    execArgv: ['--disable-warning=ExperimentalWarning', '--experimental-import-meta-resolve'],
    env: {},
    stdout: true,
    stderr: true,
  })
  let listener: (data: unknown) => void = () => {}
  let onGone: (cause: 'memory' | 'exit', detail?: string) => void = () => {}
  let isClosed = false
  const close = () => {
    if (isClosed) return
    isClosed = true
    clearInterval(watch)
    onClosed()
  }
  const base = process.memoryUsage.rss()
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() - base > processGrowthLimitBytes) onGone('memory')
  }, 50).unref()
  worker.on('message', (data: unknown) => listener(data))
  worker.on('messageerror', () => listener(undefined))
  worker.on('error', (error: Error & { code?: string }) => {
    close()
    onGone(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'exit', error.stack ?? error.message)
  })
  worker.on('exit', () => {
    close()
    onGone('exit')
  })
  return {
    send: (message) => worker.postMessage(message),
    listen: (next) => {
      listener = next
    },
    onGone: (next) => {
      onGone = next
    },
    terminate: () => {
      close()
      listener = () => {}
      onGone = () => {}
      void worker.terminate()
    },
  }
}
