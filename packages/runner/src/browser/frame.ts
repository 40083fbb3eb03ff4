/** The script of frame.html: makes workers from what the site sends, and ends them. It runs no code of a reader itself. */
import type { FromFrame, ToFrame } from './protocol.ts'
import { portMessage } from './protocol.ts'

type Held = { url: string; assets: Promise<Record<string, unknown>>; kept: Record<string, unknown> }

const engines = new Map<string, Held>()
const workers = new Map<number, Worker>()

async function prepare(assets: Record<string, ArrayBuffer | string>, modules: string[]) {
  const ready: Record<string, unknown> = {}
  for (const [name, content] of Object.entries(assets)) {
    if (typeof content === 'string') ready[name] = content
    else if (modules.includes(name)) ready[name] = await WebAssembly.compile(content)
    // A blob is handed to a worker by reference.
    else ready[name] = new Blob([content])
  }
  return ready
}

globalThis.addEventListener('message', (event: MessageEvent) => {
  const [port] = event.ports
  if (event.data !== portMessage || !port) return
  const post = (message: FromFrame) => port.postMessage(message)

  async function spawn(engine: string, id: number, guestPort: MessagePort) {
    const held = engines.get(engine)
    if (!held) return post({ type: 'gone', id, message: `the frame has no engine ${engine}` })
    try {
      const assets = { ...(await held.assets), ...held.kept }
      // Classic: Chromium starts no module worker from a blob of an opaque origin. It may import modules all the same.
      const worker = new Worker(held.url, { name: engine })
      workers.set(id, worker)
      worker.addEventListener('message', ({ data }: MessageEvent<Record<string, unknown>>) =>
        Object.assign(held.kept, data),
      )
      worker.addEventListener('error', (error) =>
        post({ type: 'gone', id, message: error.message || 'the worker failed' }),
      )
      worker.postMessage({ assets, port: guestPort }, [guestPort])
    } catch (error) {
      post({ type: 'gone', id, message: String(error) })
    }
  }

  port.onmessage = ({ data }: MessageEvent<ToFrame>) => {
    switch (data.type) {
      case 'engine':
        engines.set(data.engine, {
          url: URL.createObjectURL(new Blob([data.script], { type: 'text/javascript' })),
          assets: prepare(data.assets, data.modules),
          kept: {},
        })
        break
      case 'spawn':
        void spawn(data.engine, data.id, data.port)
        break
      case 'terminate':
        workers.get(data.id)?.terminate()
        workers.delete(data.id)
        break
      case 'ping':
        post({ type: 'pong' })
        break
      default:
        data satisfies never
    }
  }
  post({ type: 'hello' })
})
