/** What every bounded channel owes to its producers and its consumers. */

import { type Channel, none, type OnFull } from '../channel/types.ts'
import { type Case, errorOf, expect, expectSame } from './case.ts'
import { seededRandom } from './random.ts'
import { virtualClock } from './virtual-clock.ts'

export type ChannelUnderTest = {
  /** A fresh channel of numbers that weigh 1 each. */
  make(options: { capacity: number; onFull: OnFull }): Channel<number>
  /** The policies it offers. Default: all. */
  policies?: readonly OnFull[]
  /** How many random meetings of producers and consumers to try. Default 200. */
  meetings?: number
}

/**
 * The rules of a bounded channel, as cases for any test runner.
 *
 * @example
 * for (const { name, run } of conformsToChannel({ make: channel })) test(name, run)
 */
export function conformsToChannel({ make, policies, meetings = 200 }: ChannelUnderTest): Case[] {
  const has = (onFull: OnFull): boolean => policies === undefined || policies.includes(onFull)
  const waiting = (capacity: number): Channel<number> => make({ capacity, onFull: 'wait' })
  const { settle } = virtualClock()
  const all = [1, 2, 3, 4, 5]

  /** What is left of 1 … 5 sent to a channel for 3. */
  const overflow = (onFull: OnFull, left: number[], said: boolean[]): Case => ({
    name: `${onFull}: of five items sent to a channel for three, ${left.join(', ')} are left`,
    async run() {
      const channel = make({ capacity: 3, onFull })
      expectSame(
        all.map((item) => channel.trySend(item)),
        said,
        'the answers of trySend',
      )
      expectSame(channel.depth, left.length, 'the depth')
      expectSame(channel.tryReceiveUpTo(9), left, 'the items')
      const { sent, received, dropped } = channel.stats()
      expectSame(
        sent,
        received + dropped.oldest + dropped.latest + dropped.discarded,
        'items sent, as the counters tell it',
      )
    },
  })

  const cases: (Case | false)[] = [
    {
      name: 'takes in as many as its capacity without a wait, and not one more',
      async run() {
        for (const capacity of [1, 2, 64]) {
          const channel = waiting(capacity)
          for (let n = 0; n < capacity; n++) expectSame(channel.send(n), undefined, `send number ${n}`)
          expectSame(channel.trySend(-1), false, 'trySend when full')
          const wait = channel.send(capacity)
          expect(wait instanceof Promise, 'send makes no promise when full')
          expectSame(channel.stats().waitingSenders, 1, 'waiting senders')
          expectSame(channel.tryReceive(), 0, 'the first item')
          await wait
          expectSame(channel.depth, capacity, 'the depth after the waiting item went in')
        }
      },
    },
    {
      name: 'gives items in their order, to receivers in theirs',
      async run() {
        const channel = waiting(4)
        const asked = [channel.receive(), channel.receiveUpTo(9), channel.values().next()]
        for (const item of all) expectSame(channel.send(item), undefined, 'send')
        expectSame(
          await Promise.all(asked.map(async (one) => one)),
          [1, [2], { value: 3, done: false }],
          'what the waiting got',
        )
        expectSame(channel.receiveUpTo(9), [4, 5], 'the rest')
        expectSame(channel.tryReceive(), none, 'when there is nothing')
      },
    },
    {
      name: 'does not let trySend overtake a sender that waits',
      async run() {
        const channel = waiting(1)
        channel.trySend(1)
        const wait = channel.send(2)
        expectSame(channel.trySend(3), false, 'trySend behind a waiting sender')
        expectSame(channel.tryReceiveUpTo(9), [1, 2], 'the items')
        await wait
      },
    },
    {
      name: 'closed, gives what was sent and what waits to be, then ends',
      async run() {
        const channel = waiting(1)
        const sends = all.map((item) => channel.send(item))
        channel.close()
        channel.close(new Error('a second close does nothing'))
        expect(channel.isClosed && !channel.isEnded, 'it must be closed and not yet ended')
        const error = await errorOf(() => channel.send(6), 'send after close')
        expectSame((error as Error).name, 'ChannelClosed', 'the error')
        expectSame(
          ((await errorOf(() => channel.trySend(6), 'trySend after close')) as Error).name,
          'ChannelClosed',
          'the error',
        )
        const items: number[] = []
        for await (const item of channel) items.push(item)
        expectSame(items, all, 'the items')
        for (const send of sends) await send
        expect(channel.isEnded, 'it must have ended')
        expectSame([await channel.receive(), channel.tryReceive()], [none, none], 'what receivers get at the end')
        expectSame(await channel.receiveUpTo(3), [], 'a bulk receive at the end')
      },
    },
    {
      name: 'closed with an error, gives what was sent, then the error to each receiver',
      async run() {
        const channel = waiting(2)
        const error = new Error('closed with this')
        channel.trySend(1)
        channel.close(error)
        expectSame(await channel.receive(), 1, 'the item')
        expectSame(await errorOf(() => channel.receive(), 'receive'), error, 'the error')
        expectSame(await errorOf(() => channel.receiveUpTo(2), 'receiveUpTo'), error, 'the error')
        const loop = channel.values()
        expectSame(await errorOf(() => loop.next(), 'next'), error, 'the error')
        expectSame(await loop.next(), { value: undefined, done: true }, 'next after the error')
      },
    },
    {
      name: 'settles receivers that wait when it closes, and senders that wait when it is cancelled',
      async run() {
        const empty = waiting(1)
        const receivers = [empty.receive(), empty.receiveUpTo(2), empty.values().next()]
        empty.close()
        expectSame(
          await Promise.all(receivers.map(async (one) => one)),
          [none, [], { value: undefined, done: true }],
          'what the waiting got',
        )
        const full = waiting(1)
        full.trySend(1)
        const wait = full.send(2)
        full.cancel(new Error('why'))
        const error = await errorOf(() => wait, 'the waiting sender')
        expectSame(
          [(error as Error).name, String((error as Error).cause)],
          ['ChannelClosed', 'Error: why'],
          'the error',
        )
        expectSame([await full.receive(), full.stats().dropped.discarded], [none, 1], 'what is left')
      },
    },
    {
      name: 'forgets a wait that is called off: nothing lost, nobody counted',
      async run() {
        const channel = waiting(1)
        const { signal, abort } = controllerOf()
        const receivers = [
          channel.receive({ signal }),
          channel.receiveUpTo(2, { signal }),
          channel.values({ signal }).next(),
        ]
        abort()
        for (const one of await Promise.allSettled(receivers.map(async (wait) => wait)))
          expectSame(one.status === 'rejected' && one.reason, signal.reason, 'the error of a wait called off')
        expectSame([channel.stats().waitingReceivers, channel.trySend(1)], [0, true], 'what is left of it')
        const second = controllerOf()
        const sends = [channel.send(2, { signal: second.signal }), channel.send(3)]
        second.abort()
        await errorOf(() => sends[0], 'a send called off')
        expectSame(channel.stats().waitingSenders, 1, 'waiting senders')
        expectSame(channel.tryReceiveUpTo(9), [1, 3], 'the items')
        await sends[1]
      },
    },
    {
      name: 'does nothing for a signal that has fired',
      async run() {
        const channel = waiting(2)
        channel.trySend(1)
        const signal = AbortSignal.abort()
        await errorOf(() => channel.send(2, { signal }), 'send')
        await errorOf(() => channel.receive({ signal }), 'receive')
        expectSame(channel.tryReceiveUpTo(9), [1], 'the items')
      },
    },
    {
      name: 'left by one loop, goes on for the others; left by a loop that cancels, tells producers',
      async run() {
        const channel = waiting(3)
        for (const item of [1, 2, 3]) channel.trySend(item)
        for await (const _ of channel) break
        expectSame([channel.isClosed, channel.depth], [false, 2], 'closed, depth')
        for await (const _ of channel.values({ cancel: true })) break
        expectSame([channel.isClosed, channel.depth], [true, 0], 'closed, depth')
      },
    },
    has('drop-newest') && overflow('drop-newest', [1, 2, 3], [true, true, true, false, false]),
    has('drop-oldest') && overflow('drop-oldest', [3, 4, 5], [true, true, true, true, true]),
    has('latest') && overflow('latest', [4, 5], [true, true, true, true, true]),
    has('fail') && overflow('fail', [1, 2, 3], [true, true, true, false, false]),
    {
      name: `loses, repeats and reorders nothing in ${meetings} random meetings`,
      async run() {
        for (let seed = 0; seed < meetings; seed++) await meet(waiting, seed)
        await settle()
      },
    },
  ]
  return cases.filter((one) => one !== false)
}

