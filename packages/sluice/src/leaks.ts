/** A million waits of one kind, and what they leave in memory: run by leaks.long.test.ts with `--expose-gc`. */

import { getEventListeners } from 'node:events'
import { channel, gate } from './index.ts'

const rounds = 1000
const perRound = 1000

const lasting = new AbortController()
const ch = channel<number>({ capacity: 1 })
/** A gate whose one permit is taken. */
const door = gate({ limit: 1, queue: { capacity: Infinity } })
door.tryAcquire()

/** Each does `perRound` waits. */
export const scenarios: Record<string, () => Promise<unknown>> = {
  'receives that are called off': async () => {
    const controller = new AbortController()
    const waits = Array.from({ length: perRound }, async () => ch.receive({ signal: controller.signal }))
    controller.abort()
    await Promise.allSettled(waits)
  },
  'sends that are called off': async () => {
    ch.trySend(0)
    const controller = new AbortController()
    const waits = Array.from({ length: perRound }, async (_, n) => ch.send(n, { signal: controller.signal }))
    controller.abort()
    await Promise.allSettled(waits)
  },
  'waits at a gate that are called off': async () => {
    const controller = new AbortController()
    const context = { signal: controller.signal, deadlineAt: performance.now() + 3_600_000, key: 'ann' }
    const waits = Array.from({ length: perRound }, (_, n) =>
      n % 2 === 0 ? door.run(() => n, context) : door.acquire(context),
    )
    controller.abort()
    await Promise.allSettled(waits)
  },
  'waits that end well on a signal that lives on': async () => {
    for (let n = 0; n < perRound; n++) {
      const received = ch.receive({ signal: lasting.signal })
      ch.trySend(n)
      await received
    }
  },
}

async function retainedBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await new Promise(setImmediate)
    globalThis.gc!()
  }
  return process.memoryUsage().heapUsed
}

const scenario = scenarios[process.argv[2] ?? '']
if (scenario !== undefined) {
  for (let n = 0; n < rounds / 10; n++) await scenario()
  const before = await retainedBytes()
  for (let n = rounds / 10; n < rounds; n++) await scenario()
  const grownBytes = (await retainedBytes()) - before
  const { waitingSenders, waitingReceivers } = ch.stats()
  const left = [waitingSenders, waitingReceivers, door.waiting, getEventListeners(lasting.signal, 'abort').length]
  console.log(JSON.stringify({ grownBytes, left }))
}
