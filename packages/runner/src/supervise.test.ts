import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ToWorker } from './protocol.ts'
import { startWorker, supervise, tamperedNotice, type WorkerHandle } from './supervise.ts'

const engine = { name: 'Test', version: '1' }
const fence = { language: 'js', code: '' } as const

/** A worker whose messages the test writes. */
function createFakeWorker() {
  const sent: ToWorker[] = []
  let listener: (data: unknown) => void = () => {}
  let onGone: (cause: 'memory' | 'exit', detail?: string) => void = () => {}
  let terminations = 0
  const handle: WorkerHandle = {
    send: (message) => void sent.push(message),
    listen: (next) => {
      listener = next
    },
    onGone: (next) => {
      onGone = next
    },
    terminate: () => void terminations++,
  }
  return {
    handle,
    sent,
    say: (data: unknown) => listener(data),
    die: (cause: 'memory' | 'exit') => onGone(cause),
    terminations: () => terminations,
  }
}

test('gives what a worker printed, and terminates it at the end of the run', async () => {
  const worker = createFakeWorker()
  const run = supervise(worker.handle, fence, engine)
  worker.say({ type: 'output', text: 'a\n' })
  worker.say({ type: 'end', durationMs: 0 })
  worker.say({ type: 'output', text: 'late\n' })
  const { result, isTerminated } = await run
  assert.equal(result.output, 'a')
  assert.equal(isTerminated, true)
  assert.equal(worker.terminations(), 1)
})

test('leaves a reusable worker alive', async () => {
  const worker = createFakeWorker()
  const run = supervise(worker.handle, fence, engine, { isReusable: true })
  worker.say({ type: 'end', durationMs: 0 })
  assert.equal((await run).isTerminated, false)
  assert.equal(worker.terminations(), 0)
})

for (const [name, data] of [
  ['a malformed message', { type: 'output', text: 1 }],
  ['a second ready', { type: 'ready' }],
  ['a snapshot', { type: 'ready', snapshot: new Uint8Array(1) }],
  ['a failure to start', { type: 'failed', message: 'm' }],
] as const) {
  test(`ends a run whose worker sends ${name}`, async () => {
    const worker = createFakeWorker()
    const run = supervise(worker.handle, fence, engine)
    worker.say({ type: 'output', text: 'before\n' })
    worker.say(data)
    const { result } = await run
    assert.equal(result.stopped, 'exit')
    assert.equal(result.notice, tamperedNotice)
    assert.equal(result.output, 'before')
    assert.equal(worker.terminations(), 1)
  })
}

test('ends a run whose worker sends more messages than an honest one', async () => {
  const worker = createFakeWorker()
  let chunks = 0
  const run = supervise(worker.handle, fence, engine, { onOutput: () => void chunks++ })
  for (let index = 0; index < 10_000; index++) worker.say({ type: 'output', text: '\n' })
  assert.equal((await run).result.notice, tamperedNotice)
  assert.ok(chunks < 2_000, `${chunks} chunks`)
})

test('checks the deadline at each message', async (context) => {
  let now = 0
  context.mock.method(performance, 'now', () => now)
  const worker = createFakeWorker()
  const run = supervise(worker.handle, fence, engine, { timeoutMs: 5_000 })
  worker.say({ type: 'output', text: 'in time\n' })
  now = 5_000
  worker.say({ type: 'output', text: 'late\n' })
  const { result } = await run
  assert.equal(result.stopped, 'time')
  assert.equal(result.output, 'in time')
})

test('reports no longer duration than it measured', async () => {
  const worker = createFakeWorker()
  const run = supervise(worker.handle, fence, engine)
  worker.say({ type: 'end', durationMs: 1e12 })
  assert.ok((await run).result.durationMs < 1e6)
})

test('rejects, and terminates the worker, when the listener for output throws', async () => {
  const worker = createFakeWorker()
  const run = supervise(worker.handle, fence, engine, {
    onOutput: () => {
      throw new Error('from the page')
    },
  })
  worker.say({ type: 'output', text: 'a' })
  await assert.rejects(run, /from the page/)
  assert.equal(worker.terminations(), 1)
})

test('gives the snapshot of a worker that starts', async () => {
  const worker = createFakeWorker()
  const starting = startWorker(worker.handle, {}, { timeoutMs: 1_000 })
  worker.say({ type: 'ready', snapshot: new Uint8Array([1]) })
  assert.deepEqual(await starting, new Uint8Array([1]))
  assert.equal(worker.sent[0]?.type, 'load')
})

for (const [name, data] of [
  ['says that it failed', { type: 'failed', message: 'm' }],
  ['prints before it is ready', { type: 'output', text: 'a' }],
  ['sends a field that is none of the protocol', { type: 'ready', keep: {} }],
] as const) {
  test(`rejects a worker that ${name}`, async () => {
    const worker = createFakeWorker()
    const starting = startWorker(worker.handle, {}, { timeoutMs: 1_000 })
    worker.say(data)
    await assert.rejects(starting, /did not start/)
    assert.equal(worker.terminations(), 1)
  })
}
