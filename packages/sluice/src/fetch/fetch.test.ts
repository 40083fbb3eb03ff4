/** The client, on virtual time against a fetch that answers as told; and through sockets. */

import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { breaker } from '../breaker.ts'
import { InvalidOption, Overloaded, TimedOut } from '../errors.ts'
import { gate } from '../gate/gate.ts'
import { admission } from '../http/admission.ts'
import { contextOf } from '../http/admitted.ts'
import { quota } from '../http/quota.ts'
import { listen, until } from '../http/sockets.fixture.ts'
import { slidingWindow } from '../rate.ts'
import { retryBudget } from '../retry.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import { consecutiveFailures } from '../trip.ts'
import { exhaustedMs, fetcher, type FetcherOptions, retryAfterMs } from './index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

type Call = { url: string; method: string; headers: Headers; at: number; signal: AbortSignal | null | undefined }
type Answer = (call: Call, index: number) => Response | Promise<Response>

const wall = Date.UTC(2026, 5, 1)

function bench(answer: Answer, options: FetcherOptions = {}) {
  const clock = virtualClock()
  const calls: Call[] = []
  const fake = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const url = input instanceof Request ? input.url : String(input)
    const call = {
      url,
      method: init.method ?? 'GET',
      headers: new Headers(init.headers),
      at: clock.now(),
      signal: init.signal,
    }
    calls.push(call)
    const { promise, reject } = Promise.withResolvers<never>()
    promise.catch(() => {})
    init.signal?.addEventListener('abort', () => reject(init.signal!.reason as Error))
    return Promise.race([answer(call, calls.length - 1), promise])
  }
  const ask = fetcher({
    fetch: fake as typeof fetch,
    clock,
    random: () => 0.5,
    wallClock: () => wall + clock.now(),
    ...options,
  })
  /** Lets time pass until it has settled. */
  const run = async <T>(promise: Promise<T>, ms = 200_000): Promise<T> => {
    promise.catch(() => {})
    await clock.advance(ms)
    return promise
  }
  return { clock, calls, ask, run, start: clock.now() }
}
const status = (code: number, headers: Record<string, string> = {}) => new Response(null, { status: code, headers })
const seconds = (calls: Call[]) => calls.map(({ at }) => Math.round(at - calls[0]!.at) / 1000)

describe('retries', () => {
  test('what is idempotent is tried again, and the last answer is given, be it a failure', async () => {
    const { ask, calls, run } = bench((_call, index) => status(index < 2 ? 500 : 200))
    assert.equal((await run(ask('http://a/'))).status, 200)
    assert.equal(calls.length, 3)
    const bad = bench(() => status(502))
    assert.equal((await bad.run(bad.ask('http://a/', { method: 'DELETE' }))).status, 502)
    assert.equal(bad.calls.length, 3)
  })

  test('a POST is not, unless it has an idempotency key, which is the same each time', async () => {
    const { ask, calls, run } = bench(() => status(500))
    await run(ask('http://a/', { method: 'POST', body: 'x' }))
    assert.equal(calls.length, 1)
    await run(ask('http://a/', { method: 'POST', body: 'x', idempotencyKey: true }))
    const keys = calls.slice(1).map(({ headers }) => headers.get('idempotency-key')!)
    assert.equal(keys.length, 3)
    assert.match(keys[0]!, /^"[0-9a-f-]{36}"$/)
    assert.equal(new Set(keys).size, 1)
    await run(ask('http://a/', { method: 'POST', idempotencyKey: 'say "k"' }))
    assert.equal(calls.at(-1)!.headers.get('idempotency-key'), '"say \\"k\\""')
  })

  test('a body that is a stream is sent once', async () => {
    const { ask, calls, run } = bench(() => status(500))
    await run(ask('http://a/', { method: 'PUT', body: new Blob(['x']).stream(), duplex: 'half' } as RequestInit))
    assert.equal(calls.length, 1)
  })

  test('so is one of any other kind that may be used up: an iterator, a Node stream', async () => {
    async function* parts(): AsyncGenerator<string> {
      yield 'x'
    }
    for (const body of [parts(), Readable.from(['x']), new Request('http://a/', { method: 'PUT', body: 'x' }).body!]) {
      const { ask, calls, run } = bench(() => status(500))
      await run(ask('http://a/', { method: 'PUT', body: body as never, duplex: 'half' } as RequestInit))
      assert.equal(calls.length, 1)
    }
    for (const body of ['x', new Uint8Array(1), new Blob(['x']), new URLSearchParams('x=1'), new FormData()]) {
      const { ask, calls, run } = bench(() => status(500))
      await run(ask('http://a/', { method: 'PUT', body }))
      assert.equal(calls.length, 3)
    }
  })

  test('a key that no field can carry is refused', async () => {
    const { ask, calls, run } = bench(() => status(200))
    for (const idempotencyKey of ['', 'für', 'a\nb'])
      await assert.rejects(run(ask('http://a/', { method: 'POST', idempotencyKey }), 1), InvalidOption)
    assert.equal(calls.length, 0)
  })

  test('all callers of a host share a budget: a tenth of the calls', async () => {
    const { ask, calls, run } = bench(() => status(503), { host: () => ({ gate: gate({ limit: 1000 }) }) })
    await run(Promise.all(Array.from({ length: 200 }, () => ask('http://a/'))))
    assert.ok(calls.length <= 200 + 20 + 10 + 1, `${calls.length} attempts of 200 requests`)
  })

  test('the bodies of failures that are not given are cancelled', async () => {
    let cancelled = 0
    const failure = () => new Response(new ReadableStream({ cancel: () => void cancelled++ }), { status: 500 })
    const { ask, run } = bench((_call, index) => (index < 2 ? failure() : status(200)))
    await run(ask('http://a/'))
    assert.equal(cancelled, 2)
  })
})

