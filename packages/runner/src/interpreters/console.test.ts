import assert from 'node:assert/strict'
import { Console as NodeConsole } from 'node:console'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import * as node from 'node:util'
import * as extracted from 'node-inspect-extracted'
import { createConsole } from './console.ts'

const values: unknown[] = [
  ...[1, -0, 's', 10n, null, undefined, true, Symbol('x'), /x/g, new Date(0), new Date(Number.NaN)],
  ...[
    [1, 'a', { b: [[[1]]] }],
    { a: 1, f() {}, g: class Foo {} },
    Object.assign(Array(2), { 1: 1 }),
    Array(5),
    'a'.repeat(30).split(''),
  ],
  ...[
    new Map([[1, { a: 2 }]]),
    new Set([1]),
    new WeakMap(),
    new Uint8Array(3),
    new ArrayBuffer(4),
    Object.create(null),
  ],
  ...[
    new (class extends Array {})(3),
    {
      get a() {
        return 1
      },
    },
    Array.from({ length: 120 }, (_, i) => i),
    new String('x'),
  ],
  ...[async () => {}, function* g() {}, new Promise(() => {}), Object.assign(() => {}, { a: 1 }), { 'a-b': "it's" }],
]

test("the browser's formatter prints what this Node prints", () => {
  for (const value of values) assert.equal(extracted.format(value), node.format(value))
  assert.equal(
    extracted.format('%s %d %i %j %o %O %%', 'a', 1.5, 1.5, { a: 1 }, [1], { b: 2 }),
    node.format('%s %d %i %j %o %O %%', 'a', 1.5, 1.5, { a: 1 }, [1], { b: 2 }),
  )
})

/** What our console prints for some calls, and what Node's own does. */
function both(use: (console: Console) => void): [string, string] {
  let ours = ''
  const { methods } = createConsole((text) => void (ours += text), { format: node.format, inspect: node.inspect })
  use(methods as unknown as Console)
  let nodes = ''
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      nodes += text
      done()
    },
  })
  use(new NodeConsole({ stdout: stream, stderr: stream }) as Console)
  return [ours, nodes]
}

test("the console's methods print what Node's print", () => {
  const [ours, nodes] = both((console) => {
    console.group('a', 1)
    console.log('b\nc')
    console.group()
    console.error({ d: [1] })
    console.groupEnd()
    console.groupEnd()
    console.count()
    console.count('x')
    console.count('x')
    console.countReset('x')
    console.count('x')
    console.assert(true, 'no')
    console.assert(false, 'yes %d', 1)
    console.assert(false, { a: 1 })
    console.assert(false)
    console.dir({ a: { b: { c: { d: 1 } } } }, { depth: 0 })
  })
  assert.equal(ours, nodes)
})

test("tables are Node's", () => {
  const tables: unknown[] = [
    [
      { a: 1, b: 'x' },
      { a: 2, c: [1, 2] },
    ],
    [1, 'two', null],
    [[1, 2], [3]],
    { one: { a: 1 }, two: 5 },
    new Map([
      ['k', 1],
      ['l', 2],
    ]),
    new Set(['x', 'y']),
    [],
    'no table',
    [{ deep: { a: { b: 1 } } }],
  ]
  for (const one of tables) {
    const [ours, nodes] = both((console) => console.table(one))
    assert.equal(ours, nodes)
  }
  const [ours, nodes] = both((console) => console.table([{ a: 1, b: 2 }], ['b']))
  assert.equal(ours, nodes)
})
