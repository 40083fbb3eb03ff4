/**
 * The worker thread that owns `node:sqlite`: runs one statement per message, waits for locks
 * without blocking.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { isBusy, makePrivate, openReader, openWriter } from './sqlite-file.ts'

/** What the worker is started with. */
export type WorkerStart = { file: string; openWaitMs: number }

/** To the worker. `waitMs` bounds how long a statement waits for other processes' locks. */
export type ToWorker =
  | { type: 'statement'; id: number; sql: string; parameters: readonly unknown[]; isRead: boolean; waitMs: number }
  | { type: 'close' }

/** From the worker. `opened` or `failed` comes first, once. */
export type FromWorker =
  | { type: 'opened'; notes: string[] }
  | { type: 'failed'; message: string }
  | { type: 'done'; id: number; rows: unknown[]; changes: number }
  | { type: 'error'; id: number; message: string; isBusy: boolean }

/**
 * Runs `work`, again while the database is busy, until `waitMs` passed. Other messages are handled
 * in between.
 */
async function whenFree<T>(waitMs: number, work: () => T): Promise<T> {
  const deadline = performance.now() + waitMs
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 40)) {
    try {
      return work()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
      await delay(pauseMs)
    }
  }
}

function run(
  database: DatabaseSync,
  sql: string,
  parameters: readonly unknown[],
): { rows: unknown[]; changes: number } {
  const statement = database.prepare(sql)
  const values = parameters as SQLInputValue[]
  if (statement.columns().length > 0) return { rows: statement.all(...values), changes: 0 }
  return { rows: [], changes: Number(statement.run(...values).changes) }
}

async function main({ file, openWaitMs }: WorkerStart, post: (message: FromWorker) => void): Promise<void> {
  let notes: string[]
  let writer: DatabaseSync
  let reader: DatabaseSync
  try {
    notes = makePrivate(file)
    writer = await whenFree(openWaitMs, () => openWriter(file))
    reader = await whenFree(openWaitMs, () => openReader(file))
  } catch (error) {
    post({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
    return
  }
  parentPort?.on('message', (message: ToWorker) => {
    if (message.type === 'close') {
      reader.close()
      writer.close()
      parentPort?.close()
      return
    }
    const { id, sql, parameters, isRead, waitMs } = message
    whenFree(waitMs, () => run(isRead ? reader : writer, sql, parameters)).then(
      (result) => post({ type: 'done', id, ...result }),
      (error: unknown) => {
        const text = error instanceof Error ? error.message : String(error)
        post({ type: 'error', id, message: text, isBusy: isBusy(error) })
      },
    )
  })
  post({ type: 'opened', notes })
}

await main(workerData as WorkerStart, (message) => parentPort?.postMessage(message))