describe('Retry-After', () => {
  const cases: [value: string, ms: number | undefined][] = [
    ['5', 5000],
    [' 5 ', 5000],
    [new Date(wall + 7000).toUTCString(), 7000],
    [new Date(wall - 86_400_000).toUTCString(), 0],
    ['Tue, 01 Jun 2027 00:00:00 GMT', 365 * 86_400_000],
    ['-5', undefined],
    ['5.5', undefined],
    ['soon', undefined],
    ['NaN', undefined],
    ['1e9', undefined],
    ['', undefined],
    ['Mon, 99 Foo 2026 99:99:99 GMT', undefined],
  ]
  for (const [value, ms] of cases)
    test(`'${value}' is ${ms} ms`, () => {
      assert.equal(retryAfterMs(new Headers({ 'retry-after': value }), wall), ms)
    })

  test('it comes back no earlier', async () => {
    for (const value of ['5', new Date(wall + 5000).toUTCString()]) {
      const { ask, calls, run } = bench((_call, index) => status(index === 0 ? 503 : 200, { 'retry-after': value }))
      assert.equal((await run(ask('http://a/'))).status, 200)
      assert.ok(seconds(calls)[1]! >= 4 && seconds(calls)[1]! < 6, String(seconds(calls)))
    }
  })

  for (const value of ['-5', 'soon', 'Tue, 01 Jan 2019 00:00:00 GMT'])
    test(`after '${value}' it goes by its own backoff`, async () => {
      const { ask, calls, run } = bench((_call, index) => status(index === 0 ? 503 : 200, { 'retry-after': value }))
      await run(ask('http://a/'))
      assert.ok(seconds(calls)[1]! < 1, String(seconds(calls)))
    })

  test('in a year, or after the deadline, it does not wait for it', async () => {
    for (const value of ['31536000', '45']) {
      const { ask, calls, run } = bench(() => status(503, { 'retry-after': value }))
      assert.equal((await run(ask('http://a/'), 1)).status, 503)
      assert.equal(calls.length, 1)
    }
  })

  test('of a 503 it concerns the request, of a 429 everybody, but no host is silenced for longer than a minute', async () => {
    const { ask, calls, run, clock } = bench(
      (call) =>
        status(call.url.endsWith('/429') ? 429 : call.url.endsWith('/503') ? 503 : 200, { 'retry-after': '31536000' }),
      { attempts: 1 },
    )
    await run(ask('http://a/503'), 1)
    assert.equal((await run(ask('http://a/'), 1)).status, 200)
    await run(ask('http://a/429'), 1)
    await assert.rejects(run(ask('http://a/'), 1), (error) => error instanceof Overloaded && error.cause === 'rate')
    assert.equal((await run(ask('http://b/'), 1)).status, 200)
    await clock.advance(60_000)
    assert.equal((await run(ask('http://a/'), 1)).status, 200)
    assert.equal(calls.length, 5)
  })
})

