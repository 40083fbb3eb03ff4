import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import {
  abortOn,
  batch,
  buffer,
  ChannelClosed,
  ChannelFull,
  channel,
  collect,
  conflate,
  debounce,
  filter,
  flatMap,
  forEach,
  InvalidOption,
  map,
  merge,
  partition,
  pipe,
  retry,
  sample,
  sendTo,
  type Source,
  take,
  tap,
  throttle,
  TimedOut,
  timeout,
  window,
  zip,
} from '../index.ts'
import { probeSource, type VirtualClock, virtualClock } from '../testing/index.ts'

/** Items at given times: `at(clock, [[0, 'a'], [15, 'b']])`. */
async function* at<T>(clock: VirtualClock, items: [ms: number, item: T][]): AsyncGenerator<T> {
  for (const [ms, item] of items) {
    if (ms > clock.now()) await new Promise<void>((resolve) => void clock.schedule(ms - clock.now(), resolve))
    yield item
  }
}

/** What a flow gives, and when. */
async function timeline<T>(clock: VirtualClock, flow: Source<T>): Promise<[number, T][]> {
  const seen: [number, T][] = []
  await clock.until(
    pipe(
      flow,
      forEach((item) => seen.push([clock.now(), item])),
    ),
  )
  return seen
}

const wait = (clock: VirtualClock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.schedule(ms, resolve))

describe('map', () => {
  test('runs as many at a time as it may, and no more', async () => {
    for (const order of ['source', 'completed'] as const) {
      const clock = virtualClock()
      let running = 0
      let most = 0
      const handle = async (n: number): Promise<number> => {
        most = Math.max(most, ++running)
        await wait(clock, 10)
        running--
        return n
      }
      const items = Array.from({ length: 100 }, (_, n) => n)
      const results = await clock.until(pipe(items, map(handle, { concurrency: 16, order }), collect()))
      assert.deepEqual(results, items)
      assert.equal(most, 16)
      assert.equal(clock.now(), 70, '100 items of 10 ms, 16 at a time')
    }
  })

  test('keeps the order of the source, or gives what is done first', async () => {
    const slowFirst = (order: 'source' | 'completed') => {
      const clock = virtualClock()
      const handle = (n: number): Promise<number> => wait(clock, 50 - 10 * n).then(() => n)
      return clock.until(pipe([1, 2, 3], map(handle, { concurrency: 3, order }), collect()))
    }
    assert.deepEqual(await slowFirst('source'), [1, 2, 3])
    assert.deepEqual(await slowFirst('completed'), [3, 2, 1])
  })

  for (const concurrency of [1, 3]) {
    test(`a handler that throws or rejects ends it, concurrency ${concurrency}: what is before is given, the source told once`, async () => {
      for (const isAsync of [false, true]) {
        const clock = virtualClock()
        const source = probeSource({ clock })
        const error = new Error('bad item')
        const handle = (n: number): number | Promise<number> => {
          if (n < 4) return isAsync ? wait(clock, 5).then(() => n) : n
          if (isAsync) return Promise.reject(error)
          throw error
        }
        const seen: number[] = []
        const running = pipe(
          source,
          map(handle, { concurrency }),
          forEach((n) => seen.push(n)),
        )
        await assert.rejects(clock.until(running), error)
        assert.deepEqual(seen, [0, 1, 2, 3])
        assert.equal(source.returned, 1)
        assert.deepEqual(source.violations, [])
        assert.ok(source.pulled <= 4 + concurrency)
      }
    })
  }

  test('an error does not wait for a source in the middle of a next()', async () => {
    const clock = virtualClock()
    const source = probeSource({ clock, delayMs: (index) => (index === 0 ? 0 : Infinity), cleanUpMs: Infinity })
    const running = pipe(
      source,
      map(() => wait(clock, 5).then(() => Promise.reject(new Error('bad item'))), { concurrency: 2 }),
      collect(),
    )
    await assert.rejects(clock.until(running), /bad item/)
    assert.equal(source.returned, 1)
  })

  test('tells handlers that their work is no longer wanted', async () => {
    const clock = virtualClock()
    const signals: AbortSignal[] = []
    const flow = pipe(
      probeSource({ clock }),
      map(
        (n, { signal, index }) => {
          assert.equal(n, index)
          signals.push(signal)
          return n === 0 ? undefined : wait(clock, 1000)
        },
        { concurrency: 3 },
      ),
    )
    for await (const _ of flow) break
    assert.ok(signals.length > 0 && signals.every((signal) => signal.aborted))
  })
})

