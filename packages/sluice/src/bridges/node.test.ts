import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { Duplex, PassThrough, Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, test } from 'node:test'
import { createGunzip, createGzip } from 'node:zlib'
import { channel, ChannelClosed, collect, filter, map, none, pipe, take } from '../index.ts'
import { conformsToOperator, probeSource, virtualClock } from '../testing/index.ts'
import { fromReadable, throughDuplex, toDuplex, toReadable, toWritable, writeTo } from './node.ts'

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
}
const clock = virtualClock()

/** The stream reads ahead, so the source is in the middle of a next() when it is left: told, and not waited for. */
const notWithStreams = ['left early, tells the source once and waits', 'an error of the clean-up']

/** A Readable that counts how far it was read, in objects. */
function counting(count = Infinity, highWaterMark = 2): Readable & { made: number } {
  const readable = Object.assign(
    new Readable({
      objectMode: true,
      highWaterMark,
      read() {
        this.push(readable.made < count ? { n: readable.made++ } : null)
      },
    }),
    { made: 0 },
  )
  return readable
}

describe('fromReadable', () => {
  test('gives everything, and reads only as far as asked and the stream itself holds', async () => {
    const readable = counting(100, 4)
    const iterator = fromReadable<{ n: number }>(readable)[Symbol.asyncIterator]()
    await settle()
    assert.equal(readable.made, 0, 'nothing before it is asked')
    assert.deepEqual(await iterator.next(), { value: { n: 0 }, done: false })
    await settle()
    assert.ok(readable.made <= 6, `${readable.made} were read for one`)
    const rest = await pipe({ [Symbol.asyncIterator]: () => iterator }, collect())
    assert.equal(rest.length, 99)
    assert.equal(readable.closed, true)
  })

  test('leaving destroys the stream, and resolves when it is closed', async () => {
    const readable = counting()
    for await (const _ of fromReadable(readable)) break
    assert.equal(readable.closed, true)
  })

  test('leaving destroys a stream that keeps it waiting', async () => {
    const silent = new Readable({ objectMode: true, read() {} })
    const iterator = fromReadable(silent)[Symbol.asyncIterator]()
    const waiting = iterator.next()
    await iterator.return!()
    assert.deepEqual(await waiting, { value: undefined, done: true })
    assert.equal(silent.closed, true)
  })

  test('a failure and an early close are errors, and leave no listener', async () => {
    const failing = new Readable({ objectMode: true, read() {} })
    const waiting = pipe(fromReadable(failing), collect())
    failing.push(1)
    failing.destroy(new Error('the disk is gone'))
    await assert.rejects(waiting, /the disk is gone/)
    assert.equal(failing.listenerCount('readable'), 0)

    const closing = new Readable({ objectMode: true, read() {} })
    const cut = pipe(fromReadable(closing), collect())
    closing.destroy()
    await assert.rejects(cut, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  })

  test('bytes come as the stream gives them', async () => {
    const chunks = await pipe(
      fromReadable<Buffer>(Readable.from([Buffer.from('ab'), Buffer.from('c')], { objectMode: false })),
      collect(),
    )
    assert.equal(Buffer.concat(chunks).toString(), 'abc')
  })
})

describe('toReadable', () => {
  test('asks the source as it is read', async () => {
    const source = probeSource({ clock, count: 50 })
    const readable = toReadable(source)
    await settle()
    assert.equal(source.pulled, 0)
    readable.once('readable', () => {})
    await settle()
    assert.ok(source.pulled <= 2, `${source.pulled} were pulled for none`)
    assert.deepEqual(
      await readable.toArray(),
      Array.from({ length: 50 }, (_, n) => n),
    )
    assert.deepEqual([source.returned, source.violations], [0, []])
  })

  test('is slowed down by a slow Writable', async () => {
    const source = probeSource({ clock })
    let done: (() => void) | undefined
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 2,
      write: (_chunk, _encoding, callback) => void (done = callback),
    })
    const running = pipeline(toReadable(source), slow)
    await settle()
    const before = source.pulled
    assert.ok(before <= 5, `${before} were pulled while nothing was written`)
    done!()
    await settle()
    assert.ok(source.pulled <= before + 1)
    slow.destroy()
    await assert.rejects(running, { code: 'ERR_STREAM_PREMATURE_CLOSE' })
    assert.equal(source.returned, 1)
  })

  test('destroying it leaves the source once, even in the middle of a next()', async () => {
    const stuck = probeSource({ clock, delayMs: Infinity, cleanUpMs: Infinity })
    const readable = toReadable(stuck)
    readable.read()
    const closed = new Promise((resolve) => readable.once('close', resolve))
    readable.destroy()
    await closed
    assert.equal(stuck.returned, 1)

    const unread = probeSource({ clock })
    toReadable(unread).destroy()
    assert.deepEqual([unread.pulled, unread.returned], [0, 1])
  })

  test('a failure of the source, and null, destroy it with the error', async () => {
    const error = new Error('gone')
    const failing = probeSource({ clock, failAt: 2, error })
    await assert.rejects(toReadable(failing).toArray(), error)
    assert.equal(failing.returned, 0)
    await assert.rejects(toReadable([1, null]).toArray(), /cannot carry null/)
  })
})

