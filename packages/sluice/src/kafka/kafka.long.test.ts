/** Kafka, against a FAKE of it in memory (`fake-kafka.fixture.ts`): what is shown here is the adapter, not Kafka. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { begin, brokerContract, Counts, pauseMs, send, until } from '../brokers/contract.ts'
import { BrokerRefused, consume } from './index.ts'
import { OffsetTracker } from './offsets.ts'
import { fakeKafkaWorld } from './world.fixture.ts'

describe('Kafka (a fake broker) keeps the contract of brokers', () => {
  for (const { name, run } of brokerContract(fakeKafkaWorld)) test(name, run)
})

describe('Kafka (a fake broker)', () => {
  test('pauses partitions while there is enough in hand, and resumes them', async () => {
    const world = await fakeKafkaWorld({ partitions: 2 })
    await send(world, 100)
    const seen = new Counts()
    const { promise: gateway, resolve: open } = Promise.withResolvers<void>()
    let taken = 0
    const consumer = begin(
      world,
      async (message) => {
        taken++
        await gateway
        seen.add(message)
      },
      { concurrency: 2 },
    )
    await until(() => taken === 2, 'two run')
    await pauseMs(30)
    assert.equal(taken, 2)
    open()
    await until(() => seen.distinct === 100, 'all were handled')
    await consumer.stop()
    assert.equal(seen.duplicates, 0)
  })

  test('when a second consumer joins, what is in hand is neither lost nor handled twice by the first', async () => {
    const world = await fakeKafkaWorld({ partitions: 4 })
    await send(world, 120)
    const [one, two, both] = [new Counts(), new Counts(), new Counts()]
    // Slower until the second has something, so that something is left for it.
    const slowly = (own: Counts) => async (message: Parameters<Counts['add']>[0]) => {
      await pauseMs(two.distinct === 0 ? 15 : 2)
      own.add(message)
      both.add(message)
    }
    const first = begin(world, slowly(one), { concurrency: 4 })
    await until(() => one.distinct > 20, 'the first is under way')
    const second = begin(world, slowly(two), { concurrency: 4 })
    try {
      await until(() => both.distinct === 120, 'all were handled')
      await until(async () => (await world.remaining()) === 0, 'all are committed')
    } finally {
      await Promise.all([first.stop(), second.stop()])
    }
    assert.equal(one.duplicates + two.duplicates, 0)
    assert.ok(two.distinct > 0)
    // At least once: what the first had in hand when its partitions went to the second.
    assert.ok(both.duplicates <= 8, `${both.duplicates} duplicates`)
  })

  test('is refused a topic that is not there', async () => {
    const { kafka } = await fakeKafkaWorld()
    const nowhere = consume({ kafka: kafka.client, groupId: 'workers', topic: 'none' }, () => {})
    await assert.rejects(nowhere, BrokerRefused)
  })
})

test('offsets are committed up to the first that is not done', () => {
  const tracker = new OffsetTracker()
  for (const offset of ['7', '8', '11']) tracker.add(offset)
  assert.equal(tracker.done('8'), false)
  assert.equal(tracker.takeCommit(), undefined)
  assert.equal(tracker.done('7'), true)
  assert.equal(tracker.takeCommit(), '9')
  assert.equal(tracker.takeCommit(), undefined)
  assert.equal(tracker.done('7'), false)
  assert.equal(tracker.done('11'), true)
  assert.deepEqual([tracker.takeCommit(), tracker.size], ['12', 0])
})
