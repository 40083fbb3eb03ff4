/** Attempts to speak the worker's own protocol: forged results, second loads, poisoned assets, floods of messages. */
import { each, type FenceAttempt, js } from '../attempt.ts'

/** Takes the worker's port by the way that a code review would find first. */
const steal = `
const { postMessage } = MessagePort.prototype
let port
MessagePort.prototype.postMessage = function (...values) { port = this; return postMessage.apply(this, values) }
console.log('x')
MessagePort.prototype.postMessage = postMessage
const post = (message, transfer = []) => port && postMessage.call(port, message, transfer)
const tell = (data) => port?.onmessage?.({ data, ports: [], target: port })`

/** What is posted with the port; none of it may be in the result, and the page goes on. */
const posts: Record<string, string> = {
  'fake-end': `post({ type: 'end', durationMs: 1, notice: 'for' + 'ged' })`,
  'fake-end-negative': `post({ type: 'end', durationMs: -1e9 })`,
  'fake-end-nan': `post({ type: 'end', durationMs: NaN })`,
  'fake-end-infinite': `post({ type: 'end', durationMs: Infinity })`,
  'fake-end-text': `post({ type: 'end', durationMs: '<img src=x onerror=alert(1)>' })`,
  'fake-end-no-duration': `post({ type: 'end' })`,
  'fake-end-error': `post({ type: 'end', durationMs: 1, error: { name: 'For' + 'ged', message: 'for' + 'ged', line: 1 } })`,
  'fake-end-error-types': `post({ type: 'end', durationMs: 1, error: { name: { a: 1 }, message: [1], line: 'x' } })`,
  'fake-end-error-huge': `post({ type: 'end', durationMs: 1, error: { name: 'x'.repeat(2e7), message: 'y'.repeat(2e7) } })`,
  'fake-end-stopped': `post({ type: 'end', durationMs: 1, stopped: 'memory' })`,
  'fake-end-stopped-unknown': `post({ type: 'end', durationMs: 1, stopped: 'constructor' })`,
  'fake-end-notice-object': `post({ type: 'end', durationMs: 1, notice: { html: '<b>' } })`,
  'fake-end-cyclic': `const error = { name: 'x', message: 'x' }; error.self = error; post({ type: 'end', durationMs: 1, error })`,
  'fake-end-proto': `post(JSON.parse('{"type":"end","durationMs":1,"__proto__":{"notice":"x"},"engine":{"name":"For' + 'ged"}}'))`,
  'fake-output-object': `post({ type: 'output', text: { length: 1e9 } })`,
  'fake-output-array': `post({ type: 'output', text: Array.from({ length: 1e5 }, () => 'x') })`,
  'fake-output-null': `post({ type: 'output', text: null })`,
  'fake-output-missing': `post({ type: 'output' })`,
  'fake-output-huge': `post({ type: 'output', text: 'x'.repeat(1e8) })`,
  'fake-output-binary': `post({ type: 'output', text: new Uint8Array(5e7) })`,
  'fake-output-error': `post({ type: 'output', text: new Error('x') })`,
  'fake-output-surrogates': `post({ type: 'output', text: '\\ud800'.repeat(1e5) })`,
  'fake-ready': `post({ type: 'ready' })`,
  'fake-ready-keep': `post({ type: 'ready', keep: { lock: 'x', library: new Uint8Array(1) } })`,
  'fake-failed': `post({ type: 'failed', message: 'for' + 'ged' })`,
  'fake-failed-huge': `post({ type: 'failed', message: 'x'.repeat(1e8) })`,
  'fake-gone': `post({ type: 'gone', id: 1, message: 'out of memory' })`,
  'fake-pong': `post({ type: 'pong' })`,
  'fake-hello': `post({ type: 'hello' })`,
  'fake-run': `post({ type: 'run', language: 'js', code: 'x', setup: '', outputLimitBytes: 1e9 })`,
  'type-object': `post({ type: { toString: 1 } })`,
  'type-array': `post({ type: ['end'] })`,
  'type-number': `post({ type: 0 })`,
  'type-constructor': `post({ type: 'constructor' })`,
  'type-missing': `post({})`,
  'message-null': `post(null)`,
  'message-undefined': `post(undefined)`,
  'message-text': `post('viva-runner-port')`,
  'message-number': `post(1)`,
  'message-bigint': `post(10n ** 1000n)`,
  'message-array': `post([{ type: 'end', durationMs: 1 }])`,
  'message-map': `post(new Map([['type', 'end']]))`,
  'message-blob': `post(new Blob([new Uint8Array(1e7)]))`,
  'message-error': `post(new Error('for' + 'ged'))`,
  'message-date': `post(new Date(NaN))`,
  'message-nested': `let one = {}; for (let turn = 0; turn < 1000; turn++) one = { one }; post({ type: 'output', text: one })`,
  'message-getter': `post({ get type() { return 'end' }, get durationMs() { return -1 } })`,
  'message-proxy': `post(new Proxy({ type: 'end', durationMs: -1 }, {}))`,
  'message-class': `post(new (class End { type = 'end'; durationMs = -1 })())`,
  'message-shared-memory': `post({ type: 'output', text: new SharedArrayBuffer(8) })`,
  'message-stream': `const stream = new ReadableStream(); post({ type: 'output', text: stream }, [stream])`,
  'message-wasm': `post({ type: 'output', text: new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])) })`,
  'message-port': `const { port1, port2 } = new MessageChannel(); port1.onmessage = ({ data }) => console.log('heard', data); post({ type: 'ready', port: port2 }, [port2])`,
  'message-ports-many': `const ports = Array.from({ length: 500 }, () => new MessageChannel().port2); post({ type: 'output', text: '' }, ports)`,
  'message-own-port': `post({ type: 'output', text: '' }, [port])`,
  'port-close': `port?.close()`,
  'port-transfer-away': `new MessageChannel().port1.postMessage(null, port ? [port] : [])`,
  'port-listener-replaced': `if (port) port.onmessage = ({ data }) => console.log('heard', JSON.stringify(data)); await new Promise((resolve) => setTimeout(resolve, 40))`,
  'second-load': `tell({ type: 'load', assets: {} }); await new Promise((resolve) => setTimeout(resolve, 40))`,
  'second-run': `tell({ type: 'run', language: 'js', code: 'console.log("for" + "ged")', setup: '', outputLimitBytes: 1e9 }); await new Promise((resolve) => setTimeout(resolve, 60))`,
  'second-run-larger-limit': `tell({ type: 'run', language: 'js', code: 'console.log("y".repeat(1e6))', setup: '', outputLimitBytes: 1e9 }); await new Promise((resolve) => setTimeout(resolve, 60))`,
  'unknown-to-worker': `tell({ type: 'constructor' }); tell(null === 1); tell({ type: 'terminate', id: 1 })`,
}

