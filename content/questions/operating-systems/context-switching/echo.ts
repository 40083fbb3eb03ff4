/** The other thread of the lab that measures hand-offs: it gives each message back, or, given shared memory, is woken by a word of it and wakes the other side. Runs in a browser's worker and in one of Node's. */

type Port = { postMessage(value: unknown): void }
type Host = Port & { onmessage: ((event: { data: unknown }) => void) | null }

const node = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process
const threads = node?.getBuiltinModule?.('node:worker_threads') as
  | { parentPort: Port & { on(event: 'message', run: (data: unknown) => void): void } }
  | undefined
const port: Port = threads?.parentPort ?? (globalThis as unknown as Host)

/** `turn[0]` is 1 while it is this side's turn, `turn[1]` 1 when all is done. */
function answer(data: unknown): void {
  // Memory is shared only in an isolated page: elsewhere the name itself is missing.
  if (typeof SharedArrayBuffer === 'undefined' || !(data instanceof SharedArrayBuffer)) return port.postMessage(data)
  const turn = new Int32Array(data)
  port.postMessage('ready')
  for (;;) {
    Atomics.wait(turn, 0, 0)
    if (turn[1] === 1) return
    Atomics.store(turn, 0, 0)
    Atomics.notify(turn, 0)
  }
}

if (threads) threads.parentPort.on('message', answer)
else (globalThis as unknown as Host).onmessage = ({ data }) => answer(data)
