import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Context } from '../context.ts'
import { InvalidOption, type OverloadCause, Overloaded, TimedOut } from '../errors.ts'
import type { Limit, Sample } from '../limit/limit.ts'
import { seededRandom } from '../testing/random.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { bulkhead, type GateOptions, gate } from './gate.ts'
import { shareOf } from './queue.ts'

/** A gate on virtual time, and work that ends when it is told to. */
function bench(options: Partial<GateOptions> = {}) {
  const clock = virtualClock()
  const door = gate({ limit: 1, queue: { capacity: 3, order: 'fifo' }, clock, ...options })
  const log: string[] = []
  const finish = new Map<string, (error?: Error) => void>()
  /** Sends work with a name; what became of it is in the log. */
  const send = (name: string, context: Context = {}): void => {
    const work = () =>
      new Promise<void>((resolve, reject) => {
        log.push(`${name} runs`)
        finish.set(name, (error) => (error ? reject(error) : resolve()))
      })
    door.run(work, context).then(
      () => log.push(`${name} done`),
      (error: unknown) => log.push(`${name} ${error instanceof Overloaded ? error.cause : (error as Error).message}`),
    )
  }
  const end = async (name: string, error?: Error) => {
    finish.get(name)!(error)
    await clock.settle()
  }
  const seen = async () => {
    await clock.settle()
    return log.splice(0)
  }
  return { clock, door, send, end, seen }
}

const spy = (value: number): Limit & { samples: Sample[] } => {
  const samples: Sample[] = []
  return { value, samples, update: (sample) => (samples.push(sample), value) }
}