function controllerOf(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

/** Producers, consumers of every kind, waits called off: at random times, on virtual time, the same for a seed. */
async function meet(make: (capacity: number) => Channel<number>, seed: number): Promise<void> {
  const random = seededRandom(seed)
  const pick = (most: number): number => Math.floor(random() * (most + 1))
  const clock = virtualClock()
  const pause = (): Promise<void> | undefined => {
    const ms = pick(3)
    return ms === 0 ? undefined : new Promise((resolve) => void clock.schedule(ms, resolve))
  }
  const capacity = pick(5)
  const channel = make(capacity)
  const sent = new Set<number>()
  const received: number[][] = []

  /** Calls a wait off after a while, if it still waits. */
  const impatient = async <R>(wait: (signal: AbortSignal) => R | Promise<R>): Promise<R | undefined> => {
    const controller = new AbortController()
    const cancel = random() < 0.3 ? clock.schedule(pick(4), () => controller.abort()) : () => {}
    try {
      return await wait(controller.signal)
    } catch (error) {
      if (error !== controller.signal.reason) throw error
      return undefined
    } finally {
      cancel()
    }
  }

  const produce = async (producer: number): Promise<void> => {
    const items = pick(20)
    for (let n = 0; n < items; n++) {
      const item = producer * 1000 + n
      await pause()
      if (random() < 0.3) {
        if (channel.trySend(item)) sent.add(item)
      } else {
        await impatient(async (signal) => {
          await channel.send(item, { signal })
          sent.add(item)
        })
      }
      expect(channel.depth <= capacity, `seed ${seed}: it holds ${channel.depth} with a capacity of ${capacity}`)
    }
  }

  const consume = async (kind: number): Promise<void> => {
    const mine: number[] = []
    received.push(mine)
    if (kind === 0) {
      for await (const item of channel) {
        mine.push(item)
        await pause()
      }
      return
    }
    for (let isOver = false; !isOver; ) {
      await impatient(async (signal) => {
        if (kind === 1) {
          const item = await channel.receive({ signal })
          if (item === none) isOver = true
          else mine.push(item)
        } else {
          const items = await channel.receiveUpTo(1 + pick(3), { signal })
          mine.push(...items)
          isOver = items.length === 0
        }
      })
      await pause()
    }
  }

  const producers = Array.from({ length: 1 + pick(3) }, (_, producer) => produce(producer))
  const consumers = Array.from({ length: 1 + pick(3) }, (_, n) => consume((n + seed) % 3))
  const closing = Promise.all(producers).then(() => channel.close())
  await clock.until(Promise.all([closing, ...consumers]))

  const flat = received.flat()
  expectSame(
    flat.toSorted((a, b) => a - b),
    [...sent].toSorted((a, b) => a - b),
    `seed ${seed}: what was received`,
  )
  for (const mine of received) {
    for (let producer = 0; producer < 4; producer++) {
      const ofOne = mine.filter((item) => Math.floor(item / 1000) === producer)
      expectSame(
        ofOne,
        ofOne.toSorted((a, b) => a - b),
        `seed ${seed}: the order of producer ${producer}`,
      )
    }
  }
  const { waitingSenders, waitingReceivers, highWater } = channel.stats()
  expectSame([waitingSenders, waitingReceivers], [0, 0], `seed ${seed}: who still waits`)
  expect(highWater <= capacity, `seed ${seed}: high water ${highWater} with a capacity of ${capacity}`)
}