test('filter drops, waits for its verdict, and ends with what it throws', async () => {
  const isEven = (n: number): boolean => n % 2 === 0
  assert.deepEqual(await pipe([1, 2, 3, 4], filter(isEven), collect()), [2, 4])
  assert.deepEqual(
    await pipe(
      [1, 2, 3, 4],
      filter(async (n) => isEven(n)),
      collect(),
    ),
    [2, 4],
  )
  const broken = filter((n: number) => {
    if (n === 2) throw new Error('no verdict')
    return true
  })
  await assert.rejects(pipe([1, 2], broken, collect()), /no verdict/)
  await assert.rejects(
    pipe(
      [1],
      filter(() => Promise.reject(new Error('later'))),
      collect(),
    ),
    /later/,
  )
})

test('tap sees every item before it goes on, and ends with what it throws', async () => {
  const clock = virtualClock()
  const seen: string[] = []
  const look = async (n: number): Promise<void> => {
    await wait(clock, 5)
    seen.push(`saw ${n}`)
  }
  await clock.until(
    pipe(
      [1, 2],
      tap(look),
      forEach((n) => seen.push(`got ${n}`)),
    ),
  )
  assert.deepEqual(seen, ['saw 1', 'got 1', 'saw 2', 'got 2'])
  await assert.rejects(
    pipe(
      [1],
      tap(() => Promise.reject(new Error('seen enough'))),
      collect(),
    ),
    /seen enough/,
  )
})

test('take leaves the source with its last item, and asks for nothing when it wants nothing', async () => {
  const clock = virtualClock()
  const source = probeSource({ clock })
  const iterator = pipe(source, take(2))[Symbol.asyncIterator]()
  await iterator.next()
  await iterator.next()
  assert.deepEqual([source.pulled, source.returned], [2, 1])
  assert.deepEqual(await iterator.next(), { value: undefined, done: true })
  const none = probeSource({ clock })
  assert.deepEqual(await pipe(none, take(0), collect()), [])
  assert.deepEqual([none.pulled, none.returned], [0, 1])
})

describe('flatMap', () => {
  test('opens one inner flow after the other, in order', async () => {
    const clock = virtualClock()
    let open = 0
    async function* inner(n: number): AsyncGenerator<string> {
      assert.equal(++open, 1)
      for (const letter of 'ab') {
        await wait(clock, 1)
        yield `${n}${letter}`
      }
      open--
    }
    assert.deepEqual(await clock.until(pipe([1, 2, 3], flatMap(inner), collect())), [
      '1a',
      '1b',
      '2a',
      '2b',
      '3a',
      '3b',
    ])
  })

  test('leaves every open inner flow and the outer one, once', async () => {
    const clock = virtualClock()
    const outer = probeSource({ clock })
    const inners: ReturnType<typeof probeSource>[] = []
    const open = () => inners[inners.push(probeSource({ clock, delayMs: 1 })) - 1]!
    let count = 0
    const leave = async () => {
      for await (const _ of pipe(outer, flatMap(open, { concurrency: 3 }))) if (++count === 7) break
    }
    await clock.until(leave())
    assert.equal(inners.length, 3)
    for (const source of [outer, ...inners]) assert.deepEqual([source.returned, source.violations], [1, []])
  })

  test('when an inner flow fails, the others and the outer one are left', async () => {
    const clock = virtualClock()
    const outer = probeSource({ clock })
    const error = new Error('inner')
    const inners = [probeSource({ clock, delayMs: 1 }), probeSource({ clock, delayMs: 1, failAt: 3, error })]
    await assert.rejects(
      clock.until(
        pipe(
          outer,
          flatMap((n) => inners[n]!, { concurrency: 2 }),
          collect(),
        ),
      ),
      error,
    )
    assert.deepEqual([outer.returned, inners[0]!.returned, inners[1]!.returned], [1, 1, 0])
  })

  test('what cannot be iterated is an error', async () => {
    await assert.rejects(
      pipe(
        [1],
        flatMap((n) => n as unknown as number[]),
        collect(),
      ),
      {
        message: 'source must be an iterable or an async iterable, got 1',
      },
    )
  })
})

