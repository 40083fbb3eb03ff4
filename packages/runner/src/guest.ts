/** The inside of a worker: loads one interpreter, runs jobs, and reports what they print and how they end. */
import type { Interpreter, Load } from './interpreter.ts'
import { cutToBytes } from './limit.ts'
import type { Job, ToGuest, ToHost } from './protocol.ts'

/** The end of the channel that a guest holds. */
export type GuestPort = { post: (message: ToHost) => void; listen: (listener: (message: ToGuest) => void) => void }

class OutputLimitReached extends Error {}

/** Serves a port with one interpreter. */
export function serve(port: GuestPort, load: Load): void {
  // Captured before any code of a reader runs: a fence may replace the globals.
  const now = performance.now.bind(performance)
  let interpreter: Interpreter | undefined

  async function run(job: Job): Promise<void> {
    if (!interpreter) throw new Error('run before load')
    let startedAt = now()
    let leftBytes = job.outputLimitBytes
    let isSilent = job.setup !== ''
    let isOver = false
    const end = (ending: Omit<Extract<ToHost, { type: 'end' }>, 'type' | 'durationMs'>) => {
      if (isOver) return
      isOver = true
      port.post({ type: 'end', durationMs: now() - startedAt, ...ending })
    }
    const stage = {
      begin: () => {
        isSilent = false
        startedAt = now()
      },
      print: (text: string) => {
        // Each print leaves at once: an endless loop right after it must not swallow it.
        if (isOver) throw new OutputLimitReached()
        if (isSilent || text === '') return
        const cut = cutToBytes(text, leftBytes)
        leftBytes -= cut.bytes
        if (cut.text !== '') port.post({ type: 'output', text: cut.text })
        if (cut.isCut) {
          end({ stopped: 'output' })
          throw new OutputLimitReached()
        }
      },
    }
    try {
      if (!isSilent) stage.begin()
      end(await interpreter.run(job, stage))
    } catch (error) {
      if (error instanceof OutputLimitReached) return
      end({ error: { name: 'EngineError', message: error instanceof Error ? error.message : String(error) } })
    }
  }

  port.listen((message) => {
    if (message.type === 'run') return void run(message)
    load(message.assets).then(
      (loaded) => {
        interpreter = loaded
        port.post({ type: 'ready', ...(loaded.keep && { keep: loaded.keep }) })
      },
      (error: unknown) =>
        port.post({ type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
}