describe('RateLimit', () => {
  const cases: [value: string, ms: number][] = [
    ['"q";r=0;t=30', 30_000],
    ['"a";r=0;t=3, "b";r=0;t=7', 7000],
    ['"a";r=5;t=3, "b";r=1;t=7', 0],
    ['"q";r=0', 0],
    ['"q";r=-1;t=30', 0],
    ['"q";r=0;t=-30', 0],
    ['"q";r=0;t=soon', 0],
    ['q;r=0;t=30', 0],
    ['limit=10, remaining=0, reset=30', 0],
    ['"q;r=0;t=30', 0],
    ['', 0],
  ]
  for (const [value, ms] of cases)
    test(`'${value}' silences for ${ms} ms`, () => assert.equal(exhaustedMs(new Headers({ ratelimit: value })), ms))

  test('of a stored answer is ignored', () => {
    assert.equal(exhaustedMs(new Headers({ ratelimit: '"q";r=0;t=30', age: '5' })), 0)
  })

  test('when all is used up the host is not asked until it is given again; who may wait, waits', async () => {
    const { ask, calls, run } = bench(() => status(200, { ratelimit: '"q";r=0;t=10' }))
    await run(ask('http://a/'), 1)
    assert.equal((await run(ask('http://a/'))).status, 200)
    assert.ok(seconds(calls)[1]! >= 9.9, String(seconds(calls)))
  })
})

describe('deadlines', () => {
  test('a request ends with its deadline, and what is left is told with each attempt', async () => {
    const { ask, calls, run } = bench((_call, index) => (index === 0 ? status(500) : new Promise(() => {})), {
      timeoutMs: 1000,
      backoff: () => 100,
    })
    await assert.rejects(run(ask('http://a/')), TimedOut)
    assert.deepEqual(
      calls.map(({ headers }) => Number(headers.get('request-timeout-ms'))),
      [1000, 900],
    )
    assert.ok(calls[1]!.signal!.aborted)
  })

  test('that of the request it is made for counts, minus the time spent, and so does its signal', async () => {
    const { ask, calls, run, clock } = bench(() => new Promise(() => {}))
    const context = { deadlineAt: clock.now() + 500 }
    await clock.advance(200)
    await assert.rejects(run(ask('http://a/', { context })), TimedOut)
    assert.equal(calls[0]!.headers.get('request-timeout-ms'), '300')
    const controller = new AbortController()
    const called = ask('http://a/', { context: { signal: controller.signal } })
    await clock.advance(1)
    controller.abort(new Error('enough'))
    await assert.rejects(called, /enough/)
    assert.deepEqual(ask.host('http://a')!.breaker.stats().failures, 1)
  })
})