describe('batch', () => {
  test('gives full ones, and the rest at the end or before an error', async () => {
    assert.deepEqual(await pipe([1, 2, 3, 4, 5], batch({ size: 2 }), collect()), [[1, 2], [3, 4], [5]])
    const clock = virtualClock()
    const seen: number[][] = []
    const failing = probeSource({ clock, failAt: 3, error: new Error('gone') })
    await assert.rejects(
      clock.until(
        pipe(
          failing,
          batch({ size: 2 }),
          forEach((items) => seen.push(items)),
        ),
      ),
      /gone/,
    )
    assert.deepEqual(seen, [[0, 1], [2]])
  })

  test('gives what there is when its time is up, counted from the first item', async () => {
    const clock = virtualClock()
    const source = at(clock, [
      [0, 'a'],
      [4, 'b'],
      [25, 'c'],
      [26, 'd'],
      [27, 'e'],
      [100, 'f'],
    ])
    assert.deepEqual(await timeline(clock, pipe(source, batch({ size: 3, ms: 10, clock }))), [
      [10, ['a', 'b']],
      [27, ['c', 'd', 'e']],
      [100, ['f']],
    ])
  })
})

describe('window', () => {
  test('cuts a flow into flows without collecting them', async () => {
    const clock = virtualClock()
    const source = probeSource({ clock, count: 5 })
    const seen: (number | string)[] = []
    for await (const one of pipe(source, window({ size: 2 }))) {
      seen.push('|')
      for await (const item of one) {
        seen.push(item)
        assert.ok(source.given - seen.filter((entry) => entry !== '|').length <= 1)
      }
    }
    assert.deepEqual(seen, ['|', 0, 1, '|', 2, 3, '|', 4])
  })

  test('ends by time, even in the middle of a wait', async () => {
    const clock = virtualClock()
    const source = at(clock, [
      [0, 'a'],
      [4, 'b'],
      [25, 'c'],
      [34, 'd'],
      [36, 'e'],
    ])
    const windows: string[][] = []
    const read = forEach(async (one: AsyncIterable<string>) => void windows.push(await pipe(one, collect())))
    await clock.until(pipe(source, window({ ms: 10, clock }), read))
    assert.deepEqual(windows, [['a', 'b'], ['c', 'd'], ['e']])
  })

  test('a window that is left, or passed over, leaves its items to the next', async () => {
    const seen: string[] = []
    for await (const one of pipe([1, 2, 3, 4, 5], window({ size: 3 }))) {
      for await (const item of one) {
        seen.push(String(item))
        if (item === 2) break
      }
      seen.push('|')
    }
    assert.deepEqual(seen.join(' '), '1 2 | 3 4 5 |')
    const windows = pipe([1, 2], window({ size: 3 }))[Symbol.asyncIterator]()
    await windows.next()
    const second = await windows.next()
    assert.deepEqual(await pipe(second.value!, collect()), [1, 2])
  })

  test('an error reaches who reads the window, and who asks for the next', async () => {
    const clock = virtualClock()
    const error = new Error('gone')
    const windows = pipe(probeSource({ clock, failAt: 1, error }), window({ size: 3 }))[Symbol.asyncIterator]()
    const first = await windows.next()
    await assert.rejects(pipe(first.value!, collect()), error)
    await assert.rejects(windows.next(), error)
  })

  test('leaving the outer flow ends the window', async () => {
    const clock = virtualClock()
    const source = probeSource({ clock, delayMs: (index) => (index === 0 ? 0 : Infinity) })
    const windows = pipe(source, window({ ms: 50, clock }))[Symbol.asyncIterator]()
    const inner = (await windows.next()).value![Symbol.asyncIterator]()
    await inner.next()
    const waiting = inner.next()
    await windows.return!()
    assert.deepEqual(await waiting, { value: undefined, done: true })
    assert.deepEqual([source.returned, clock.pending], [1, 0])
  })
})

