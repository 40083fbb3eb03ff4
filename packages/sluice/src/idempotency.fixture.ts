/** What every idempotency store owes: the same cases for the one in memory, on virtual time, and for shared ones, on real servers. */

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import type { Clock } from './clock.ts'
import { IdempotencyConflict, idempotency, type IdempotencyStore } from './idempotency.ts'
import type { Case } from './testing/case.ts'
import { seededRandom } from './testing/random.ts'

/** A store that nobody else uses, and its time. */
export type StoreWorld = {
  store: IdempotencyStore
  clock: Clock
  /** Lets so much time go by, and whatever is due happen. */
  pass(ms: number): Promise<void>
  /** How many random interleavings are worth their time. Default 300. */
  interleavings?: number
}

const ttlMs = 400
const times = { ttlMs, leaseMs: 60_000 }

/** Work that takes its time and says which run it was. */
function bench({ store, clock }: StoreWorld) {
  const once = idempotency({ store, ttlMs })
  let runs = 0
  const takes = (ms: number) => () =>
    new Promise<string>((resolve) => {
      const run = ++runs
      clock.schedule(ms, () => resolve(`result of run ${run}`))
    })
  const fails = (ms: number) => () =>
    new Promise<string>((_, reject) => clock.schedule(ms, () => reject(new Error('down'))))
  return { once, takes, fails, runs: () => runs }
}

