/** RabbitMQ, on a real node. */

import { describe, test } from 'node:test'
import { withBroker } from '../brokers/brokers.fixture.ts'
import { brokerContract } from '../brokers/contract.ts'
import { rabbitWorld } from './world.fixture.ts'

await withBroker('rabbitmq', 'RabbitMQ keeps the contract of brokers', () =>
  describe('RabbitMQ keeps the contract of brokers', { concurrency: 4 }, () => {
    for (const { name, run } of brokerContract(rabbitWorld)) test(name, run)
  }),
)
