/** `consume` and `publisher` over a broker that exists in the test only, on virtual time. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { retryBudget } from '../retry.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { consumeFrom, type ConsumeOptions } from './consume.ts'
import { Inbox } from './inbox.ts'
import { BrokerRefused, type Delivery, type Inlet, type Link, LinkLost, type Outlet, PushedBack } from './link.ts'
import { publishAll, publisherTo } from './publish.ts'

type Said = [word: string, id: string, more?: unknown]

/** One connection after another, each with an inbox; what is said is written down. */
function fakeBroker(settlesAnywhere = true) {
  const said: Said[] = []
  /** What was asked for, in the beginning and while it waited. */
  const asked: number[] = []
  const links: Inbox<Delivery<string>>[] = []
  const failing: Record<string, Error> = {}
  const say = async (word: string, { message }: Delivery<string>, more?: unknown): Promise<void> => {
    if (failing[word]) throw failing[word]
    said.push(more === undefined ? [word, message.id] : [word, message.id, more])
  }
  const inlet: Inlet<string> = {
    settlesAnywhere,
    extendEveryMs: 1000,
    async open() {
      if (failing['open']) throw failing['open']
      const inbox = new Inbox<Delivery<string>>()
      links.push(inbox)
      return {
        take: (max, signal) => (asked.push(max), inbox.take(max, signal)),
        want: (max) => void asked.push(max),
        ack: (delivery) => say('ack', delivery),
        retry: (delivery, delayMs) => say('retry', delivery, delayMs),
        release: (delivery) => say('release', delivery),
        bury: (delivery, name) => say('bury', delivery, name),
        async extend(deliveries) {
          for (const delivery of deliveries) await say('extend', delivery)
        },
        async stop() {
          for (const delivery of inbox.empty()) await say('release', delivery)
        },
        async close() {},
      } satisfies Link<string>
    },
  }
  const deliver = (id: string, delivery = 1, isRedelivered = delivery > 1): void =>
    links.at(-1)!.push({
      message: { id, key: id[0], body: new Uint8Array(), headers: {}, delivery },
      position: id,
      isRedelivered,
      handle: id,
    })
  return { inlet, said, asked, links, failing, deliver }
}

/** A consumer on virtual time. */
function consuming(
  broker: ReturnType<typeof fakeBroker>,
  handler: Parameters<typeof consumeFrom>[1],
  options: ConsumeOptions = {},
) {
  const clock = virtualClock()
  const controller = new AbortController()
  const ended = consumeFrom(broker.inlet, handler, { clock, random: () => 0.5, signal: controller.signal, ...options })
  ended.catch(() => {})
  return { clock, ended, stop: () => (controller.abort(), ended) }
}

