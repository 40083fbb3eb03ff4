/** WebSocket and server-sent events: one set of policies, through real sockets. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { ChannelClosed, InvalidOption } from '../errors.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { admission } from './admission.ts'
import { contextOf } from './admitted.ts'
import { ClientGone, ReaderStalled } from './errors.ts'
import { listen, RawClient, until } from './sockets.fixture.ts'
import { eventResponse, eventSender, writeEvent } from './sse.ts'
import { toListener } from './to-listener.ts'
import { webSocketSender } from './websocket.ts'

/** A socket that takes what it is told to. */
function socket() {
  const sent: string[] = []
  const closed: (number | undefined)[] = []
  return {
    sent,
    closed,
    bufferedAmount: 0,
    send(data: string) {
      sent.push(data)
      this.bufferedAmount += data.length
    },
    close: (code?: number) => void closed.push(code),
  }
}

describe('a WebSocket sender', () => {
  test('wait: sends wait for the socket to drain, in order, and nothing is lost', async () => {
    const clock = virtualClock()
    const to = socket()
    const sender = webSocketSender(to, { highWaterBytes: 10, capacity: 1, clock })
    assert.equal(sender.send('0123456789'), undefined)
    const order: string[] = []
    const [second, third] = ['second', 'third'].map((text) =>
      Promise.resolve(sender.send(text)).then(() => order.push(text)),
    )
    await clock.advance(1000)
    assert.deepEqual([to.sent.length, sender.waiting], [1, 2])
    assert.deepEqual(order, ['second'])
    to.bufferedAmount = 5
    await clock.advance(20)
    await Promise.all([second, third])
    assert.deepEqual(
      [to.sent, order],
      [['0123456789', 'second', 'third'].slice(0, to.sent.length), ['second', 'third']],
    )
    to.bufferedAmount = 0
    sender.close()
    await clock.advance(40)
    assert.deepEqual(to.sent, ['0123456789', 'second', 'third'])
    assert.deepEqual(to.closed, [1000])
    assert.throws(() => sender.send('late'), ChannelClosed)
  })

  test('conflate: a slow client gets the newest of each key, and nothing waits twice', async () => {
    const clock = virtualClock()
    const to = socket()
    const sender = webSocketSender(to, { onSlow: 'conflate', keyOf: (text) => text[0], highWaterBytes: 1, clock })
    for (const text of ['a1', 'a2', 'b1', 'a3', 'b2']) assert.equal(sender.send(text), undefined)
    assert.deepEqual([to.sent, sender.waiting, sender.conflated], [['a1'], 2, 2])
    for (let i = 0; i < 3; i++) {
      to.bufferedAmount = 0
      await clock.advance(20)
    }
    assert.deepEqual(to.sent, ['a1', 'a3', 'b2'])
  })

  test('disconnect: one that is too far behind is cut off', async () => {
    const ends: unknown[] = []
    const to = socket()
    const clock = virtualClock()
    const onEnd = (reason: unknown) => void ends.push(reason)
    const sender = webSocketSender(to, { onSlow: 'disconnect', capacity: 2, highWaterBytes: 1, clock, onEnd })
    for (const text of ['sent', 'one', 'two']) void sender.send(text)
    assert.throws(() => sender.send('three'), ChannelClosed)
    assert.deepEqual([to.closed, sender.isClosed], [[1013], true])
    assert.equal((ends[0] as Error).name, 'ChannelFull')
  })

  test('one that takes nothing for too long is cut off, whatever the policy, and those who wait are told', async () => {
    for (const onSlow of ['wait', 'conflate', 'disconnect'] as const) {
      const clock = virtualClock()
      const ends: unknown[] = []
      const to = socket()
      const onEnd = (reason: unknown) => void ends.push(reason)
      const sender = webSocketSender(to, { onSlow, capacity: 1, stallMs: 500, highWaterBytes: 1, clock, onEnd })
      void sender.send('sent')
      void sender.send('held')
      const waits = onSlow === 'wait' ? Promise.resolve(sender.send('waits')) : undefined
      const told = waits && assert.rejects(waits, ChannelClosed)
      await clock.advance(600)
      assert.ok(ends[0] instanceof ReaderStalled, onSlow)
      assert.deepEqual([to.closed, sender.waiting], [[1013], 0])
      await told
    }
  })

  test('one that closes while it was waited for leaves no timer, and those who wait are told', async () => {
    const clock = virtualClock()
    let close: () => void = () => {}
    const to = Object.assign(socket(), { addEventListener: (_type: 'close', told: () => void) => (close = told) })
    const sender = webSocketSender(to, { capacity: 1, highWaterBytes: 1, clock })
    for (const text of ['sent', 'held']) void sender.send(text)
    const told = assert.rejects(Promise.resolve(sender.send('waits')), ChannelClosed)
    await clock.advance(20)
    close()
    await told
    await clock.advance(0)
    assert.deepEqual([clock.pending, sender.waiting, sender.isClosed], [0, 0, true])
  })

  test('through a real one: a client that reads gets all, one that does not holds up to the mark and is let go', async (t) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    t.after(() => server.close())
    const { port } = server.address() as { port: number }
    const message = 'x'.repeat(100_000)

    const reader = new WebSocket(`ws://127.0.0.1:${port}`)
    const [toReader] = (await once(server, 'connection')) as [WebSocket]
    let got = 0
    reader.on('message', () => got++)
    const good = webSocketSender<string>(toReader, { pollMs: 1, capacity: 1 })
    for (let i = 0; i < 100; i++) {
      await good.send(message)
      assert.ok(toReader.bufferedAmount <= 65_536 + message.length + 100, String(toReader.bufferedAmount))
    }
    good.close()
    await once(reader, 'close')
    assert.equal(got, 100)

    const lazy = new WebSocket(`ws://127.0.0.1:${port}`)
    const [toLazy] = (await once(server, 'connection')) as [WebSocket]
    await once(lazy, 'open')
    lazy.pause()
    const ends: unknown[] = []
    const slow = webSocketSender<string>(toLazy, {
      pollMs: 5,
      capacity: 1,
      stallMs: 100,
      onEnd: (reason) => ends.push(reason),
    })
    await assert.rejects(async () => {
      for (;;) await slow.send(message)
    }, ChannelClosed)
    assert.ok(ends[0] instanceof ReaderStalled)
    await until(() => toLazy.readyState === WebSocket.CLOSED)
    lazy.terminate()
  })
})