describe('toWritable', () => {
  test('waits for room in the channel, and closes it', async () => {
    const ch = channel<number>({ capacity: 2 })
    const source = probeSource({ clock, count: 10 })
    const running = pipeline(toReadable(source), toWritable(ch))
    await settle()
    assert.ok(source.pulled <= 6, `${source.pulled} were pulled while the channel was full`)
    assert.deepEqual(await pipe(ch, collect()), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    await running
  })

  test('carries a failure to the consumer, after what was written', async () => {
    const ch = channel<number>({ capacity: 4 })
    const error = new Error('gone')
    await assert.rejects(pipeline(toReadable(probeSource({ clock, failAt: 2, error })), toWritable(ch)), error)
    assert.deepEqual(ch.tryReceiveUpTo(9), [0, 1])
    assert.throws(() => ch.tryReceive(), error)
  })

  test('destroyed before its end is an error for the consumer, and calls off the write that waits', async () => {
    const ch = channel<number>({ capacity: 0 })
    const writable = toWritable(ch)
    writable.write(1)
    await settle()
    assert.equal(ch.stats().waitingSenders, 1)
    writable.destroy()
    await assert.rejects(async () => ch.receive(), /destroyed before it ended/)
  })

  test('a consumer that cancels fails the write', async () => {
    const ch = channel<number>({ capacity: 1 })
    const source = probeSource({ clock })
    const running = pipeline(toReadable(source), toWritable(ch))
    await settle()
    ch.cancel()
    await assert.rejects(running, ChannelClosed)
    assert.equal(source.returned, 1)
  })
})

describe('writeTo', () => {
  test('writes at the pace of the stream, and finishes it', async () => {
    const source = probeSource({ clock, count: 20 })
    const written: number[] = []
    let most = 0
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 3,
      write(n: number, _encoding, callback) {
        most = Math.max(most, source.given - written.length)
        written.push(n)
        setImmediate(callback)
      },
    })
    await pipe(source, writeTo(slow))
    assert.equal(written.length, 20)
    assert.ok(most <= 4, `${most} were in the stream`)
    assert.equal(slow.writableFinished, true)
  })

  test('leaves the source when the stream fails, even while the source keeps it waiting', async () => {
    const source = probeSource({ clock, delayMs: (index) => (index < 1 ? 0 : Infinity) })
    const broken = new Writable({
      objectMode: true,
      write: (_chunk, _encoding, callback) => setImmediate(callback, new Error('full disk')),
    })
    await assert.rejects(pipe(source, writeTo(broken)), /full disk/)
    assert.equal(source.returned, 1)
  })

  test('destroys the stream when the source fails, or leaves it alone when told', async () => {
    const error = new Error('gone')
    for (const end of [true, false]) {
      const sink = new PassThrough({ objectMode: true })
      await assert.rejects(pipe(probeSource({ clock, failAt: 1, error }), writeTo(sink, { end })), error)
      assert.equal(sink.destroyed, end)
    }
  })

  test('obeys its signal and leaves nothing on it or on the stream', async () => {
    const controller = new AbortController()
    const stuck = new Writable({ objectMode: true, highWaterMark: 1, write() {} })
    const source = probeSource({ clock })
    const running = pipe(source, writeTo(stuck, { signal: controller.signal, end: false }))
    await settle()
    controller.abort(new Error('enough'))
    await assert.rejects(running, /enough/)
    assert.equal(source.returned, 1)
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
    assert.equal(stuck.listenerCount('drain'), 0)
  })
})

