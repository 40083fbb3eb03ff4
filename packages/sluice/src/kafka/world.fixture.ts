/** A topic with a dead letter on a fake of Kafka. */

import type { World } from '../brokers/contract.ts'
import { FakeKafka } from './fake-kafka.fixture.ts'
import { consume, publisher } from './index.ts'

export async function fakeKafkaWorld({ partitions = 3 } = {}): Promise<World & { kafka: FakeKafka }> {
  const kafka = new FakeKafka()
  kafka.createTopic('jobs', partitions)
  kafka.createTopic('dead', 1)
  const { client } = kafka
  return {
    kafka,
    deadLetter: 'dead',
    consume: (handler, options) => consume({ kafka: client, groupId: 'workers', topic: 'jobs' }, handler, options),
    consumeDead: (handler, options) => consume({ kafka: client, groupId: 'readers', topic: 'dead' }, handler, options),
    publisher: (options) => publisher({ kafka: client, topic: 'jobs' }, options),
    async remaining() {
      const { committed } = kafka.group('workers')
      return kafka.topics
        .get('jobs')!
        .reduce((sum, log, partition) => sum + log.length - Number(committed.get(`jobs:${partition}`) ?? 0n), 0)
    },
    cut: async (refuseMs) => kafka.cut(refuseMs),
    async close() {},
  }
}