/** Many messages at once: the page keeps its timers, Stop and the time limit. */
const floods: Record<string, string> = {
  'empty-outputs': `for (let turn = 0; turn < 100_000; turn++) post({ type: 'output', text: '' })`,
  'unknown-types': `for (let turn = 0; turn < 100_000; turn++) post({ type: 'x' })`,
  nulls: `for (let turn = 0; turn < 100_000; turn++) post(null)`,
  readies: `for (let turn = 0; turn < 100_000; turn++) post({ type: 'ready' })`,
  ends: `for (let turn = 0; turn < 100_000; turn++) post({ type: 'end', durationMs: 0 })`,
  large: `const text = 'x'.repeat(1e6); for (let turn = 0; turn < 200; turn++) post({ type: 'output', text })`,
  endless: `for (;;) post({ type: 'output', text: '' })`,
}

const isForged = /forged|Forged|heard/
const assets = `{ lock: 'not a lock file', library: new Uint8Array(8), snapshot: new Uint8Array(8), sqlite: new Uint8Array(8), postgres: 1 }`

function poison(language: 'js' | 'ts' | 'mongodb'): FenceAttempt {
  const code = `${steal}\nObject.prototype.keep = ${assets}\ntell({ type: 'load', assets: ${assets} })\nawait new Promise((resolve) => setTimeout(resolve, 40))\ndelete Object.prototype.keep`
  return { id: `protocol-keep-${language}`, language, code }
}

export const attempts: FenceAttempt[] = [
  ...each(Object.keys(posts), (name) =>
    js(`protocol-${name}`, `${steal}\n${posts[name]}`, { expect: { stopped: null, lacks: isForged } }),
  ),
  ...each(Object.keys(floods), (name) =>
    js(`protocol-flood-${name}`, `${steal}\n${floods[name]}`, { timeoutMs: 1_000 }),
  ),
  ...(['js', 'ts', 'mongodb'] as const).map(poison),
  js('protocol-keep-before', `Object.prototype.keep = ${assets}`),
  js('protocol-keep-getter', `Object.defineProperty(Object.prototype, 'keep', { get: () => (${assets}) })`),
  js(
    'protocol-object-setup',
    `Object.prototype.setup = 'forged'; Object.prototype.code = 'forged'; Object.prototype.outputLimitBytes = Infinity\nconsole.log('y'.repeat(100_000))`,
    { expect: { stopped: 'output' } },
  ),
  js(
    'protocol-limit-math',
    `Number.prototype.valueOf = () => 0; String.prototype.codePointAt = () => 0; String.prototype.slice = function () { return this }\nObject.defineProperty(String.prototype, 'length', { value: 0 })\nconsole.log('y'.repeat(100_000))`,
    { expect: { stopped: 'output' } },
  ),
  js('protocol-limit-code-point', `String.prototype.codePointAt = () => 0\nconsole.log('é'.repeat(60_000))`, {
    expect: { stopped: 'output' },
  }),
  js(
    'protocol-limit-caught',
    `for (let turn = 0; turn < 50; turn++) { try { console.log('y'.repeat(10_000)) } catch {} }`,
    { expect: { stopped: 'output' } },
  ),
  js('protocol-limit-caught-forever', `for (;;) { try { console.log('y'.repeat(10_000)) } catch {} }`, {
    timeoutMs: 1_000,
    expect: { stopped: 'output' },
  }),
  js('protocol-begin-again', `globalThis.__begin?.(); print('x')`, {
    setup: `console.log('silent')\nglobalThis.__begin()\nglobalThis.__begin = () => {}\nconsole.log('x')`,
  }),
  {
    id: 'protocol-setup-comment',
    language: 'js',
    setup: `/*`,
    code: `*/ console.log('x')`,
    expect: { check: () => undefined },
  },
  js('protocol-format-getter', `console.log({ get a() { console.log('inner'); return 1 } })`),
  js(
    'protocol-after-end',
    `addEventListener('error', () => {}); Promise.resolve().then(function later() { for (let turn = 0; turn < 100; turn++) console.log('x'); setTimeout(() => console.log('late'), 300) })`,
    { timeoutMs: 2_000 },
  ),
]