describe('throughDuplex and toDuplex', () => {
  const double = (): Transform =>
    new Transform({ objectMode: true, highWaterMark: 1, transform: (n: number, _encoding, done) => done(null, n * 2) })

  test('gzip there and back', async () => {
    const text = 'demand before data '.repeat(5000)
    const chunks = await pipe(
      [Buffer.from(text)],
      throughDuplex<Buffer, Buffer>(() => createGzip()),
      throughDuplex<Buffer, Buffer>(() => createGunzip()),
      collect(),
    )
    assert.equal(Buffer.concat(chunks).toString(), text)
  })

  test('pulls only what the stream holds, and leaves the source when it is left', async () => {
    const source = probeSource({ clock })
    const flow = pipe(source, throughDuplex<number, number>(double), take(3))
    assert.deepEqual(await pipe(flow, collect()), [0, 2, 4])
    assert.ok(source.pulled < 12, `${source.pulled} were pulled for 3`)
    assert.deepEqual([source.returned, source.violations], [1, []])
  })

  test('a failure of the source and one of the stream reach the consumer', async () => {
    const error = new Error('gone')
    await assert.rejects(pipe(probeSource({ clock, failAt: 2, error }), throughDuplex(double), collect()), error)
    const source = probeSource({ clock })
    const broken = (): Transform =>
      new Transform({ objectMode: true, transform: (_n, _encoding, done) => done(new Error('bad chunk')) })
    await assert.rejects(pipe(source, throughDuplex(broken), collect()), /bad chunk/)
    assert.equal(source.returned, 1)
  })

  test('an operator stands in a pipeline', async () => {
    const source = probeSource({ clock, count: 10 })
    const seen: number[] = []
    const sink = new Writable({ objectMode: true, write: (n: number, _encoding, done) => (seen.push(n), done()) })
    const odd = toDuplex<number, string>((flow) =>
      pipe(
        flow,
        filter((n) => n % 2 === 1),
        map((n) => `#${n}`),
      ),
    )
    assert.ok(odd instanceof Duplex)
    await pipeline(toReadable(source), odd, sink)
    assert.deepEqual(seen, ['#1', '#3', '#5', '#7', '#9'])
  })

  test('an operator that ends early gives what it has, and fails the writing', async () => {
    const source = probeSource({ clock })
    const duplex = toDuplex<number, number>((flow) => pipe(flow, take(2)))
    const seen: number[] = []
    const sink = new Writable({ objectMode: true, write: (n: number, _encoding, done) => (seen.push(n), done()) })
    await assert.rejects(pipeline(toReadable(source), duplex, sink), ChannelClosed)
    assert.deepEqual(seen, [0, 1])
    assert.equal(source.returned, 1)
  })

  test('in a pipeline, an error of the operator is what the pipeline rejects with, wherever the writer is', async () => {
    for (const failAt of [0, 1, 3, 20]) {
      const broken = toDuplex<number, number>(
        map(async (n) => {
          if (n === failAt) throw new Error('of the operator')
          return n
        }),
      )
      const slow = new Writable({
        objectMode: true,
        highWaterMark: 1,
        write: (_n, _encoding, done) => void setImmediate(done),
      })
      const source = Readable.from(Array.from({ length: 100 }, (_, n) => n))
      await assert.rejects(pipeline(source, broken, slow), /of the operator/, `at ${failAt}`)
    }
  })

  test('an operator that fails destroys the Duplex', async () => {
    const broken = toDuplex<number, number>(
      map((n) => {
        if (n === 3) throw new Error('three')
        return n
      }),
    )
    await assert.rejects(
      pipeline(toReadable(probeSource({ clock })), broken, new PassThrough({ objectMode: true }).resume()),
      /three/,
    )
  })

  for (const one of conformsToOperator({
    make: () => throughDuplex<number, number>(() => new PassThrough({ objectMode: true, highWaterMark: 1 })),
    holds: 6,
    pullsAhead: true,
  })) {
    if (!notWithStreams.some((name) => one.name.startsWith(name))) test(`throughDuplex ${one.name}`, one.run)
  }
})

describe('as Node streams behave', () => {
  test('leaving a for await over toReadable leaves the source; its signal and pipeline close it too', async () => {
    const left = probeSource({ clock })
    for await (const _ of toReadable(left)) break
    assert.equal(left.returned, 1)

    const controller = new AbortController()
    const source = probeSource({ clock, delayMs: (index) => (index < 2 ? 0 : Infinity) })
    const ch = channel<number>({ capacity: 8 })
    const running = pipeline(toReadable(source), toWritable(ch), { signal: controller.signal })
    await settle()
    controller.abort()
    await assert.rejects(running, { name: 'AbortError' })
    assert.equal(source.returned, 1)
    assert.deepEqual([ch.tryReceive(), ch.tryReceive()], [0, 1])
    assert.throws(() => ch.tryReceive(), { name: 'AbortError' })
  })

  test('write tells by its answer and by drain that there is room, as far as the high-water mark and the channel go', async () => {
    const ch = channel<number>({ capacity: 1 })
    const writable = toWritable(ch, { highWaterMark: 2 })
    // The channel holds the first, the stream the others.
    assert.deepEqual(
      [1, 2, 3].map((n) => writable.write(n)),
      [true, true, false],
    )
    assert.deepEqual([writable.writableNeedDrain, writable.writableLength], [true, 2])
    let drained = false
    writable.once('drain', () => (drained = true))
    await settle()
    assert.equal(drained, false)
    assert.deepEqual([ch.tryReceive(), ch.tryReceive()], [1, 2])
    await settle()
    assert.deepEqual([drained, ch.tryReceive()], [true, 3])
    writable.end()
    await settle()
    assert.equal(ch.isEnded, true)
  })

  test('cork changes nothing of what arrives', async () => {
    const ch = channel<string>({ capacity: 8 })
    const writable = toWritable(ch, { objectMode: false, highWaterMark: 1024 })
    writable.cork()
    writable.write('a')
    writable.write('b')
    writable.uncork()
    writable.end('c')
    assert.deepEqual(await pipe(ch, collect()), ['a', 'b', 'c'])
  })
})

test('a channel bridges two streams with its capacity between', async () => {
  const ch = channel<number>({ capacity: 3 })
  const source = probeSource({ clock, count: 5 })
  const writing = pipeline(toReadable(source), toWritable(ch))
  const reading = toReadable(ch.values({ cancel: true }))
  assert.deepEqual(await reading.toArray(), [0, 1, 2, 3, 4])
  await writing
  assert.equal(ch.tryReceive(), none)
})
