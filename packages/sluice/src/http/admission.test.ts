/** One contract, held by both kinds of handler, through real sockets. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import { gate } from '../gate/gate.ts'
import { Overloaded } from '../errors.ts'
import { slidingWindow } from '../rate.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { admission } from './admission.ts'
import { contextOf } from './admitted.ts'
import type { AdmissionOptions } from './door.ts'
import { BodyTooLarge, BodyTooSlow, ClientGone, ReaderStalled } from './errors.ts'
import { get, type Job, kinds, post } from './kinds.fixture.ts'
import { quota } from './quota.ts'
import { listen, RawClient, until } from './sockets.fixture.ts'

for (const { name, listener } of kinds)
  describe(`admission for ${name}`, () => {
    /** A server whose work waits until it is let go. */
    const hold = async (t: TestContext, options: AdmissionOptions) => {
      const door = admission({ onError: () => {}, ...options })
      const jobs: { job: Job; done: (answer: string) => void; ended: Promise<unknown> }[] = []
      const port = await listen(
        t,
        listener(door, (job) => {
          const answer = new Promise<string>((resolve, reject) => {
            job.context.signal.addEventListener('abort', () => reject(job.context.signal.reason as Error))
            const ended = once(job.context.signal, 'abort').then(() => job.context.signal.reason)
            jobs.push({ job, done: resolve, ended })
          })
          return answer
        }),
      )
      return { door, jobs, port }
    }
    const oneAtATime = (queue = 0) => gate({ limit: 1, queue: { capacity: queue } })

    test('without options it lets in', async (t) => {
      const door = admission()
      const port = await listen(
        t,
        listener(door, () => 'in'),
      )
      const client = new RawClient(t, port)
      assert.match(await client.write(get()).gets(/in\r?\n?/), /^HTTP\/1.1 200 OK/)
      assert.equal(door.gate.stats().admitted, 1)
      await until(() => door.gate.inFlight === 0)
    })

    test('what is too much is a 503 that says when to come again, on a connection that lives on', async (t) => {
      const { door, jobs, port } = await hold(t, { gate: oneAtATime() })
      const [first, second] = [new RawClient(t, port).write(get()), new RawClient(t, port)]
      await until(() => jobs.length === 1)
      const answer = await second.write(get()).gets(/"cause":"queue-full"/)
      assert.match(answer, /^HTTP\/1.1 503 /)
      assert.match(answer, /retry-after: [1-3]\r\n/i)
      assert.match(answer, /content-type: application\/problem\+json\r\n/i)
      jobs[0]!.done('first')
      await first.gets(/first/)
      await until(() => door.gate.inFlight === 0)
      second.write(get())
      await until(() => jobs.length === 2)
      jobs[1]!.done('second')
      await second.gets(/second/)
    })

    test('it is refused before its body is read, and hears so though it is still sending', async (t) => {
      const { jobs, port } = await hold(t, { gate: oneAtATime() })
      new RawClient(t, port).write(get())
      await until(() => jobs.length === 1)
      const client = new RawClient(t, port).write(post('content-length: 10000000\r\n'))
      client.write('x'.repeat(100_000))
      assert.match(await client.gets(/queue-full/), /^HTTP\/1.1 503 [^]*connection: close\r\n/i)
      // And of the rest no more is read than lets it hear that.
      client.write('x'.repeat(2 ** 21))
      await client.closes()
    })

    test('quotas: 429 with both fields, by key, and the fields with each good answer', async (t) => {
      const perMinute = quota({ name: 'per-minute', rule: slidingWindow({ count: 2, windowMs: 60_000 }) })
      const door = admission({ quotas: [perMinute], key: (request) => request.header('x-user') })
      const port = await listen(
        t,
        listener(door, () => 'in'),
      )
      const ask = (user: string) => fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-user': user } })
      const good = await ask('ann')
      assert.equal(good.status, 200)
      assert.equal(good.headers.get('ratelimit-policy'), '"per-minute";q=2;w=60')
      assert.equal(good.headers.get('ratelimit'), '"per-minute";r=1;t=60')
      assert.equal((await ask('ann')).headers.get('ratelimit'), '"per-minute";r=0;t=60')
      const refused = await ask('ann')
      assert.equal(refused.status, 429)
      assert.equal(refused.headers.get('ratelimit'), '"per-minute";r=0;t=60')
      const afterSeconds = Number(refused.headers.get('retry-after'))
      assert.ok(afterSeconds >= 60 && afterSeconds <= 66, String(afterSeconds))
      assert.deepEqual(((await refused.json()) as Record<string, unknown>)['violated-policies'], ['per-minute'])
      assert.equal((await ask('bob')).status, 200)
    })

    test('of two quotas the one that is used up is named, and what it refuses costs nothing of the other', async (t) => {
      const quotas = [1, 3].map((count) =>
        quota({ name: `q${count}`, rule: slidingWindow({ count, windowMs: 60_000 }) }),
      )
      const door = admission({ quotas })
      const port = await listen(
        t,
        listener(door, () => 'in'),
      )
      const ask = () => fetch(`http://127.0.0.1:${port}/`)
      assert.equal((await ask()).status, 200)
      for (let i = 0; i < 5; i++) {
        const refused = await ask()
        assert.deepEqual(((await refused.json()) as Record<string, unknown>)['violated-policies'], ['q1'])
        assert.equal(refused.headers.get('ratelimit'), '"q1";r=0;t=60, "q3";r=2;t=60')
      }
    })

    test('a more important request takes the place of one that waits; nonsense is the least important', async (t) => {
      const options = { levels: 8, from: 'priority' }
      const one = gate({ limit: 1, queue: { capacity: 1 }, priority: { levels: 8 } })
      const { jobs, port } = await hold(t, { gate: one, priority: options })
      new RawClient(t, port).write(get())
      await until(() => jobs.length === 1)
      const nonsense = new RawClient(t, port).write(get('/nonsense', 'priority: u=;;, ""-99999999999999999999\r\n'))
      await until(() => one.waiting === 1)
      const urgent = new RawClient(t, port).write(get('/urgent', 'priority: u=1, i\r\n'))
      assert.match(await nonsense.gets(/"cause":"priority"/), / 503 /)
      jobs[0]!.done('')
      await until(() => jobs.length === 2)
      assert.equal(jobs[1]!.job.path, '/urgent')
      assert.equal(jobs[1]!.job.context.priority, 1)
      jobs[1]!.done('served')
      await urgent.gets(/served/)
    })

    test('the deadline of a header calls the work off, and is handed on', async (t) => {
      const { door, jobs, port } = await hold(t, { gate: oneAtATime() })
      const client = new RawClient(t, port).write(get('/', 'request-timeout-ms: 60\r\n'))
      await until(() => jobs.length === 1)
      const { deadlineAt } = jobs[0]!.job.context
      assert.ok(deadlineAt! - performance.now() <= 60)
      assert.match(await client.gets(/deadline/), /^HTTP\/1.1 503 /)
      assert.equal(((await jobs[0]!.ended) as Error).name, 'TimedOut')
      await until(() => door.gate.inFlight === 0)
    })

    for (const value of ['soon', '-5', '1e3', '0x10', '99999999999999999999999', ''])
      test(`a deadline of '${value}' is none`, async (t) => {
        const { jobs, port } = await hold(t, {})
        const client = new RawClient(t, port).write(get('/', `request-timeout-ms: ${value}\r\n`))
        await until(() => jobs.length === 1)
        assert.equal(jobs[0]!.job.context.deadlineAt, undefined)
        jobs[0]!.done('fine')
        await client.gets(/fine/)
      })

    test('a client that hangs up frees its place at once, and its work is called off', async (t) => {
      const { door, jobs, port } = await hold(t, { gate: oneAtATime(1) })
      const first = new RawClient(t, port).write(get('/first'))
      await until(() => jobs.length === 1)
      const second = new RawClient(t, port).write(get('/second'))
      await until(() => door.gate.waiting === 1)
      first.socket.destroy()
      assert.ok((await jobs[0]!.ended) instanceof ClientGone)
      await until(() => jobs.length === 2)
      assert.equal(jobs[1]!.job.path, '/second')
      jobs[1]!.done('in time')
      await second.gets(/in time/)
    })

    test('one that hangs up while it waits leaves the queue', async (t) => {
      const { door, jobs, port } = await hold(t, { gate: oneAtATime(1) })
      new RawClient(t, port).write(get())
      await until(() => jobs.length === 1)
      const waiting = new RawClient(t, port).write(get())
      await until(() => door.gate.waiting === 1)
      waiting.socket.destroy()
      await until(() => door.gate.waiting === 0)
      assert.equal(door.gate.stats().cancelled, 1)
    })

    test('a half-closed socket has hung up, as Node sees it', async (t) => {
      const { door, jobs, port } = await hold(t, { gate: oneAtATime() })
      const client = new RawClient(t, port).write(get())
      await until(() => jobs.length === 1)
      client.socket.end()
      assert.ok((await jobs[0]!.ended) instanceof ClientGone)
      await until(() => door.gate.inFlight === 0)
    })

    test('a stream goes as fast as it is taken, and a reader that takes nothing is cut off', async (t) => {
      let chunks = 0
      const reasons: unknown[] = []
      const door = admission({ gate: oneAtATime(), stallMs: 150, onError: () => {} })
      const port = await listen(
        t,
        listener(door, async ({ context, stream }) => {
          context.signal.addEventListener('abort', () => reasons.push(context.signal.reason))
          await stream(1600, () => chunks++)
          return undefined
        }),
      )
      const client = new RawClient(t, port).write(get())
      client.socket.pause()
      await until(() => reasons.length > 0)
      await until(() => door.gate.inFlight === 0)
      assert.ok(chunks < 400, `${chunks} chunks were made for a reader that took none`)
      if (name === 'node:http') assert.ok(reasons[0] instanceof ReaderStalled, String(reasons[0]))
    })

    test('a stream that is read arrives whole', async (t) => {
      const door = admission()
      const port = await listen(
        t,
        listener(door, async ({ stream }) => {
          await stream(100, () => {})
          return undefined
        }),
      )
      const response = await fetch(`http://127.0.0.1:${port}/`)
      assert.equal((await response.bytes()).length, 100 * 65_536)
      await until(() => door.gate.inFlight === 0)
    })

    const reading = async (t: TestContext, options: AdmissionOptions) => {
      const door = admission({ gate: oneAtATime(), onError: () => {}, ...options })
      const lengths: number[] = []
      const port = await listen(
        t,
        listener(door, async ({ read }) => {
          lengths.push(await read())
          return `read ${lengths.at(-1)}`
        }),
      )
      return { door, lengths, port }
    }

    test('a body that is announced as too long is a 413, and is not read', async (t) => {
      const { door, port } = await reading(t, { body: { maxBytes: 1000 } })
      const client = new RawClient(t, port).write(post('content-length: 1001\r\n'))
      assert.match(await client.gets(/1000 bytes/), /^HTTP\/1.1 413 /)
      assert.equal(door.gate.stats().arrived, 0)
    })

    test('one that becomes too long is a 413, and its work is called off', async (t) => {
      const { door, lengths, port } = await reading(t, { body: { maxBytes: 1000 } })
      const client = new RawClient(t, port).write(post('transfer-encoding: chunked\r\n'))
      for (let i = 0; i < 11; i++) client.write(`64\r\n${'x'.repeat(100)}\r\n`)
      assert.match(await client.gets(/1000 bytes/), /^HTTP\/1.1 413 /)
      await until(() => door.gate.inFlight === 0)
      assert.deepEqual(lengths, [])
    })

    test('a slow-loris, a byte now and then, is a 408', async (t) => {
      const { door, port } = await reading(t, { body: { timeoutMs: 100 }, stallMs: 1000 })
      const client = new RawClient(t, port).write(post('content-length: 100\r\n'))
      const timer = setInterval(() => client.socket.write('x'), 10)
      t.after(() => clearInterval(timer))
      assert.match(await client.gets(/too slowly/), /^HTTP\/1.1 408 /)
      await until(() => door.gate.inFlight === 0)
    })

    test('so is one that stops in the middle', async (t) => {
      const { door, port } = await reading(t, { stallMs: 60 })
      const client = new RawClient(t, port).write(`${post('content-length: 100\r\n')}half`)
      assert.match(await client.gets(/too slowly/), /^HTTP\/1.1 408 /)
      await until(() => door.gate.inFlight === 0)
    })

    test('one that sends more than it announced: the rest is no request, and ends the connection', async (t) => {
      const { door, lengths, port } = await reading(t, {})
      const client = new RawClient(t, port).write(`${post('content-length: 4\r\n')}bodyand more of it\r\n\r\n`)
      assert.match(await client.closes(), /HTTP\/1.1 400 Bad Request\r\n/)
      await until(() => door.gate.inFlight === 0)
      assert.ok(lengths.every((length) => length === 4))
      assert.equal(door.gate.stats().arrived, 1)
    })

    test('one that hangs up in the middle of its body frees its place', async (t) => {
      const { door, port } = await reading(t, {})
      const client = new RawClient(t, port).write(`${post('content-length: 100\r\n')}half`)
      await until(() => door.gate.inFlight === 1)
      client.socket.destroy()
      await until(() => door.gate.inFlight === 0)
    })

    test('bodies are pulled: what nobody reads stays with the client', async (t) => {
      const { promise: gateway, resolve: open } = Promise.withResolvers<void>()
      const server = createServer(
        listener(admission(), async ({ read }) => {
          await gateway
          return `read ${await read()}.`
        }),
      )
      const taken: Socket[] = []
      server.on('connection', (socket) => taken.push(socket))
      const client = new RawClient(t, await listen(t, server))
      client.write(post('content-length: 15000000\r\n')).write('x'.repeat(15_000_000))
      let before = -1
      await until(() => taken.length === 1 && taken[0]!.bytesRead > 0)
      while (before < taken[0]!.bytesRead) {
        before = taken[0]!.bytesRead
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
      // What the two kernels hold is theirs; the process takes no more than a stream's mark.
      assert.ok(before < 2 ** 19, `${before} bytes were taken`)
      open()
      await client.gets(/read 15000000\./)
    })

    test('a handler that takes its time before it reads is not taken for a slow client', async (t) => {
      const door = admission({ body: { timeoutMs: 100 }, stallMs: 100 })
      const port = await listen(
        t,
        listener(door, async ({ read }) => {
          await new Promise((resolve) => setTimeout(resolve, 400))
          return `read ${await read()}.`
        }),
      )
      const client = new RawClient(t, port)
      client.write(post('content-length: 400000\r\n')).write('x'.repeat(400_000))
      await client.gets(/read 400000\./)
    })

    test('what a handler throws is a 500, told to onError', async (t) => {
      const errors: unknown[] = []
      const door = admission({ onError: (error) => errors.push(error) })
      const port = await listen(
        t,
        listener(door, () => {
          throw new Error('a mistake')
        }),
      )
      const answer = await new RawClient(t, port).write(get()).gets(/Internal/)
      assert.match(answer, /^HTTP\/1.1 500 /)
      assert.ok(!answer.includes('a mistake'))
      assert.equal((errors[0] as Error).message, 'a mistake')
      assert.equal(door.gate.inFlight, 0)
    })

    test('a refusal from further down is a 503, and lowers the limit', async (t) => {
      const outcomes: string[] = []
      const one = gate({ limit: 1, observer: { onRelease: (_ms, outcome) => outcomes.push(outcome) } })
      const errors: unknown[] = []
      const door = admission({ gate: one, onError: (error) => errors.push(error) })
      const port = await listen(
        t,
        listener(door, () => Promise.reject(new Overloaded('rate', 7000))),
      )
      const answer = await new RawClient(t, port).write(get()).gets(/"cause":"rate"/)
      assert.match(answer, /^HTTP\/1.1 503 /)
      assert.match(answer, /retry-after: ([7-9]|10)\r\n/i)
      assert.deepEqual([outcomes, errors], [['dropped'], []])
    })

    for (const status of [503, 504, 500, 429])
      test(`an answer of its own with ${status} ${status > 502 ? 'lowers the limit' : 'says nothing about the limit'}`, async (t) => {
        const outcomes: string[] = []
        const clock = virtualClock()
        const one = gate({ limit: 1, observer: { onRelease: (_ms, outcome) => outcomes.push(outcome) }, clock })
        const port = await listen(
          t,
          listener(admission({ gate: one, clock }), () => status),
        )
        await new RawClient(t, port).write(get()).gets(/\r\n\r\n/)
        await until(() => outcomes.length === 1)
        assert.deepEqual(outcomes, [status > 502 ? 'dropped' : 'done'])
      })

    test('a place that was given back early is free while the answer goes on', async (t) => {
      const { door, jobs, port } = await hold(t, { gate: oneAtATime() })
      const open = new RawClient(t, port).write(get('/open'))
      await until(() => jobs.length === 1)
      jobs[0]!.job.context.release()
      await until(() => door.gate.inFlight === 0)
      const other = new RawClient(t, port).write(get('/other'))
      await until(() => jobs.length === 2)
      jobs[1]!.done('other')
      await other.gets(/other/)
      jobs[0]!.done('and on')
      await open.gets(/and on/)
    })
  })

