/** Handlers that do what they should not: the server lives on, the place is free, and the client hears something. */

import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { describe, type TestContext, test } from 'node:test'
import { gate } from '../gate/gate.ts'
import { TimedOut } from '../errors.ts'
import { quota } from './quota.ts'
import { slidingWindow } from '../rate.ts'
import { admission } from './admission.ts'
import type { AdmissionOptions } from './door.ts'
import { get, post } from './kinds.fixture.ts'
import type { NodeHandler } from './node-listener.ts'
import { listen, RawClient, until } from './sockets.fixture.ts'
import { toListener } from './to-listener.ts'
import { contextOf } from './admitted.ts'
import type { WebHandler } from './web-handler.ts'

function observe(options: AdmissionOptions) {
  const errors: unknown[] = []
  const door = admission({
    gate: gate({ limit: 5, queue: { capacity: 5 } }),
    onError: (error) => errors.push(error),
    ...options,
  })
  const isFree = () => until(() => door.gate.inFlight === 0)
  const messages = () => errors.map((error) => (error as Error).message)
  return { door, errors, isFree, messages }
}

describe('a handler of node:http', () => {
  const serving = async (t: TestContext, handler: NodeHandler, options: AdmissionOptions = {}) => {
    const seen = observe(options)
    const port = await listen(t, seen.door.node(handler))
    return { ...seen, port, client: () => new RawClient(t, port) }
  }

  test('that throws before its head: a 500 without what it had begun to say', async (t) => {
    const { client, isFree, messages } = await serving(t, (_request, response) => {
      response.setHeader('content-encoding', 'gzip')
      response.setHeader('set-cookie', 'half=done')
      throw new Error('early')
    })
    const answer = await client()
      .write(get())
      .gets(/Internal/)
    assert.match(answer, /^HTTP\/1.1 500 /)
    assert.doesNotMatch(answer, /gzip|half=done|early/)
    await isFree()
    assert.deepEqual(messages(), ['early'])
  })

  test('that throws after its head: the client sees the answer break off', async (t) => {
    const { client, isFree, messages } = await serving(t, (_request, response) => {
      response.writeHead(200, { 'content-length': 10 })
      response.write('half')
      throw new Error('late')
    })
    const answer = await client().write(get()).closes()
    assert.match(answer, /^HTTP\/1.1 200 [^]*half$/)
    await isFree()
    assert.deepEqual(messages(), ['late'])
  })

  test('that throws after its end: the answer stands', async (t) => {
    const { client, isFree, messages } = await serving(t, async (_request, response) => {
      response.end('said')
      await Promise.resolve()
      throw new Error('after all')
    })
    await client().write(get()).gets(/said/)
    await isFree()
    await until(() => messages().length > 0)
    assert.deepEqual(messages(), ['after all'])
  })

  for (const [how, twice] of [
    ['ends', (response: ServerResponse) => void response.end('second')],
    ['writes', (response: ServerResponse) => void response.write('second')],
    ['writes a head', (response: ServerResponse) => void response.writeHead(500)],
  ] as const)
    test(`that ${how} twice: the first answer stands, and it is told`, async (t) => {
      const { client, errors, isFree } = await serving(t, (_request, response) => {
        response.end('first')
        twice(response)
      })
      const one = client().write(get())
      await one.gets(/first/)
      await until(() => errors.length > 0)
      await isFree()
      // The server lives, and so does the connection.
      one.received = ''
      assert.doesNotMatch(await one.write(get()).gets(/first/), /second/)
    })

  test('that never settles: a 503 at its deadline, and `releaseAfterAbortMs` releases its permit', async (t) => {
    const options = { timeoutMs: 50, releaseAfterAbortMs: 30 }
    const { door, client, isFree } = await serving(t, () => new Promise(() => {}), options)
    const answer = await client()
      .write(get())
      .gets(/deadline/)
    assert.match(answer, /^HTTP\/1.1 503 /)
    assert.equal(door.gate.inFlight, 1)
    await isFree()
  })

  for (const [why, head, options] of [
    ['its deadline', get('/', 'request-timeout-ms: 20\r\n'), {}],
    [
      'a body that is too long',
      `${post('transfer-encoding: chunked\r\n')}5\r\nabcde\r\n0\r\n\r\n`,
      { body: { maxBytes: 4 } },
    ],
    ['a body that is too slow', `${post('content-length: 5\r\n')}a`, { stallMs: 20 }],
  ] as const)
    test(`that answers from a callback after ${why} cannot bring the server down`, async (t) => {
      let isDone = false
      const { client, isFree } = await serving(
        t,
        (request, response) => {
          const { signal } = contextOf(request)!
          request.resume()
          signal.addEventListener('abort', () =>
            setImmediate(() => {
              response.statusCode = 200
              response.setHeader('x-late', '1')
              response.appendHeader('x-late', '2')
              response.removeHeader('retry-after')
              response.writeHead(200, { 'x-late': '3' })
              response.flushHeaders()
              response.write('late')
              response.end('too late', () => (isDone = true))
            }),
          )
        },
        options,
      )
      const answer = await client()
        .write(head)
        .gets(/"status":(503|413|408)\}/)
      await until(() => isDone)
      assert.doesNotMatch(answer, /late/)
      assert.match(await client().write(get('/', 'request-timeout-ms: 0\r\n')).gets(/503/), /503/)
      await isFree()
    })

  test('whose key, priority or quota throws: a 500, told, and nothing is held', async (t) => {
    const fail = (): never => {
      throw new Error('no such user')
    }
    const bad = quota({ name: 'q', rule: slidingWindow({ count: 1, windowMs: 1000 }) })
    for (const options of [
      { key: fail },
      { priority: { levels: 1, from: fail } },
      { quotas: [{ ...bad, take: fail }] },
    ] as AdmissionOptions[]) {
      const { client, messages, door } = await serving(t, (_request, response) => response.end('in'), options)
      assert.match(
        await client()
          .write(get())
          .gets(/Internal/),
        /^HTTP\/1.1 500 /,
      )
      assert.deepEqual(messages(), ['no such user'])
      assert.equal(door.gate.stats().arrived, 0)
    }
  })

  test('what stands around the admission keeps its headers in a refusal', async (t) => {
    const { door } = observe({ gate: gate({ limit: 1, queue: { capacity: 0 } }) })
    const listener = door.node((_request, response) => response.setHeader('x-inner', '1'))
    const port = await listen(t, (request, response) => {
      response.setHeader('access-control-allow-origin', '*')
      listener(request, response)
    })
    new RawClient(t, port).write(get())
    await until(() => door.gate.inFlight === 1)
    const refused = await new RawClient(t, port).write(get()).gets(/queue-full/)
    assert.match(refused, /access-control-allow-origin: \*\r\n/i)
    const late = admission({ onError: () => {} }).node((_request, response) => {
      response.setHeader('access-control-allow-origin', 'evil')
      response.setHeader('x-inner', '1')
      throw new Error('early')
    })
    const latePort = await listen(t, (request, response) => {
      response.setHeader('access-control-allow-origin', '*')
      late(request, response)
    })
    const failed = await new RawClient(t, latePort).write(get()).gets(/Internal/)
    assert.match(failed, /access-control-allow-origin: \*\r\n/i)
    assert.doesNotMatch(failed, /x-inner/)
  })
})