describe('server-sent events', () => {
  test('are written as the standard says, and no field can be slipped in', () => {
    assert.equal(
      writeEvent({ data: 'one\ntwo\r\nthree', id: '7', event: 'tick', retryMs: 1500 }),
      'event: tick\nid: 7\nretry: 1500\ndata: one\ndata: two\ndata: three\n\n',
    )
    assert.throws(() => writeEvent({ data: '', id: '1\ndata: evil' }), InvalidOption)
    assert.throws(() => writeEvent({ data: '', event: 'a\rb' }), InvalidOption)
  })

  test('node:http: sent to a reader, and the place of the request is free meanwhile', async (t) => {
    const door = admission()
    let end: () => void = () => {}
    const port = await listen(
      t,
      door.node(async (request, response) => {
        const admitted = contextOf(request)!
        const events = eventSender(response)
        admitted.release()
        end = () => events.close()
        for (const data of ['one', 'two']) await events.send({ data })
      }),
    )
    const client = new RawClient(t, port).write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    assert.match(await client.gets(/data: two\n\n/), /content-type: text\/event-stream[^]*data: one\n\n/i)
    assert.equal(door.gate.inFlight, 0)
    end()
    await client.gets(/0\r\n\r\n$/)
  })

  for (const kind of ['node:http', 'Fetch'])
    test(`${kind}: a reader that takes nothing holds a bounded number, and is cut off`, async (t) => {
      const ends: unknown[] = []
      let sent = 0
      const options = { stallMs: 100, capacity: 2, onEnd: (reason: unknown) => void ends.push(reason) }
      const data = 'x'.repeat(50_000)
      const flood = async (events: ReturnType<typeof eventSender>): Promise<void> => {
        try {
          for (;;) {
            await events.send({ data })
            sent++
          }
        } catch (error) {
          assert.ok(error instanceof ChannelClosed)
        }
      }
      const fetchStyle = toListener(() => {
        const events = eventResponse(options)
        void flood(events)
        return events.response
      })
      const nodeStyle = (_request: unknown, response: Parameters<typeof eventSender>[0]): void =>
        void flood(eventSender(response, options))
      const port = await listen(t, createServer(kind === 'Fetch' ? fetchStyle : nodeStyle))
      const client = new RawClient(t, port).write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
      client.socket.pause()
      await until(() => ends.length > 0)
      assert.ok(ends[0] instanceof ReaderStalled, String(ends[0]))
      assert.ok(sent * data.length < 40e6, `${sent} were sent`)
    })

  for (const kind of ['node:http', 'Fetch'])
    test(`${kind}: a socket that was full and has drained while nothing was sent is not full`, async (t) => {
      const ends: unknown[] = []
      const options = { stallMs: 500, onEnd: (reason: unknown) => void ends.push(reason) }
      let events!: ReturnType<typeof eventSender>
      const begin = (made: ReturnType<typeof eventSender>): void => {
        events = made
        // More than a socket takes at once.
        void events.send({ data: 'x'.repeat(400_000) })
      }
      const fetchStyle = toListener(() => {
        const made = eventResponse(options)
        begin(made)
        return made.response
      })
      const nodeStyle = (_request: unknown, response: Parameters<typeof eventSender>[0]): void =>
        begin(eventSender(response, options))
      const port = await listen(t, createServer(kind === 'Fetch' ? fetchStyle : nodeStyle))
      const client = new RawClient(t, port).write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
      await client.gets(/x\n\n/)
      void events.send({ data: 'small' })
      await client.gets(/small/)
      assert.deepEqual(ends, [])
    })

  test('an event that cannot be written is refused to whoever sends it, also when it would have to wait', async () => {
    const events = eventResponse()
    for (const _turn of [1, 2, 3]) {
      void events.send({ data: 'fills' })
      assert.throws(() => events.send({ data: '', id: 'two\nlines' }), InvalidOption)
    }
    events.close()
    assert.equal((await events.response.text()).match(/fills/g)!.length, 3)
  })

  for (const kind of ['node:http', 'Fetch'])
    test(`${kind}: a client that leaves ends it`, async (t) => {
      const ends: unknown[] = []
      const options = { onEnd: (reason: unknown) => void ends.push(reason) }
      const fetchStyle = toListener(() => {
        const events = eventResponse(options)
        void events.send({ data: 'hello' })
        return events.response
      })
      const nodeStyle = (_request: unknown, response: Parameters<typeof eventSender>[0]): void =>
        void eventSender(response, options).send({ data: 'hello' })
      const port = await listen(t, createServer(kind === 'Fetch' ? fetchStyle : nodeStyle))
      const client = new RawClient(t, port).write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
      await client.gets(/hello/)
      client.socket.destroy()
      await until(() => ends.length > 0)
      assert.ok(ends[0] instanceof ClientGone, String(ends[0]))
    })
})

test('a sender whose promises nobody awaits: the client leaves, and no rejection is unhandled', async (t) => {
  const unhandled: unknown[] = []
  const note = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', note)
  t.after(() => process.off('unhandledRejection', note))
  let close = (): void => {}
  const socket = {
    bufferedAmount: 1_000_000,
    send() {},
    close() {},
    addEventListener: (_type: 'close', listener: () => void) => void (close = listener),
  }
  const sender = webSocketSender<string>(socket, { capacity: 1, clock: virtualClock() })
  for (const text of ['a', 'b', 'c', 'd']) void sender.send(text)
  const awaited = sender.send('e')!
  close()
  await assert.rejects(awaited, ChannelClosed)
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(unhandled, [])
})