describe('merge', () => {
  test('lets no source crowd out another', async () => {
    const clock = virtualClock()
    const endless = probeSource({ clock })
    const slow = pipe(
      probeSource({ clock, delayMs: 10, count: 3 }),
      map((n) => `slow ${n}`),
    )
    const seen: (number | string)[] = []
    const read = async () => {
      for await (const item of merge(endless, slow)) {
        await wait(clock, 1)
        if (typeof item === 'string' && seen.push(item) === 3) break
      }
    }
    await clock.until(read())
    assert.ok(clock.now() <= 34, `took ${clock.now()} ms for three items of 10 ms`)
    assert.equal(endless.returned, 1)
  })

  test('ends all when one fails, and without sources at once', async () => {
    const clock = virtualClock()
    const error = new Error('gone')
    const other = probeSource({ clock, delayMs: 5 })
    await assert.rejects(
      clock.until(pipe(merge(other, probeSource({ clock, delayMs: 2, failAt: 3, error })), collect())),
      error,
    )
    assert.equal(other.returned, 1)
    assert.deepEqual(await pipe(merge(), collect()), [])
  })
})

test('zip pairs items, ends with the shortest and leaves the others', async () => {
  const clock = virtualClock()
  const long = probeSource({ clock, delayMs: 3 })
  assert.deepEqual(await clock.until(pipe(zip(long, ['a', 'b']), collect())), [
    [0, 'a'],
    [1, 'b'],
  ])
  assert.deepEqual([long.returned, long.violations], [1, []])
  assert.deepEqual(await pipe(zip(), collect()), [])
})

describe('partition', () => {
  test('keeps the order within a key and runs keys side by side', async () => {
    const clock = virtualClock()
    const running = new Set<string>()
    let most = 0
    const handle = async (word: string): Promise<string> => {
      assert.ok(!running.has(word[0]!), 'two of one key at once')
      running.add(word[0]!)
      most = Math.max(most, running.size)
      await wait(clock, word[0] === 'a' ? 30 : 1)
      running.delete(word[0]!)
      return word
    }
    const words = ['a1', 'a2', 'b1', 'b2', 'c1', 'a3', 'c2', 'b3']
    const results = await clock.until(
      pipe(
        words,
        partition((word) => word[0], handle, { concurrency: 3, capacity: 8 }),
        collect(),
      ),
    )
    for (const key of 'abc')
      assert.deepEqual(
        results.filter((word) => word.startsWith(key)),
        words.filter((word) => word.startsWith(key)),
      )
    assert.equal(most, 3)
    assert.equal(results.at(-1), 'a3')
    assert.equal(clock.now(), 90)
  })

  test('a key that throws ends it', async () => {
    const broken = partition(
      () => {
        throw new Error('no key')
      },
      (n: number) => n,
      { concurrency: 1 },
    )
    await assert.rejects(pipe([1], broken, collect()), /no key/)
    await assert.rejects(
      pipe(
        [1],
        partition(
          (n) => n,
          () => Promise.reject(new Error('bad')),
          { concurrency: 1 },
        ),
        collect(),
      ),
      /bad/,
    )
  })
})

