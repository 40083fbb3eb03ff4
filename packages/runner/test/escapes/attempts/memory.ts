/** Attempts to take the memory of the page or the machine. Bounded by time; what a browser does not limit, time does. */
import type { FenceAttempt } from '../attempt.ts'

const codes: Record<string, string> = {
  array: `const all = []\nfor (;;) all.push(new Array(1e5).fill(1))`,
  'array-length': `const all = new Array(2 ** 32 - 1)\nall.fill(1)`,
  strings: `let one = 'x'\nfor (;;) one += one`,
  'string-flattened': `const all = []\nfor (;;) all.push('x'.repeat(2 ** 20).split(''))`,
  buffers: `const all = []\nfor (let n = 0; n < 60; n++) all.push(new Uint8Array(2 ** 24).fill(1))\nfor (;;);`,
  'buffer-largest': `new ArrayBuffer(2 ** 40)`,
  wasm: `const memory = new WebAssembly.Memory({ initial: 1 })\nfor (let n = 0; n < 8; n++) memory.grow(1000)\nfor (;;);`,
  'wasm-many': `const all = []\nfor (let n = 0; n < 2000; n++) all.push(new WebAssembly.Memory({ initial: 1, maximum: 65536 }))`,
  map: `const all = new Map()\nfor (let n = 0; ; n++) all.set(n, { n })`,
  'map-largest': `const all = new Map()\nfor (let n = 0; n < 2 ** 24 + 1; n++) all.set(n, n)`,
  closures: `let one = () => {}\nfor (;;) { const last = one; one = () => last() }`,
  recursion: `const deep = () => deep() + 1\ndeep()`,
  'recursion-caught': `const deep = () => { try { return deep() } finally { deep() } }\ndeep()`,
  blobs: `const all = []\nfor (let n = 0; n < 40; n++) all.push(new Blob([new Uint8Array(2 ** 22)]))`,
  'blob-urls': `for (let n = 0; n < 3000; n++) URL.createObjectURL(new Blob(['x'.repeat(1000)]))`,
  promises: `for (;;) void Promise.resolve().then(() => {})`,
  timers: `for (let n = 0; n < 300_000; n++) setTimeout(() => {}, 1e6)`,
  channels: `const all = []\nfor (let n = 0; n < 5000; n++) all.push(new MessageChannel())`,
  canvases: `const all = []\nfor (let n = 0; n < 40; n++) { const one = new OffscreenCanvas(2000, 2000); one.getContext('2d').fillRect(0, 0, 1, 1); all.push(one) }`,
  regexp: `/^(a+)+$/.test('a'.repeat(40) + 'b')`,
  bigint: `let one = 2n\nfor (;;) one *= one`,
  json: `let one = '[]'\nfor (let n = 0; n < 26; n++) one = '[' + one + ',' + one + ']'\nJSON.parse(one)`,
  sort: `Array.from({ length: 5e6 }, Math.random).sort(() => { for (let n = 0; n < 100; n++); return 1 })`,
  spread: `Math.max(...new Array(5e6).fill(1))`,
  streams: `const all = []\nfor (let n = 0; n < 20_000; n++) all.push(new ReadableStream())`,
  'streams-endless': `new ReadableStream({ pull: (one) => one.enqueue(new Uint8Array(1e6)) }, { highWaterMark: Infinity }).getReader().read()\nawait new Promise((resolve) => setTimeout(resolve, 400))`,
  compression: `const one = new CompressionStream('gzip')\nconst writer = one.writable.getWriter()\nfor (let n = 0; n < 50; n++) void writer.write(new Uint8Array(1e6))\nawait new Promise((resolve) => setTimeout(resolve, 300))`,
  digests: `for (let n = 0; n < 200; n++) void crypto.subtle?.digest('SHA-512', new Uint8Array(1e6))`,
  'weak-refs': `for (let n = 0; n < 1e6; n++) new WeakRef({ n })`,
  'error-stacks': `const all = []\nError.stackTraceLimit = 1000\nconst deep = (n) => (n === 0 ? all.push(new Error('x')) : deep(n - 1))\nfor (let n = 0; n < 3000; n++) deep(500)`,
  inspected: `const one = []\nfor (let n = 0; n < 30; n++) one.push(one.slice())\nconsole.dir(one, { depth: Infinity, maxArrayLength: Infinity })`,
}

const others: FenceAttempt[] = [
  { id: 'memory-python-list', language: 'python', code: `all = []\nwhile True: all.append([0] * 10**6)` },
  { id: 'memory-python-string', language: 'python', code: `one = 'x'\nwhile True: one += one` },
  { id: 'memory-python-integer', language: 'python', code: `one = 3\nwhile True: one *= one` },
  { id: 'memory-python-recursion', language: 'python', code: `def deep(): return deep()\ndeep()` },
  { id: 'memory-python-parser', language: 'python', code: `eval('(' * 5000 + ')' * 5000)` },
  { id: 'memory-python-regexp', language: 'python', code: `import re\nre.match('(a+)+$', 'a' * 40 + 'b')` },
  {
    id: 'memory-sqlite-blob',
    language: 'sqlite',
    code: `create table t (a);\nwith recursive c(n) as (select 1 union all select n + 1 from c) insert into t select zeroblob(1000000) from c`,
  },
  {
    id: 'memory-sql-text',
    language: 'sql',
    code: `create table t as select repeat('x', 1000000) as a from generate_series(1, 3000)`,
  },
  {
    id: 'memory-sql-array',
    language: 'sql',
    code: `select array_length(array_agg(repeat(n::text, 1000)), 1) from generate_series(1, 3000000) as n`,
  },
  {
    id: 'memory-mongodb',
    language: 'mongodb',
    code: `for (let n = 0; ; n++) db.c.insertOne({ n, t: 'x'.repeat(1000) })`,
  },
  { id: 'memory-ts', language: 'ts', code: `const all: number[][] = []\nfor (;;) all.push(new Array(1e5).fill(1))` },
]

export const attempts: FenceAttempt[] = [
  ...Object.entries(codes).map(([name, code]): FenceAttempt => ({ id: `memory-${name}`, language: 'js', code })),
  ...others,
].map((one) => ({ timeoutMs: 500, mayReplaceFrame: true, mayLosePage: true, ...one }))