describe('admission', () => {
  test('as many as the limit run, those behind wait in order, one too many is refused', async () => {
    const { send, end, seen, door } = bench()
    for (const name of ['a', 'b', 'c', 'd', 'e']) send(name)
    assert.deepEqual(await seen(), ['a runs', 'e queue-full'])
    assert.deepEqual([door.inFlight, door.waiting], [1, 3])
    await end('a')
    await end('b')
    assert.deepEqual(await seen(), ['b runs', 'a done', 'c runs', 'b done'])
  })

  test('what throws at once, gives a plain value or a thenable is treated like any other', async () => {
    const { door } = bench()
    await assert.rejects(
      door.run(() => {
        throw new Error('at once')
      }),
      /at once/,
    )
    assert.equal(await door.run(() => 5), 5)
    // oxlint-disable-next-line unicorn/no-thenable
    assert.equal(await door.run(() => ({ then: (resolve: (value: number) => void) => resolve(6) }) as never), 6)
    assert.equal(door.inFlight, 0)
  })

  test('a permit is released once, by hand or at the end of its scope', async () => {
    const { door } = bench({ limit: 2 })
    const first = await door.acquire()
    {
      using second = door.tryAcquire()
      assert.equal(second?.inFlight, 2)
      assert.equal(door.tryAcquire(), undefined)
    }
    assert.equal(door.inFlight, 1)
    first.release()
    first.release()
    assert.equal(door.inFlight, 0)
  })

  test('nothing overtakes those who wait', async () => {
    const { door, send, end, seen } = bench()
    send('a')
    send('b')
    assert.equal(door.tryAcquire(), undefined)
    await end('a')
    assert.deepEqual(await seen(), ['a runs', 'b runs', 'a done'])
  })

  test('when the limit rises, as many more go in', async () => {
    const limit = { value: 1, update: () => (limit.value = 3) }
    const { send, end, seen } = bench({ limit })
    for (const name of ['a', 'b', 'c', 'd']) send(name)
    await end('a')
    assert.deepEqual(await seen(), ['a runs', 'b runs', 'c runs', 'd runs', 'a done'])
  })

  test('says at once, and counts, what it would refuse; what would wait, run or be called off is left to `run`', async () => {
    const { door, clock } = bench({ limit: 1, queue: { capacity: 1 }, priority: { levels: 2 } })
    assert.equal(door.refusal(), undefined, 'there is room')
    await door.acquire()
    assert.equal(door.refusal(), undefined, 'there is a place in the line')
    assert.equal(door.refusal({ deadlineAt: clock.now() - 1 })?.cause, 'deadline')
    void door.run(() => 1)
    assert.equal(door.refusal()?.cause, 'queue-full')
    assert.equal(door.refusal({ priority: 0 }), undefined, 'a less important one gives way')
    assert.equal(door.refusal({ priority: 7 }), undefined, 'no priority of its own')
    assert.equal(door.refusal({ signal: AbortSignal.abort() }), undefined)
    const { arrived, refused } = door.stats()
    assert.deepEqual([arrived, refused], [4, { deadline: 1, 'queue-full': 1 }])
  })

  test('`refusal` and `run` agree on whom they refuse, whatever the order, and press alike', async () => {
    for (const order of ['fifo', 'lifo', 'adaptive'] as const) {
      const plain = bench({ limit: 2, queue: { capacity: 3, order }, priority: { levels: 3 } })
      const asked = bench({ limit: 2, queue: { capacity: 3, order }, priority: { levels: 3 } })
      const random = seededRandom(7)
      const running: string[] = []
      for (let i = 0; i < 400; i++) {
        const context = { priority: Math.floor(random() * 3) }
        if (random() < 0.3 && running.length > 0) {
          const [name] = running.splice(Math.floor(random() * running.length), 1)
          await plain.end(name!)
          await asked.end(name!)
        }
        plain.send(`${i}`, context)
        if (asked.door.refusal(context) === undefined) asked.send(`${i}`, context)
        assert.deepEqual(asked.door.stats(), plain.door.stats(), `${order}, step ${i}`)
        await asked.seen()
        for (const line of await plain.seen()) if (line.endsWith(' runs')) running.push(line.slice(0, -5))
      }
    }
  })

  test('when the limit falls to half, the line is shortened to what it may be then; the important stay', async () => {
    const limit = { value: 4, update: () => (limit.value = 1) }
    const { send, end, seen, door } = bench({
      limit,
      priority: { levels: 2 },
      queue: { order: 'fifo', capacity: (value, level) => (level === 0 ? 3 : value) },
    })
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) send(name)
    send('high', { priority: 0 })
    await end('a')
    const outcomes = (await seen()).slice(4)
    assert.deepEqual(
      outcomes.filter((line) => line !== 'a done'),
      ['g priority', 'f queue-full', 'e queue-full'],
    )
    assert.equal(door.waiting, 1)
  })

  test('ten thousand synchronous pieces of work do not grow the stack', async () => {
    const { door } = bench({ queue: { capacity: Infinity } })
    const all = await Promise.all(Array.from({ length: 10_000 }, (_, i) => door.run(() => i)))
    assert.equal(all.at(-1), 9999)
  })

  test('a bulkhead is a fixed gate that lets nobody wait unless told', async () => {
    const door = bulkhead(1)
    const permit = await door.acquire()
    await assert.rejects(
      door.run(() => 1),
      { cause: 'queue-full' },
    )
    permit.release()
    assert.equal(await door.run(() => 1), 1)
  })
})

describe('order', () => {
  test('lifo serves the newest and, when full, sheds the oldest', async () => {
    const { send, end, seen } = bench({ queue: { capacity: 2, order: 'lifo' } })
    for (const name of ['a', 'b', 'c', 'd']) send(name)
    assert.deepEqual(await seen(), ['a runs', 'b queue-full'])
    await end('a')
    await end('d')
    assert.deepEqual(await seen(), ['d runs', 'a done', 'c runs', 'd done'])
  })

  test('adaptive is fifo until much is turned away, then lifo, then fifo again', async () => {
    const { door, send, end, seen } = bench({ queue: { capacity: 2, order: 'adaptive' } })
    send('run')
    for (let i = 0; i < 11; i++) send(`w${i}`)
    assert.equal(door.stats().isOverloaded, true)
    await seen()
    await end('run')
    assert.ok((await seen()).includes('w10 runs'), 'the newest first')
    // Served one after the other, the pressure goes.
    let running = 'w10'
    for (let i = 0; i < 60; i++) {
      send(`x${i}`)
      await end(running)
      running = (await seen()).findLast((line) => line.endsWith('runs'))!.split(' ')[0]!
    }
    assert.equal(door.stats().isOverloaded, false)
  })
})

