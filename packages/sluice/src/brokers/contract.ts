/** What every adapter owes to those who consume and publish: one suite, run over each. */

import assert from 'node:assert/strict'
import { gate } from '../gate/gate.ts'
import { idempotency } from '../idempotency.ts'
import type { Case } from '../testing/case.ts'
import { seededRandom } from '../testing/random.ts'
import type { Consumed, ConsumeOptions, Handler } from './consume.ts'
import { type Message, reasonHeader, textOf } from './message.ts'
import type { Publisher, PublisherOptions } from './publish.ts'

/** A fresh queue (stream, topic) with a dead letter, on some broker. */
export type World = {
  consume(handler: Handler, options?: ConsumeOptions): Promise<Consumed>
  consumeDead(handler: Handler, options?: ConsumeOptions): Promise<Consumed>
  publisher(options?: PublisherOptions): Publisher
  deadLetter: string
  /** How many messages the broker still holds as not acknowledged. */
  remaining(): Promise<number>
  /** Cuts every connection and refuses new ones for a while. */
  cut(refuseMs: number): Promise<void>
  /** Deletes all that was made. */
  close(): Promise<void>
}

/** Short waits, so that a test is short. */
const quick = {
  retryDelay: () => 30,
  reconnect: { backoff: () => 30 },
} satisfies ConsumeOptions

/** Waits until it is so, looking every few milliseconds; an error after `ms`. A broker is another process: there is no virtual time. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string, ms = 20_000): Promise<void> {
  const end = performance.now() + ms
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`Waited ${ms} ms in vain until ${what}`)
    await pauseMs(10)
  }
}

export const pauseMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A consumer in the background, to be ended. */
export function begin(
  world: Pick<World, 'consume'>,
  handler: Handler,
  options: ConsumeOptions = {},
): { ended: Promise<Consumed>; stop(): Promise<Consumed> } {
  const controller = new AbortController()
  const ended = world.consume(handler, { ...quick, ...options, signal: controller.signal })
  ended.catch(() => {})
  return {
    ended,
    stop: () => {
      controller.abort()
      return ended
    },
  }
}

export async function send(world: Pick<World, 'publisher'>, count: number, keys = 0): Promise<void> {
  const out = world.publisher()
  try {
    await Promise.all(
      Array.from({ length: count }, (_, n) =>
        out.publish({ id: `id-${n}`, body: String(n), ...(keys > 0 && { key: `key-${n % keys}` }) }),
      ),
    )
  } finally {
    await out.close()
  }
}

/** How often each body was seen. */
export class Counts {
  readonly #seen = new Map<string, number>()

  add(message: Pick<Message, 'body'>): void {
    const body = textOf(message)
    this.#seen.set(body, (this.#seen.get(body) ?? 0) + 1)
  }

  get distinct(): number {
    return this.#seen.size
  }

