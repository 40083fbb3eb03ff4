import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientOf, rateLimit } from './rate-limit.ts'

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

test('a clock that goes back gives nothing away and takes nothing', () => {
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

const clients: [title: string, args: Parameters<typeof clientOf>, expected: string][] = [
  ['the connection', ['10.0.0.1', undefined, false], '10.0.0.1'],
  ['not what a client claims', ['10.0.0.1', '1.2.3.4', false], '10.0.0.1'],
  ['the last hop behind a trusted proxy', ['10.0.0.1', '6.6.6.6, 1.2.3.4', true], '1.2.3.4'],
  ['not an address that is none', ['10.0.0.1', 'evil', true], '10.0.0.1'],
  ['IPv4 within IPv6', ['::ffff:10.0.0.1', undefined, false], '10.0.0.1'],
  ['an IPv6 network', ['2001:db8:1:2:3:4:5:6', undefined, false], '2001:db8:1:2::/64'],
  ['a shortened IPv6 address', ['2001:0db8::1', undefined, false], '2001:db8:0:0::/64'],
  ['loopback', ['::1', undefined, false], '0:0:0:0::/64'],
  ['nothing known', [undefined, undefined, true], 'unknown'],
]
for (const [title, args, expected] of clients) {
  test(`a client is ${title}`, () => assert.equal(clientOf(...args), expected))
}