describe('priorities', () => {
  const levels = { priority: { levels: 3 } }

  test('the most important is served first, in order within a priority', async () => {
    const { send, end, seen } = bench(levels)
    send('a')
    send('low', { priority: 2 })
    send('high', { priority: 0 })
    send('high2', { priority: 0 })
    for (const name of ['a', 'high', 'high2']) await end(name)
    assert.deepEqual(
      (await seen()).filter((line) => line.endsWith('runs')),
      ['a runs', 'high runs', 'high2 runs', 'low runs'],
    )
  })

  test('a full queue sheds the least important, the newest of them; nothing more important gives way', async () => {
    const { send, seen } = bench(levels)
    send('a')
    send('low1', { priority: 2 })
    send('low2')
    send('mid', { priority: 1 })
    send('high', { priority: 0 })
    send('high2', { priority: 0 })
    send('mid2', { priority: 1 })
    send('low3', { priority: 2 })
    assert.deepEqual(await seen(), ['a runs', 'low2 priority', 'low1 priority', 'mid2 queue-full', 'low3 queue-full'])
  })

  test('within a priority, shedding goes by the share of the key, and the shares change with the hour', async () => {
    const keys = Array.from({ length: 40 }, (_, i) => `user ${i}`)
    const shed = async (startMs: number) => {
      const { clock, send, seen } = bench({ queue: { capacity: 20, order: 'fifo' } })
      await clock.advance(startMs)
      send('first')
      for (const key of [...keys, ...keys]) send(key, { key })
      return new Set((await seen()).flatMap((line) => line.match(/^(.*) queue-full$/)?.[1] ?? []))
    }
    const first = await shed(0)
    const kept = keys.filter((key) => !first.has(key))
    const worstKept = Math.max(...kept.map((key) => shareOf(key, 0)))
    assert.ok(kept.length >= 8, 'some users are served wholly')
    assert.ok([...first].every((key) => shareOf(key, 0) >= worstKept))
    assert.notDeepEqual(await shed(3_600_000), first)
  })
})