  get duplicates(): number {
    return [...this.#seen.values()].reduce((sum, times) => sum + times - 1, 0)
  }

  missing(count: number): string[] {
    return Array.from({ length: count }, (_, n) => String(n)).filter((body) => !this.#seen.has(body))
  }
}

/** The suite, as cases for any test runner. */
export function brokerContract(make: () => Promise<World>): Case[] {
  const within = (name: string, run: (world: World) => Promise<void>): Case => ({
    name,
    async run() {
      const world = await make()
      // What a failed case leaves running ends with it.
      const over = new AbortController()
      const ending =
        (consume: World['consume']): World['consume'] =>
        (handler, { signal, ...options } = {}) =>
          consume(handler, { ...options, signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal })
      try {
        await run({ ...world, consume: ending(world.consume), consumeDead: ending(world.consumeDead) })
      } finally {
        over.abort()
        await world.close()
      }
    },
  })

  return [
    within('brings id, key, headers and bytes across, and acknowledges after the handler', async (world) => {
      const out = world.publisher()
      const bytes = Uint8Array.from({ length: 256 }, (_, n) => n)
      await out.publish({ id: 'one', key: 'k', body: bytes, headers: { 'x-tenant': 'a', colour: 'red' } })
      await out.publish({ body: 'grüße' })
      await out.close()
      const got: Message[] = []
      const consumer = begin(world, (message) => {
        got.push(message)
      })
      await until(() => got.length === 2, 'both have come')
      await until(async () => (await world.remaining()) === 0, 'both are acknowledged')
      const done = await consumer.stop()
      const one = got.find(({ id }) => id === 'one')!
      assert.deepEqual([one.key, { ...one.headers }, one.delivery], ['k', { 'x-tenant': 'a', colour: 'red' }, 1])
      assert.deepEqual(Uint8Array.from(one.body), bytes)
      const other = got.find((message) => message !== one)!
      assert.equal(textOf(other), 'grüße')
      assert.equal(other.key, undefined)
      assert.match(other.id, /^[0-9a-f-]{36}$/)
      assert.deepEqual([done.taken, done.acked, done.failed], [2, 2, 0])
    }),

    within('has no more in hand than its concurrency; the rest stays for others', async (world) => {
      await send(world, 20)
      let [running, most] = [0, 0]
      let open = (): void => {}
      const gateway = new Promise<void>((resolve) => (open = resolve))
      const seen = new Counts()
      const consumer = begin(
        world,
        async (message) => {
          most = Math.max(most, ++running)
          seen.add(message)
          await gateway
          running--
        },
        { concurrency: 3 },
      )
      await until(() => running === 3, 'three run')
      await pauseMs(60)
      assert.equal(seen.distinct, 3)
      assert.equal(await world.remaining(), 20)
      open()
      await until(() => seen.distinct === 20, 'all were handled')
      await consumer.stop()
      assert.deepEqual([most, seen.duplicates, await world.remaining()], [3, 0, 0])
    }),

    within('delivers again what failed, later, and says how often it was delivered', async (world) => {
      await send(world, 1)
      const deliveries: number[] = []
      const at: number[] = []
      const consumer = begin(
        world,
        ({ delivery }) => {
          deliveries.push(delivery)
          at.push(performance.now())
          if (delivery < 3) throw new Error('not yet')
        },
        { retryDelay: () => 100 },
      )
      await until(() => deliveries.length === 3, 'it was delivered three times')
      await until(async () => (await world.remaining()) === 0, 'it is acknowledged')
      const done = await consumer.stop()
      assert.deepEqual(deliveries, [1, 2, 3])
      assert.ok(at[1]! - at[0]! >= 95 && at[2]! - at[1]! >= 95, `came after ${at[1]! - at[0]!}, ${at[2]! - at[1]!} ms`)
      assert.deepEqual([done.acked, done.failed, done.buried], [1, 2, 0])
    }),

    within('buries a poison message after so many deliveries, and the rest does not wait for it', async (world) => {
      await send(world, 30)
      const seen = new Counts()
      /** How many others had been handled when the poison came. */
      const tries: number[] = []
      const buried: string[] = []
      const consumer = begin(
        world,
        (message) => {
          if (textOf(message) === '7') {
            tries.push(seen.distinct)
            throw new Error('cannot be read:\nline two, ü')
          }
          seen.add(message)
        },
        {
          concurrency: 1,
          maxDeliveries: 3,
          deadLetter: world.deadLetter,
          retryDelay: () => 150,
          observer: { onBuried: ({ id }) => void buried.push(id) },
        },
      )
      await until(() => seen.distinct === 29, 'the others were handled')
      await until(() => buried.length === 1, 'it is buried')
      assert.ok(tries[1]! > tries[0]!, `when it came again, ${tries[1]} were handled, as at first`)
      await until(async () => (await world.remaining()) === 0, 'nothing is left')
      const done = await consumer.stop()
      assert.deepEqual([tries.length, done.buried, seen.duplicates, buried], [3, 1, 0, ['id-7']])
      const letters: Message[] = []
      const dead = begin({ consume: world.consumeDead }, (letter) => {
        letters.push(letter)
      })
      await until(() => letters.length > 0, 'the dead letter can be read')
      await dead.stop()
      assert.deepEqual([letters[0]!.id, textOf(letters[0]!), letters.length], ['id-7', '7', 1])
      assert.match(letters[0]!.headers[reasonHeader]!, /^cannot be read: line two/)
    }),

    within('keeps the order within a key, though handlers fail at random', async (world) => {
      const random = seededRandom(11)
      await send(world, 60, 5)
      const order = new Map<string, number[]>()
      const running = new Set<string>()
      let overlaps = 0
      let count = 0
      const consumer = begin(
        world,
        async (message) => {
          const key = message.key!
          if (running.has(key)) overlaps++
          running.add(key)
          await pauseMs(random() * 3)
          running.delete(key)
          if (random() < 0.2) throw new Error('at random')
          order.set(key, [...(order.get(key) ?? []), Number(textOf(message))])
          count++
        },
        { concurrency: 8, keyOf: ({ key }) => key, retryDelay: () => 5 },
      )
      await until(() => count === 60, 'all were handled')
      const done = await consumer.stop()
      assert.equal(overlaps, 0)
      assert.ok(done.failed > 0)
      for (const [key, numbers] of order)
        assert.deepEqual(
          numbers,
          numbers.toSorted((a, b) => a - b),
          key,
        )
      assert.equal(await world.remaining(), 0)
    }),

    within('drains: what runs is finished and acknowledged, the rest goes to the next', async (world) => {
      await send(world, 25)
      const seen = new Counts()
      let begun = 0
      const { promise: gateway, resolve: open } = Promise.withResolvers<void>()
      const first = begin(
        world,
        async (message) => {
          begun++
          await gateway
          seen.add(message)
        },
        { concurrency: 4 },
      )
      await until(() => begun >= 4, 'four run')
      const stopped = first.stop()
      open()
      const done = await stopped
      assert.deepEqual([begun, seen.distinct, done.acked], [4, 4, 4])
      assert.equal(await world.remaining(), 21)
      const second = begin(world, (message) => seen.add(message))
      await until(() => seen.distinct === 25, 'the rest was handled')
      await second.stop()
      assert.equal(seen.duplicates, 0)
      assert.equal(await world.remaining(), 0)
    }),

    within('stops waiting for handlers after drainMs, tells them, and their messages come again', async (world) => {
      await send(world, 1)
      let told: AbortSignal | undefined
      const stuck = begin(
        world,
        (_, { signal }) => {
          told = signal
          return new Promise(() => {})
        },
        { drainMs: 50 },
      )
      await until(() => told !== undefined, 'it runs')
      assert.equal(told!.aborted, false)
      await stuck.stop()
      assert.equal(told!.aborted, true)
      assert.equal(await world.remaining(), 1)
    }),

    within('takes no more than its gate allows, and what that refuses has not failed', async (world) => {
      await send(world, 12)
      const door = gate({ limit: 2, queue: { capacity: 0 } })
      const stranger = await door.acquire()
      let [running, most, refused] = [0, 0, 0]
      const seen = new Counts()
      const consumer = begin(
        world,
        async (message) => {
          most = Math.max(most, ++running)
          // Until another one has come, and is refused.
          if (seen.distinct === 0) await until(() => refused > 0, 'one is refused')
          running--
          seen.add(message)
          if (seen.distinct === 6) stranger.release()
        },
        { gate: door, observer: { onRefused: () => void refused++ } },
      )
      await until(() => seen.distinct === 12, 'all were handled')
      const done = await consumer.stop()
      assert.ok(most <= 2 && refused > 0, `${most} at once, ${refused} refusals`)
      assert.deepEqual([done.failed, done.acked, seen.duplicates], [0, 12, 0])
    }),

    within('handles an id once, however often it was published, with an idempotency store', async (world) => {
      const out = world.publisher()
      for (const n of [0, 1, 0, 2, 1, 0]) await out.publish({ id: `same-${n}`, body: String(n) })
      await out.close()
      const seen = new Counts()
      const consumer = begin(world, (message) => seen.add(message), { idempotency: idempotency(), concurrency: 2 })
      await until(() => seen.distinct === 3, 'each was handled')
      await until(async () => (await world.remaining()) === 0, 'all are acknowledged')
      await consumer.stop()
      assert.equal(seen.duplicates, 0)
    }),

    within('loses nothing when handlers throw at random', async (world) => {
      const random = seededRandom(5)
      await send(world, 200)
      const seen = new Counts()
      const consumer = begin(
        world,
        (message) => {
          if (random() < 0.3) throw new Error('at random')
          seen.add(message)
        },
        { concurrency: 8 },
      )
      await until(() => seen.distinct === 200, 'all were handled')
      const done = await consumer.stop()
      assert.deepEqual([seen.duplicates, done.acked, await world.remaining()], [0, 200, 0])
      assert.ok(done.failed > 40)
    }),

    within('loses nothing when connections are cut, and does nothing twice while it lives', async (world) => {
      const seen = new Counts()
      const consumer = begin(
        world,
        async (message) => {
          await pauseMs(4)
          seen.add(message)
        },
        { concurrency: 6 },
      )
      const out = world.publisher({ reconnect: { backoff: () => 30 } })
      const sending = (async () => {
        for (let n = 0; n < 150; n++) {
          await out.publish({ id: `id-${n}`, body: String(n) })
          await pauseMs(2)
        }
      })()
      for (const at of [30, 80]) {
        await until(() => seen.distinct >= at, `${at} were handled`)
        await world.cut(50)
      }
      await sending
      await until(() => seen.distinct === 150, 'all were handled')
      await until(async () => (await world.remaining()) === 0, 'all are acknowledged')
      const done = await consumer.stop()
      const resent = out.stats().reconnects
      await out.close()
      assert.ok(done.reconnects >= 1, `${done.reconnects} reconnects`)
      // A publisher that was cut off before its confirmation sends again: at most what it had in flight, one at a time here.
      assert.ok(seen.duplicates <= resent, `${seen.duplicates} duplicates, the publisher reconnected ${resent} times`)
    }),

    within('a publisher waits for its place, and for the broker', async (world) => {
      const out = world.publisher({ inFlight: 4 })
      let done = 0
      const all = Promise.all(Array.from({ length: 40 }, (_, n) => out.publish({ body: String(n) }).then(() => done++)))
      await Promise.resolve()
      const { inFlight, waiting } = out.stats()
      assert.deepEqual([inFlight, waiting, done], [4, 36, 0])
      await all
      assert.deepEqual([out.stats().published, out.stats().waiting], [40, 0])
      await out.close()
      assert.equal(await world.remaining(), 40)
      await assert.rejects(out.publish({ body: 'late' }), /closed/)
    }),

    within('gives up where it was told to', async (world) => {
      await world.cut(3000)
      const options = { reconnect: { attempts: 2, backoff: () => 5 } }
      const seen: unknown[] = []
      await assert.rejects(world.consume((message) => seen.push(message), options))
      const out = world.publisher(options)
      await assert.rejects(out.publish({ body: 'nobody' }))
      await out.close()
    }),
  ]
}
