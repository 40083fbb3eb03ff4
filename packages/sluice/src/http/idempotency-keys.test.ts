import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type IdempotencyStore, memoryStore } from '../idempotency.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { admission } from './admission.ts'
import { idempotencyKeys, type IdempotencyKeysOptions } from './idempotency-keys.ts'

import { listen, RawClient, until } from './sockets.fixture.ts'
import { toListener } from './to-listener.ts'
import { type Admitted, contextOf } from './admitted.ts'

const pay = (key: string | undefined, body = '{"eur":5}', init: RequestInit = {}, path = '/payments'): Request =>
  new Request(`http://shop${path}`, {
    method: 'POST',
    body,
    ...init,
    headers: { ...(key === undefined ? {} : { 'idempotency-key': key }), ...(init.headers as Record<string, string>) },
  })

function shop(options: IdempotencyKeysOptions = {}) {
  let charged = 0
  let status = 201
  let gate: Promise<void> = Promise.resolve()
  const begun = Promise.withResolvers<void>()
  const handle = idempotencyKeys(async (request: Request) => {
    begun.resolve()
    const text = await request.text()
    await gate
    charged++
    return new Response(`charged ${charged}: ${text}`, { status, headers: { 'x-charge': String(charged) } })
  }, options)
  const open = Promise.withResolvers<void>()
  return {
    handle,
    charged: () => charged,
    answerWith: (next: number) => (status = next),
    close: () => void (gate = open.promise),
    open: () => open.resolve(),
    /** Of two requests the later one can be digested first: whoever is to be second waits for this. */
    begun: begun.promise,
  }
}

