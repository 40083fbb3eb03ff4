import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import { breaker } from '../breaker.ts'
import { deadline } from '../deadline.ts'
import { abortOn } from '../flow/guard.ts'
import { pipe } from '../flow/pipe.ts'
import { collect } from '../flow/sinks.ts'
import { gate } from '../gate/gate.ts'
import { hedge } from '../hedge.ts'
import { gcra, rate } from '../rate.ts'
import { retries } from '../retry.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { ChannelClosed, ChannelFull, channel, none, type OnFull } from '../index.ts'

const numbers = (capacity: number, onFull?: OnFull) => channel<number>({ capacity, ...(onFull && { onFull }) })

/** Whether a promise has settled once every queued job has run. */
async function isPending(promise: unknown): Promise<boolean> {
  const pending = Symbol('pending')
  await new Promise(setImmediate)
  return (await Promise.race([Promise.resolve(promise), Promise.resolve(pending)])) === pending
}

describe('sending', () => {
  test('makes no promise while there is room, and one when there is none', async () => {
    const ch = numbers(2)
    assert.equal(ch.send(1), undefined)
    assert.equal(ch.send(2), undefined)
    assert.equal(ch.trySend(3), false)
    const wait = ch.send(3)
    assert.ok(await isPending(wait))
    assert.equal(ch.stats().waitingSenders, 1)
    assert.equal(ch.tryReceive(), 1)
    await wait
    assert.deepEqual(ch.tryReceiveUpTo(9), [2, 3])
  })

  test('trySend does not overtake those who wait', async () => {
    const ch = channel<number>({ capacity: 4, size: (n) => n })
    assert.equal(ch.send(3), undefined)
    const heavy = ch.send(4)
    assert.equal(ch.trySend(1), false, '1 would fit, but 4 came first')
    assert.deepEqual(ch.tryReceive(), 3)
    await heavy
    assert.equal(ch.stats().weight, 4)
  })

  test('when the heavy one in front is called off, those behind it that fit go in', async () => {
    const ch = channel<number>({ capacity: 4, size: (n) => n })
    const controller = new AbortController()
    assert.equal(ch.send(3), undefined)
    const heavy = ch.send(4, { signal: controller.signal })
    const light = ch.send(1)
    controller.abort()
    await assert.rejects(heavy!, { name: 'AbortError' })
    await light
    assert.deepEqual(ch.tryReceiveUpTo(9), [3, 1])
  })

  test('one that is let in by the leaving of another on the same signal is in, and not called off', async () => {
    const ch = channel<string>({ capacity: 2, size: (item) => item.length })
    ch.trySend('a')
    const controller = new AbortController()
    const heavy = ch.send('bb', { signal: controller.signal })
    const light = ch.send('c', { signal: controller.signal })
    controller.abort()
    await assert.rejects(heavy!, { name: 'AbortError' })
    await light
    assert.deepEqual(ch.tryReceiveUpTo(9), ['a', 'c'])
  })

  test('to a consumer that waits goes from hand to hand', async () => {
    const ch = numbers(0)
    const received = ch.receive()
    assert.equal(ch.send(7), undefined)
    assert.equal(await received, 7)
    const wait = ch.send(8)
    assert.ok(await isPending(wait))
    assert.equal(ch.tryReceive(), 8)
    await wait
    assert.equal(ch.stats().highWater, 0)
  })
})

describe('when it is full', () => {
  const fill = (onFull: OnFull) => {
    const ch = numbers(3, onFull)
    const taken = [1, 2, 3, 4, 5].map((n) => ch.trySend(n))
    return { ch, taken, stats: ch.stats(), left: ch.tryReceiveUpTo(9) }
  }

  test('wait: nothing is taken and nothing is lost', () => {
    const { taken, left, stats } = fill('wait')
    assert.deepEqual([taken, left, stats.sent], [[true, true, true, false, false], [1, 2, 3], 3])
  })
  test('drop-newest: what arrives is dropped', () => {
    const { taken, left, stats } = fill('drop-newest')
    assert.deepEqual([taken, left, stats.dropped.newest], [[true, true, true, false, false], [1, 2, 3], 2])
  })
  test('drop-oldest: what waited longest is dropped', () => {
    const { taken, left, stats } = fill('drop-oldest')
    assert.deepEqual([taken, left, stats.dropped.oldest], [[true, true, true, true, true], [3, 4, 5], 2])
  })
  test('latest: everything that waits gives way', () => {
    const { taken, left, stats } = fill('latest')
    assert.deepEqual([taken, left, stats.dropped.latest], [[true, true, true, true, true], [4, 5], 3])
  })
  test('fail: the producer is told', async () => {
    const { ch, taken, left, stats } = fill('fail')
    assert.deepEqual([taken, left, stats.refused], [[true, true, true, false, false], [1, 2, 3], 2])
    for (const n of [1, 2, 3]) ch.trySend(n)
    await assert.rejects(ch.send(4)!, (error: unknown) => error instanceof ChannelFull && error.capacity === 3)
  })
  test('drop-oldest by weight drops as many as it takes', () => {
    const ch = channel<string>({ capacity: 6, onFull: 'drop-oldest', size: (text) => text.length })
    for (const text of ['aa', 'bb', 'cc', 'dddd']) ch.trySend(text)
    assert.deepEqual(ch.stats().dropped.oldest, 2)
    assert.deepEqual(ch.tryReceiveUpTo(9), ['cc', 'dddd'])
    assert.equal(ch.stats().highWater, 6)
  })
  test('an empty item weighs 1, so that any number of them is bounded', () => {
    const ch = channel<string>({ capacity: 2, size: (text) => text.length })
    assert.deepEqual([ch.trySend(''), ch.trySend(''), ch.trySend('')], [true, true, false])
  })
})