export function storeContract(world: () => StoreWorld): Case[] {
  const within = (name: string, run: (world: StoreWorld) => Promise<void>): Case => ({
    name,
    run: () => run(world()),
  })
  return [
    within('a key runs once: duplicates wait for the first and get its result, later ones do not run', async (its) => {
      const { once, takes, runs } = bench(its)
      const all = [1, 2, 3].map(() => once.run('k', 'pay 5', takes(100)))
      await its.pass(100)
      assert.deepEqual(await Promise.all(all), Array(3).fill('result of run 1'))
      assert.equal(await once.run('k', 'pay 5', takes(100)), 'result of run 1')
      assert.equal(runs(), 1)
    }),

    within('of fifty at once one begins', async ({ store }) => {
      const all = await Promise.all(Array.from({ length: 50 }, () => store.begin('k', 'p', times)))
      assert.equal(all.filter(({ state }) => state === 'begun').length, 1)
      assert.ok(all.every((begun) => begun.state === 'begun' || begun.fingerprint === 'p'))
    }),

    within('another payload is refused, while it runs and afterwards', async (its) => {
      const { once, takes } = bench(its)
      const first = once.run('k', 'pay 5', takes(100))
      await assert.rejects(
        once.run('k', 'pay 6', takes(1)),
        (error) => error instanceof IdempotencyConflict && error.key === 'k',
      )
      await its.pass(100)
      await first
      await assert.rejects(once.run('k', 'pay 6', takes(1)), IdempotencyConflict)
    }),

    within('when it fails, those who wait get its error, and the next one runs it again', async (its) => {
      const { once, takes, fails } = bench(its)
      const outcomes = Promise.allSettled([once.run('k', 'p', fails(60)), once.run('k', 'p', takes(1))])
      await its.pass(60)
      assert.deepEqual(
        (await outcomes).map((outcome) => outcome.status === 'rejected' && (outcome.reason as Error).message),
        ['down', 'down'],
      )
      const again = once.run('k', 'p', takes(1))
      await its.pass(1)
      assert.equal(await again, 'result of run 1')
      const throws = () => {
        throw new Error('at once')
      }
      await assert.rejects(once.run('t', 'p', throws), /at once/)
    }),

    within('a duplicate that is called off stops waiting; the run goes on, and no listener stays', async (its) => {
      const { once, takes } = bench(its)
      const controller = new AbortController()
      const { signal } = new AbortController()
      const first = once.run('k', 'p', takes(150))
      const off = once.run('k', 'p', takes(1), { signal: controller.signal })
      const waits = once.run('k', 'p', takes(1), { signal })
      await its.pass(50)
      controller.abort(new Error('off'))
      await assert.rejects(off, /off/)
      await its.pass(100)
      assert.deepEqual(await Promise.all([first, waits]), ['result of run 1', 'result of run 1'])
      assert.equal(getEventListeners(signal, 'abort').length, 0)
    }),

    within('a result is forgotten after its time, and what runs is not', async (its) => {
      const { once, takes } = bench(its)
      const long = once.run('long', 'p', takes(ttlMs + 200))
      const run = async () => {
        const result = once.run('a', 'p', takes(0))
        await its.pass(1)
        return result
      }
      assert.equal(await run(), 'result of run 2')
      assert.equal(await run(), 'result of run 2')
      await its.pass(ttlMs)
      assert.equal(await run(), 'result of run 3')
      const same = once.run('long', 'p', takes(0))
      await its.pass(200)
      assert.deepEqual(await Promise.all([long, same]), ['result of run 1', 'result of run 1'])
    }),

    within('a token that is not of the run ends nothing, and of two ends the first counts', async ({ store }) => {
      const begun = await store.begin('k', 'p', times)
      assert.ok(begun.state === 'begun')
      const waits = store.ended('k')
      await store.finish('k', 'a stranger', 'stolen')
      await store.abandon('k', 'a stranger', new Error('stolen'))
      assert.deepEqual(await store.begin('k', 'p', times), { state: 'running', fingerprint: 'p' })
      await store.finish('k', begun.token, 'first')
      assert.deepEqual(await waits, { state: 'done', result: 'first' })
      await store.finish('k', begun.token, 'second')
      await store.abandon('k', begun.token, new Error('third'))
      assert.deepEqual(await store.begin('k', 'p', times), { state: 'done', fingerprint: 'p', result: 'first' })
    }),

    within('after it was abandoned, its old token ends nothing of the next run', async ({ store }) => {
      const old = await store.begin('k', 'p', times)
      assert.ok(old.state === 'begun')
      await store.abandon('k', old.token, new Error('down'))
      const next = await store.begin('k', 'other', times)
      assert.ok(next.state === 'begun')
      await store.finish('k', old.token, 'late')
      assert.deepEqual(await store.begin('k', 'p', times), { state: 'running', fingerprint: 'other' })
    }),

    within('who asks after the end is told it; of a key that nobody has, that it is lost', async ({ store }) => {
      const begun = await store.begin('k', 'p', times)
      assert.ok(begun.state === 'begun')
      await store.finish('k', begun.token, 'result')
      assert.deepEqual(await store.ended('k'), { state: 'done', result: 'result' })
      assert.deepEqual(await store.ended('never'), { state: 'lost' })
    }),

    within('keeps any JSON, nothing at all, and any text as key and payload', async ({ store }) => {
      const results = [undefined, null, false, 0, '', 1.1, 'ü\0\n', [], {}, [{ a: { b: [null, {}] } }]]
      for (const [n, result] of results.entries()) {
        const [key, fingerprint] = [`{k} ${n}\0\n€`, `p ${n}\0"\n€`]
        const begun = await store.begin(key, fingerprint, times)
        assert.ok(begun.state === 'begun')
        await store.finish(key, begun.token, result)
        assert.deepEqual(await store.begin(key, fingerprint, times), { state: 'done', fingerprint, result })
      }
    }),

    within('of any interleaving of callers, none runs a key beside another, and all settle alike', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer(),
          fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(20), fc.boolean()), { maxLength: 30 }),
          async (seed, calls) => {
            const { store, clock, pass } = world()
            const random = seededRandom(seed)
            const once = idempotency({ store })
            const running = new Map<string, number>()
            let settled = 0
            for (const [key, waitMs, fails] of calls) {
              await pass(waitMs)
              once
                .run(key, 'p', async () => {
                  assert.equal(running.get(key) ?? 0, 0, 'one at a time')
                  running.set(key, 1)
                  await new Promise<void>((resolve) => clock.schedule(random() * 30, resolve))
                  running.set(key, 0)
                  if (fails) throw new Error('down')
                })
                .then(
                  () => settled++,
                  (error: Error) => (assert.equal(error.message, 'down'), settled++),
                )
            }
            const giveUpAt = clock.now() + 5000
            while (settled < calls.length && clock.now() < giveUpAt) await pass(10)
            assert.equal(settled, calls.length)
          },
        ),
        { numRuns: world().interleavings ?? 300 },
      )
    }),
  ]
}
