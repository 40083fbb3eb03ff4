/** A stream with a dead letter on a NATS server. */

import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { brokers, Proxy, unique } from '../brokers/brokers.fixture.ts'
import type { World } from '../brokers/contract.ts'
import { consume, publisher } from './index.ts'

export async function natsWorld({
  port = brokers.nats.port as number,
  ackWaitMs = 2000,
  stream = {},
} = {}): Promise<World & { name: string }> {
  const name = unique('nats')
  const proxy = await Proxy.to(port)
  const admin = await connect({ port, maxReconnectAttempts: -1, reconnectTimeWait: 50 })
  const jsm = await jetstreamManager(admin)
  await jsm.streams.add({ name, subjects: [name], storage: 'file', ...stream })
  await jsm.streams.add({ name: `${name}-dead`, subjects: [`${name}-dead`] })
  const dial = () => connect({ port: proxy.port, reconnect: false, timeout: 2000 })
  return {
    name,
    deadLetter: `${name}-dead`,
    consume: (handler, options) =>
      consume({ connect: dial, stream: name, consumer: 'worker', ackWaitMs }, handler, options),
    consumeDead: (handler, options) =>
      consume({ connect: dial, stream: `${name}-dead`, consumer: 'reader' }, handler, options),
    publisher: (options) => publisher({ connect: dial, subject: name, ackMs: 1000 }, options),
    async remaining() {
      const { num_pending, num_ack_pending } = await jsm.consumers
        .info(name, 'worker')
        .catch(async () => ({ num_pending: (await jsm.streams.info(name)).state.messages, num_ack_pending: 0 }))
      return num_pending + num_ack_pending
    },
    cut: async (refuseMs) => proxy.cut(refuseMs),
    async close() {
      for (const one of [name, `${name}-dead`]) await jsm.streams.delete(one).catch(() => {})
      await admin.close()
      await proxy.close()
    },
  }
}
