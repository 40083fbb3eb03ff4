import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { channel, ChannelClosed, collect, filter, map, pipe, take } from '../index.ts'
import { conformsToOperator, probeSource, virtualClock } from '../testing/index.ts'
import {
  fromReadableStream,
  throughTransformStream,
  toReadableStream,
  toTransformStream,
  toWritableStream,
  writeToStream,
} from './web.ts'

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
}
const clock = virtualClock()

/** The stream reads ahead, so the source is in the middle of a next() when it is left: told, and not waited for. */
const notWithStreams = ['left early, tells the source once and waits', 'an error of the clean-up']

describe('fromReadableStream', () => {
  const stuck = () => {
    const reasons: unknown[] = []
    return {
      reasons,
      stream: new ReadableStream<number>({ cancel: (reason) => void reasons.push(reason) }, { highWaterMark: 0 }),
    }
  }

  test('gives everything and unlocks', async () => {
    let n = 0
    const stream = new ReadableStream<number>({
      pull: (controller) => (n < 3 ? controller.enqueue(n++) : controller.close()),
    })
    assert.deepEqual(await pipe(fromReadableStream(stream), collect()), [0, 1, 2])
    assert.equal(stream.locked, false)
  })

  test('pulls only what is asked', async () => {
    let pulled = 0
    const stream = new ReadableStream<number>(
      { pull: (controller) => controller.enqueue(pulled++) },
      { highWaterMark: 0 },
    )
    const iterator = fromReadableStream(stream)[Symbol.asyncIterator]()
    await settle()
    assert.equal(pulled, 0)
    await iterator.next()
    await settle()
    assert.equal(pulled, 1)
    await iterator.return!()
    assert.equal(stream.locked, false)
  })

  test('leaving cancels it, even while it waits for a chunk', async () => {
    const { stream, reasons } = stuck()
    const iterator = fromReadableStream(stream)[Symbol.asyncIterator]()
    const waiting = iterator.next()
    await settle()
    await iterator.return!()
    assert.deepEqual(await waiting, { value: undefined, done: true })
    assert.deepEqual(reasons, [undefined])
  })

  test('a failure is passed on', async () => {
    const error = new Error('gone')
    const stream = new ReadableStream<number>({ start: (controller) => controller.error(error) })
    await assert.rejects(pipe(fromReadableStream(stream), collect()), error)
  })
})

describe('toReadableStream', () => {
  test('asks when it is read: no chunk ahead by default, as many as its high-water mark otherwise', async () => {
    for (const highWaterMark of [0, 3]) {
      const source = probeSource({ clock })
      const reader = toReadableStream(source, { highWaterMark }).getReader()
      await settle()
      assert.equal(source.pulled, highWaterMark)
      assert.deepEqual(await reader.read(), { value: 0, done: false })
      await settle()
      assert.equal(source.pulled, highWaterMark + 1)
      await reader.cancel()
      assert.deepEqual([source.returned, source.violations], [1, []])
    }
  })

  test('cancel leaves the source at once in the middle of a next(), and carries a failed clean-up', async () => {
    const source = probeSource({ clock, delayMs: Infinity })
    const reader = toReadableStream(source).getReader()
    const reading = reader.read()
    await settle()
    await reader.cancel('why')
    assert.deepEqual(await reading, { value: undefined, done: true })
    assert.equal(source.returned, 1)
    const broken: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ value: 1, done: false }),
        return: () => Promise.reject(new Error('cannot clean up')),
      }),
    }
    await assert.rejects(toReadableStream(broken).cancel(), /cannot clean up/)
  })

  test('a failure of the source errors it; its end closes it', async () => {
    const error = new Error('gone')
    const failing = probeSource({ clock, failAt: 1, error })
    await assert.rejects(Array.fromAsync(toReadableStream(failing)), error)
    assert.equal(failing.returned, 0)
    assert.deepEqual(await Array.fromAsync(toReadableStream([1, 2])), [1, 2])
  })
})

