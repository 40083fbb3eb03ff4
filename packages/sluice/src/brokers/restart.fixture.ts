/** A broker that is stopped and started in mid-stream: what every adapter has to live through. */

import assert from 'node:assert/strict'
import { idempotency } from '../idempotency.ts'
import type { OwnServer } from './brokers.fixture.ts'
import { begin, Counts, pauseMs, until, type World } from './contract.ts'

/** Two consumers and a publisher go on while the server is stopped twice, once gently and once not; then everything is counted. */
export async function livesThroughRestarts(server: OwnServer, world: World): Promise<void> {
  const seen = new Counts()
  const patient = { reconnect: { backoff: () => 50 } }
  const handler = async (message: Parameters<Counts['add']>[0]): Promise<void> => {
    await pauseMs(3)
    seen.add(message)
  }
  // One store for both. A server that was killed may have lost what it was told last, and deliver more again than was in hand.
  const once = idempotency()
  const consumers = [1, 2].map(() => begin(world, handler, { concurrency: 4, idempotency: once, ...patient }))
  const out = world.publisher({ inFlight: 8, ...patient })
  const total = 300
  const sending = Promise.all(
    Array.from({ length: total }, async (_, n) => {
      await pauseMs(n * 4)
      await out.publish({ id: `id-${n}`, body: String(n) })
    }),
  )
  for (const [at, signal] of [
    [60, 'SIGTERM'],
    [160, 'SIGKILL'],
  ] as const) {
    await until(() => seen.distinct >= at, `${at} were handled`, 20_000)
    await server.stop(signal)
    await pauseMs(150)
    await server.start()
  }
  await sending
  try {
    await until(() => seen.distinct === total, 'all were handled', 20_000)
  } finally {
    assert.deepEqual(seen.missing(total), [])
  }
  await until(async () => (await world.remaining()) === 0, 'all are acknowledged', 20_000)
  const ends = await Promise.all(consumers.map((consumer) => consumer.stop()))
  await out.close()
  assert.ok(ends.every((end) => end.reconnects >= 1))
  assert.equal(seen.duplicates, 0)
}
