/** When the place of a client that has hung up is free. */

import type { Door } from './door.ts'
import { ClientGone } from './errors.ts'

/**
 * Calls `free` when the work was called off. Where the client has hung up, not before the handler has ended: one that does not heed its signal goes on, and
 * a place given away meanwhile would let in more than the server can do, just when clients hang up because it is slow. One that never ends keeps the
 * place for twice as long again as it has had it, `stallMs` at most: what was begun when a server became slow takes that long. Gives what is to be called when the handler has ended.
 */
export function whenLeft(door: Door, signal: AbortSignal, beganAt: number, free: (reason: Error) => void): () => void {
  let isWorking = true
  let cancel: (() => void) | undefined
  const leave = (): void => free(signal.reason as Error)
  signal.addEventListener(
    'abort',
    () => {
      if (!isWorking || !(signal.reason instanceof ClientGone)) leave()
      else cancel = door.clock.schedule(Math.min(door.stallMs, 2 * (door.clock.now() - beganAt)), leave)
    },
    { once: true },
  )
  return () => {
    isWorking = false
    cancel?.()
    if (signal.aborted) leave()
  }
}
