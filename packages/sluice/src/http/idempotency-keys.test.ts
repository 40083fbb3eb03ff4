import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { memoryStore } from '../idempotency.ts'
import { idempotencyKeys, type IdempotencyKeysOptions } from './idempotency-keys.ts'
import { listen } from './sockets.fixture.ts'
import { toListener } from './to-listener.ts'

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