for (const style of ['node:http', 'Fetch'] as const)
  test(`${style}: hooks that throw cost no answer: of the gate, of onError, of chance`, async (t) => {
    const broken = (): never => {
      throw new Error('broken callback')
    }
    t.mock.method(console, 'error', () => {})
    const observer = { onAdmit: broken, onRefuse: broken, onRelease: broken }
    const door = admission({
      gate: gate({ limit: 1, queue: { capacity: 0 }, observer }),
      onError: broken,
      retryAfter: { random: broken },
    })
    const held = Promise.withResolvers<void>()
    const node: NodeHandler = async (request, response) => {
      if (request.url === '/fail') throw new Error('its own')
      await held.promise
      response.end('in')
    }
    const web: WebHandler = async (request) => {
      if (request.url.endsWith('/fail')) throw new Error('its own')
      await held.promise
      return new Response('in')
    }
    const port = await listen(t, style === 'Fetch' ? toListener(door.fetch(web)) : door.node(node))
    const head = /^HTTP\/1.1 (\d+) /
    const statusOf = async (path: string): Promise<string> =>
      head.exec(await new RawClient(t, port).write(get(path)).gets(/\r\n\r\n/))![1]!
    assert.equal(await statusOf('/fail'), '500')
    const first = statusOf('/')
    await until(() => door.gate.inFlight === 1)
    assert.equal(await statusOf('/'), '503')
    held.resolve()
    assert.equal(await first, '200')
    await until(() => door.gate.inFlight === 0)
  })

