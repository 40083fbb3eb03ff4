/** The entry of every browser worker: takes assets and a port from the frame, then serves one interpreter. */
import type { Load } from '../interpreter.ts'
import type { FromWorker, ToWorker } from '../protocol.ts'
import { serve } from '../serve.ts'
import { lockWorker } from './globals.ts'
import type { Start, Started } from './protocol.ts'

const { bind } = Function.prototype
const { addEventListener, removeEventListener } = EventTarget.prototype
const { apply } = Reflect

/**
 * Waits for the frame's message. After it only the port is used, and after `run` the port is only posted to: no event that
 * leads to it is dispatched while sandboxed code runs.
 */
export function startWorker(load: Load): void {
  const toFrame = globalThis.postMessage.bind(globalThis) as (message: Started) => void
  const onStart = (event: Event) => {
    globalThis.removeEventListener('message', onStart)
    const { assets, port } = (event as MessageEvent<Start>).data
    const post = apply(bind, port.postMessage, [port]) as (message: FromWorker) => void
    serve(
      {
        post: (message) => {
          if (message.type !== 'ready') return post(message)
          toFrame({ ...(message.snapshot && { snapshot: message.snapshot }) })
          post({ type: 'ready' })
        },
        receive: (listener) => {
          const onMessage = (received: Event) => {
            const message = (received as MessageEvent<ToWorker>).data
            if (message.type === 'run') apply(removeEventListener, port, ['message', onMessage])
            listener(message)
          }
          apply(addEventListener, port, ['message', onMessage])
          port.start()
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
