/** The parts of `broker` in small: what is measured there handles every message once. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { unique, withBroker } from '../../src/brokers/brokers.fixture.ts'
import { broker } from './broker.ts'
import { type ConsumerReport, durable, type ProducerReport, warmName } from './broker-part.ts'
import { start } from './stream-process.ts'

const file = join(import.meta.dirname, 'broker-part.ts')

await withBroker('nats', 'each way to consume handles every message once', () =>
  describe('each way to consume handles every message once', { concurrency: 2 }, () => {
    for (const way of broker.contestants)
      test(way, { timeout: 60_000 }, async (t) => {
        const name = unique('experiment')
        const connection = await connect()
        const { streams, consumers } = await jetstreamManager(connection)
        t.after(async () => {
          for (const one of [name, warmName(name)]) await streams.delete(one).catch(() => {})
          await connection.close()
        })
        for (const one of [name, warmName(name)]) await streams.add({ name: one, subjects: [one] })
        const common = { name, warm: 20, messages: 300, bytes: 100 }
        const producer = await start<object, ProducerReport>(file, { part: 'producer', ...common, perSecond: 5000 })
        const pace = { concurrency: 4, handleMs: 2, sampleMs: 20 }
        const consumer = await start<object, ConsumerReport>(file, { part: 'consumer', way, ...common, ...pace })
        const [consumed, produced] = await Promise.all([consumer.run(), producer.run()])
        for (const one of [producer, consumer]) one.end()
        assert.deepEqual([produced.sent, consumed.lost, consumed.handledAgain], [300, 0, 0])
        assert.equal(consumed.samples.at(-1)![2], 300)
        const { num_pending, num_ack_pending } = await consumers.info(name, durable)
        assert.deepEqual([num_pending, num_ack_pending], [0, 0])
      })
  }),
)
