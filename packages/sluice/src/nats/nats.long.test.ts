/** NATS JetStream, on a real server. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connect } from '@nats-io/transport-node'
import { OwnServer, withBroker, withProgram } from '../brokers/brokers.fixture.ts'
import { begin, brokerContract, Counts, pauseMs, send, until } from '../brokers/contract.ts'
import { livesThroughRestarts } from '../brokers/restart.fixture.ts'
import { BrokerRefused, consume, publisher } from './index.ts'
import { natsWorld } from './world.fixture.ts'

await withBroker('nats', 'NATS JetStream keeps the contract of brokers', () =>
  describe('NATS JetStream keeps the contract of brokers', { concurrency: 4 }, () => {
    for (const { name, run } of brokerContract(natsWorld)) test(name, run)
  }),
)

await withBroker('nats', 'NATS JetStream, what is its own', () =>
  describe('NATS JetStream, what is its own', { concurrency: 4 }, () => {
    const inWorld =
      (
        run: (world: Awaited<ReturnType<typeof natsWorld>>) => Promise<void>,
        options?: Parameters<typeof natsWorld>[0],
      ) =>
      async (): Promise<void> => {
        const world = await natsWorld(options)
        try {
          await run(world)
        } finally {
          await world.close()
        }
      }

    test(
      'a publisher waits while the stream is full',
      inWorld(
        async (world) => {
          const out = world.publisher({ inFlight: 2, pushback: () => 20 })
          let published = 0
          const all = Promise.all(
            Array.from({ length: 30 }, (_, n) => out.publish({ body: String(n) }).then(() => published++)),
          )
          await until(() => out.stats().pushedBack > 3, 'the stream pushes back')
          assert.equal(published, 10)
          const seen = new Counts()
          const consumer = begin(world, (message) => seen.add(message), { concurrency: 2 })
          await all
          await until(() => seen.distinct === 30, 'all were handled')
          await consumer.stop()
          await out.close()
          assert.equal(seen.duplicates, 0)
        },
        { stream: { max_msgs: 10, discard: 'new', retention: 'workqueue' } },
      ),
    )

    test(
      'what is handled for longer than the server waits is not delivered again meanwhile',
      inWorld(
        async (world) => {
          await send(world, 2)
          const seen = new Counts()
          const consumer = begin(world, async (message) => {
            await pauseMs(900)
            seen.add(message)
          })
          await until(() => seen.distinct === 2, 'both were handled')
          const done = await consumer.stop()
          assert.deepEqual([seen.duplicates, done.taken], [0, 2])
        },
        { ackWaitMs: 300 },
      ),
    )

    test(
      'is refused a stream that is not there, and a subject that no stream takes',
      inWorld(async (world) => {
        const dial = () => connect({ reconnect: false })
        const source = { connect: dial, stream: 'sluice-none', consumer: 'worker' }
        await assert.rejects(
          consume(source, () => {}),
          BrokerRefused,
        )
        await assert.rejects(
          consume({ ...source, stream: world.name }, () => {}, { deadLetter: 'sluice-misspelt' }),
          /No stream takes the dead letter sluice-misspelt/,
        )
        const out = publisher({ connect: dial, subject: 'sluice-none' })
        await assert.rejects(out.publish({ body: 'nobody' }), BrokerRefused)
        await out.close()
      }),
    )
  }),
)

withProgram('nats-server', 'NATS JetStream lives through restarts of the server', () =>
  test('NATS JetStream lives through restarts of the server', { timeout: 60_000 }, async () => {
    const server = await OwnServer.start((port, folder) => [
      'nats-server',
      ...['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', folder],
    ])
    try {
      const world = await natsWorld({ port: server.port })
      try {
        await livesThroughRestarts(server, world)
      } finally {
        await world.close()
      }
    } finally {
      await server.remove()
    }
  }),
)