describe('each host', () => {
  test('has a breaker of its own: one that fails is left alone, another is not', async () => {
    const own = () => ({ breaker: breaker({ trip: consecutiveFailures(3) }), budget: retryBudget() })
    const { ask, calls, run } = bench((call) => status(call.url.includes('bad') ? 500 : 200), { host: own })
    await run(ask('http://bad/'))
    await assert.rejects(
      run(ask('http://bad/')),
      (error) => error instanceof Overloaded && error.cause === 'breaker-open',
    )
    assert.equal((await run(ask('http://good/'), 1)).status, 200)
    assert.equal(calls.length, 4)
  })

  test('a refusal of the server is no failure to the breaker, but a sign for the gate', async () => {
    const { ask, run } = bench(() => status(503), { attempts: 1 })
    for (let i = 0; i < 40; i++) await run(ask('http://a/'), 1)
    const { breaker: circuit, gate: door } = ask.host('http://a')!
    assert.equal(circuit.state, 'closed')
    assert.ok(door.limit.value < 20, String(door.limit.value))
  })

  test('has a gate of its own: what is too much is not sent', async () => {
    const { ask, calls, run } = bench(() => new Promise(() => {}), {
      attempts: 1,
      host: () => ({ gate: gate({ limit: 2, queue: { capacity: 0 } }) }),
    })
    const asked = Array.from({ length: 5 }, () => ask('http://a/'))
    const results = await run(Promise.allSettled(asked))
    assert.equal(calls.length, 2)
    assert.equal(
      results.filter((result) => result.status === 'rejected' && result.reason instanceof Overloaded).length,
      3,
    )
  })

  test('a million of them cost no more than those that are remembered', async () => {
    const ask = fetcher({ fetch: async () => status(200), maxHosts: 100, clock: virtualClock() })
    const visit = async (from: number, to: number): Promise<number> => {
      for (let i = from; i < to; i++) await ask(`http://host-${i}/`)
      await new Promise(setImmediate)
      collect()
      return process.memoryUsage().heapUsed / 2 ** 20
    }
    const early = await visit(0, 500)
    const late = await visit(500, 10_500)
    assert.equal(ask.host('http://host-0'), undefined)
    // What is kept for one is some kilobytes: 10,000 of them would be more than 20 MB.
    assert.ok(late - early < 4, `the heap grew from ${early.toFixed(1)} to ${late.toFixed(1)} MB`)
  })

  test('priorities of the request that it is made for are no matter to it', async () => {
    const { ask, run } = bench(() => status(200))
    assert.equal((await run(ask('http://a/', { context: { priority: 7, key: 'ann' } }), 1)).status, 200)
  })

  test('what comes by a redirect from another host concerns that one: its silence, and no failure of the first', async () => {
    const from = (url: string, answer: Response): Response =>
      Object.defineProperties(answer, { redirected: { value: true }, url: { value: url } })
    const { ask, calls, run } = bench(
      (call) =>
        call.url === 'http://a/500'
          ? from('http://b/', status(500))
          : call.url === 'http://a/429'
            ? from('http://b/', status(429, { 'retry-after': '30' }))
            : status(200),
      { attempts: 1 },
    )
    for (let i = 0; i < 30; i++) assert.equal((await run(ask('http://a/500'), 1)).status, 500)
    assert.equal((await run(ask('http://a/429'), 1)).status, 429)
    assert.equal((await run(ask('http://a/'), 1)).status, 200)
    await assert.rejects(run(ask('http://b/'), 1), (error) => error instanceof Overloaded && error.cause === 'rate')
    assert.equal(calls.length, 32)
    assert.equal(ask.host('http://a')!.breaker.state, 'closed')
  })

  test('only so many are remembered', async () => {
    const { ask, run } = bench(() => status(200), { maxHosts: 2 })
    for (const host of ['a', 'b', 'a', 'c']) await run(ask(`http://${host}/`), 1)
    assert.deepEqual(
      ['a', 'b', 'c'].map((host) => ask.host(`http://${host}`) !== undefined),
      [true, false, true],
    )
  })
})

test('hedges only safe methods: the slow one is called off', async () => {
  const slowFirst: Answer = (_call, index) => (index % 2 === 0 ? new Promise(() => {}) : status(200))
  const { ask, calls, run } = bench(slowFirst, { hedge: { afterMs: 50 } })
  assert.equal((await run(ask('http://a/'), 100)).status, 200)
  assert.equal(calls.length, 2)
  assert.ok(calls[0]!.signal!.aborted)
  for (const init of [{ method: 'PUT', body: 'x' }, { method: 'DELETE' }, { method: 'POST', idempotencyKey: 'k' }]) {
    const slow = bench(() => new Promise(() => {}), { hedge: { afterMs: 50 }, attempts: 1 })
    await assert.rejects(slow.run(slow.ask('http://a/', { ...init, timeoutMs: 100 }), 1000), TimedOut)
    assert.equal(slow.calls.length, 1)
  }
})

test('a signal that lives as long as the process keeps nothing of the calls it was given to', async () => {
  const { signal } = new AbortController()
  const ask = fetcher({ fetch: async () => status(200), hedge: { afterMs: 1000 } })
  const call = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) await ask('http://a/', { context: { signal } })
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      collect()
    }
    return process.memoryUsage().heapUsed / 2 ** 20
  }
  const early = await call(1000)
  const late = await call(10_000)
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  assert.ok(late - early < 4, `the heap grew from ${early.toFixed(1)} to ${late.toFixed(1)} MB`)
})

