/** Idempotency keys on a real Redis: the contract of stores, several processes, and what becomes of a run whose process is killed. */

import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createClient, type RedisClientType } from 'redis'
import { unique, withBroker } from '../brokers/brokers.fixture.ts'
import { pauseMs, until } from '../brokers/contract.ts'
import { systemClock } from '../clock.ts'
import { InvalidOption } from '../errors.ts'
import { idempotencyKeys } from '../http/idempotency-keys.ts'
import { listen } from '../http/sockets.fixture.ts'
import { toListener } from '../http/to-listener.ts'
import { storeContract } from '../idempotency.fixture.ts'
import { IdempotencyConflict, idempotency } from '../idempotency.ts'
import type { Asked, Told } from './idempotency-process.fixture.ts'
import { redisStore, type RedisStoreOptions } from './index.ts'

const times = { ttlMs: 60_000, leaseMs: 60_000 }
const namespace = unique('idempotency')

await withBroker('redis', 'a store on Redis', async () => {
  const clients: RedisClientType[] = []
  const dial = async (): Promise<RedisClientType> => {
    const client = createClient() as RedisClientType
    client.on('error', () => {})
    await client.connect()
    clients.push(client)
    return client
  }
  let worlds = 0
  const prefix = (): string => `${namespace}:${++worlds}:`
  const [client, other] = [await dial(), await dial()]
  after(async () => {
    for await (const keys of client.scanIterator({ MATCH: `${namespace}:*`, COUNT: 1000 }))
      if (keys.length > 0) await client.del(keys)
    for (const one of clients) if (one.isOpen) one.destroy()
  })

  /** Two stores on the same keys, each by a connection of its own: two processes, but for the process. */
  const pair = (options: RedisStoreOptions = {}) => {
    const shared = { prefix: prefix(), ...options }
    return { here: redisStore(client, shared), there: redisStore(other, shared), prefix: shared.prefix }
  }

  describe('a store on Redis keeps the contract of stores', { concurrency: 4 }, () => {
    const world = () => ({
      store: redisStore(client, { prefix: prefix() }),
      clock: systemClock,
      pass: pauseMs,
      interleavings: 15,
    })
    for (const { name, run } of storeContract(world)) test(name, run)
  })

  describe('a store on Redis, between connections', { concurrency: 4 }, () => {
    test('one key runs once; those who wait elsewhere get the result, and another payload is refused', async () => {
      const { here, there } = pair()
      let runs = 0
      const work = async () => {
        runs++
        await pauseMs(80)
        return { charged: 5 }
      }
      const onces = [here, there].map((store) => idempotency({ store }))
      const all = Array.from({ length: 20 }, (_, n) => onces[n % 2]!.run('k', 'p', work))
      assert.deepEqual(await Promise.all(all), Array(20).fill({ charged: 5 }))
      assert.equal(runs, 1)
      for (const once of onces) await assert.rejects(once.run('k', 'other', work), IdempotencyConflict)
    })

    test('when it fails, who waits elsewhere runs it anew', async () => {
      const { here, there } = pair()
      const begun = Promise.withResolvers<void>()
      const fails = async () => {
        begun.resolve()
        await pauseMs(50)
        throw new Error('down')
      }
      const first = idempotency({ store: here }).run('k', 'p', fails)
      first.catch(() => {})
      await begun.promise
      const second = idempotency({ store: there }).run('k', 'p', () => 'anew')
      await assert.rejects(first, /down/)
      assert.equal(await second, 'anew')
    })

    test('a dead run frees its key after its lease, and its old token ends nothing, before the next run and during it', async () => {
      const { here, there } = pair()
      const dead = await here.begin('k', 'p', { ...times, leaseMs: 400 })
      assert.ok(dead.state === 'begun')
      assert.equal((await there.begin('k', 'p', times)).state, 'running')
      // Whoever waits is told when the lease is over.
      assert.deepEqual(await there.ended('k'), { state: 'lost' })
      await here.finish('k', dead.token, 'late')
      const next = await there.begin('k', 'p', times)
      assert.ok(next.state === 'begun', next.state)
      await here.finish('k', dead.token, 'later')
      await here.abandon('k', dead.token, new Error('later'))
      assert.equal((await here.begin('k', 'p', times)).state, 'running')
      await there.finish('k', next.token, 'in time')
      assert.deepEqual(await here.begin('k', 'p', times), { state: 'done', fingerprint: 'p', result: 'in time' })
    })

    test('keys expire: by the lease while they run, by the ttl when they are done, never where that is Infinity', async () => {
      const { here, prefix } = pair()
      const begin = async (key: string, ttlMs: number, leaseMs: number) => {
        const begun = await here.begin(key, 'p', { ttlMs, leaseMs })
        assert.ok(begun.state === 'begun')
        return [await client.pTTL(prefix + key), begun.token] as const
      }
      const [lease, token] = await begin('a', 90_000, 30_000.5)
      assert.ok(lease > 20_000 && lease <= 30_001, String(lease))
      await here.finish('a', token, 1)
      const ttl = await client.pTTL(prefix + 'a')
      assert.ok(ttl > 80_000 && ttl <= 90_000, String(ttl))
      const [endless, second] = await begin('b', Infinity, Infinity)
      assert.equal(endless, -1)
      await here.finish('b', second, 1)
      assert.equal(await client.pTTL(prefix + 'b'), -1)
      const [, third] = await begin('c', Infinity, 30_000)
      await here.finish('c', third, 1)
      assert.equal(await client.pTTL(prefix + 'c'), -1)
      const [longest] = await begin('d', Number.MAX_VALUE, Number.MAX_SAFE_INTEGER)
      assert.ok(longest > 2 ** 52, String(longest))
    })

    test('what JSON cannot hold is an error to the first and to those who wait here, and the key is free', async () => {
      const { here } = pair()
      const once = idempotency({ store: here })
      const big = async () => {
        await pauseMs(30)
        return 1n
      }
      const both = await Promise.allSettled([once.run('k', 'p', big), once.run('k', 'p', big)])
      for (const outcome of both)
        assert.match(
          String(outcome.status === 'rejected' && outcome.reason),
          /^TypeError: The result of the key 'k' has to be JSON/,
        )
      assert.equal(await once.run('k', 'p', () => 1), 1)
    })

    test('those who wait here ask as one, less often the longer it takes, and not at all when nobody waits', async () => {
      const shared = prefix()
      const asked: number[] = []
      const counted = {
        sendCommand: (args: readonly (string | Buffer)[]) => {
          if (args[0] === 'HMGET') asked.push(performance.now())
          return other.sendCommand(args as string[])
        },
      }
      const [here, there] = [redisStore(client, { prefix: shared }), redisStore(counted, { prefix: shared })]
      const begun = await here.begin('k', 'p', times)
      assert.ok(begun.state === 'begun')
      const controllers = Array.from({ length: 50 }, () => new AbortController())
      const all = controllers.map(({ signal }) => there.ended('k', signal))
      await pauseMs(600)
      // At 20 ms each it would be 30; fifty apart, 1500.
      assert.ok(asked.length >= 4 && asked.length <= 20, `${asked.length} times asked in 600 ms`)
      for (const controller of controllers) controller.abort(new Error('off'))
      for (const one of all) await assert.rejects(one, /off/)
      const before = asked.length
      await pauseMs(400)
      assert.ok(asked.length <= before + 1, 'it asks for nobody')
      await assert.rejects(there.ended('k', AbortSignal.abort(new Error('before'))), /before/)
      // The next one who waits asks anew.
      const last = there.ended('k')
      await here.finish('k', begun.token, 7)
      assert.deepEqual(await last, { state: 'done', result: 7 })
    })

    test('who waits here gets the error even if it sees the free key before the answer to whoever freed it', async () => {
      const late = {
        sendCommand: async (args: readonly (string | Buffer)[]) => {
          if (args[0] !== 'EVAL') return other.sendCommand(args as string[])
          const reply = await client.sendCommand(args as string[])
          await pauseMs(150)
          return reply
        },
      }
      const store = redisStore(late, { prefix: prefix() })
      const begun = await store.begin('k', 'p', times)
      assert.ok(begun.state === 'begun')
      const waits = store.ended('k')
      const error = new Error('down')
      await store.abandon('k', begun.token, error)
      assert.deepEqual(await waits, { state: 'failed', error })
    })

    test('without Redis every call is an error, the waiting ones too', async () => {
      const lost = await dial()
      const store = redisStore(lost, { prefix: prefix() })
      const begun = await store.begin('k', 'p', times)
      assert.ok(begun.state === 'begun')
      const waits = store.ended('k')
      await pauseMs(30)
      lost.destroy()
      await assert.rejects(waits)
      await assert.rejects(store.begin('k', 'p', times))
      await assert.rejects(store.finish('k', begun.token, 1))
    })

    test('a bad option is named with its value', () => {
      const bad: [() => unknown, RegExp][] = [
        [() => redisStore({} as never), /^client\.sendCommand must be a function, got undefined$/],
        [() => redisStore(undefined as never), /^client\.sendCommand must be a function, got undefined$/],
        [() => redisStore(client, { prefix: 5 as never }), /^prefix must be a string, got 5$/],
        [() => redisStore(client, { pollMs: 0 }), /^pollMs must be .*got 0$/],
      ]
      for (const [make, message] of bad)
        assert.throws(make, (error) => error instanceof InvalidOption && message.test(error.message), String(message))
    })
  })

  describe('a store on Redis, between processes', { concurrency: 3 }, () => {
    const children = new Set<ChildProcess>()
    after(() => children.forEach((child) => child.kill('SIGKILL')))

    const start = async (prefix: string) => {
      const child = fork(join(import.meta.dirname, 'idempotency-process.fixture.ts'), [prefix], { execArgv: [] })
      children.add(child)
      const begun: string[] = []
      const results = new Map<string, string>()
      const ready = Promise.withResolvers<void>()
      child.on('exit', (code) => {
        children.delete(child)
        ready.reject(new Error(`it ended with ${code}`))
      })
      child.on('message', (told: Told) => {
        if ('ready' in told) ready.resolve()
        else if ('begun' in told) begun.push(told.begun)
        else results.set(told.key, told.result)
      })
      await ready.promise
      return { child, begun, results, ask: (asked: Asked) => child.send(asked) }
    }

    test('two that run the same keys at once run each once, and both get its result', { timeout: 60_000 }, async () => {
      const shared = prefix()
      const two = await Promise.all([start(shared), start(shared)])
      const keys = Array.from({ length: 100 }, (_, n) => `k${n}`)
      // By tens, each asked first of the one that was asked last before: that a process is slow to begin decides no more than ten.
      for (let from = 0; from < keys.length; from += 10) {
        const order = from % 20 === 0 ? two : two.toReversed()
        for (const one of order)
          for (const key of keys.slice(from, from + 10)) one.ask({ key, takesMs: 5, leaseMs: 30_000 })
        await until(() => two.every(({ results }) => results.size === from + 10), 'both have the results', 30_000)
      }
      assert.deepEqual(
        two.flatMap(({ begun }) => begun).toSorted(),
        keys.toSorted(),
        'each has begun once, in one of the two',
      )
      for (const key of keys) assert.equal(two[0]!.results.get(key), two[1]!.results.get(key))
      assert.ok(
        two.every(({ begun }) => begun.length > 0),
        'one of them ran nothing: nothing is shown',
      )
      for (const { child } of two) child.disconnect()
    })

    test('one that is killed in the middle frees the key after its lease, and not before', {
      timeout: 60_000,
    }, async () => {
      const shared = prefix()
      const [victim, heir] = await Promise.all([start(shared), start(shared)])
      const leaseMs = 1500
      const since = performance.now()
      victim.ask({ key: 'k', takesMs: 600_000, leaseMs })
      await until(() => victim.begun.length === 1, 'it runs')
      const ended = new Promise((resolve) => victim.child.once('exit', (_, signal) => resolve(signal)))
      victim.child.kill('SIGKILL')
      assert.equal(await ended, 'SIGKILL')
      heir.ask({ key: 'k', takesMs: 1, leaseMs })
      await until(() => heir.results.size === 1, 'the other one has run it', 20_000)
      const tookMs = performance.now() - since
      assert.deepEqual(heir.begun, ['k'])
      assert.equal(heir.results.get('k'), `done by ${heir.child.pid}`)
      assert.ok(tookMs >= leaseMs, `free after ${tookMs} ms of a lease of ${leaseMs} ms`)
      assert.ok(tookMs < 5 * leaseMs, `free only after ${tookMs} ms`)
      heir.child.disconnect()
    })

    test('two servers with idempotency keys share their answers', async (t) => {
      const { here, there } = pair()
      let charged = 0
      const ports = await Promise.all(
        [here, there].map((store) => {
          const pay = async (request: Request) => {
            const text = await request.text()
            await pauseMs(50)
            return new Response(`charge ${++charged}: ${text}`, { status: 201, headers: { 'x-charge': `${charged}` } })
          }
          return listen(t, toListener(idempotencyKeys(pay, { store })))
        }),
      )
      const ask = (n: number, body = 'five') =>
        fetch(`http://127.0.0.1:${ports[n % 2]}/pay`, {
          method: 'POST',
          body,
          headers: { 'idempotency-key': '"order 7"' },
        })
      const statuses = await Promise.all(Array.from({ length: 20 }, async (_, n) => (await ask(n)).status))
      assert.ok(
        statuses.every((status) => status === 201 || status === 409),
        statuses.join(),
      )
      for (const n of [0, 1]) {
        const again = await ask(n)
        assert.deepEqual(
          [again.status, again.headers.get('idempotent-replayed'), again.headers.get('x-charge'), await again.text()],
          [201, 'true', '1', 'charge 1: five'],
        )
        assert.equal((await ask(n, 'six')).status, 422)
      }
      assert.equal(charged, 1)
    })
  })
})