describe('admission for a node:http server', () => {
  test('one that waits for "100 Continue" is refused before it sends its body, or told to go on', async (t) => {
    const one = gate({ limit: 1, queue: { capacity: 0 } })
    const server = createServer()
    admission({ gate: one }).attach(server, async (request, response) => {
      let bytes = 0
      for await (const part of request) bytes += (part as Buffer).length
      response.end(`read ${bytes}`)
    })
    const port = await listen(t, server)
    const head = post('content-length: 4\r\nexpect: 100-continue\r\n')
    const first = new RawClient(t, port).write(head)
    await first.gets(/^HTTP\/1.1 100 Continue/)
    const refused = await new RawClient(t, port).write(head).closes()
    assert.match(refused, /^HTTP\/1.1 503 /)
    assert.ok(!refused.includes('100 Continue'))
    await first.write('body').gets(/read 4/)
  })

  test('what has waited for the event loop for too long is refused, the less important first', async (t) => {
    let now = 0
    const clock = { ...systemClock, now: () => now }
    const door = admission({ maxLoopDelayMs: 20, priority: { levels: 2, from: 'x-level' }, clock })
    const port = await listen(
      t,
      door.node((_request, response) => {
        // As if it had kept the processor for so long.
        now += 30
        response.end('done')
      }),
    )
    // In one write, so that one turn of the loop hands over all three: the first is served for 30 ms, which the second may not wait, and the third may.
    const client = new RawClient(t, port)
    client.write([1, 1, 0].map((level) => get('/', `x-level: ${level}\r\n`)).join(''))
    const answers = await client.gets(/(?:HTTP\/1.1[^]*){3}(?:done|\})/)
    assert.deepEqual(answers.match(/done|queue-delay/g), ['done', 'queue-delay', 'done'])
    // The next turn begins anew.
    client.received = ''
    await client.write(get('/', 'x-level: 1\r\n')).gets(/done/)
  })
})

