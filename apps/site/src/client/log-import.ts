/** Runs an import in its worker, shows its progress, and lets the reader cancel it. */
import { find } from './dom.ts'
import type { FromImport, ImportProgress, ImportReport, ToImport } from './log-protocol.ts'
import { counted } from './log-text.ts'

const panel = find('#log-importing')!
const text = find('#log-progress-text')!
const bar = find<HTMLProgressElement>('#log-progress')!
const cancel = find<HTMLButtonElement>('#log-cancel')!

/** Resolves with the report, whatever happens to the file or the worker. */
export async function runImport(file: File): Promise<ImportReport> {
  cancel.disabled = false
  showProgress({ type: 'progress', phase: 'reading', done: 0, total: file.size, events: 0 })
  panel.hidden = false
  let worker: Worker | undefined
  const stop = new AbortController()
  try {
    worker = new Worker(new URL('./log-worker.ts', import.meta.url), { type: 'module' })
    const { signal } = stop
    cancel.addEventListener('click', () => requestCancel(worker), { signal })
    return await reportOf(worker, file)
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  } finally {
    stop.abort()
    worker?.terminate()
    panel.hidden = true
  }
}

function requestCancel(worker: Worker | undefined): void {
  worker?.postMessage({ type: 'cancel' } satisfies ToImport)
  cancel.disabled = true
  text.textContent = 'Cancelling…'
}

function reportOf(worker: Worker, file: File): Promise<ImportReport> {
  return new Promise((resolve) => {
    worker.addEventListener('message', ({ data }: MessageEvent<FromImport>) => {
      if (data.type === 'report') resolve(data)
      else showProgress(data)
    })
    worker.addEventListener('error', (event) => {
      // The worker reports its own errors: only loading it can fail here, before anything is stored.
      resolve(failed(event.message || 'The import could not be loaded. Check the connection and try again.'))
    })
    worker.addEventListener('messageerror', () => resolve(failed('The browser lost a message of the import.')))
    worker.postMessage({ type: 'import', file } satisfies ToImport)
  })
}

function showProgress({ phase, done, total, events }: ImportProgress): void {
  bar.max = Math.max(total, 1)
  bar.value = done
  if (phase === 'committing') cancel.disabled = true
  else if (cancel.disabled) return
  text.textContent = progressText({ phase, done, total, events })
}

function progressText({ phase, done, total, events }: Omit<ImportProgress, 'type'>): string {
  switch (phase) {
    case 'reading':
      return `Reading: ${size(done)} of ${size(total)}, ${counted(events, 'event')}`
    case 'comparing':
      return `Comparing with your log: ${done.toLocaleString('en')} of ${counted(total, 'event')}`
    case 'storing':
      return `Storing: ${done.toLocaleString('en')} of ${counted(total, 'event')}`
    case 'committing':
      return `Saving ${counted(total, 'event')}…`
  }
}

function size(bytes: number): string {
  if (bytes < 1024) return counted(bytes, 'byte')
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)} KiB`
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}

function failed(reason: string): ImportReport {
  const none = { count: 0, listed: [] }
  return {
    type: 'report',
    outcome: 'stopped',
    reason,
    lines: 0,
    added: 0,
    known: 0,
    repeated: 0,
    unknownTypes: 0,
    conflicts: none,
    refused: none,
  }
}
