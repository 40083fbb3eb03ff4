/** A clean end of the process on SIGTERM and SIGINT. */
import type { Log } from './log.ts'
import type { Running } from './serve.ts'

/**
 * A terminal's Ctrl+C reaches every process of its group, and npm and its children forward it
 * again. Signals within this time are one request.
 */
const oneRequestMs = 1000

/**
 * Ends the process cleanly, with 0, on SIGTERM and SIGINT; at once, with 1, on a second request.
 */
export function closeOnSignals(running: Running, log: Log): void {
  let askedAt: number | undefined
  const stop = (signal: NodeJS.Signals): void => {
    if (askedAt !== undefined) {
      if (performance.now() - askedAt > oneRequestMs) process.exit(1)
      return
    }
    askedAt = performance.now()
    log('info', 'stopping', { signal })
    running.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log('error', 'stopping failed', { reason: String(error) })
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}