describe('receiving', () => {
  test('gives at once what is there, and waits for what is not, in the order of asking', async () => {
    const ch = numbers(4)
    const first = ch.receive()
    const bulk = ch.receiveUpTo(5)
    const loop = ch.values().next()
    for (const n of [1, 2, 3, 4, 5]) assert.equal(ch.send(n), undefined)
    assert.deepEqual([await first, await bulk, await loop], [1, [2], { value: 3, done: false }])
    assert.equal(ch.receive(), 4)
    const mine: number[] = []
    assert.equal(ch.receiveUpTo(5, { into: mine }), mine)
    assert.deepEqual(mine, [5])
    assert.equal(ch.tryReceive(), none)
  })

  test('up to n takes from those who wait to send too', async () => {
    const ch = numbers(2)
    const sends = [1, 2, 3, 4, 5].map((n) => ch.send(n))
    assert.deepEqual(ch.tryReceiveUpTo(4), [1, 2, 3, 4])
    for (const send of sends) await send
    assert.equal(ch.depth, 1)
  })

  test('undefined and null are items like any other', async () => {
    const ch = channel<null | undefined>({ capacity: 2 })
    ch.trySend(undefined)
    ch.trySend(null)
    ch.close()
    const seen: unknown[] = []
    for await (const item of ch) seen.push(item)
    assert.deepEqual(seen, [undefined, null])
  })

  test('several loops share the items', async () => {
    const ch = numbers(2)
    const seen: number[][] = [[], []]
    const loops = seen.map(async (mine) => {
      for await (const n of ch) mine.push(n)
    })
    for (let n = 0; n < 100; n++) await ch.send(n)
    ch.close()
    await Promise.all(loops)
    assert.deepEqual(
      seen.flat().toSorted((a, b) => a - b),
      Array.from({ length: 100 }, (_, n) => n),
    )
    for (const mine of seen) assert.ok(mine.length > 10)
  })

  test('next() called many times before anything comes is served in order', async () => {
    const ch = numbers(1)
    const loop = ch.values()
    const nexts = [loop.next(), loop.next(), loop.next()]
    ch.trySend(1)
    ch.trySend(2)
    ch.close()
    assert.deepEqual(await Promise.all(nexts), [
      { value: 1, done: false },
      { value: 2, done: false },
      { value: undefined, done: true },
    ])
  })

  test('leaving a loop leaves the channel to the others, unless the loop is told to cancel it', async () => {
    const ch = numbers(4)
    for (const n of [1, 2, 3]) ch.trySend(n)
    for await (const n of ch) if (n === 1) break
    assert.equal(ch.isClosed, false)
    for await (const n of ch.values({ cancel: true })) if (n === 2) break
    assert.equal(ch.isClosed, true)
    assert.equal(ch.stats().dropped.discarded, 1)
  })

  test('return() ends the loop that waits, and only that one', async () => {
    const ch = numbers(1)
    const [mine, other] = [ch.values(), ch.values()]
    const waits = [mine.next(), other.next(), mine.next()]
    await mine.return!()
    assert.deepEqual(await waits[0], { value: undefined, done: true })
    assert.deepEqual(await waits[2], { value: undefined, done: true })
    ch.trySend(1)
    assert.deepEqual(await waits[1], { value: 1, done: false })
    assert.deepEqual(await mine.next(), { value: undefined, done: true })
  })

  test('throw() ends the loop with that error', async () => {
    const ch = numbers(1)
    const loop = ch.values({ cancel: true })
    const error = new Error('enough')
    await assert.rejects(loop.throw!(error), error)
    await assert.rejects(ch.send(1)!, (thrown: unknown) => thrown instanceof ChannelClosed && thrown.cause === error)
  })
})

