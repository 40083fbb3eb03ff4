/**
 * The script of frame.html: starts workers from what the site sends, and ends them. It runs no sandboxed code itself.
 *
 * Anybody may open frame.html, and whoever is served is given workers in this document's origin. So it serves nobody
 * unless that origin is opaque (the embedding page set `sandbox`; a `<meta>` policy cannot), and then only the page of
 * its own site that embeds it, once.
 */
import type { EngineMessage, FromFrame, Start, Started, ToFrame } from './protocol.ts'
import { portMessage } from './protocol.ts'

type Engine = { name: string; script: Blob; assets: Promise<Record<string, unknown>>; snapshot?: Uint8Array }

// The types of this folder are a worker's; a frame has a parent too.
declare const parent: unknown

/** A sandboxed document keeps its address, and with it the origin of the site that it came from. */
const siteOrigin = new URL(location.href).origin
const snapshotLimitBytes = 256 * 2 ** 20
const errorUnits = 1_000

function isFromSite(event: MessageEvent): boolean {
  return (
    self.origin === 'null' &&
    parent !== self &&
    event.source === parent &&
    event.origin === siteOrigin &&
    siteOrigin !== 'null'
  )
}

function onMessage(event: MessageEvent): void {
  const [port] = event.ports
  if (!isFromSite(event) || event.data !== portMessage || !port) return
  globalThis.removeEventListener('message', onMessage)
  serveSite(port)
}
globalThis.addEventListener('message', onMessage)

function serveSite(port: MessagePort): void {
  const engines = new Map<string, Engine>()
  /** Undefined until the assets are prepared. */
  const workers = new Map<number, { worker: Worker; url: string } | undefined>()
  const post = (message: FromFrame) => port.postMessage(message)
  const gone = (id: number, message: string) => post({ type: 'gone', id, message: message.slice(0, errorUnits) })
  const revoke = (id: number) => URL.revokeObjectURL(workers.get(id)?.url ?? '')

  async function spawn(name: string, id: number, workerPort: MessagePort) {
    const engine = engines.get(name)
    if (!engine) return gone(id, `the frame has no engine ${name}`)
    workers.set(id, undefined)
    try {
      const assets = { ...(await engine.assets), ...(engine.snapshot && { snapshot: engine.snapshot }) }
      if (!workers.has(id)) return
      // One address a worker: code in a worker can revoke its own, and the next worker must start all the same.
      const url = URL.createObjectURL(engine.script)
      // Classic: Chromium starts no module worker from a blob of an opaque origin. It may import modules all the same.
      const worker = new Worker(url, { name })
      workers.set(id, { worker, url })
      worker.addEventListener(
        'message',
        ({ data }: MessageEvent<Started>) => {
          revoke(id)
          keepSnapshot(engine, data)
        },
        // The worker sends its first message before it may run code. What it sends later may come from that code.
        { once: true },
      )
      worker.addEventListener('error', (error) => gone(id, error.message || 'the worker failed'))
      worker.postMessage({ assets, port: workerPort } as Start, [workerPort])
    } catch (error) {
      gone(id, String(error))
    }
  }

  port.onmessage = ({ data }: MessageEvent<ToFrame>) => {
    switch (data.type) {
      case 'engine':
        if (!engines.has(data.engine)) engines.set(data.engine, createEngine(data))
        break
      case 'spawn':
        void spawn(data.engine, data.id, data.port)
        break
      case 'terminate':
        revoke(data.id)
        workers.get(data.id)?.worker.terminate()
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
}

function createEngine({ engine, script, assets, modules }: EngineMessage): Engine {
  return { name: engine, script: new Blob([script], { type: 'text/javascript' }), assets: prepare(assets, modules) }
}

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

/** Only Python makes a snapshot, and only the first one counts: later starts use it and make none. */
function keepSnapshot(engine: Engine, data: unknown): void {
  if (engine.name !== 'python' || engine.snapshot || typeof data !== 'object' || data === null) return
  const snapshot = Object.hasOwn(data, 'snapshot') ? (data as Started).snapshot : undefined
  if (snapshot instanceof Uint8Array && snapshot.byteLength <= snapshotLimitBytes) engine.snapshot = snapshot
}