describe('buffer', () => {
  test('lets source and consumer work at the same time', async () => {
    const run = async (buffered: boolean) => {
      const clock = virtualClock()
      const source = probeSource({ clock, count: 20, delayMs: 10 })
      const work = forEach(() => wait(clock, 10))
      await clock.until(buffered ? pipe(source, buffer({ capacity: 2 }), work) : pipe(source, work))
      return clock.now()
    }
    assert.deepEqual([await run(false), await run(true)], [410, 210])
  })

  for (const [onFull, expected] of [
    ['drop-newest', [0, 1, 2, 3, 9]],
    ['drop-oldest', [0, 6, 7, 8, 9]],
    ['latest', [0, 7, 8, 9]],
  ] as const) {
    test(`${onFull}: the source goes on while the consumer is busy`, async () => {
      const clock = virtualClock()
      const source = at(
        clock,
        Array.from({ length: 10 }, (_, n) => [n === 9 ? 150 : n, n] as [number, number]),
      )
      const seen: number[] = []
      const slow = forEach(async (n: number) => {
        seen.push(n)
        await wait(clock, seen.length === 1 ? 100 : 0)
      })
      await clock.until(pipe(source, buffer({ capacity: 3, onFull }), slow))
      assert.deepEqual(seen, expected)
    })
  }

  test('fail: what is held is given, then ChannelFull, and the source is left', async () => {
    const clock = virtualClock()
    const source = probeSource({ clock, delayMs: 1 })
    const iterator = pipe(source, buffer({ capacity: 2, onFull: 'fail' }))[Symbol.asyncIterator]()
    await clock.until(iterator.next())
    await clock.advance(50)
    assert.deepEqual(
      [await iterator.next(), await iterator.next()].map(({ value }) => value),
      [1, 2],
    )
    await assert.rejects(iterator.next(), ChannelFull)
    assert.equal(source.returned, 1)
  })
})

test('conflate merges what the consumer has no time for', async () => {
  const clock = virtualClock()
  const source = at(clock, [
    [0, 1],
    [1, 2],
    [2, 4],
    [3, 8],
    [20, 16],
  ])
  const seen: number[] = []
  const slow = forEach(async (n: number) => {
    seen.push(n)
    await wait(clock, 10)
  })
  await clock.until(
    pipe(
      source,
      conflate((held, n) => held + n),
      slow,
    ),
  )
  assert.deepEqual(seen, [1, 14, 16])
})

describe('by time', () => {
  test('throttle slows the source down and drops nothing', async () => {
    const clock = virtualClock()
    assert.deepEqual(await timeline(clock, pipe([1, 2, 3, 4, 5], throttle({ limit: 2, ms: 100, clock }))), [
      [0, 1],
      [0, 2],
      [100, 3],
      [100, 4],
      [200, 5],
    ])
  })

  test('debounce gives an item once it is quiet, and the last at the end', async () => {
    const clock = virtualClock()
    const source = at(clock, [
      [0, 'a'],
      [5, 'b'],
      [30, 'c'],
      [39, 'd'],
      [48, 'e'],
      [70, 'f'],
      [71, 'g'],
    ])
    assert.deepEqual(await timeline(clock, pipe(source, debounce({ ms: 10, clock }))), [
      [15, 'b'],
      [58, 'e'],
      [71, 'g'],
    ])
  })

  test('sample gives the latest of each span, and nothing when nothing is new', async () => {
    const clock = virtualClock()
    const source = at(clock, [
      [0, 'a'],
      [5, 'b'],
      [9, 'c'],
      [35, 'd'],
      [40, 'e'],
      [41, 'f'],
    ])
    assert.deepEqual(await timeline(clock, pipe(source, sample({ ms: 10, clock }))), [
      [10, 'c'],
      [40, 'd'],
      [41, 'f'],
    ])
  })
})