describe('deadlines', () => {
  /** Work that took 100 ms once. */
  const warm = async (options: Partial<GateOptions> = {}) => {
    const all = bench(options)
    all.send('warm')
    await all.clock.advance(100)
    await all.end('warm')
    await all.seen()
    return all
  }

  test('one that could not be done in time is refused at once, when something is in flight', async () => {
    const { send, seen, clock } = await warm()
    const now = clock.now()
    send('a')
    send('in time', { deadlineAt: now + 201 })
    send('too late behind it', { deadlineAt: now + 250 })
    assert.deepEqual(await seen(), ['a runs', 'too late behind it deadline'])
  })

  test('when nothing is in flight it is tried, so that a wrong judgement mends itself', async () => {
    const { send, seen, clock } = await warm()
    send('a', { deadlineAt: clock.now() + 1 })
    send('past', { deadlineAt: clock.now() })
    assert.deepEqual(await seen(), ['a runs', 'past deadline'])
  })

  test('one that waits is refused when the time left is too short', async () => {
    const { send, seen, clock } = await warm()
    send('a')
    send('b', { deadlineAt: clock.now() + 250 })
    await clock.advance(149)
    assert.deepEqual(await seen(), ['a runs'])
    await clock.advance(1)
    assert.deepEqual(await seen(), ['b deadline'])
    assert.equal(clock.pending, 0)
  })

  test('when its turn comes with too little time left it is refused, and the next goes in', async () => {
    const { send, seen, clock, end } = await warm({ limit: 2 })
    const now = clock.now()
    send('a')
    send('long')
    send('b', { deadlineAt: now + 350 })
    send('c')
    await clock.advance(200)
    // It takes twice as long as was known when b came: 200, and 150 are left.
    await end('a')
    assert.deepEqual(await seen(), ['a runs', 'long runs', 'b runs', 'a done'])
    await end('b')
    assert.deepEqual(await seen(), ['c runs', 'b done'])
  })

  test('nobody waits longer than maxWaitMs', async () => {
    const { send, seen, clock, door } = bench({ queue: { capacity: 3, maxWaitMs: 50 } })
    send('a')
    send('b')
    await clock.advance(50)
    assert.deepEqual(await seen(), ['a runs', 'b queue-delay'])
    assert.equal(door.waiting, 0)
  })

  test('a queue that stands is shed by controlled delay', async () => {
    const { send, seen, clock, end, door } = bench({
      queue: { capacity: 1000, order: 'fifo', delay: { targetMs: 20, intervalMs: 100 } },
    })
    for (let i = 0; i < 60; i++) send(`${i}`)
    let running = '0'
    for (let i = 0; i < 40; i++) {
      await clock.advance(10)
      await end(running)
      running = (await seen()).findLast((line) => line.endsWith('runs'))!.split(' ')[0]!
    }
    assert.ok((door.stats().refused['queue-delay'] ?? 0) >= 3, JSON.stringify(door.stats()))
  })

  test('a refusal says when to come again', async () => {
    const { door, clock, send } = await warm({ queue: { capacity: 1 } })
    send('a')
    send('b')
    const error = await door.run(() => 1).catch((error: unknown) => error)
    assert.ok(error instanceof Overloaded)
    // One waits and one is to come: 100 ms each, one at a time.
    assert.equal(error.retryAfterMs, 200)
    assert.equal(clock.pending, 0)
  })
})

describe('calling off', () => {
  test('before, while it waits, and between its turn and its start', async () => {
    const { door, send, seen, end, clock } = bench()
    send('early', { signal: AbortSignal.abort(new Error('off')) })
    const controller = new AbortController()
    send('a')
    send('b', { signal: controller.signal })
    assert.deepEqual(await seen(), ['a runs', 'early off'])
    controller.abort(new Error('gone'))
    assert.deepEqual(await seen(), ['b gone'])
    const late = new AbortController()
    send('c', { signal: late.signal })
    const a = end('a')
    await Promise.resolve()
    late.abort(new Error('late'))
    await a
    assert.deepEqual(await seen(), ['a done', 'c late'])
    assert.deepEqual([door.inFlight, door.waiting, clock.pending], [0, 0, 0])
    const stats = door.stats()
    assert.equal(stats.arrived, stats.admitted + stats.cancelled)
  })

  test('a long-lived signal keeps no listener', async () => {
    const { door, clock } = bench({ queue: { capacity: 10 } })
    const { signal } = new AbortController()
    const permit = await door.acquire()
    const runs = Array.from({ length: 12 }, () => door.run(() => 1, { signal, deadlineAt: 1000 }).catch(() => 0))
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    permit.release()
    await Promise.all(runs)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    assert.equal(clock.pending, 0)
  })
})

