/** The worker that imports a log: reads the file as a stream, checks each line, stores all events at once. */
import { LogImport } from '@viva/recall'
import { logDatabase } from './log.ts'
import type { FromImport, ImportProgress, ImportReport, ToImport } from './log-protocol.ts'
import { ImportStopped, storeImport } from './log-store.ts'

/** How often the page hears of progress. */
const progressMs = 100

const send = (message: FromImport): void => globalThis.postMessage(message)

let isCancelled = false

globalThis.addEventListener('message', ({ data }: MessageEvent<ToImport>) => {
  if (data.type === 'cancel') isCancelled = true
  else void importFile(data.file).then(send)
})

async function importFile(file: File): Promise<ImportReport> {
  const collected = new LogImport({ fileBytes: file.size })
  const none = { added: 0, known: 0, unknownTypes: 0 }
  const report = (outcome: ImportReport['outcome'], more: Partial<ImportReport> = {}): ImportReport => {
    return { type: 'report', outcome, ...collected.counts, ...none, ...more }
  }
  try {
    await read(file, collected)
    if (isCancelled) return report('cancelled')
    if (collected.problem !== undefined) return report('stopped', { reason: collected.problem })
    const stored = await store(collected)
    return stored === 'cancelled' ? report('cancelled') : report('complete', stored)
  } catch (error) {
    return report('stopped', { reason: explain(error) })
  }
}

async function read(file: File, collected: LogImport): Promise<void> {
  const progress = reporter('reading', collected)
  progress(0, file.size)
  if (collected.problem !== undefined) return
  const reader = file.stream().getReader()
  try {
    while (!isCancelled && collected.problem === undefined) {
      const { value, done } = await reader.read().catch(unreadable)
      if (done) {
        collected.end()
        return
      }
      collected.push(value)
      // A message that cancels is handled only between two tasks.
      if (progress(collected.bytes, file.size)) await new Promise((resolve) => setTimeout(resolve))
    }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

async function store(collected: LogImport): ReturnType<typeof storeImport> {
  const total = collected.events.size
  const progress = reporter('storing', collected)
  const compared = reporter('comparing', collected)
  return storeImport(await logDatabase(), collected, {
    isCancelled: () => isCancelled,
    onCompared: (done, ids) => void compared(done, ids),
    onStored: (events) => {
      progress(events, total)
      collected.checkTime()
      // Thrown inside the transaction, which is aborted by it.
      if (collected.problem !== undefined) throw new ImportStopped(collected.problem)
    },
    onCommit: () => send({ type: 'progress', phase: 'committing', done: total, total, events: total }),
  })
}

/** Sends progress at most every `progressMs`; returns whether it did. */
function reporter(phase: ImportProgress['phase'], { events }: LogImport): (done: number, total: number) => boolean {
  let sentAt = -Infinity
  return (done, total) => {
    if (performance.now() - sentAt < progressMs) return false
    sentAt = performance.now()
    send({ type: 'progress', phase, done, total, events: events.size })
    return true
  }
}

/** The cause is NotReadableError in one browser and "network error" in another. */
function unreadable(cause: unknown): never {
  const text =
    'The browser could not read the file. It may be protected, deleted or changed. ' +
    'Check that you can open it, and import it again.'
  throw new ImportStopped(text, { cause })
}

function explain(error: unknown): string {
  if (error instanceof ImportStopped) return error.message
  if (!(error instanceof Error)) return String(error)
  // DOMException is an Error; its name says what happened.
  if (error.name === 'QuotaExceededError')
    return 'The browser has no space left for this site. Free some space, or import a smaller log.'
  return `${error.message || error.name}.`
}
