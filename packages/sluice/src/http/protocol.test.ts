/** What HTTP/1 allows besides one request and one answer, and what bad peers make of it, for both kinds of handler. */

import assert from 'node:assert/strict'
import { createServer, type IncomingMessage } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { gate } from '../gate/gate.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { admission } from './admission.ts'
import type { AdmissionOptions } from './door.ts'
import { ClientGone } from './errors.ts'
import { type Answer, get, type Job, kinds, post } from './kinds.fixture.ts'
import { listen, RawClient, until } from './sockets.fixture.ts'
import { toListener } from './to-listener.ts'

const oneAtATime = (queue = 0) => gate({ limit: 1, queue: { capacity: queue } })

for (const { name, listener } of kinds)
  describe(`admission for ${name}`, () => {
    /** A server whose work waits until it is let go. */
    const hold = async (t: TestContext, options: AdmissionOptions) => {
      const door = admission({ onError: () => {}, ...options })
      const jobs: { job: Job; done: (answer: Answer) => void }[] = []
      const held = listener(door, (job) => new Promise((done) => jobs.push({ job, done })))
      return { door, jobs, port: await listen(t, held) }
    }
    /** A server that answers at once, and a client of it. */
    const answering = async (t: TestContext, work: (job: Job) => Answer, options: AdmissionOptions = {}) => {
      const outcomes: string[] = []
      // Time stands still, or a slow moment would make a stream of a short answer.
      const clock = virtualClock()
      const onRelease = (_ms: number, outcome: string): void => void outcomes.push(outcome)
      const door = admission({ gate: gate({ limit: 10, observer: { onRelease }, clock }), clock, ...options })
      const client = new RawClient(t, await listen(t, listener(door, work)))
      return { door, client, outcomes }
    }

    test('keep-alive: one connection, one request after another, each with a place of its own', async (t) => {
      const { door, client, outcomes } = await answering(t, ({ path }) => `answer to ${path}.`)
      for (let i = 0; i < 20; i++) {
        client.write(get(`/${i}`))
        await client.gets(new RegExp(`answer to /${i}\\.`))
      }
      await until(() => door.gate.inFlight === 0)
      assert.deepEqual(
        outcomes,
        Array.from({ length: 20 }, () => 'done'),
      )
      assert.equal(client.isClosed, false)
    })

    test('pipelining: answers come in the order of the requests, whoever is ready first', async (t) => {
      const { jobs, port } = await hold(t, {})
      const client = new RawClient(t, port).write(get('/1') + get('/2') + get('/3'))
      await until(() => jobs.length === 3)
      for (const { job, done } of jobs.toReversed()) done(`answer to ${job.path}.`)
      const answers = await client.gets(/\/3\./)
      assert.deepEqual(answers.match(/answer to \/\d/g), ['answer to /1', 'answer to /2', 'answer to /3'])
    })

    test('pipelining: an answer that waits for the one before it holds no place, or the two would wait for each other', async (t) => {
      const one = gate({ limit: 1, queue: { capacity: 2 }, priority: { levels: 2 } })
      const { door, jobs, port } = await hold(t, { gate: one, priority: { levels: 2, from: 'x-level' } })
      new RawClient(t, port).write(get())
      await until(() => jobs.length === 1)
      const client = new RawClient(t, port).write(get('/low', 'x-level: 1\r\n') + get('/high', 'x-level: 0\r\n'))
      await until(() => door.gate.waiting === 2)
      jobs[0]!.done('')
      await until(() => jobs.length === 2)
      assert.equal(jobs[1]!.job.path, '/high')
      jobs[1]!.done('second answer')
      await until(() => jobs.length === 3)
      jobs[2]!.done('first answer')
      assert.match(await client.gets(/second answer/), /first answer[^]*second answer/)
    })

    test('pipelining: a client that disconnects leaves the queue at once, and its handlers hold their permits', async (t) => {
      const two = gate({ limit: 2, queue: { capacity: 2 } })
      const { door, jobs, port } = await hold(t, { gate: two })
      const client = new RawClient(t, port).write(get('/1') + get('/2') + get('/3'))
      await until(() => jobs.length === 2 && door.gate.waiting === 1)
      client.socket.destroy()
      await until(() => door.gate.waiting === 0)
      assert.equal(door.gate.inFlight, 2)
      for (const { done } of jobs) done('')
      await until(() => door.gate.inFlight === 0)
      for (const { job } of jobs) assert.ok(job.context.signal.reason instanceof ClientGone)
      assert.equal(jobs.length, 2)
    })

    test('HEAD: the head of the answer, no body, and it went well', async (t) => {
      const { door, client, outcomes } = await answering(t, () => 'not for HEAD')
      client.write('HEAD / HTTP/1.1\r\nhost: a\r\n\r\n')
      await client.gets(/^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\n/)
      client.write(get())
      await client.gets(/not for HEAD/)
      assert.equal(client.received.match(/not for HEAD/g)!.length, 1)
      await until(() => door.gate.inFlight === 0)
      assert.deepEqual(outcomes, ['done', 'done'])
    })

    test('HEAD that is refused: the head of the refusal, and the connection can be used on', async (t) => {
      const { jobs, port } = await hold(t, { gate: oneAtATime() })
      new RawClient(t, port).write(get())
      await until(() => jobs.length === 1)
      const client = new RawClient(t, port).write('HEAD / HTTP/1.1\r\nhost: a\r\n\r\n')
      const head = await client.gets(/\r\n\r\n/)
      assert.match(head, /^HTTP\/1.1 503 [^]*retry-after: /i)
      assert.ok(!head.includes('queue-full'))
      client.write(get())
      await client.gets(/queue-full/)
    })

    for (const status of [204, 304])
      test(`${status}: no body, the place is free, the connection lives on`, async (t) => {
        const { door, client, outcomes } = await answering(t, ({ path }) => (path === '/none' ? status : 'some'))
        client.write(get('/none'))
        assert.match(await client.gets(/\r\n\r\n/), new RegExp(`^HTTP/1.1 ${status} `))
        client.write(get('/some'))
        await client.gets(/some/)
        await until(() => door.gate.inFlight === 0)
        assert.deepEqual(outcomes, ['done', 'done'])
      })

    test('HTTP/1.0, without a host: answered, refused, and closed', async (t) => {
      const { jobs, port } = await hold(t, { gate: oneAtATime() })
      const client = new RawClient(t, port).write('GET /old HTTP/1.0\r\n\r\n')
      await until(() => jobs.length === 1)
      assert.equal(jobs[0]!.job.path, '/old')
      const refused = await new RawClient(t, port).write('GET / HTTP/1.0\r\n\r\n').closes()
      assert.match(refused, /^HTTP\/1.1 503 [^]*queue-full/)
      jobs[0]!.done('as of old')
      assert.match(await client.closes(), /^HTTP\/1.1 200 OK\r\n[^]*as of old$/)
    })

    test('a request to upgrade, where nobody upgrades, is one like any other', async (t) => {
      const { door, client } = await answering(t, () => 'no socket here')
      client.write(get('/', 'connection: upgrade\r\nupgrade: websocket\r\n'))
      assert.match(await client.gets(/no socket here/), /^HTTP\/1.1 200 /)
      assert.equal(door.gate.stats().admitted, 1)
    })

    test('chunks with a trailer after them are a body as any other', async (t) => {
      const door = admission()
      const port = await listen(
        t,
        listener(door, async ({ read }) => `read ${await read()}.`),
      )
      const client = new RawClient(t, port).write(post('transfer-encoding: chunked\r\ntrailer: x-sum\r\n'))
      client.write('4\r\nbody\r\n0\r\nx-sum: 4\r\n\r\n')
      await client.gets(/read 4\./)
      await until(() => door.gate.inFlight === 0)
    })

    test('a head that never ends is no request: it holds no place', async (t) => {
      const { door, jobs, port } = await hold(t, { gate: oneAtATime() })
      new RawClient(t, port).write('GET / HTTP/1.1\r\nhost: a\r\nx-slow: ')
      const client = new RawClient(t, port).write(get())
      await until(() => jobs.length === 1)
      jobs[0]!.done('served')
      await client.gets(/served/)
      assert.equal(door.gate.stats().arrived, 1)
    })

    test('a body that came whole while its request waited is not too long by one byte either', async (t) => {
      const { door, jobs, port } = await hold(t, { gate: oneAtATime(1), body: { maxBytes: 1000 } })
      new RawClient(t, port).write(get())
      await until(() => jobs.length === 1)
      const client = new RawClient(t, port)
      client.write(`${post('transfer-encoding: chunked\r\n')}3e9\r\n${'x'.repeat(1001)}\r\n0\r\n\r\n`)
      // Head and body came as one.
      await until(() => door.gate.waiting === 1)
      jobs[0]!.done('')
      if (name === 'Fetch') {
        await until(() => jobs.length === 2)
        await assert.rejects(jobs[1]!.job.read(), /1000 bytes/)
      }
      assert.match(await client.gets(/1000 bytes/), /^HTTP\/1.1 413 /)
    })

    for (const [value, ms] of [
      ['0', 0],
      ['315360000000', 315_360_000_000],
    ] as const)
      test(`a deadline of ${value} ms is meant as it is said`, async (t) => {
        const { jobs, port } = await hold(t, {})
        const beganAt = performance.now()
        const client = new RawClient(t, port).write(get('/', `request-timeout-ms: ${value}\r\n`))
        if (ms === 0) {
          assert.match(await client.gets(/"status":503/), /^HTTP\/1.1 503 /)
          assert.equal(jobs.length, 0)
        } else {
          await until(() => jobs.length === 1)
          assert.ok(jobs[0]!.job.context.deadlineAt! >= beganAt + ms)
          jobs[0]!.done('served')
          await client.gets(/served/)
        }
      })

    test('a client that leaves after its place was given back still calls the work off, with a deadline as well', async (t) => {
      const { door, jobs, port } = await hold(t, { gate: oneAtATime(), timeoutMs: 60_000 })
      const client = new RawClient(t, port).write(get())
      await until(() => jobs.length === 1)
      const { context } = jobs[0]!.job
      context.release()
      await until(() => door.gate.inFlight === 0)
      assert.equal(context.signal.aborted, false)
      client.socket.destroy()
      await until(() => context.signal.aborted)
      assert.ok(context.signal.reason instanceof ClientGone)
    })

    test('a reader that takes nothing loses its connection, not only its place', async (t) => {
      const door = admission({ stallMs: 60, onError: () => {} })
      const server = createServer(
        listener(door, async ({ stream }) => {
          await stream(1600, () => {})
          return undefined
        }),
      )
      const port = await listen(t, server)
      const connections = () => new Promise<number>((resolve) => server.getConnections((_error, n) => resolve(n)))
      const client = new RawClient(t, port).write(get())
      client.socket.pause()
      await until(() => door.gate.stats().admitted === 1)
      for (let i = 0; i < 500 && (await connections()) > 0; i++) await new Promise((resolve) => setTimeout(resolve, 10))
      assert.equal(await connections(), 0)
    })
  })

