/** The page's side of the sandbox frame: gives it engines, starts and ends workers in it, notices when it dies. */
import { startWorker, type WorkerHandle } from '../supervise.ts'
import type { EngineMessage, FromFrame, ToFrame } from './protocol.ts'

/** A frame that was opened: the port whose other end it was given, and a way to take it off the page. */
export type Frame = { port: MessagePort; remove: () => void }

/** A sandbox frame with its engines and workers. */
export type SandboxFrame = {
  /** A worker with the loaded engine, ready for one run. */
  startWorker: (engine: EngineMessage) => Promise<WorkerHandle>
  isAlive: () => boolean
  close: () => void
}

const pingEveryMs = 500
/** A frame that is silent for longer has crashed, or its process is so short of memory that it cannot answer. */
const silenceMs = 4_000
const startTimeoutMs = 120_000

type OnGone = (cause: 'memory' | 'exit', detail: string) => void

export function createSandboxFrame({ port, remove }: Frame): SandboxFrame {
  const send = (message: ToFrame, transfer: Transferable[] = []) => port.postMessage(message, transfer)
  const sentEngines = new Set<string>()
  const workers = new Map<number, OnGone>()
  let lastId = 0
  let isAlive = true
  let heardAt = performance.now()

  const close = () => {
    if (!isAlive) return
    isAlive = false
    clearInterval(timer)
    port.close()
    remove()
    for (const gone of [...workers.values()]) gone('memory', 'the frame does not answer')
    workers.clear()
  }
  const timer = setInterval(() => {
    if (workers.size === 0) {
      heardAt = performance.now()
      return
    }
    // A page in the background is not called on time: only a ping that had its chance counts.
    if (performance.now() - heardAt > silenceMs) return close()
    send({ type: 'ping' })
  }, pingEveryMs)
  // Chromium tells at once when the process behind the port is gone.
  port.addEventListener('close', close)
  port.addEventListener('message', ({ data }: MessageEvent<FromFrame>) => {
    heardAt = performance.now()
    if (data.type === 'gone') workers.get(data.id)?.(isOutOfMemory(data.message) ? 'memory' : 'exit', data.message)
  })
  port.start()

  function spawn(engine: EngineMessage): WorkerHandle {
    if (!sentEngines.has(engine.engine)) {
      sentEngines.add(engine.engine)
      send(engine)
    }
    const id = ++lastId
    const channel = new MessageChannel()
    let onGone: OnGone = () => {}
    let listener: (data: unknown) => void = () => {}
    heardAt = performance.now()
    workers.set(id, (cause, detail) => onGone(cause, detail))
    channel.port1.onmessage = ({ data }: MessageEvent<unknown>) => listener(data)
    // Bytes that are no message of this realm.
    channel.port1.onmessageerror = () => listener(undefined)
    send({ type: 'spawn', engine: engine.engine, id, port: channel.port2 }, [channel.port2])
    return {
      send: (message) => channel.port1.postMessage(message),
      listen: (next) => {
        listener = next
      },
      onGone: (next) => {
        onGone = next
      },
      terminate: () => {
        if (!workers.delete(id)) return
        listener = () => {}
        channel.port1.close()
        if (isAlive) send({ type: 'terminate', id })
      },
    }
  }

  return {
    startWorker: async (engine) => {
      const handle = spawn(engine)
      // The frame has the assets.
      await startWorker(handle, {}, { timeoutMs: startTimeoutMs })
      return handle
    },
    isAlive: () => isAlive,
    close,
  }
}

function isOutOfMemory(message: string): boolean {
  return /out of memory|allocation failed|memory access/i.test(message)
}