describe('a Fetch-style handler', () => {
  const serving = async (t: TestContext, handler: WebHandler, options: AdmissionOptions = {}) => {
    const seen = observe(options)
    const port = await listen(t, toListener(seen.door.fetch(handler), { onError: () => {} }))
    return { ...seen, client: () => new RawClient(t, port) }
  }

  for (const [what, handler] of [
    ['nothing', () => undefined as unknown as Response],
    ['what is no answer', () => ({ status: 200 }) as Response],
    ['an error', () => Response.error()],
    [
      'an answer whose body was read',
      async () => {
        const answer = new Response('read')
        await answer.text()
        return answer
      },
    ],
  ] as [string, WebHandler][])
    test(`that gives ${what}: a 500, told, and the place is free`, async (t) => {
      const rule = slidingWindow({ count: 100, windowMs: 1000 })
      for (const options of [{}, { quotas: [quota({ name: 'q', rule })] }]) {
        const { client, isFree, errors } = await serving(t, handler, options)
        assert.match(
          await client()
            .write(get())
            .gets(/\r\n\r\n/),
          /^HTTP\/1.1 500 /,
        )
        await isFree()
        assert.equal(errors.length, 1)
      }
    })

  test('an answer that breaks off in the middle is one to the client too, and told once', async (t) => {
    let pulls = 0
    const pull = (controller: ReadableStreamDefaultController): void => {
      if (pulls++ === 0) controller.enqueue(new TextEncoder().encode('half'))
      else controller.error(new Error('late'))
    }
    const { client, isFree, messages } = await serving(t, () => new Response(new ReadableStream({ pull })))
    const answer = await client().write(get()).closes()
    assert.doesNotMatch(answer, /\r\n0\r\n/)
    await isFree()
    assert.deepEqual(messages(), ['late'])
  })

  test('that never answers: a 503 at its deadline, its signal is aborted, a late answer is cancelled', async (t) => {
    let reason: unknown
    const late = Promise.withResolvers<Response>()
    const cancelled = Promise.withResolvers<void>()
    const { door, client, isFree } = await serving(
      t,
      (request) => {
        const { signal } = contextOf(request)!
        signal.addEventListener('abort', () => (reason = signal.reason))
        return late.promise
      },
      { timeoutMs: 30 },
    )
    assert.match(
      await client()
        .write(get())
        .gets(/deadline/),
      /^HTTP\/1.1 503 /,
    )
    assert.ok(reason instanceof TimedOut)
    assert.equal(door.gate.inFlight, 1)
    late.resolve(new Response(new ReadableStream({ cancel: () => cancelled.resolve() })))
    await cancelled.promise
    await isFree()
  })

  test('whose key throws: a 500 as an answer, not an exception', async () => {
    const { door, messages } = observe({
      key: () => {
        throw new Error('no such user')
      },
    })
    const answer = await door.fetch(() => new Response('in'))(new Request('http://a/'))
    assert.equal(answer.status, 500)
    assert.deepEqual(messages(), ['no such user'])
  })

  test('answers of which nothing can be changed get the fields as well', async () => {
    const rule = slidingWindow({ count: 100, windowMs: 1000 })
    const { door } = observe({ quotas: [quota({ name: 'q', rule })] })
    const answer = await door.fetch(() => Response.redirect('http://b/', 302))(new Request('http://a/'))
    assert.deepEqual([answer.status, answer.headers.has('ratelimit')], [302, true])
  })
})
