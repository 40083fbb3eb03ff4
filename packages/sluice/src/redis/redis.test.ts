/** Redis Streams, on a real server. */

import { describe, test } from 'node:test'
import { withBroker } from '../brokers/brokers.fixture.ts'
import { brokerContract } from '../brokers/contract.ts'
import { redisWorld } from './world.fixture.ts'

await withBroker('redis', 'Redis Streams keep the contract of brokers', () =>
  describe('Redis Streams keep the contract of brokers', { concurrency: 4 }, () => {
    for (const { name, run } of brokerContract(redisWorld)) test(name, run)
  }),
)