describe('toWritableStream', () => {
  test('is ready when there is room in the channel', async () => {
    const ch = channel<number>({ capacity: 1 })
    const writer = toWritableStream(ch).getWriter()
    const first = writer.write(1)
    const second = writer.write(2)
    await settle()
    assert.ok(writer.desiredSize! <= 0, 'it is full')
    assert.equal(ch.tryReceive(), 1)
    await Promise.all([first, second, writer.ready])
    await writer.close()
    assert.deepEqual(await pipe(ch, collect()), [2])
  })

  test('abort reaches the consumer and calls off the write that waits; a cancelled channel fails the write', async () => {
    const ch = channel<number>({ capacity: 0 })
    const writer = toWritableStream(ch).getWriter()
    writer.closed.catch(() => {})
    const write = writer.write(1)
    write.catch(() => {})
    await settle()
    const error = new Error('gone')
    await writer.abort(error)
    await assert.rejects(write, error)
    await assert.rejects(async () => ch.receive(), error)

    const other = channel<number>({ capacity: 0 })
    const source = probeSource({ clock })
    const piping = toReadableStream(source).pipeTo(toWritableStream(other))
    await settle()
    other.cancel()
    await assert.rejects(piping, ChannelClosed)
    assert.equal(source.returned, 1)
  })
})

describe('writeToStream', () => {
  test('writes when the stream is ready, and closes it', async () => {
    const source = probeSource({ clock, count: 20 })
    const written: number[] = []
    let most = 0
    const stream = new WritableStream<number>(
      {
        async write(n) {
          most = Math.max(most, source.given - written.length)
          await new Promise(setImmediate)
          written.push(n)
        },
      },
      { highWaterMark: 2 },
    )
    await pipe(source, writeToStream(stream))
    assert.equal(written.length, 20)
    assert.ok(most <= 4, `${most} were in the stream`)
    await assert.rejects(stream.getWriter().write(1), TypeError)
  })

  test('leaves the source when the stream fails, even while it waits', async () => {
    const source = probeSource({ clock, delayMs: (index) => (index < 1 ? 0 : Infinity) })
    const stream = new WritableStream<number>({ write: () => Promise.reject(new Error('full disk')) })
    await assert.rejects(pipe(source, writeToStream(stream)), /full disk/)
    assert.equal(source.returned, 1)
  })

  test('aborts the stream when the source fails, or leaves it alone when told; obeys its signal', async () => {
    const error = new Error('gone')
    for (const preventClose of [false, true]) {
      const reasons: unknown[] = []
      const stream = new WritableStream<number>({ abort: (reason) => void reasons.push(reason) })
      await assert.rejects(
        pipe(probeSource({ clock, failAt: 1, error }), writeToStream(stream, { preventClose })),
        error,
      )
      assert.deepEqual(reasons, preventClose ? [] : [error])
      assert.equal(stream.locked, false)
    }
    const source = probeSource({ clock, delayMs: Infinity })
    const controller = new AbortController()
    const running = pipe(source, writeToStream(new WritableStream<number>(), { signal: controller.signal }))
    await settle()
    controller.abort(error)
    await assert.rejects(running, error)
    assert.equal(source.returned, 1)
  })
})

describe('throughTransformStream and toTransformStream', () => {
  test('text to bytes to gzip and back', async () => {
    const text = await pipe(
      ['demand ', 'before ', 'data'],
      throughTransformStream(() => new TextEncoderStream()),
      throughTransformStream(() => new CompressionStream('gzip')),
      throughTransformStream(() => new DecompressionStream('gzip')),
      throughTransformStream(() => new TextDecoderStream()),
      collect(),
    )
    assert.equal(text.join(''), 'demand before data')
  })

  test('an early end, a failure before and a failure inside are carried across', async () => {
    const identity = () => new TransformStream<number, number>()
    const source = probeSource({ clock })
    assert.deepEqual(await pipe(source, throughTransformStream(identity), take(2), collect()), [0, 1])
    assert.ok(source.pulled < 8)
    assert.deepEqual([source.returned, source.violations], [1, []])

    const error = new Error('gone')
    await assert.rejects(
      pipe(probeSource({ clock, failAt: 1, error }), throughTransformStream(identity), collect()),
      error,
    )

    const other = probeSource({ clock })
    const broken = () => new TransformStream<number, number>({ transform: () => Promise.reject(error) })
    await assert.rejects(pipe(other, throughTransformStream(broken), collect()), error)
    assert.equal(other.returned, 1)
  })

  test('an operator stands in pipeThrough', async () => {
    const source = probeSource({ clock, count: 6 })
    const stream = toReadableStream(source).pipeThrough(
      toTransformStream<number, string>((flow) =>
        pipe(
          flow,
          filter((n) => n % 2 === 1),
          map((n) => `#${n}`),
        ),
      ),
    )
    assert.deepEqual(await Array.fromAsync(stream), ['#1', '#3', '#5'])
  })

  test('an operator that is left leaves the source', async () => {
    const source = probeSource({ clock })
    const stream = toReadableStream(source).pipeThrough(
      toTransformStream<number, number>((flow) => pipe(flow, take(2))),
    )
    assert.deepEqual(await Array.fromAsync(stream), [0, 1])
    await settle()
    assert.deepEqual([source.returned, source.violations], [1, []])
  })

  for (const one of conformsToOperator({
    make: () => throughTransformStream(() => new TransformStream<number, number>()),
    holds: 3,
    pullsAhead: true,
  })) {
    if (!notWithStreams.some((name) => one.name.startsWith(name))) test(`throughTransformStream ${one.name}`, one.run)
  }
})

