import assert from 'node:assert/strict'
import { EventEmitter, getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import { ChannelFull, collect, emitTo, forEach, fromEvent, InvalidOption, map, pipe, take } from '../index.ts'

describe('from events', () => {
  test('of an emitter, to a consumer that keeps up', async () => {
    const emitter = new EventEmitter()
    const seen: number[] = []
    const flow = fromEvent<number>(emitter, 'tick', { capacity: 4, onFull: 'fail', endOn: ['end'] })
    const running = pipe(
      flow,
      forEach((n) => seen.push(n)),
    )
    for (let n = 0; n < 20; n++) {
      emitter.emit('tick', n)
      await new Promise(setImmediate)
    }
    emitter.emit('end')
    await running
    assert.deepEqual(
      seen,
      Array.from({ length: 20 }, (_, n) => n),
    )
    assert.deepEqual(emitter.eventNames(), [])
  })

  test('of a target, listening from the iteration on and only as long', async () => {
    const target = new EventTarget()
    const flow = pipe(
      fromEvent<CustomEvent<number>>(target, 'tick', { capacity: 4, onFull: 'fail' }),
      map((event) => event.detail),
      take(2),
    )
    assert.equal(getEventListeners(target, 'tick').length, 0)
    const running = pipe(flow, collect())
    assert.equal(getEventListeners(target, 'tick').length, 1)
    for (const detail of [1, 2, 3]) target.dispatchEvent(new CustomEvent('tick', { detail }))
    assert.deepEqual(await running, [1, 2])
    for (const type of ['tick', 'error']) assert.equal(getEventListeners(target, type).length, 0)
  })

  for (const [onFull, left] of [
    ['drop-newest', [0, 1, 2, 3]],
    ['drop-oldest', [0, 7, 8, 9]],
    ['latest', [0, 7, 8, 9]],
  ] as const) {
    test(`faster than the consumer: ${onFull}`, async () => {
      const emitter = new EventEmitter()
      const running = pipe(fromEvent<number>(emitter, 'tick', { capacity: 3, onFull, endOn: ['end'] }), collect())
      for (let n = 0; n < 10; n++) emitter.emit('tick', n)
      emitter.emit('end')
      assert.deepEqual(await running, left)
    })
  }

  test('faster than the consumer: fail gives what is held, then ChannelFull, and stops listening', async () => {
    const emitter = new EventEmitter()
    const iterator = fromEvent<number>(emitter, 'tick', { capacity: 2, onFull: 'fail' })[Symbol.asyncIterator]()
    for (let n = 0; n < 10; n++) emitter.emit('tick', n)
    assert.deepEqual(emitter.eventNames(), [])
    assert.deepEqual(
      [await iterator.next(), await iterator.next()].map(({ value }) => value),
      [0, 1],
    )
    await assert.rejects(iterator.next(), ChannelFull)
  })

  test('an error event fails the flow, of an emitter and of a target', async () => {
    const emitter = new EventEmitter()
    const error = new Error('gone')
    const running = pipe(fromEvent(emitter, 'tick', { capacity: 2, onFull: 'latest' }), collect())
    emitter.emit('error', error)
    await assert.rejects(running, error)

    const target = new EventTarget()
    const other = pipe(fromEvent(target, 'tick', { capacity: 2, onFull: 'latest' }), collect())
    target.dispatchEvent(Object.assign(new Event('error'), { error }))
    await assert.rejects(other, error)
  })

  test('leaving while it waits removes the listeners', async () => {
    const emitter = new EventEmitter()
    const iterator = fromEvent(emitter, 'tick', { capacity: 2, onFull: 'latest' })[Symbol.asyncIterator]()
    const waiting = iterator.next()
    await iterator.return!()
    assert.deepEqual(await waiting, { value: undefined, done: true })
    assert.deepEqual(emitter.eventNames(), [])
  })

  test('refuses to wait, and what is no source of events', () => {
    const emitter = new EventEmitter()
    assert.throws(() => fromEvent(emitter, 'tick', { capacity: 1, onFull: 'wait' as 'fail' }), {
      message: "onFull must be one of 'drop-newest', 'drop-oldest', 'latest', 'fail', got 'wait'",
    })
    assert.throws(() => fromEvent(emitter, 'tick', { capacity: 0, onFull: 'fail' }), InvalidOption)
    const flow = fromEvent({} as EventTarget, 'tick', { capacity: 1, onFull: 'fail' })
    assert.throws(() => flow[Symbol.asyncIterator](), {
      message: 'target must be an EventTarget or an EventEmitter, got an object',
    })
  })
})

test('to events, one after the other', async () => {
  const emitter = new EventEmitter()
  const seen: unknown[] = []
  emitter.on('tick', (n) => seen.push(n))
  await pipe([1, 2], emitTo(emitter, 'tick'))
  const target = new EventTarget()
  target.addEventListener('tick', (event) => seen.push((event as CustomEvent).detail))
  await pipe([3], emitTo(target, 'tick'))
  assert.deepEqual(seen, [1, 2, 3])
  emitter.on('tick', () => {
    throw new Error('a listener failed')
  })
  await assert.rejects(pipe([1], emitTo(emitter, 'tick')), /a listener failed/)
})
