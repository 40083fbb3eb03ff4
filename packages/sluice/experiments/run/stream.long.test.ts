/** The parts of `stream` in small: what is measured there really carries every byte. */

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { stream } from './stream.ts'
import type { ReaderReport, RelayReport, SourceReport } from './stream-part.ts'
import { highest, median, start } from './stream-process.ts'

const file = join(import.meta.dirname, 'stream-part.ts')
const sampleMs = 20
const summed = { isSummed: true }

describe('each way to relay carries every byte to the slow reader', { concurrency: 2 }, () => {
  for (const way of stream.contestants)
    test(way, { timeout: 60_000 }, async () => {
      const [warm, counts] = [100_001, 3_000_001]
      const bytesPerSecond = 10_000_000
      const source = await start<{ port: number }, SourceReport>(file, {
        part: 'source',
        bytes: [warm, counts],
        ...summed,
      })
      const reader = await start<{ port: number }, ReaderReport>(file, {
        part: 'reader',
        bytesPerSecond,
        ...summed,
        sampleMs,
      })
      const ends = { from: source.ready.port, to: reader.ready.port }
      const relay = await start<object, RelayReport>(file, { part: 'relay', way, ...ends, sampleMs })
      const [sent, handed, received] = await Promise.all([source.run(), relay.run(), reader.run()])
      for (const one of [source, reader, relay]) one.end()
      assert.equal(received.bytes, counts)
      assert.equal(received.crc, sent.crc)
      // What came last before the end need not be waited for.
      assert.ok(received.seconds > 0.2 && received.seconds < 10, `${received.seconds} s for 0.3 s at its pace`)
      assert.equal(handed.samples.at(-1)![2], counts)
      assert.ok(highest(handed.samples) >= handed.samples[0]![1])
    })
})

test('a process that fails says why', async () => {
  const nobody = { part: 'relay', way: 'sluice', from: 1, to: 1, sampleMs }
  await assert.rejects(start(file, nobody), /stream-part\.ts as \{"part":"relay".*ECONNREFUSED/s)
})

test('the median of an even number is the lower one of the middle', () => {
  assert.equal(median([4, 1, 3, 2]), 2)
  assert.equal(median([10, 9, 100]), 10)
})
