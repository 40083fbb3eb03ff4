/** Deferred work runs in the async context of its own caller: trace, request id, tenant. */

import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { describe, test } from 'node:test'
import {
  breaker,
  channel,
  type Context,
  deadline,
  fromEvent,
  gate,
  gcra,
  hedge,
  idempotency,
  map,
  none,
  pipe,
  type Policy,
  protect,
  rate,
  retries,
} from './index.ts'
import { virtualClock } from './testing/virtual-clock.ts'

const request = new AsyncLocalStorage<string>()
const callers = ['a', 'b', 'c', 'd']
const here = (): string => request.getStore() ?? 'none'

/**
 * The context that each caller's work saw, at each of its starts, and the one in which its caller
 * went on.
 */
async function contextsOf(
  clock: ReturnType<typeof virtualClock>,
  policy: Policy,
  work = async () => {},
  extra: Context = {},
) {
  const seen: Record<string, string[]> = {}
  const all = callers.map((caller) =>
    request.run(caller, async () => {
      const note = (): void => void (seen[caller] ??= []).push(here())
      const noted = async (): Promise<void> => {
        note()
        await clock.settle()
        note()
        await work()
      }
      await policy.run(noted, { key: caller, ...extra }).catch(note)
      note()
    }),
  )
  // Whoever makes time pass has no context of its own.
  await request.exit(() => clock.run())
  await Promise.all(all)
  return seen
}

const isOwn = (seen: Record<string, string[]>): void => {
  assert.deepEqual(Object.keys(seen).toSorted(), callers)
  for (const [caller, contexts] of Object.entries(seen)) assert.deepEqual([...new Set(contexts)], [caller])
}

describe('queued work has the async context of its caller', () => {
  test('at a gate, in every order of the queue', async () => {
    for (const order of ['fifo', 'lifo', 'adaptive'] as const) {
      const clock = virtualClock()
      isOwn(await contextsOf(clock, gate({ limit: 1, queue: { capacity: 8, order }, clock })))
    }
  })

  test('at a gate that makes room with a permit, and at one whose limit rises', async () => {
    const clock = virtualClock()
    const limit = { value: 1, update: () => (limit.value = 3) }
    const door = gate({ limit, queue: { capacity: 8 }, clock })
    const permit = request.run('other', () => door.tryAcquire())
    const seen = contextsOf(clock, door)
    request.run('other', () => permit!.release())
    isOwn(await seen)
  })

  test('when it waits for a permit by hand', async () => {
    const clock = virtualClock()
    const door = gate({ limit: 1, queue: { capacity: 8 }, clock })
    const byHand: Policy = {
      async run(work, context = {}) {
        const permit = await door.acquire(context)
        try {
          return await work(context)
        } finally {
          permit.release()
        }
      },
    }
    isOwn(await contextsOf(clock, byHand))
  })

  test('at a rate that is kept', async () => {
    const clock = virtualClock()
    isOwn(await contextsOf(clock, rate({ rule: gcra({ perSecond: 1 }), maxWaitMs: 60_000, clock })))
  })

  test('of retries', async () => {
    const clock = virtualClock()
    const fail = () => Promise.reject(new Error('down'))
    isOwn(await contextsOf(clock, retries({ idempotent: true, clock }), fail))
  })

  test('of a hedge, in each attempt', async () => {
    const clock = virtualClock()
    const slow = () => new Promise<void>((resolve) => clock.schedule(50, resolve))
    const seen = await contextsOf(clock, hedge({ afterMs: 10, idempotent: true, clock }), slow)
    assert.ok(seen['a']!.length > 3, 'it was asked twice')
    isOwn(seen)
  })

  test('of all of them', async () => {
    const clock = virtualClock()
    const policy = protect({
      deadline: deadline({ timeoutMs: 60_000, clock }),
      retries: retries({ idempotent: true, clock }),
      hedge: hedge({ afterMs: 10, clock, idempotent: true }),
      breaker: breaker({ clock }),
      rate: rate({ rule: gcra({ perSecond: 10, burst: 2 }), maxWaitMs: 60_000, clock }),
      gate: gate({ limit: 1, queue: { capacity: 100 }, clock }),
    })
    isOwn(await contextsOf(clock, policy))
  })
})

test('both sides of a channel go on in their own context, whoever they waited for', async () => {
  const jobs = channel<number>({ capacity: 1 })
  const seen: string[] = []
  const side = (name: string, run: () => Promise<unknown>): Promise<void> =>
    request.run(name, async () => {
      await run()
      seen.push(`${name} ${here()}`)
    })
  const all = [
    side('receiver', async () => jobs.receive()),
    side('loop', async () => {
      for await (const _job of jobs) if (here() !== 'loop') seen.push('lost')
    }),
    ...[1, 2, 3, 4].map((n) => side(`sender ${n}`, async () => jobs.send(n))),
  ]
  await Promise.all(all.slice(2))
  jobs.close()
  await Promise.all(all)
  assert.deepEqual(
    seen.filter((line) => line.slice(0, line.length / 2) !== line.slice(line.length / 2 + 1)),
    [],
  )
  assert.equal(jobs.tryReceive(), none)
})

test('the handlers of a flow run in the context of its consumer, not of what fires the events', async () => {
  const target = new EventTarget()
  const seen: string[] = []
  const reading = request.run('consumer', async () => {
    const events = fromEvent(target, 'tick', { capacity: 8, onFull: 'fail', endOn: ['end'] })
    const seeing = map(async () => void seen.push(here()), { concurrency: 2 })
    for await (const _ of pipe(events, seeing)) seen.push(here())
  })
  await Promise.resolve()
  request.run('producer', () => {
    for (const type of ['tick', 'tick', 'tick', 'end']) target.dispatchEvent(new Event(type))
  })
  await reading
  assert.deepEqual([...new Set(seen)], ['consumer'])
})

test('a caller that gets the outcome of another run goes on in its own context', async () => {
  const once = idempotency()
  const gateway = Promise.withResolvers<void>()
  const seen = ['first', 'second'].map((name) =>
    request.run(name, async () => {
      await once.run('order', 'EUR 5', () => gateway.promise)
      return here()
    }),
  )
  gateway.resolve()
  assert.deepEqual(await Promise.all(seen), ['first', 'second'])
})
