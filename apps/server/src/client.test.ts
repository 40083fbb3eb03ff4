import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'node:test'
import { clientFrom, clientOf, pseudonym, trustedHopsFrom } from './client.ts'

const addresses: [text: string, network: string | undefined, site?: string][] = [
  ['1.2.3.4', '1.2.3.4'],
  ['1.2.3.4:5678', '1.2.3.4'],
  [' 1.2.3.4 ', '1.2.3.4'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['::ffff:102:304', '1.2.3.4'],
  ['[::ffff:1.2.3.4]:80', '1.2.3.4'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:0DB8::1', '2001:db8:0:0::/64', '2001:db8:0::/48'],
  ['[2001:db8::1]:443', '2001:db8:0:0::/64', '2001:db8:0::/48'],
  ['[::1]', '0:0:0:0::/64', '0:0:0::/48'],
  ['::1', '0:0:0:0::/64', '0:0:0::/48'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64', 'fe80:0:0::/48'],
  ['[fe80::1%25eth0]:80', 'fe80:0:0:0::/64', 'fe80:0:0::/48'],
  ['unknown', 'unknown'],
  ['_gazonk', '_gazonk'],
  ['', undefined],
  ['evil', undefined],
  ['1.2.3', undefined],
  ['0x7f.1', undefined],
  ['010.0.0.1', undefined],
  ['256.1.1.1', undefined],
  ['1.2.3.4:', undefined],
  ['1.2.3.4:123456', undefined],
  ['[1.2.3.4', undefined],
  ['_x y', undefined],
  ['1:2:3:4:5:6:7:8:9', undefined],
]
for (const [text, network, site] of addresses) {
  test(`${JSON.stringify(text)} is ${network ?? 'no client'}`, () => {
    const expected = network === undefined ? undefined : site === undefined ? { network } : { network, site }
    assert.deepEqual(clientFrom(text), expected)
  })
}

const requests: [title: string, args: Parameters<typeof clientOf>, network: string][] = [
  ['uses the connection without a proxy', ['10.0.0.1', undefined, 0], '10.0.0.1'],
  ['ignores the header without a proxy', ['10.0.0.1', '1.2.3.4', 0], '10.0.0.1'],
  ['uses the last entry behind one proxy', ['10.0.0.1', '6.6.6.6, 1.2.3.4', 1], '1.2.3.4'],
  ['reads a last entry with a port', ['10.0.0.1', '6.6.6.6, 1.2.3.4:5678', 1], '1.2.3.4'],
  ['uses the last but one behind two proxies', ['10.0.0.1', '6.6.6.6, 1.2.3.4, 10.0.0.2', 2], '1.2.3.4'],
  ['uses the first entry when the list is short', ['10.0.0.1', '1.2.3.4', 2], '1.2.3.4'],
  ['falls back to the connection for garbage', ['10.0.0.1', '1.2.3.4, evil', 1], '10.0.0.1'],
  ['falls back to the connection for an empty entry', ['10.0.0.1', '1.2.3.4,', 1], '10.0.0.1'],
  ['survives an unknown connection', [undefined, undefined, 1], 'unknown'],
]
for (const [title, args, network] of requests) {
  test(`${title}`, () => assert.equal(clientOf(...args).network, network))
}

test('any header gives a client, and only trusted entries decide', () => {
  fc.assert(
    fc.property(fc.string(), fc.ipV4(), fc.integer({ min: 1, max: 3 }), (claimed, real, hops) => {
      const header = [claimed, real, ...Array.from({ length: hops - 1 }, () => '10.0.0.9')].join(', ')
      assert.equal(clientOf('10.0.0.1', header, hops).network, real)
    }),
  )
})

test('TRUST_PROXY is a number of hops', () => {
  assert.deepEqual([undefined, '', ' ', '0', '1', '3'].map(trustedHopsFrom), [0, 0, 0, 0, 1, 3])
  for (const text of ['true', '-1', '1.5', '11', '1e1'])
    assert.throws(() => trustedHopsFrom(text), /TRUST_PROXY is ".*"\. It is the number of proxies/)
})

test('a pseudonym shows no address, and differs with the key', () => {
  const client = { network: '1.2.3.4' }
  assert.equal(pseudonym(client), pseudonym({ network: '1.2.3.4' }))
  assert.notEqual(pseudonym(client), pseudonym({ network: '1.2.3.5' }))
  assert.notEqual(pseudonym(client, Buffer.alloc(32)), pseudonym(client, Buffer.alloc(32, 1)))
  assert.match(pseudonym(client), /^[\w-]{12}$/)
})