describe('consume', () => {
  test('refuses options that cannot be right', async () => {
    const { inlet } = fakeBroker()
    const wrong: [ConsumeOptions, RegExp][] = [
      [{ concurrency: 0 }, /concurrency must be a whole number of at least 1/],
      [{ maxDeliveries: 3 }, /deadLetter must be given where maxDeliveries is/],
      [{ drainMs: -1 }, /drainMs/],
      [{ reconnect: { attempts: 0 } }, /reconnect.attempts/],
    ]
    for (const [options, message] of wrong)
      await assert.rejects(
        consumeFrom(inlet, () => {}, options),
        message,
      )
  })

  test('connects again with growing pauses, and no more often than the budget allows', async () => {
    const broker = fakeBroker()
    const clock = virtualClock()
    const at: number[] = []
    broker.failing['open'] = new Error('refused')
    const open = broker.inlet.open
    const inlet = { ...broker.inlet, open: (size: number) => (at.push(clock.now()), open(size)) }
    const controller = new AbortController()
    const budget = retryBudget({ ratio: 0, minPerSecond: 0.1, burst: 3, clock })
    const reconnect = { backoff: (retry: number) => retry * 100, budget }
    const ended = consumeFrom(inlet, () => {}, { clock, reconnect, signal: controller.signal })
    await clock.advance(15_000)
    // Three retries are saved up; the next is paid for after ten seconds.
    assert.deepEqual(at.slice(0, 4), [0, 100, 300, 600])
    assert.ok(at[4]! >= 10_000 && at[4]! < 10_500, String(at[4]))
    assert.equal(at.length, 5)
    controller.abort()
    assert.equal((await ended).taken, 0)
  })

  test('an observer that throws changes nothing: each message is handled, acknowledged or moved once', async (t) => {
    const reported = t.mock.method(console, 'error', () => {})
    const broken = (): never => {
      throw new Error('broken hook')
    }
    const observer = {
      onHandled: broken,
      onFailed: broken,
      onBuried: broken,
      onRefused: broken,
      onConnect: broken,
      onDisconnect: broken,
      onUnsettled: broken,
    }
    const broker = fakeBroker()
    const work = ({ id }: { id: string }): void => {
      if (id === 'bad') throw new Error('its own')
    }
    const { clock, stop } = consuming(broker, work, { observer, maxDeliveries: 1, deadLetter: 'dead' })
    await clock.settle()
    for (const id of ['a', 'bad', 'c']) broker.deliver(id)
    await clock.settle()
    const { acked, buried, reconnects } = await stop()
    assert.deepEqual([acked, buried, reconnects], [2, 1, 0])
    assert.deepEqual(broker.said.map(([word, id]) => `${word} ${id}`).toSorted(), ['ack a', 'ack c', 'bury bad'])
    assert.ok(reported.mock.callCount() >= 4)
  })

  test('asks for what becomes free while it waits for more, and for nothing after the end', async () => {
    const broker = fakeBroker()
    const work = ({ id }: { id: string }): Promise<void> =>
      new Promise((resolve) => void clock.schedule(id === 'a' ? 10 : 20, resolve))
    const { clock, stop } = consuming(broker, work, { concurrency: 3 })
    await clock.settle()
    broker.deliver('a')
    broker.deliver('b')
    await clock.settle()
    assert.deepEqual(broker.asked, [3, 1])
    await clock.advance(30)
    assert.deepEqual(broker.asked, [3, 1, 2, 3])
    broker.deliver('c')
    await clock.settle()
    const ended = stop()
    await clock.advance(30)
    await ended
    assert.deepEqual(broker.asked, [3, 1, 2, 3, 2])
  })

  test('settles what comes again while the last try to settle it was waiting', async () => {
    const broker = fakeBroker(false)
    let runs = 0
    const { clock, stop } = consuming(broker, () => void runs++)
    await clock.settle()
    broker.failing['ack'] = new LinkLost()
    broker.deliver('a')
    // Tried at 0, 50, 150 and 350 ms; the last pause ends at 750 ms.
    await clock.advance(500)
    delete broker.failing['ack']
    broker.deliver('a', 1, true)
    await clock.advance(499)
    assert.deepEqual(broker.said, [['ack', 'a']])
    assert.equal(runs, 1)
    await stop()
  })

  test('gives up at once on what the broker will never do, and after so many attempts on the rest', async () => {
    const broker = fakeBroker()
    broker.failing['open'] = new BrokerRefused('no such queue')
    await assert.rejects(consuming(broker, () => {}).ended, /no such queue/)
    broker.failing['open'] = new Error('refused')
    const { clock, ended } = consuming(broker, () => {}, { reconnect: { attempts: 3, backoff: () => 100 } })
    await clock.advance(299)
    await clock.advance(1)
    await assert.rejects(ended, /refused/)
  })

  test('settles what a lost connection brought by the next one', async () => {
    const broker = fakeBroker()
    const { promise: gateway, resolve: open } = Promise.withResolvers<void>()
    const { clock, stop } = consuming(broker, () => gateway, { reconnect: { backoff: () => 100 } })
    await clock.settle()
    broker.deliver('a')
    await clock.settle()
    broker.links[0]!.fail(new LinkLost())
    await clock.settle()
    open()
    await clock.settle()
    assert.deepEqual(broker.said, [])
    await clock.advance(100)
    assert.deepEqual(broker.said, [['ack', 'a']])
    assert.equal((await stop()).reconnects, 1)
  })

  test('acknowledges what comes again while it is in hand or when it is done, without handling it', async () => {
    const broker = fakeBroker()
    let handled = 0
    const { promise: gateway, resolve: open } = Promise.withResolvers<void>()
    const { clock, stop } = consuming(broker, () => (handled++, gateway))
    await clock.settle()
    broker.deliver('a')
    await clock.settle()
    broker.deliver('a', 2)
    await clock.settle()
    open()
    await clock.settle()
    broker.deliver('a', 3)
    await clock.settle()
    assert.deepEqual(
      [handled, broker.said],
      [
        1,
        [
          ['ack', 'a'],
          ['ack', 'a'],
        ],
      ],
    )
    assert.equal((await stop()).duplicates, 2)
  })

  test('says of what is in hand that it is, and how long a failed one is to wait', async () => {
    const broker = fakeBroker()
    const slow = (_: unknown, { signal }: { signal?: AbortSignal | undefined }) =>
      new Promise((_, reject) => signal!.addEventListener('abort', () => reject(new Error('told to stop'))))
    const { clock, stop } = consuming(broker, slow, { drainMs: 500 })
    await clock.settle()
    broker.deliver('a')
    await clock.advance(2000)
    assert.deepEqual(broker.said, [
      ['extend', 'a'],
      ['extend', 'a'],
    ])
    const ended = stop()
    await clock.advance(500)
    const end = await ended
    assert.deepEqual([end.unsettled, end.acked], [1, 0])

    const other = fakeBroker()
    const failing = consuming(other, () => Promise.reject(Object.assign(new Error('busy'), { retryAfterMs: 7000 })))
    await failing.clock.settle()
    other.deliver('b', 2)
    await failing.clock.settle()
    assert.deepEqual(other.said, [['retry', 'b', 7000]])
    await failing.stop()
  })

  test('when the dead letter takes nothing, the message comes again and is not lost', async () => {
    const broker = fakeBroker()
    broker.failing['bury'] = new Error('no such queue')
    const options = { maxDeliveries: 2, deadLetter: 'dead' }
    const { clock, stop } = consuming(broker, () => Promise.reject(new Error('poison')), options)
    await clock.settle()
    broker.deliver('a', 2)
    await clock.advance(2000)
    assert.deepEqual(
      broker.said.filter(([word]) => word !== 'extend').map(([word]) => word),
      ['retry'],
    )
    assert.equal((await stop()).buried, 0)
  })

  test('what was received and not taken is given back; of one key, those behind a failed one wait with it', async () => {
    const broker = fakeBroker()
    const fail = () => Promise.reject(new Error('poison'))
    const { clock, stop } = consuming(broker, fail, {
      concurrency: 2,
      keyOf: ({ key }) => key,
      retryDelay: () => 60_000,
    })
    await clock.settle()
    for (const id of ['k1', 'k2', 'x1']) broker.deliver(id)
    await clock.settle()
    const ended = stop()
    await clock.settle()
    await ended
    assert.ok(broker.said.every(([word]) => word === 'release'))
    assert.deepEqual(broker.said.map(([, id]) => id).toSorted(), ['k1', 'k2', 'x1'])
  })
})