describe('what the limit is told', () => {
  test('how long it took, how many ran, and whether the resource pushed back', async () => {
    const limit = spy(5)
    const { door, send, end, clock } = bench({ limit })
    send('a')
    send('b')
    await clock.advance(30)
    await end('a')
    await end('b', new TimedOut(30))
    assert.deepEqual(limit.samples, [
      { rttMs: 30, inFlight: 1, dropped: false },
      { rttMs: 30, inFlight: 2, dropped: true },
    ])
    send('c')
    await end('c', new Error('its own fault'))
    assert.equal(limit.samples.length, 2)
    await assert.rejects(
      door.run(() => {
        throw new Overloaded('rate')
      }),
    )
    assert.equal(limit.samples.length, 3)
  })

  test('isDropped decides otherwise', async () => {
    const limit = spy(5)
    const { send, end } = bench({ limit, isDropped: (error) => (error as Error).message === '503' })
    send('a')
    await end('a', new Error('503'))
    assert.equal(limit.samples[0]?.dropped, true)
  })

  test('the observer sees every admission, refusal and end', async () => {
    const events: unknown[] = []
    const observer = {
      onAdmit: (waitedMs: number) => events.push(['admit', waitedMs]),
      onRefuse: (cause: OverloadCause, waitedMs: number) => events.push(['refuse', cause, waitedMs]),
      onRelease: (rttMs: number, outcome: string) => events.push(['release', rttMs, outcome]),
    }
    const { send, end, clock } = bench({ observer, queue: { capacity: 1 } })
    for (const name of ['a', 'b', 'c']) send(name)
    await clock.advance(7)
    await end('a')
    assert.deepEqual(events, [
      ['admit', 0],
      ['refuse', 'queue-full', 0],
      ['release', 7, 'done'],
      ['admit', 7],
    ])
  })
})

test('whatever happens in whatever order: bounds hold, priorities hold, everything settles and is counted', async () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('send' as const),
        priority: fc.nat(2),
        deadlineMs: fc.option(fc.integer({ min: 0, max: 60 }), { nil: undefined }),
        key: fc.option(fc.constantFrom('a', 'b', 'c', 'd'), { nil: undefined }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('end' as const), which: fc.nat(3), fails: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat(9) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('limit' as const), value: fc.integer({ min: 1, max: 4 }) }) },
  )
  const options = fc.record({
    capacity: fc.nat(5),
    order: fc.constantFrom('fifo' as const, 'lifo' as const, 'adaptive' as const),
    maxWaitMs: fc.constantFrom(15, Infinity),
    delay: fc.constantFrom({ targetMs: 2, intervalMs: 10 }, undefined),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), options, async (steps, { delay, ...queue }) => {
      const clock = virtualClock()
      let value = 2
      const limit: Limit = {
        get value() {
          return value
        },
        update: () => value,
      }
      const door = gate({ limit, queue: { ...queue, ...(delay && { delay }) }, priority: { levels: 3 }, clock })
      const running: ((error?: Error) => void)[] = []
      const waiting = new Map<number, number>()
      const controllers: AbortController[] = []
      let [settled, started, bound] = [0, 0, 0]
      const send = (id: number, context: Context): void => {
        const work = () =>
          new Promise<void>((resolve, reject) => {
            waiting.delete(id)
            started++
            running.push((error) => (error ? reject(error) : resolve()))
          })
        waiting.set(id, context.priority!)
        const done = () => {
          waiting.delete(id)
          settled++
        }
        door.run(work, context).then(done, done)
      }
      for (const one of steps) {
        const runningBefore = started
        const before = new Map(waiting)
        if (one.do === 'send') {
          const controller = new AbortController()
          controllers.push(controller)
          send(controllers.length, {
            priority: one.priority,
            signal: controller.signal,
            key: one.key,
            deadlineAt: one.deadlineMs === undefined ? undefined : clock.now() + one.deadlineMs,
          })
        } else if (one.do === 'end') {
          running.splice(one.which, 1)[0]?.(one.fails ? new TimedOut(1) : undefined)
        } else if (one.do === 'abort') {
          controllers.at(-1 - one.which)?.abort(new Error('off'))
        } else if (one.do === 'wait') {
          await clock.advance(one.ms)
        } else {
          value = one.value
        }
        bound = Math.max(value, one.do === 'limit' ? door.inFlight : bound)
        await clock.settle()
        assert.ok(door.inFlight <= Math.max(value, bound), 'the limit')
        assert.ok(door.waiting <= queue.capacity, 'the capacity')
        assert.equal(waiting.size, door.waiting, 'whoever waits is counted')
        if (started > runningBefore && one.do === 'end') {
          // Of those who waited before and are gone, none is less important than one that still waits, unless it was turned away.
          const left = Math.min(...waiting.values())
          const served = started - runningBefore
          const gone = [...before].filter(([id]) => !waiting.has(id)).map(([, priority]) => priority)
          assert.ok(gone.filter((priority) => priority <= left).length >= served, 'the more important first')
        }
      }
      value = 4
      while (running.length > 0 || door.waiting > 0) {
        running.shift()?.()
        await clock.settle()
      }
      assert.equal(settled, controllers.length, 'everything settled')
      const { arrived, admitted, cancelled, refused } = door.stats()
      const turnedAway = Object.values(refused).reduce((sum, count) => sum + count, 0)
      assert.equal(arrived, controllers.length)
      assert.equal(arrived, admitted + cancelled + turnedAway, 'everything is counted once')
      assert.equal(door.inFlight, 0)
      assert.equal(clock.pending, 0, 'no timer is left')
    }),
    { numRuns: 1500 },
  )
})