describe('closing', () => {
  test('drains, those who wait to send included, then ends', async () => {
    const ch = numbers(1)
    const sends = [ch.send(1), ch.send(2), ch.send(3)]
    ch.close()
    assert.throws(() => ch.trySend(4), ChannelClosed)
    await assert.rejects(ch.send(4)!, ChannelClosed)
    assert.equal(ch.isEnded, false)
    const seen: number[] = []
    for await (const n of ch) seen.push(n)
    for (const send of sends) await send
    assert.deepEqual(seen, [1, 2, 3])
    assert.ok(ch.isEnded)
    assert.equal(ch.tryReceive(), none)
    assert.equal(await ch.receive(), none)
    assert.deepEqual(await ch.receiveUpTo(3), [])
  })

  test('with an error: what was sent is received, then every receiver gets the error', async () => {
    const ch = numbers(2)
    const error = new Error('the disk is gone')
    ch.trySend(1)
    ch.close(error)
    ch.close(new Error('too late'))
    assert.equal(ch.receive(), 1)
    await assert.rejects(async () => ch.receive(), error)
    await assert.rejects(async () => ch.receiveUpTo(1), error)
    assert.throws(() => ch.tryReceive(), error)
    assert.throws(() => ch.tryReceiveUpTo(2), error)
    const loop = ch.values()
    await assert.rejects(loop.next(), error)
    assert.deepEqual(await loop.next(), { value: undefined, done: true }, 'a loop is told once')
    await assert.rejects(ch.send(2)!, (thrown: unknown) => thrown instanceof ChannelClosed && thrown.cause === error)
  })

  test('settles receivers that wait', async () => {
    for (const error of [undefined, new Error('gone')]) {
      const ch = numbers(1)
      const waits = [ch.receive(), ch.receiveUpTo(3), ch.values().next()].map((wait) => Promise.resolve<unknown>(wait))
      ch.close(error)
      if (error) for (const wait of waits) await assert.rejects(wait, error)
      else assert.deepEqual(await Promise.all(waits), [none, [], { value: undefined, done: true }])
    }
  })

  test('cancel discards what is left and tells producers that wait', async () => {
    const ch = numbers(1)
    ch.trySend(1)
    const wait = ch.send(2)
    const reason = new Error('nobody listens')
    ch.cancel(reason)
    await assert.rejects(wait!, (thrown: unknown) => thrown instanceof ChannelClosed && thrown.cause === reason)
    assert.equal(await ch.receive(), none)
    assert.deepEqual(
      { ...ch.stats().dropped, weight: ch.stats().weight },
      { newest: 0, oldest: 0, latest: 0, discarded: 1, weight: 0 },
    )
  })

  test('await using cancels at the end of the scope', async () => {
    let wait: Promise<void> | undefined
    let outer
    {
      await using ch = numbers(1)
      outer = ch
      ch.trySend(1)
      wait = ch.send(2)
      wait!.catch(() => {})
    }
    await assert.rejects(wait!, ChannelClosed)
    assert.ok(outer.isEnded)
  })
})