describe('through sockets', () => {
  test('of hedged attempts that all fail one is given, and can be read; the others are let go', async (t) => {
    const closed: number[] = []
    const port = await listen(t, (request, response) => {
      const index = Number(request.headers['x-attempt'])
      response.on('close', () => void (response.writableFinished || closed.push(index)))
      response.writeHead(500)
      response.write(`attempt ${index} `)
      // Whole only in a while, so that it is seen whether it is called off.
      setTimeout(() => response.end('to its end'), index === 0 ? 40 : 5000).unref()
    })
    // Both have begun before the first has its head, and the second has its own after that.
    const both = Promise.withResolvers<void>()
    const first = Promise.withResolvers<void>()
    let asked = 0
    const late: typeof fetch = async (url, init) => {
      const attempt = asked++
      if (attempt === 1) both.resolve()
      const headers = new Headers(init!.headers)
      headers.set('x-attempt', String(attempt))
      const response = await fetch(url, { ...init, headers })
      await (attempt === 0 ? both.promise : first.promise)
      if (attempt === 0) setImmediate(first.resolve)
      return response
    }
    const ask = fetcher({ fetch: late, attempts: 1, hedge: { afterMs: 1 } })
    const answer = await ask(`http://127.0.0.1:${port}/`)
    assert.equal(answer.status, 500)
    assert.match(await answer.text(), /^attempt 0 to its end$/)
    await until(() => closed.length === 1)
    assert.deepEqual(closed, [1])
  })

  test('it obeys the quota of an admission: one refusal, then silence until it may come again', async (t) => {
    const perSecond = quota({ name: 'q', rule: slidingWindow({ count: 2, windowMs: 1000 }), perKey: false })
    const door = admission({ quotas: [perSecond], retryAfter: { spreadMs: 0 } })
    let served = 0
    const port = await listen(
      t,
      door.node((_request, response) => {
        served++
        response.end('in')
      }),
    )
    const ask = fetcher()
    const beganAt = performance.now()
    for (let i = 0; i < 3; i++) assert.equal(await (await ask(`http://127.0.0.1:${port}/`)).text(), 'in')
    assert.equal(served, 3)
    assert.ok(performance.now() - beganAt >= 900)
    assert.equal(door.gate.stats().arrived, 3)
  })

  test('a redirect to another host: no credentials go with it, and its refusal silences that host only', async (t) => {
    const seen: (string | undefined)[][] = []
    const there = await listen(t, ({ headers, url }, response) => {
      seen.push([headers.authorization, headers.cookie, headers['x-own'] as string | undefined])
      response.writeHead(url === '/quota' ? 429 : 200, { 'retry-after': '30' }).end('there')
    })
    const here = await listen(t, ({ url }, response) => {
      if (url === '/plain') response.end('here')
      else response.writeHead(307, { location: `http://127.0.0.1:${there}${url}` }).end()
    })
    const ask = fetcher({ attempts: 1 })
    const headers = { authorization: 'Bearer secret', cookie: 'session=1', 'x-own': 'mine' }
    assert.equal(await (await ask(`http://127.0.0.1:${here}/away`, { headers })).text(), 'there')
    assert.deepEqual(seen, [[undefined, undefined, 'mine']])
    assert.equal((await ask(`http://127.0.0.1:${here}/quota`)).status, 429)
    assert.equal(await (await ask(`http://127.0.0.1:${here}/plain`)).text(), 'here')
    await assert.rejects(ask(`http://127.0.0.1:${there}/`), Overloaded)
  })

  test('the deadline goes through to the server, whose work is called off with it', async (t) => {
    const reasons: unknown[] = []
    const door = admission()
    const port = await listen(
      t,
      door.node((request) => {
        const { signal, deadlineAt } = contextOf(request)!
        assert.ok(deadlineAt! - performance.now() <= 80)
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason)
            reject(signal.reason as Error)
          }),
        )
      }),
    )
    await assert.rejects(fetcher({ timeoutMs: 80, attempts: 1 })(`http://127.0.0.1:${port}/`), TimedOut)
    await until(() => reasons.length > 0 && door.gate.inFlight === 0)
  })

  test("the caller's signal still calls off a body", async (t) => {
    const port = await listen(t, (_request, response) => void response.write('begun'))
    const controller = new AbortController()
    const response = await fetcher()(`http://127.0.0.1:${port}/`, { signal: controller.signal })
    const body = response.text()
    controller.abort(new Error('enough'))
    await assert.rejects(body)
  })
})