describe('when it goes wrong', () => {
  test('retry opens the source anew, waits, and counts failures in a row', async () => {
    const clock = virtualClock()
    let opened = 0
    const flaky = {
      async *[Symbol.asyncIterator]() {
        const mine = ++opened
        yield mine
        if (mine < 4) throw new Error(`failure ${mine}`)
      },
    }
    const flow = pipe(flaky, retry({ limit: 1, delayMs: (failures) => failures * 100, clock }))
    assert.deepEqual(await timeline(clock, flow), [
      [0, 1],
      [100, 2],
      [200, 3],
      [300, 4],
    ])
  })

  test('retry gives up after its limit, or at once when it is told that it is hopeless', async () => {
    const clock = virtualClock()
    const dead = probeSource({ clock, failAt: 0, error: new Error('dead') })
    await assert.rejects(clock.until(pipe(dead, retry({ limit: 3, delayMs: 10, clock }), collect())), /dead/)
    assert.deepEqual([dead.opened, dead.returned, clock.now()], [4, 0, 30])
    const hopeless = probeSource({ clock, failAt: 0, error: new Error('dead') })
    await assert.rejects(clock.until(pipe(hopeless, retry({ limit: 3, when: () => false, clock }), collect())), /dead/)
    assert.equal(hopeless.opened, 1)
  })

  test('retry can be left while it waits, and refuses a source that cannot start over', async () => {
    const clock = virtualClock()
    const dead = probeSource({ clock, failAt: 0, error: new Error('dead') })
    const iterator = pipe(dead, retry({ limit: 3, delayMs: 1000, clock }))[Symbol.asyncIterator]()
    const waiting = iterator.next()
    await clock.settle()
    await iterator.return!()
    assert.deepEqual(await waiting, { value: undefined, done: true })
    assert.equal(clock.pending, 0)
    assert.throws(() => pipe(at(clock, []), retry({ limit: 1 })), {
      message: 'source must be one that can be iterated again, to be opened anew, got an object',
    })
  })

  test('timeout counts only the time in which the source is asked', async () => {
    const clock = virtualClock()
    const source = probeSource({ clock, delayMs: (index) => (index < 3 ? 90 : 101), cleanUpMs: Infinity })
    const seen: number[] = []
    const slow = forEach(async (n: number) => {
      seen.push(n)
      await wait(clock, 500)
    })
    const error = await clock.until(pipe(source, timeout({ ms: 100, clock }), slow).catch((thrown: unknown) => thrown))
    assert.ok(error instanceof TimedOut && error.timeoutMs === 100)
    assert.equal(error.message, 'The next item took longer than 100 ms')
    assert.deepEqual([seen, source.returned, clock.now()], [[0, 1, 2], 1, 3 * 590 + 100])
  })

  test('abortOn tells the source at once, in the middle of a next(), and leaves no listener', async () => {
    const clock = virtualClock()
    const source = probeSource({ clock, delayMs: (index) => (index < 2 ? 0 : Infinity) })
    const controller = new AbortController()
    const running = pipe(source, abortOn(controller.signal), collect())
    await clock.settle()
    controller.abort(new Error('enough'))
    await assert.rejects(running, /enough/)
    assert.equal(source.returned, 1)
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0)

    const unused = probeSource({ clock })
    await assert.rejects(pipe(unused, abortOn(controller.signal), collect()), /enough/)
    assert.deepEqual([unused.pulled, unused.returned], [0, 1])
  })

  test('no listener stays on a signal that lives on', async () => {
    const { signal } = new AbortController()
    for (let n = 0; n < 100; n++) {
      await pipe([1, 2], abortOn(signal), collect())
      for await (const _ of pipe([1, 2], abortOn(signal))) break
      await pipe([1, 2], collect({ signal }))
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})

test('a handler may ask for more, and a million items do not grow the stack', async () => {
  function* numbers() {
    for (let n = 0; n < 1_000_000; n++) yield n
  }
  const doubled = pipe(
    numbers(),
    filter((n) => n % 1000 === 0),
    map((n) => 2 * n),
  )[Symbol.asyncIterator]()
  let sum = 0
  const asked: Promise<void>[] = []
  const ask = (): void => {
    const answer = doubled.next().then(({ done, value }) => {
      if (done) return
      sum += value
      ask()
    })
    asked.push(answer)
  }
  // Two calls are under way all the time.
  ask()
  ask()
  for (const answer of asked) await answer
  assert.equal(sum, 2 * 1000 * (999 * 500))
})

describe('sinks', () => {
  test('sendTo follows the pace of the channel and closes it', async () => {
    const clock = virtualClock()
    const source = probeSource({ clock, count: 10 })
    const ch = channel<number>({ capacity: 2 })
    const sending = pipe(source, sendTo(ch))
    await clock.settle()
    assert.equal(source.pulled, 3, 'two fit, one waits')
    assert.deepEqual(await pipe(ch, collect()), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    await sending
  })

  test('sendTo passes an error on, and leaves the source when the channel is cancelled', async () => {
    const clock = virtualClock()
    const error = new Error('gone')
    const ch = channel<number>({ capacity: 8 })
    await assert.rejects(clock.until(pipe(probeSource({ clock, failAt: 1, error }), sendTo(ch))), error)
    assert.equal(ch.tryReceive(), 0)
    assert.throws(() => ch.tryReceive(), error)

    const other = channel<number>({ capacity: 1 })
    const source = probeSource({ clock })
    const sending = pipe(source, sendTo(other))
    await clock.settle()
    other.cancel()
    await assert.rejects(sending, ChannelClosed)
    assert.equal(source.returned, 1)
  })

  test('forEach waits for each, and leaves the source when a handler fails', async () => {
    const clock = virtualClock()
    const source = probeSource({ clock })
    await assert.rejects(
      clock.until(
        pipe(
          source,
          forEach(async (n) => {
            await wait(clock, 1)
            if (n === 2) throw new Error('two')
          }),
        ),
      ),
      /two/,
    )
    assert.deepEqual([source.pulled, source.returned], [3, 1])
  })
})

describe('bad input', () => {
  const nan = Number.NaN
  const cases: [string, () => unknown][] = [
    ['concurrency must be a whole number of at least 1, got 0', () => map((n) => n, { concurrency: 0 })],
    ['concurrency must be a whole number of at least 1, got 1.5', () => flatMap(() => [], { concurrency: 1.5 })],
    ["order must be one of 'source', 'completed', got 'any'", () => map((n) => n, { order: 'any' as 'source' })],
    ['handle must be a function, got undefined', () => map(undefined as unknown as () => void)],
    ['test must be a function, got null', () => filter(null as unknown as () => boolean)],
    ['count must be a whole number of at least 0, got -1', () => take(-1)],
    ['size must be a whole number of at least 1, got NaN', () => batch({ size: nan })],
    ['ms must be a number of milliseconds of at least 0, or Infinity, got -5', () => batch({ size: 1, ms: -5 })],
    ['size must be given, or ms, or a window would never end, got Infinity', () => window({})],
    [
      'capacity must be a whole number of at least 4, got 3',
      () =>
        partition(
          (n) => n,
          (n) => n,
          { concurrency: 4, capacity: 3 },
        ),
    ],
    ['capacity must be a whole number of at least 1, got Infinity', () => buffer({ capacity: Infinity })],
    [
      "onFull must be one of 'wait', 'drop-newest', 'drop-oldest', 'latest', 'fail', got 'x'",
      () => buffer({ capacity: 1, onFull: 'x' as 'wait' }),
    ],
    ['ms must be a number of milliseconds of at least 0, got NaN', () => throttle({ ms: nan })],
    ['ms must be a number of milliseconds of at least 0, got Infinity', () => debounce({ ms: Infinity })],
    ['ms must be a number of milliseconds of at least 5e-324, got 0', () => sample({ ms: 0 })],
    ['limit must be a whole number of at least 1, or Infinity, got 0', () => retry({ limit: 0 })],
    ['delayMs must be a number of milliseconds of at least 0, got -1', () => retry({ limit: 1, delayMs: -1 })],
    ['ms must be a number of milliseconds of at least 0, got -1', () => timeout({ ms: -1 })],
    [
      'source must be an iterable or an async iterable, got 5',
      () => pipe(5 as unknown as number[], take(1))[Symbol.asyncIterator](),
    ],
  ]
  for (const [message, run] of cases) {
    test(message, () =>
      assert.throws(run, (error: unknown) => error instanceof InvalidOption && error.message === message),
    )
  }
})