describe('idempotency keys', () => {
  test('a repeated request gets the stored answer, whole, and says that it was replayed', async () => {
    const { handle, charged } = shop()
    const first = await handle(pay('"a"'))
    const again = await handle(pay('"a"'))
    assert.equal(first.headers.get('idempotent-replayed'), null)
    assert.equal(again.headers.get('idempotent-replayed'), 'true')
    assert.deepEqual([again.status, again.headers.get('x-charge')], [201, '1'])
    assert.equal(await first.text(), 'charged 1: {"eur":5}')
    assert.equal(await again.text(), 'charged 1: {"eur":5}')
    assert.equal(charged(), 1)
  })

  test('a concurrent one is a 409, and after it has ended gets the answer', async () => {
    const { handle, close, open, begun, charged } = shop()
    close()
    const first = handle(pay('"a"'))
    await begun
    const concurrent = await handle(pay('"a"'))
    assert.equal(concurrent.status, 409)
    assert.match(concurrent.headers.get('content-type')!, /problem\+json/)
    open()
    assert.equal((await first).status, 201)
    assert.equal((await handle(pay('"a"'))).status, 201)
    assert.equal(charged(), 1)
  })

  test('another payload, path or query is a 422, while it runs and afterwards', async () => {
    const { handle, close, open, begun } = shop()
    close()
    const first = handle(pay('"a"'))
    await begun
    const others = () => [
      pay('"a"', '{"eur":6}'),
      pay('"a"', undefined, {}, '/refunds'),
      pay('"a"', undefined, {}, '/payments?x'),
    ]
    for (const other of others()) assert.equal((await handle(other)).status, 422)
    open()
    await first
    for (const other of others()) assert.equal((await handle(other)).status, 422)
  })

  test('a missing one is a 400 where it is required, and no matter where it is not, or for methods without', async () => {
    assert.equal((await shop({ required: true }).handle(pay(undefined))).status, 400)
    const { handle, charged } = shop()
    await handle(pay(undefined))
    await handle(pay(undefined))
    await handle(new Request('http://shop/payments', { headers: { 'idempotency-key': '"a"' } }))
    await handle(new Request('http://shop/payments', { headers: { 'idempotency-key': '"a"' } }))
    assert.equal(charged(), 4)
  })

  for (const key of ['', '""', 'abc', '8e03978e-40d5', '"a" "b"', '"a', '"a", "b"', ':YQ==:', '5', '("a")'])
    test(`the key ${key} is malformed: 400`, async () => {
      const { handle, charged } = shop()
      assert.equal((await handle(pay(key))).status, 400)
      assert.equal(charged(), 0)
    })

  test('an answer that is not final, or a failure, frees the key', async () => {
    const { handle, answerWith, charged } = shop()
    answerWith(503)
    assert.equal((await handle(pay('"a"'))).status, 503)
    answerWith(201)
    assert.equal((await handle(pay('"a"'))).status, 201)
    assert.equal(charged(), 2)
    let calls = 0
    const failing = idempotencyKeys(() => {
      if (++calls === 1) throw new Error('at first')
      return new Response('then')
    })
    await assert.rejects(failing(pay('"a"')), /at first/)
    assert.equal(await (await failing(pay('"a"'))).text(), 'then')
  })

  test('one client never gets the answer of another', async () => {
    const { handle, charged } = shop()
    await handle(pay('"a"', undefined, { headers: { authorization: 'Bearer ann' } }))
    const other = await handle(pay('"a"', undefined, { headers: { authorization: 'Bearer bob' } }))
    assert.equal(await other.text(), 'charged 2: {"eur":5}')
    assert.equal(charged(), 2)
  })

  test('a payload that is too long is a 413; an answer that is too long is given whole, and not kept', async () => {
    const { handle, charged } = shop({ maxBytes: 100 })
    assert.equal((await handle(pay('"a"', 'x'.repeat(101)))).status, 413)
    assert.equal(charged(), 0)
    const long = await handle(pay('"b"', 'x'.repeat(90)))
    assert.equal((await long.text()).length, 'charged 1: '.length + 90)
    await handle(pay('"b"', 'x'.repeat(90)))
    assert.equal(charged(), 2)
  })

  test('what is stored survives JSON, empty answers included', async () => {
    const inner = memoryStore()
    const store = {
      ...inner,
      finish: (key: string, token: string, result: unknown) =>
        inner.finish(key, token, JSON.parse(JSON.stringify(result))),
    }
    const handle = idempotencyKeys(
      () =>
        new Response(null, {
          status: 204,
          headers: [
            ['set-cookie', 'a=1'],
            ['set-cookie', 'b=2'],
          ],
        }),
      { store },
    )
    await handle(pay('"a"'))
    const again = await handle(pay('"a"'))
    assert.deepEqual([again.status, again.body], [204, null])
    assert.deepEqual(again.headers.getSetCookie(), ['a=1', 'b=2'])
  })

  test('is put inside the admission: the handler knows its context as without', async () => {
    const door = admission({ key: () => 'ann', timeoutMs: 60_000 })
    const handle = door.fetch(
      idempotencyKeys((request: Request) => {
        const { key, deadlineAt, signal } = contextOf(request)!
        return new Response(`${key} ${deadlineAt! > 0} ${signal.aborted}`)
      }),
    )
    assert.equal(await (await handle(pay('"a"'))).text(), 'ann true false')
  })

  test('a client that leaves while the work goes on: nothing is done twice, and whoever comes again gets the answer', async (t) => {
    const { promise: gateway, resolve: open } = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<Admitted>()
    let charged = 0
    const door = admission({ onError: () => {} })
    const handler = async (request: Request): Promise<Response> => {
      begun.resolve(contextOf(request)!)
      await gateway
      return new Response(`charged ${++charged}`)
    }
    const port = await listen(t, toListener(door.fetch(idempotencyKeys(handler))))
    const head = 'POST / HTTP/1.1\r\nhost: a\r\nidempotency-key: "k"\r\ncontent-length: 4\r\n\r\nfive'
    const leaves = new RawClient(t, port).write(head)
    const { signal } = await begun.promise
    leaves.socket.destroy()
    await until(() => signal.aborted)
    await new RawClient(t, port).write(head).gets(/^HTTP\/1.1 409 /)
    open()
    await until(() => charged === 1)
    await new RawClient(t, port).write(head).gets(/idempotent-replayed: true[^]*charged 1/i)
    assert.equal(charged, 1)
  })

  test('a handler that heeds its signal, and gives up with its client, leaves the key free', async (t) => {
    const signals: AbortSignal[] = []
    const door = admission({ onError: () => {} })
    const handler = (request: Request): Response | Promise<Response> => {
      const { signal } = contextOf(request)!
      if (signals.push(signal) > 1) return new Response('done at last')
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    }
    const store = memoryStore()
    const abandoned = Promise.withResolvers<void>()
    const watched = {
      ...store,
      abandon: (key: string, token: string, error: unknown) =>
        store.abandon(key, token, error).finally(() => abandoned.resolve()),
    }
    const port = await listen(t, toListener(door.fetch(idempotencyKeys(handler, { store: watched }))))
    const head = 'POST / HTTP/1.1\r\nhost: a\r\nidempotency-key: "k"\r\ncontent-length: 4\r\n\r\nfive'
    const leaves = new RawClient(t, port).write(head)
    await until(() => signals.length === 1)
    leaves.socket.destroy()
    await abandoned.promise
    await new RawClient(t, port).write(head).gets(/done at last/)
  })

  test('an upload that breaks off in the middle begins nothing: the key is free', async (t) => {
    const begun: string[] = []
    const inner = memoryStore()
    const store: IdempotencyStore = {
      ...inner,
      begin: (...args) => (begun.push(args[0]), inner.begin(...args)),
    }
    const door = admission({ onError: () => {} })
    const handler = async (request: Request): Promise<Response> => new Response(`whole: ${await request.text()}`)
    const port = await listen(t, toListener(door.fetch(idempotencyKeys(handler, { store }))))
    const head = 'POST / HTTP/1.1\r\nhost: a\r\nidempotency-key: "k"\r\ncontent-length: 4\r\n\r\n'
    const leaves = new RawClient(t, port).write(`${head}fi`)
    await until(() => door.gate.inFlight === 1)
    leaves.socket.destroy()
    await until(() => door.gate.inFlight === 0)
    assert.deepEqual(begun, [])
    await new RawClient(t, port).write(`${head}five`).gets(/whole: five/)
    assert.equal(begun.length, 1)
  })

  test('a handler slower than its lease: the next one is handled, and its answer is what is kept', async () => {
    // A store with leases, as a shared one has it, on virtual time.
    const clock = virtualClock()
    const runs = new Map<string, { token: string; until: number; fingerprint: string; result?: unknown }>()
    let tokens = 0
    const store: IdempotencyStore = {
      async begin(key, fingerprint, { leaseMs }) {
        const was = runs.get(key)
        if (was !== undefined && 'result' in was) return { state: 'done', fingerprint, result: was.result }
        if (was !== undefined && clock.now() < was.until) return { state: 'running', fingerprint }
        const token = `${++tokens}`
        runs.set(key, { token, until: clock.now() + leaseMs, fingerprint })
        return { state: 'begun', token }
      },
      async finish(key, token, result) {
        const run = runs.get(key)
        if (run?.token === token) run.result = result
      },
      async abandon(key, token) {
        if (runs.get(key)?.token === token) runs.delete(key)
      },
      ended: () => Promise.reject(new Error('nobody waits here')),
    }
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const begun = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let runsBegun = 0
    const handle = idempotencyKeys(
      async () => {
        const run = runsBegun++
        begun[run]!.resolve()
        await gates[run]!.promise
        if (run === 0) throw new Error('of the first run')
        return new Response(`run ${run}`)
      },
      { store, leaseMs: 1000 },
    )
    const first = handle(pay('"a"'))
    await begun[0]!.promise
    assert.equal((await handle(pay('"a"'))).status, 409)
    await clock.advance(1000)
    const second = handle(pay('"a"'))
    await begun[1]!.promise
    gates[0]!.resolve()
    // What the late one abandons is not the run of the second.
    await assert.rejects(first, /of the first run/)
    assert.equal((await handle(pay('"a"'))).status, 409)
    gates[1]!.resolve()
    assert.equal(await (await second).text(), 'run 1')
    assert.equal(await (await handle(pay('"a"'))).text(), 'run 1')
  })

  test('a store that fails at the end of a run takes no answer from its client, nor an error its place', async () => {
    const errors: unknown[] = []
    const down = async (): Promise<never> => Promise.reject(new Error('store down'))
    const store = { ...memoryStore(), finish: down, abandon: down }
    const handle = idempotencyKeys(
      async (request: Request) => {
        if ((await request.text()) === 'bad') throw new Error('handler')
        return new Response('charged')
      },
      { store, onError: (error) => errors.push(error) },
    )
    assert.equal(await (await handle(pay('"a"'))).text(), 'charged')
    await assert.rejects(handle(pay('"b"', 'bad')), /handler/)
    assert.deepEqual(errors.map(String), ['Error: store down', 'Error: store down'])
    // One that fails at the beginning: nothing was done, and nothing is.
    await assert.rejects(idempotencyKeys(() => assert.fail(), { store: { ...store, begin: down } })(pay('"a"')), /down/)
  })

  test('no credential and no payload is in what the store is told', async () => {
    const told: string[] = []
    const inner = memoryStore()
    const store: IdempotencyStore = {
      ...inner,
      begin: (...args) => (told.push(JSON.stringify(args)), inner.begin(...args)),
      finish: (...args) => (told.push(JSON.stringify(args.slice(0, 2))), inner.finish(...args)),
    }
    const handle = idempotencyKeys(() => new Response('ok'), { store })
    await handle(pay('"key-of-ann"', 'card 4111', { headers: { authorization: 'Bearer secret' } }))
    assert.equal(told.length, 2)
    assert.doesNotMatch(told.join(), /secret|Bearer|key-of-ann|4111/)
  })

  test('through a socket: twenty at once are done once', async (t) => {
    const { handle, charged } = shop()
    const port = await listen(t, toListener(handle))
    const ask = () =>
      fetch(`http://127.0.0.1:${port}/payments`, {
        method: 'POST',
        body: 'five',
        headers: { 'idempotency-key': '"k"' },
      })
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await ask()).status))
    assert.ok(
      statuses.every((status) => status === 201 || status === 409),
      statuses.join(),
    )
    assert.equal((await ask()).headers.get('idempotent-replayed'), 'true')
    assert.equal(charged(), 1)
  })
})
