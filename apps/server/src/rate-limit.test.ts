import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientLimit, rateLimit } from './rate-limit.ts'

test('gives the capacity at once, then one token per refill', () => {
  let now = 0
  const limit = rateLimit({ capacity: 2, refillMs: 1000, clock: { now: () => now } })
  assert.deepEqual([limit.take('a'), limit.take('a'), limit.take('a')], [0, 0, 1000])
  assert.equal(limit.take('b'), 0)
  now = 400
  assert.equal(limit.take('a'), 600)
  now = 1000
  assert.deepEqual([limit.take('a'), limit.take('a')], [0, 1000])
})

test('a clock that goes back neither adds nor removes tokens', () => {
  let now = 10_000
  const limit = rateLimit({ capacity: 1, refillMs: 1000, clock: { now: () => now } })
  limit.take('a')
  now = 0
  assert.equal(limit.take('a'), 1000)
})

test('memory stays bounded in a flood of addresses, and forgets full buckets first', () => {
  let now = 0
  const limit = rateLimit({ capacity: 1, refillMs: 1000, maxClients: 100, clock: { now: () => now } })
  for (let index = 0; index < 1000; index++) limit.take(`client ${index}`)
  assert.equal(limit.size, 100)
  assert.ok(limit.take('client 999') > 0, 'the latest are still limited')
  now = 5000
  limit.take('one more')
  assert.equal(limit.size, 1)
})

test('many networks of one /48 share a wider limit, other networks do not', () => {
  const limit = clientLimit({
    network: { capacity: 2, refillMs: 1000 },
    site: { capacity: 5, refillMs: 500 },
    clock: { now: () => 0 },
  })
  const client = (index: number) => ({ network: `2001:db8:0:${index}::/64`, site: '2001:db8:0::/48' })
  const waits = Array.from({ length: 8 }, (_, index) => limit.take(client(index)))
  assert.deepEqual(waits, [0, 0, 0, 0, 0, 500, 500, 500])
  assert.equal(limit.take({ network: '2001:db8:1:0::/64', site: '2001:db8:1::/48' }), 0)
  assert.deepEqual(
    [1, 2, 3].map(() => limit.take({ network: '1.2.3.4' })),
    [0, 0, 1000],
  )
})

test('a network over its limit takes nothing from its /48', () => {
  const limit = clientLimit({
    network: { capacity: 1, refillMs: 1000 },
    site: { capacity: 2, refillMs: 1000 },
    clock: { now: () => 0 },
  })
  const site = '2001:db8:0::/48'
  for (let count = 0; count < 10; count++) limit.take({ network: 'a', site })
  assert.equal(limit.take({ network: 'b', site }), 0)
})