describe('admission for a node:http server', () => {
  test('trailers go both ways', async (t) => {
    const door = admission()
    const port = await listen(
      t,
      door.node(async (request, response) => {
        for await (const _part of request);
        response.writeHead(200, { trailer: 'x-echo' })
        response.write('body')
        response.addTrailers({ 'x-echo': request.trailers['x-sum'] ?? 'none' })
        response.end()
      }),
    )
    const client = new RawClient(t, port).write(post('transfer-encoding: chunked\r\ntrailer: x-sum\r\n'))
    await client.write('4\r\nbody\r\n0\r\nx-sum: 4\r\n\r\n').gets(/x-echo: 4\r\n\r\n$/)
  })

  test('what a server upgrades itself is not the admission’s: it is neither counted nor touched', async (t) => {
    const door = admission({ stallMs: 20 })
    const server = createServer(door.node((_request, response) => response.end('http')))
    server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
      socket.pipe(socket)
    })
    const port = await listen(t, server)
    const client = new RawClient(t, port).write(get())
    await client.gets(/http$/)
    client.write(get('/', 'connection: upgrade\r\nupgrade: x\r\n'))
    await client.gets(/101 Switching/)
    assert.equal(door.gate.stats().arrived, 1)
    // Longer than the stall of the request before it.
    await new Promise((resolve) => setTimeout(resolve, 60))
    await client.write('echo').gets(/echo$/)
  })
})