describe('as WHATWG Streams behave', () => {
  test('a locked stream is refused with a TypeError, and is free again after the end, a failure and an early leave', async () => {
    const stream = toReadableStream([1, 2, 3])
    const reader = stream.getReader()
    assert.throws(() => fromReadableStream(stream)[Symbol.asyncIterator](), TypeError)
    reader.releaseLock()
    for await (const _ of fromReadableStream(stream)) break
    assert.equal(stream.locked, false)
    const failing = toReadableStream(probeSource({ clock, failAt: 0, error: new Error('gone') }))
    await assert.rejects(pipe(fromReadableStream(failing), collect()), /gone/)
  })

  test('tee: each branch gets everything, and the source is left when both have cancelled', async () => {
    const whole = toReadableStream([1, 2, 3]).tee()
    assert.deepEqual(await Promise.all(whole.map((branch) => Array.fromAsync(branch))), [
      [1, 2, 3],
      [1, 2, 3],
    ])
    const source = probeSource({ clock })
    const [left, right] = toReadableStream(source).tee()
    const cancelled = left.cancel('enough')
    await settle()
    assert.equal(source.returned, 0)
    await Promise.all([cancelled, right.cancel('enough')])
    assert.equal(source.returned, 1)
  })

  test('pipeTo with a signal: the source is left, the channel ends in the reason; told to prevent both, neither', async () => {
    for (const isPrevented of [false, true]) {
      const source = probeSource({ clock, delayMs: (index) => (index < 1 ? 0 : Infinity) })
      const ch = channel<number>({ capacity: 4 })
      const controller = new AbortController()
      const { signal } = controller
      const options = { signal, preventCancel: isPrevented, preventAbort: isPrevented }
      const piping = toReadableStream(source).pipeTo(toWritableStream(ch), options)
      await settle()
      const reason = new Error('called off')
      controller.abort(reason)
      await assert.rejects(piping, reason)
      assert.deepEqual([source.returned, ch.isClosed], isPrevented ? [0, false] : [1, true])
      assert.equal(ch.tryReceive(), 0)
      if (!isPrevented) assert.throws(() => ch.tryReceive(), reason)
    }
  })

  test('desiredSize tells the room: of the stream, and 0 while the channel behind it is full', async () => {
    const ch = channel<number>({ capacity: 1 })
    const writer = toWritableStream(ch, { highWaterMark: 2 }).getWriter()
    assert.equal(writer.desiredSize, 2)
    const writes = [1, 2, 3].map((n) => writer.write(n))
    await settle()
    assert.equal(writer.desiredSize, 0)
    assert.deepEqual([ch.tryReceive(), ch.tryReceive()], [1, 2])
    await Promise.all(writes)
    assert.equal(writer.desiredSize, 2)
  })

  test('a stream of bytes gives its views, and reads as a Response', async () => {
    const bytes = new TextEncoder().encode('demand before data')
    const flow = fromReadableStream(new Response(bytes).body!)
    assert.equal(await new Response(toReadableStream(flow)).text(), 'demand before data')
  })
})

test('a stream as source and sink of the suite', async () => {
  const { readable, writable } = new TransformStream<number, number>()
  const writing = pipe([1, 2, 3], writeToStream(writable))
  assert.deepEqual(await pipe(fromReadableStream(readable), collect()), [1, 2, 3])
  await writing
})

test('the reason of a cancel reaches `return` of the source, as with ReadableStream.from', async () => {
  const reasons: unknown[][] = []
  const iterator = {
    next: () => ({ value: 1, done: false }),
    return: (...args: unknown[]) => (reasons.push(args), { done: true }),
  }
  for (const source of [
    {
      [Symbol.asyncIterator]: () => ({
        next: async () => iterator.next(),
        return: async (...args: unknown[]) => iterator.return(...args),
      }),
    },
    { [Symbol.iterator]: () => iterator },
  ])
    await toReadableStream(source as Iterable<number>).cancel('enough')
  assert.deepEqual(reasons, [['enough'], ['enough']])
})