describe('publisher', () => {
  const outletOf = (send: Outlet['send']): Outlet => ({ send, close: async () => {} })

  test('waits while the broker pushes back, and sends again under the same id when the connection is lost', async () => {
    const clock = virtualClock()
    const answers = [new PushedBack(), new PushedBack(), new LinkLost(), undefined]
    const ids: string[] = []
    const at: number[] = []
    let opened = 0
    const out = publisherTo(
      async () => {
        opened++
        return outletOf(async ({ id }) => {
          ids.push(id)
          at.push(clock.now())
          const answer = answers.shift()
          if (answer) throw answer
        })
      },
      { clock, pushback: (retry) => retry * 50, reconnect: { backoff: () => 300 } },
    )
    await clock.until(out.publish({ body: 'x' }))
    assert.deepEqual([new Set(ids).size, at, opened], [1, [0, 50, 150, 450], 2])
    const { published, pushedBack, reconnects } = out.stats()
    assert.deepEqual([published, pushedBack, reconnects], [1, 2, 1])
    await out.close()
  })

  test('a message that is refused, or called off, is the sender’s again', async () => {
    const out = publisherTo(async () => outletOf(() => Promise.reject(new TypeError('too large'))))
    await assert.rejects(out.publish({ body: 'x' }), /too large/)
    await assert.rejects(out.publish({ body: 'x', headers: { 'sluice-id': '1' } }), /sluice-id is Sluice's own/)
    await assert.rejects(out.publish({ body: 'x', id: '' }), /needs an id/)
    const stuck = publisherTo(async () => outletOf(() => new Promise(() => {})))
    const controller = new AbortController()
    const waits = stuck.publish({ body: 'x' }, { signal: controller.signal })
    setImmediate(() => controller.abort(new Error('never mind')))
    await assert.rejects(waits, /never mind/)
    assert.equal(stuck.stats().inFlight, 0)
  })

  test('a source is pulled no faster than the broker confirms, and ended when one is refused', async () => {
    let [pulled, confirmed, ended] = [0, 0, false]
    function* source() {
      try {
        for (;;) yield { body: String(pulled++) }
      } finally {
        ended = true
      }
    }
    const out = publisherTo(async () =>
      outletOf(async () => {
        await new Promise((resolve) => setImmediate(resolve))
        assert.ok(pulled - confirmed <= 4 + 4, `${pulled} pulled, ${confirmed} confirmed`)
        if (++confirmed > 20) throw new TypeError('enough')
      }),
    )
    await assert.rejects(publishAll(out, source(), { inFlight: 4 }), /enough/)
    assert.equal(ended, true)
    await out.close()
  })
})