test('a bad option is named with its value', async () => {
  const bad: [() => unknown, RegExp][] = [
    [() => gate({ limit: 0 }), /^limit must be .*got 0$/],
    [() => gate({ limit: Number.NaN }), /^limit must be .*got NaN$/],
    [() => gate({ limit: 1.5 }), /^limit must be .*got 1.5$/],
    [() => gate({ limit: 1, queue: { capacity: -1 } }), /^queue\.capacity must be .*got -1$/],
    [() => gate({ limit: 1, queue: { capacity: 2 ** 60 } }), /^queue\.capacity must be .*got 1152921504606847000$/],
    [() => gate({ limit: 1, queue: { order: 'random' as never } }), /^queue\.order must be one of .*got 'random'$/],
    [() => gate({ limit: 1, queue: { maxWaitMs: -5 } }), /^queue\.maxWaitMs must be .*got -5$/],
    [() => gate({ limit: 1, priority: { levels: 33 } }), /^priority\.levels must be .*at most 32, got 33$/],
    [() => gate({ limit: 1, priority: { levels: 2, default: 2 } }), /^priority\.default must be .*got 2$/],
    [() => bulkhead(1, -1), /^waiting must be .*got -1$/],
  ]
  for (const [make, message] of bad)
    assert.throws(make, (error) => error instanceof InvalidOption && message.test(error.message), String(message))
})

test('a priority that the gate does not have rejects, counts for nothing, and the work does not begin', async () => {
  const door = gate({ limit: 1, priority: { levels: 2 } })
  for (const priority of [2, -1, 0.5, Number.NaN]) {
    const error = { name: 'InvalidOption', message: `priority must be a whole number from 0 to 1, got ${priority}` }
    await assert.rejects(
      door.run(() => assert.fail('it began'), { priority }),
      error,
    )
    await assert.rejects(door.acquire({ priority }), error)
  }
  assert.deepEqual([door.inFlight, door.stats().arrived], [0, 0])
})

test('a permit has a method under the key of `using` where the platform has no Symbol.dispose', () => {
  const script = `
    const [dispose, asyncDispose] = [Symbol.for('Symbol.dispose'), Symbol.for('Symbol.asyncDispose')]
    const whole = Symbol
    globalThis.Symbol = (name) => whole(name)
    for (const key of Object.getOwnPropertyNames(whole))
      if (!/dispose|length|name|prototype/i.test(key)) Symbol[key] = whole[key]
    const { gate, channel } = await import(${JSON.stringify(import.meta.resolve('../index.ts'))})
    const door = gate({ limit: 1 })
    door.tryAcquire()[dispose]()
    const ch = channel({ capacity: 1 })
    await ch[asyncDispose]()
    console.log(door.inFlight, ch.isClosed, 'undefined' in ch)
  `
  const options = { encoding: 'utf8', env: {} } as const
  assert.equal(execFileSync(process.execPath, ['--input-type=module', '-e', script], options), '0 true false\n')
})
