/**
 * The main thread's side of the SQLite worker: sends statements, bounds waits, restarts the worker
 * after a crash.
 */
import { Worker } from 'node:worker_threads'
import type { FromWorker, ToWorker, WorkerStart } from './sqlite-worker.ts'
import { DatabaseUnavailable } from './unavailable.ts'

export type ThreadOptions = {
  file: string
  /** How long a statement waits for another process's lock, in milliseconds. */
  waitMs: number
  /** The same while the file is opened and migrated: several processes may start together. */
  openWaitMs: number
  /** How long beyond its wait a statement may take before the worker counts as stuck. */
  stuckMs: number
  /** Shortest time between two starts of the worker. */
  restartMs: number
  /** For the log: narrowed file modes, a crash. */
  onNote(note: string): void
}

export type Result = { rows: unknown[]; changes: number }

type Pending = { resolve(result: Result): void; reject(error: Error): void; timer: NodeJS.Timeout }

/** `running` also covers a worker that is still opening: its messages wait in the port. */
type State =
  | { name: 'running'; worker: Worker; pending: Map<number, Pending>; startedAt: number }
  | { name: 'stopped'; startedAt: number }
  | { name: 'closed' }

/** One worker at a time. `generation` counts them: a transaction cannot go on in the next one. */
export class SqliteThread {
  readonly #options: ThreadOptions
  #state: State = { name: 'stopped', startedAt: -Infinity }
  #generation = 0
  #nextId = 0
  #isOpening = true

  constructor(options: ThreadOptions) {
    this.#options = options
  }

  /** Starts the first worker. Rejects with SQLite's reason when the file cannot be opened. */
  async open(): Promise<void> {
    const opened = Promise.withResolvers<void>()
    this.#start((message) => {
      if (message.type === 'failed') opened.reject(new Error(message.message))
      else opened.resolve()
    })
    await opened.promise
  }

  /** From here on statements wait `waitMs` instead of `openWaitMs`. */
  finishOpening(): void {
    this.#isOpening = false
  }

  get waitMs(): number {
    return this.#isOpening ? this.#options.openWaitMs : this.#options.waitMs
  }

  /** The present worker's number, after starting one if none runs. */
  generation(): number {
    const state = this.#state
    if (state.name === 'closed') throw new Error('The database is closed.')
    if (state.name === 'stopped') {
      if (performance.now() - state.startedAt < this.#options.restartMs)
        throw new DatabaseUnavailable('the database worker ended and is about to be restarted')
      this.#start((message) => {
        if (message.type === 'failed') this.#options.onNote(`the database cannot be opened again: ${message.message}`)
      })
    }
    return this.#generation
  }

  /**
   * Runs one statement; on the second connection when `isRead`, so that it does not wait for a
   * write.
   */
  run(sql: string, parameters: readonly unknown[], isRead = false): Promise<Result> {
    try {
      this.generation()
    } catch (error) {
      return Promise.reject(error as Error)
    }
    const state = this.#state
    if (state.name !== 'running') return Promise.reject(new DatabaseUnavailable('the database worker did not start'))
    const { waitMs } = this
    const id = this.#nextId++
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    const timer = setTimeout(() => {
      this.#options.onNote('the database worker is stuck; another one replaces it')
      // Not awaited: a call into SQLite that does not return cannot be interrupted.
      void state.worker.terminate()
      state.worker.unref()
      this.#end(state.worker, state.pending)
    }, waitMs + this.#options.stuckMs)
    state.pending.set(id, { resolve, reject, timer })
    state.worker.ref()
    const message: ToWorker = { type: 'statement', id, sql, parameters, isRead, waitMs }
    state.worker.postMessage(message)
    return promise
  }

  async close(): Promise<void> {
    const state = this.#state
    this.#state = { name: 'closed' }
    if (state.name !== 'running') return
    const ended = Promise.withResolvers<void>()
    state.worker.once('exit', () => ended.resolve())
    const message: ToWorker = { type: 'close' }
    state.worker.ref()
    state.worker.postMessage(message)
    const timer = setTimeout(() => {
      void state.worker.terminate()
      ended.resolve()
    }, this.#options.stuckMs)
    await ended.promise
    clearTimeout(timer)
  }

  #start(onFirst: (message: FromWorker) => void): void {
    const { file, openWaitMs } = this.#options
    const workerData: WorkerStart = { file, openWaitMs }
    const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), {
      workerData,
      name: 'sqlite',
      // Not the process's own: some of its options, `--eval` for one, stop a worker from starting.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    this.#generation++
    const pending = new Map<number, Pending>()
    this.#state = { name: 'running', worker, pending, startedAt: performance.now() }
    let isFirst = true
    worker.on('message', (message: FromWorker) => {
      if (isFirst) {
        isFirst = false
        if (message.type === 'opened') for (const note of message.notes) this.#options.onNote(note)
        onFirst(message)
      }
      this.#settle(pending, message)
      if (pending.size === 0) worker.unref()
    })
    worker.on('error', (error) => {
      this.#options.onNote(`the database worker crashed: ${String(error)}`)
      if (isFirst) onFirst({ type: 'failed', message: String(error) })
      isFirst = false
    })
    worker.on('exit', () => {
      if (isFirst) onFirst({ type: 'failed', message: 'the database worker ended before it was ready' })
      this.#end(worker, pending)
    })
  }

  /**
   * Rejects what a worker has not answered. It is the present one, or was replaced when it got
   * stuck.
   */
  #end(worker: Worker, pending: Map<number, Pending>): void {
    const state = this.#state
    if (state.name === 'running' && state.worker === worker)
      this.#state = { name: 'stopped', startedAt: state.startedAt }
    for (const { reject, timer } of pending.values()) {
      clearTimeout(timer)
      reject(new DatabaseUnavailable('the database worker ended; whether the statement took effect is unknown'))
    }
    pending.clear()
  }

  #settle(waiting: Map<number, Pending>, message: FromWorker): void {
    if (message.type !== 'done' && message.type !== 'error') return
    const pending = waiting.get(message.id)
    if (!pending) return
    waiting.delete(message.id)
    clearTimeout(pending.timer)
    if (message.type === 'done') pending.resolve({ rows: message.rows, changes: message.changes })
    else if (message.isBusy)
      pending.reject(new DatabaseUnavailable(`another process keeps ${this.#options.file} locked`))
    else pending.reject(new Error(message.message))
  }
}
