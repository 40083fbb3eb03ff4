/** RabbitMQ, on a real node. It is not stopped and started (a second node is heavy): a proxy cuts all connections and refuses new ones for a while. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, test } from 'node:test'
import { connect } from 'amqplib'
import { withBroker } from '../brokers/brokers.fixture.ts'
import { begin, brokerContract, Counts, pauseMs, send, until } from '../brokers/contract.ts'
import { BrokerRefused, consume, publisher } from './index.ts'
import { rabbitWorld } from './world.fixture.ts'

await withBroker('rabbitmq', 'RabbitMQ keeps the contract of brokers', () =>
  describe('RabbitMQ keeps the contract of brokers', { concurrency: 4 }, () => {
    for (const { name, run } of brokerContract(rabbitWorld)) test(name, run)
  }),
)

await withBroker('rabbitmq', 'RabbitMQ, what is its own', () =>
  describe('RabbitMQ, what is its own', { concurrency: 4 }, () => {
    type RabbitWorld = Awaited<ReturnType<typeof rabbitWorld>>
    const inWorld =
      (run: (world: RabbitWorld) => Promise<void>, options?: Parameters<typeof rabbitWorld>[0]) =>
      async (): Promise<void> => {
        const world = await rabbitWorld(options)
        try {
          await run(world)
        } finally {
          await world.close()
        }
      }
    const dial = () => connect('amqp://127.0.0.1')

    // A real alarm would block whoever else uses the node; so the proxy says what the node would.
    test(
      'a publisher waits while the connection is blocked (connection.blocked is put in by a proxy)',
      inWorld(async (world) => {
        let isBlocked: Promise<unknown> | undefined
        const listening = async () => {
          const connection = await connect({ port: world.proxy.port })
          isBlocked = once(connection, 'blocked')
          return connection
        }
        const out = publisher({ connect: listening, routingKey: world.name })
        await out.publish({ body: 'before' })
        // Class 10 (connection), methods 60 (blocked, with a reason) and 61 (unblocked), on channel 0.
        const frame = (...payload: number[]) => Uint8Array.of(1, 0, 0, 0, 0, 0, payload.length, ...payload, 0xce)
        world.proxy.inject(frame(0, 10, 0, 60, 3, ...Buffer.from('low')))
        await isBlocked
        let isDone = false
        const after = out.publish({ body: 'after' }).then(() => (isDone = true))
        await until(async () => (await world.ready()) === 1, 'the first is there')
        await pauseMs(50)
        assert.deepEqual([isDone, await world.ready()], [false, 1])
        world.proxy.inject(frame(0, 10, 0, 61))
        await after
        assert.equal(out.stats().reconnects, 0)
        await out.close()
        await until(async () => (await world.ready()) === 2, 'both are there')
      }),
    )

    test(
      'a queue takes no more than its prefetch out of the broker',
      inWorld(async (world) => {
        await send(world, 10)
        const { promise: gateway, resolve: open } = Promise.withResolvers<void>()
        const consumer = begin(world, () => gateway, { concurrency: 3 })
        await until(async () => (await world.ready()) === 7, 'three are out')
        await pauseMs(50)
        assert.equal(await world.ready(), 7)
        open()
        await until(async () => (await world.remaining()) === 0, 'all are acknowledged')
        await consumer.stop()
      }),
    )

    for (const [type, expected] of [
      ['quorum', 4],
      ['classic', 2],
    ] as const)
      test(
        `a ${type} queue counts ${expected - 1} of three consumers that died with it`,
        inWorld(
          async (world) => {
            await send(world, 1)
            for (let n = 0; n < 3; n++) {
              const connection = await dial()
              const channel = await connection.createChannel()
              await until(async () => (await channel.get(world.name)) !== false, 'it is there')
              await connection.close()
            }
            const deliveries: number[] = []
            const consumer = begin(world, ({ delivery }) => deliveries.push(delivery))
            await until(() => deliveries.length === 1, 'it was handled')
            await consumer.stop()
            assert.deepEqual(deliveries, [expected])
          },
          { declare: { durable: true, arguments: { 'x-queue-type': type } } },
        ),
      )

    test(
      'is refused a queue that is not there or was declared otherwise, and a message that no queue takes',
      inWorld(async (world) => {
        await assert.rejects(
          consume({ connect: dial, queue: 'sluice-none' }, () => {}),
          BrokerRefused,
        )
        const otherwise = { connect: dial, queue: world.name, declare: { durable: true, maxLength: 3 } }
        await assert.rejects(
          consume(otherwise, () => {}),
          BrokerRefused,
        )
        for (const target of [{ routingKey: 'sluice-none' }, { exchange: 'amq.direct', routingKey: 'sluice-none' }]) {
          const out = publisher({ connect: dial, ...target })
          await assert.rejects(out.publish({ body: 'nobody' }), BrokerRefused)
          await out.close()
        }
      }),
    )

    test(
      'a full queue that refuses makes publishers wait',
      inWorld(
        async (world) => {
          const out = world.publisher({ inFlight: 2, pushback: () => 20 })
          let published = 0
          const all = Promise.all(
            Array.from({ length: 20 }, (_, n) => out.publish({ body: String(n) }).then(() => published++)),
          )
          await until(() => out.stats().pushedBack > 3, 'the queue pushes back')
          assert.ok(published < 20)
          const seen = new Counts()
          const consumer = begin(world, (message) => seen.add(message))
          await all
          await until(() => seen.distinct === 20, 'all were handled')
          await consumer.stop()
          await out.close()
          assert.equal(seen.duplicates, 0)
        },
        { declare: { durable: true, maxLength: 5, arguments: { 'x-overflow': 'reject-publish' } } },
      ),
    )
  }),
)