test('errors say what they are', () => {
  const errors = [new ClientGone(), new ReaderStalled(5), new BodyTooLarge(5), new BodyTooSlow()]
  assert.deepEqual(
    errors.map(({ name }) => name),
    ['ClientGone', 'ReaderStalled', 'BodyTooLarge', 'BodyTooSlow'],
  )
})

test('requests that `skip` exempts are never refused, take no permit and are not measured', async (t) => {
  const door = admission({
    gate: gate({ limit: 1, queue: { capacity: 0 } }),
    skip: ({ url }) => url === '/healthz',
    quotas: [quota({ name: 'q', rule: slidingWindow({ count: 1, windowMs: 60_000 }) })],
    onError() {},
  })
  await door.gate.acquire()
  const before = door.gate.stats()
  const port = await listen(
    t,
    door.node((request, response) => response.end(`alive ${contextOf(request)!.signal.aborted}`)),
  )
  for (let i = 0; i < 3; i++)
    assert.match(await new RawClient(t, port).write(get('/healthz')).gets(/alive false/), /^HTTP\/1.1 200 /)
  assert.match(await new RawClient(t, port).write(get('/')).gets(/queue-full/), /^HTTP\/1.1 503 /)
  assert.deepEqual({ ...door.gate.stats(), refused: {} }, { ...before, arrived: before.arrived + 1, refused: {} })
  const web = admission({ gate: door.gate, skip: () => true }).fetch(() => new Response('alive'))
  assert.equal((await web(new Request('http://a/'))).status, 200)
})

test('more priorities than the gate has are an error at construction, not at each request', () => {
  assert.throws(
    () => admission({ gate: gate({ limit: 1 }), priority: { levels: 3, from: 'priority' } }),
    /^InvalidOption: priority.levels must be at most 1, the number of levels of the gate, got 3$/,
  )
})
