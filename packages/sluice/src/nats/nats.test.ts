/** NATS JetStream, on a real server. */

import { describe, test } from 'node:test'
import { withBroker } from '../brokers/brokers.fixture.ts'
import { brokerContract } from '../brokers/contract.ts'
import { natsWorld } from './world.fixture.ts'

await withBroker('nats', 'NATS JetStream keeps the contract of brokers', () =>
  describe('NATS JetStream keeps the contract of brokers', { concurrency: 4 }, () => {
    for (const { name, run } of brokerContract(natsWorld)) test(name, run)
  }),
)
