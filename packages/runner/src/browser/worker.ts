/** What every browser worker does: takes assets and a port from the frame, then serves one interpreter. */
import { serve } from '../guest.ts'
import type { Load } from '../interpreter.ts'
import type { Assets, ToGuest } from '../protocol.ts'
import { lockWorker } from './realm.ts'

/** From the frame, once. */
export type Start = { assets: Assets; port: MessagePort }

/** Waits for the frame's message; from then on only the port is used. `keep` stays in the frame: it may be large. */
export function startWorker(load: Load): void {
  const toFrame = globalThis.postMessage.bind(globalThis) as (message: unknown) => void
  const onStart = (event: Event) => {
    globalThis.removeEventListener('message', onStart)
    const { assets, port } = (event as MessageEvent<Start>).data
    serve(
      {
        post: (message) => {
          if (message.type === 'ready' && message.keep) toFrame(message.keep)
          port.postMessage(message.type === 'ready' ? { type: 'ready' } : message)
        },
        listen: (listener) => {
          port.onmessage = ({ data }: MessageEvent<ToGuest>) => listener(data)
        },
      },
      async () => {
        const interpreter = await load(assets)
        lockWorker()
        return interpreter
      },
    )
  }
  globalThis.addEventListener('message', onStart)
}
