/** Redis Streams, on a real server. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createClient, type RedisClientType } from 'redis'
import { OwnServer, withBroker, withProgram } from '../brokers/brokers.fixture.ts'
import { begin, brokerContract, Counts, pauseMs, send, until } from '../brokers/contract.ts'
import { livesThroughRestarts } from '../brokers/restart.fixture.ts'
import { BrokerRefused, textOf } from './index.ts'
import { redisWorld } from './world.fixture.ts'

await withBroker('redis', 'Redis Streams keep the contract of brokers', () =>
  describe('Redis Streams keep the contract of brokers', { concurrency: 4 }, () => {
    for (const { name, run } of brokerContract(redisWorld)) test(name, run)
  }),
)

await withBroker('redis', 'Redis Streams, what is their own', () =>
  describe('Redis Streams, what is their own', { concurrency: 4 }, () => {
    const inWorld =
      (
        run: (world: Awaited<ReturnType<typeof redisWorld>>, admin: RedisClientType) => Promise<void>,
        options?: Parameters<typeof redisWorld>[0],
      ) =>
      async (): Promise<void> => {
        const world = await redisWorld(options)
        const admin = createClient() as RedisClientType
        try {
          await admin.connect()
          await run(world, admin)
        } finally {
          admin.destroy()
          await world.close()
        }
      }

    test(
      'what a consumer left behind is taken by another, and its deliveries are counted',
      inWorld(async (world, admin) => {
        await admin.xGroupCreate(world.name, 'workers', '0', { MKSTREAM: true })
        await send(world, 5)
        await admin.xReadGroup('workers', 'dead', { key: world.name, id: '>' }, { COUNT: 3 })
        const deliveries = new Map<string, number>()
        const consumer = begin(world, (message) => deliveries.set(textOf(message), message.delivery))
        await until(() => deliveries.size === 5, 'all five were handled')
        await consumer.stop()
        assert.deepEqual(Object.fromEntries(deliveries), { 0: 2, 1: 2, 2: 2, 3: 1, 4: 1 })
        assert.equal(await world.remaining(), 0)
        const names = (await admin.xInfoConsumers(world.name, 'workers')).map(({ name }) => String(name))
        assert.deepEqual(names, ['dead'])
      }),
    )

    test(
      'what kills whoever takes it is buried without being handled',
      inWorld(async (world, admin) => {
        await admin.xGroupCreate(world.name, 'workers', '0', { MKSTREAM: true })
        await send(world, 1)
        for (let n = 0; n < 3; n++) {
          if (n === 0) await admin.xReadGroup('workers', 'dead', { key: world.name, id: '>' })
          else await admin.xAutoClaim(world.name, 'workers', `dead-${n}`, 0, '0')
        }
        const buried: unknown[] = []
        const consumer = begin(world, () => assert.fail('it was handled'), {
          maxDeliveries: 3,
          deadLetter: world.deadLetter,
          observer: { onBuried: (_, error) => void buried.push(String(error)) },
        })
        await until(() => buried.length === 1, 'it is buried')
        await consumer.stop()
        assert.match(String(buried[0]), /Delivered 4 times, and never settled/)
        assert.equal(await admin.xLen(world.deadLetter), 1)
      }),
    )

    test(
      'what is in hand for long does not count as abandoned',
      inWorld(
        async (world) => {
          await send(world, 4)
          const seen = new Counts()
          const handler = async (message: Parameters<Counts['add']>[0]): Promise<void> => {
            await pauseMs(900)
            seen.add(message)
          }
          const pair = [1, 2].map(() => begin(world, handler, { concurrency: 2 }))
          await until(() => seen.distinct === 4, 'all were handled')
          await pauseMs(50)
          await Promise.all(pair.map((one) => one.stop()))
          assert.equal(seen.duplicates, 0)
        },
        { abandonedMs: 450 },
      ),
    )

    test(
      'a key that is no stream is refused',
      inWorld(async (world, admin) => {
        await admin.set(world.name, 'text')
        await assert.rejects(
          world.consume(() => {}),
          BrokerRefused,
        )
        const out = world.publisher()
        await assert.rejects(out.publish({ body: 'x' }), /WRONGTYPE/)
        await out.close()
      }),
    )
  }),
)

withProgram('redis-server', 'Redis Streams, on a server of their own', () =>
  describe('Redis Streams, on a server of their own', { concurrency: 2 }, () => {
    const onServer = (args: string[], run: (server: OwnServer) => Promise<void>) => async (): Promise<void> => {
      const server = await OwnServer.start((port, folder) => [
        'redis-server',
        ...['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '', ...args],
      ])
      try {
        await run(server)
      } finally {
        await server.remove()
      }
    }

    test(
      'live through restarts',
      { timeout: 60_000 },
      onServer(['--appendonly', 'yes', '--appendfsync', 'always'], async (server) => {
        const world = await redisWorld({ port: server.port, abandonedMs: 1000 })
        try {
          await livesThroughRestarts(server, world)
        } finally {
          await world.close()
        }
      }),
    )

    test(
      'a publisher waits while Redis is out of memory, until a consumer has made room',
      { timeout: 60_000 },
      onServer(['--maxmemory', '3mb', '--maxmemory-policy', 'noeviction'], async (server) => {
        const world = await redisWorld({ port: server.port, deleteAcked: true })
        try {
          const out = world.publisher({ inFlight: 4, pushback: () => 20 })
          const body = 'x'.repeat(20_000)
          // Redis makes no group when it has no memory.
          const early = begin(world, () => {}, { observer: { onConnect: () => early.stop() } })
          await early.ended
          let published = 0
          const all = Promise.all(
            Array.from({ length: 200 }, (_, n) => out.publish({ body: `${n} ${body}` }).then(() => published++)),
          )
          await until(() => out.stats().pushedBack > 3, 'Redis pushes back')
          assert.ok(published < 200, `${published} published`)
          const seen = new Counts()
          const consumer = begin(world, (message) => seen.add(message), { concurrency: 4 })
          await all
          await until(() => seen.distinct === 200, 'all were handled')
          await consumer.stop()
          await out.close()
          assert.equal(seen.duplicates, 0)
        } finally {
          await world.close()
        }
      }),
    )
  }),
)