describe('a Fetch-style handler as a listener', () => {
  const urls = async (t: TestContext) => {
    const port = await listen(
      t,
      toListener((request) => new Response(`url ${request.url}`)),
    )
    return (head: string) => new RawClient(t, port).write(`${head}connection: close\r\n\r\n`).closes()
  }

  test('the target is a path, or a whole URL as a proxy sends it', async (t) => {
    const ask = await urls(t)
    assert.match(await ask('GET /a?b HTTP/1.1\r\nhost: shop\r\n'), /url http:\/\/shop\/a\?b/)
    assert.match(await ask('GET //a/b HTTP/1.1\r\nhost: shop\r\n'), /url http:\/\/shop\/\/a\/b/)
    assert.match(await ask('GET http://other/a?b HTTP/1.1\r\nhost: shop\r\n'), /url http:\/\/other\/a\?b/)
    for (const target of ['*', 'ftp://a/', 'a'])
      assert.match(await ask(`OPTIONS ${target} HTTP/1.1\r\nhost: shop\r\n`), /^HTTP\/1.1 400 /, target)
  })

  for (const host of ['shop/admin?', 'shop/admin#', 'ann@shop', 'shop\\admin', 'sh op', 'shop:99999', '[::1'])
    test(`a host of '${host}' cannot change the path: 400`, async (t) => {
      const ask = await urls(t)
      assert.match(await ask(`GET /public HTTP/1.1\r\nhost: ${host}\r\n`), /^HTTP\/1.1 400 /)
    })

  test('a method that Fetch has not is a 400, and a header of odd bytes arrives', async (t) => {
    const port = await listen(
      t,
      toListener((request) => new Response(`x is ${request.headers.get('x')!.charCodeAt(0)}`)),
    )
    assert.match(
      await new RawClient(t, port).write('TRACE / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n').closes(),
      /^HTTP\/1.1 400 /,
    )
    const client = new RawClient(t, port)
    client.socket.write(get('/', 'x: \u00ff\r\n'), 'latin1')
    await client.gets(/x is 255/)
  })

  test('what a handler throws, and an answer that breaks off, are told; a client that leaves is not', async (t) => {
    const errors: unknown[] = []
    const handler = (request: Request): Response => {
      if (request.url.endsWith('/throws')) throw new Error('thrown')
      const pull = (controller: ReadableStreamDefaultController): void => {
        if (request.url.endsWith('/breaks')) controller.error(new Error('broke off'))
        else controller.enqueue(new Uint8Array(65_536))
      }
      return new Response(new ReadableStream({ pull }))
    }
    const requests: IncomingMessage[] = []
    const listener = toListener(handler, { onError: (error) => errors.push(error) })
    const port = await listen(t, (request, response) => {
      requests.push(request)
      listener(request, response)
    })
    assert.match(await new RawClient(t, port).write(get('/throws')).gets(/\r\n\r\n/), /^HTTP\/1.1 500 /)
    await new RawClient(t, port).write(get('/breaks')).closes()
    const leaves = new RawClient(t, port).write(get('/leaves'))
    await leaves.gets(/200 OK/)
    leaves.socket.destroy()
    await until(() => requests.at(-1)!.socket.destroyed)
    assert.deepEqual(
      errors.map((error) => (error as Error).message),
      ['thrown', 'broke off'],
    )
  })
})
