/** A stream with a group and a dead letter on a Redis server. */

import { createClient } from 'redis'
import { brokers, Proxy, unique } from '../brokers/brokers.fixture.ts'
import type { World } from '../brokers/contract.ts'
import { consume, publisher, type RedisConnection } from './index.ts'

export const dialRedis = (port: number) => (): Promise<RedisConnection> => {
  const client = createClient({
    socket: { host: '127.0.0.1', port, reconnectStrategy: false, connectTimeout: 2000 },
  })
  client.on('error', () => {})
  return client.connect()
}

export async function redisWorld({
  port = brokers.redis.port as number,
  abandonedMs = 500,
  deleteAcked = false,
} = {}): Promise<World & { name: string }> {
  const name = unique('redis')
  const proxy = await Proxy.to(port)
  const admin = createClient({ socket: { host: '127.0.0.1', port } })
  admin.on('error', () => {})
  await admin.connect()
  const dial = dialRedis(proxy.port)
  return {
    name,
    deadLetter: `${name}-dead`,
    consume: (handler, options) =>
      consume({ connect: dial, stream: name, group: 'workers', abandonedMs, deleteAcked }, handler, options),
    consumeDead: (handler, options) =>
      consume({ connect: dial, stream: `${name}-dead`, group: 'readers' }, handler, options),
    publisher: (options) => publisher({ connect: dial, stream: name }, options),
    async remaining() {
      const groups = await admin.xInfoGroups(name).catch(() => [])
      const group = groups[0]
      return group === undefined ? admin.xLen(name) : Number(group.pending) + Number(group.lag ?? 0)
    },
    cut: async (refuseMs) => proxy.cut(refuseMs),
    async close() {
      if (admin.isReady) await admin.del([name, `${name}-dead`])
      admin.destroy()
      await proxy.close()
    },
  }
}
