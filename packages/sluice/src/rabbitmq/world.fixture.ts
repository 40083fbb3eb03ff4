/** A quorum queue with a dead letter on a RabbitMQ node. */

import { connect } from 'amqplib'
import { brokers, Proxy, unique } from '../brokers/brokers.fixture.ts'
import type { World } from '../brokers/contract.ts'
import { consume, publisher } from './index.ts'

/** Over AMQP a node says how many messages wait in a queue, not how many are in hand: those are counted here. */
export async function rabbitWorld({
  declare = { durable: true, arguments: { 'x-queue-type': 'quorum' } } as object,
} = {}): Promise<World & { name: string; proxy: Proxy; ready(): Promise<number> }> {
  const name = unique('rabbitmq')
  const proxy = await Proxy.to(brokers.rabbitmq.port)
  const admin = await connect({ port: brokers.rabbitmq.port })
  admin.on('error', () => {})
  const channel = await admin.createChannel()
  await channel.assertQueue(name, declare)
  await channel.assertQueue(`${name}-dead`, { durable: true })
  const dial = () => connect({ port: proxy.port }, { timeout: 2000 })
  let inHand = 0
  const count = async (queue: string): Promise<number> => {
    const asking = await admin.createChannel()
    asking.on('error', () => {})
    try {
      return (await asking.checkQueue(queue)).messageCount
    } catch {
      return 0
    } finally {
      await asking.close().catch(() => {})
    }
  }
  const waits = [8, 16, 32, 64, 128, 256, 512, 1024]
  return {
    name,
    proxy,
    deadLetter: `${name}-dead`,
    consume: (handler, options) =>
      consume(
        { connect: dial, queue: name },
        async (message, context) => {
          inHand++
          const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<void>()
          context.signal?.addEventListener('abort', () => giveUp())
          try {
            return await Promise.race([handler(message, context), givenUp])
          } finally {
            inHand--
          }
        },
        options,
      ),
    consumeDead: (handler, options) => consume({ connect: dial, queue: `${name}-dead` }, handler, options),
    publisher: (options) => publisher({ connect: dial, routingKey: name }, options),
    ready: () => count(name),
    async remaining() {
      const waiting = await Promise.all(waits.map((ms) => count(`${name}.wait.${ms}`)))
      return (await count(name)) + inHand + waiting.reduce((sum, one) => sum + one, 0)
    },
    cut: async (refuseMs) => proxy.cut(refuseMs),
    async close() {
      for (const queue of [name, `${name}-dead`, ...waits.map((ms) => `${name}.wait.${ms}`)])
        await channel.deleteQueue(queue).catch(() => {})
      await admin.close()
      await proxy.close()
    },
  }
}