describe('calling off', () => {
  test('a signal that has fired sends and receives nothing', async () => {
    const ch = numbers(2)
    ch.trySend(1)
    const signal = AbortSignal.abort(new Error('no'))
    await assert.rejects(ch.send(2, { signal })!, /no/)
    await assert.rejects(async () => ch.receive({ signal }), /no/)
    await assert.rejects(async () => ch.receiveUpTo(1, { signal }), /no/)
    await assert.rejects(ch.values({ signal }).next(), /no/)
    assert.equal(ch.depth, 1)
  })

  test('a receiver that is called off loses nothing and is not counted', async () => {
    const ch = numbers(1)
    const controller = new AbortController()
    const options = { signal: controller.signal }
    const waits = [ch.receive(options), ch.receiveUpTo(2, options), ch.values(options).next()]
    const other = ch.receive()
    assert.equal(ch.stats().waitingReceivers, 4)
    controller.abort()
    for (const wait of waits) await assert.rejects(async () => wait, { name: 'AbortError' })
    assert.equal(ch.stats().waitingReceivers, 1)
    ch.trySend(1)
    assert.equal(await other, 1)
  })

  test('an item that was handed over before the signal fired is received', async () => {
    const ch = numbers(1)
    const controller = new AbortController()
    const wait = ch.receive({ signal: controller.signal })
    ch.trySend(1)
    controller.abort()
    assert.equal(await wait, 1)
  })

  test('a loop that cancels tells the producers when its signal fires', async () => {
    const ch = numbers(1)
    const controller = new AbortController()
    const loop = ch.values({ signal: controller.signal, cancel: true })
    const wait = loop.next()
    controller.abort(new Error('enough'))
    await assert.rejects(wait, /enough/)
    assert.ok(ch.isClosed)
    assert.deepEqual(await loop.next(), { value: undefined, done: true })
  })

  test('no listener stays on a signal that lives on', async () => {
    const ch = numbers(1)
    const { signal } = new AbortController()
    for (let n = 0; n < 1000; n++) {
      const received = ch.receive({ signal })
      ch.trySend(n)
      await received
      ch.trySend(n)
      const sent = ch.send(n, { signal })
      ch.tryReceive()
      await sent
      ch.tryReceive()
    }
    const waits = [ch.receive({ signal }), ch.receive({ signal })]
    ch.close()
    for (const wait of waits) await wait
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})

describe('bad input', () => {
  for (const [options, message] of [
    [{ capacity: -1 }, 'capacity must be a whole number of at least 0, got -1'],
    [{ capacity: NaN }, 'capacity must be a whole number of at least 0, got NaN'],
    [{ capacity: 1.5 }, 'capacity must be a whole number of at least 0, got 1.5'],
    [{ capacity: Infinity }, 'capacity must be a whole number of at least 0, got Infinity'],
    [{ capacity: 2 ** 31 }, 'capacity must be at most 1073741824 items, got 2147483648'],
    [{ capacity: '8' as unknown as number }, "capacity must be a whole number of at least 0, got '8'"],
    [{ capacity: 0, onFull: 'latest' as const }, 'capacity must be a whole number of at least 1, got 0'],
    [{ capacity: 0, size: () => 1 }, 'capacity must be a whole number of at least 1, got 0'],
    [{ capacity: 1, size: 3 as unknown as () => number }, 'size must be a function, got 3'],
    [
      { capacity: 1, onFull: 'block' as 'wait' },
      "onFull must be one of 'wait', 'drop-newest', 'drop-oldest', 'latest', 'fail', got 'block'",
    ],
  ] as const) {
    test(message, () => assert.throws(() => channel(options), { name: 'InvalidOption', message }))
  }

  test('an item without a right size is refused, and nothing else changes', async () => {
    const ch = channel<number>({ capacity: 10, size: (n) => n })
    for (const [size, message] of [
      [11, 'size of the item must be at most the capacity (10), or it would wait for ever, got 11'],
      [-1, 'size of the item must be a whole number of at least 0, got -1'],
      [NaN, 'size of the item must be a whole number of at least 0, got NaN'],
      [0.5, 'size of the item must be a whole number of at least 0, got 0.5'],
    ] as const) {
      assert.throws(() => ch.trySend(size), { message })
      await assert.rejects(ch.send(size)!, { message })
    }
    assert.deepEqual([ch.stats().sent, ch.stats().weight], [0, 0])
  })

  test('a size that throws reaches the sender', async () => {
    const ch = channel<number>({
      capacity: 10,
      size: () => {
        throw new Error('cannot tell')
      },
    })
    assert.throws(() => ch.trySend(1), /cannot tell/)
    await assert.rejects(ch.send(1)!, /cannot tell/)
  })

  test('a bulk receive of nothing', () => {
    const ch = numbers(1)
    for (const max of [0, -1, 1.5, NaN]) {
      assert.throws(() => ch.tryReceiveUpTo(max), { message: `max must be a whole number of at least 1, got ${max}` })
      assert.throws(() => void ch.receiveUpTo(max), /max must be/)
    }
  })
})

test('waits of every kind share one listener of a signal: Node warns from eleven on', async () => {
  const { signal } = new AbortController()
  const clock = virtualClock()
  const door = gate({ limit: 1, queue: { capacity: Infinity }, clock })
  const never = () => new Promise<never>(() => {})
  door.run(never).catch(() => {})
  const ch = channel<number>({ capacity: 1 })
  const context = { signal, idempotent: true }
  const paced = rate({ rule: gcra({ perSecond: 0.001 }), maxWaitMs: Infinity, clock })
  const circuit = breaker({ clock })
  const failing = retries({ clock })
  const timed = deadline({ timeoutMs: 1000, clock })
  const hedged = hedge({ afterMs: 10, clock })
  for (let i = 0; i < 15; i++) {
    const waits = [
      door.run(never, context),
      paced.run(never, context),
      circuit.run(never, context),
      failing.run(() => Promise.reject(new Error('down')), context),
      timed.run(never, context),
      hedged.run(never, context),
      ch.receive({ signal }) as Promise<unknown>,
      pipe(channel<number>({ capacity: 1 }), abortOn(signal), collect()),
    ]
    for (const wait of waits) wait.catch(() => {})
  }
  await clock.settle()
  assert.equal(getEventListeners(signal, 'abort').length, 1)
})

test('options that are missing are named, with an example of what would be right', () => {
  const makers = [channel, gate, rate, deadline, hedge] as unknown as (() => unknown)[]
  for (const make of makers)
    assert.throws(make, /^InvalidOption: options must be an object such as \{ \w+: .+ \}, got undefined$/, make.name)
})
