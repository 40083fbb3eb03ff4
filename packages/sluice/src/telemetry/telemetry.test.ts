import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Attributes, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { breaker, channel, consecutiveFailures, gate, Overloaded, retryBudget } from '../index.ts'
import { virtualClock } from '../testing/virtual-clock.ts'
import {
  gateObserver,
  type SpanLike,
  traced,
  type TracerLike,
  watchBreaker,
  watchChannel,
  watchGate,
  watchRetryBudget,
} from './index.ts'

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** A meter of the real SDK, and what it has: `name{attributes}: value`, the sum of histograms. */
function meterOf() {
  const reader = new Reader()
  const meter = new MeterProvider({ readers: [reader] }).getMeter('test')
  const read = async () => {
    const { resourceMetrics, errors } = await reader.collect()
    assert.deepEqual(errors, [])
    const found: Record<string, number> = {}
    for (const { metrics } of resourceMetrics.scopeMetrics)
      for (const { descriptor, dataPoints } of metrics)
        for (const { attributes, value } of dataPoints) {
          const { 'sluice.name': name, ...others } = attributes
          assert.equal(name, 'it')
          const label = Object.values(others).join()
          found[label ? `${descriptor.name}{${label}}` : descriptor.name] =
            typeof value === 'number' ? value : (value.sum ?? Number.NaN)
        }
    return found
  }
  return { meter, read }
}

test('a gate: gauges and counters are read when asked for, waits and durations as they come', async () => {
  const { meter, read } = meterOf()
  const clock = virtualClock()
  const door = gate({ limit: 1, queue: { capacity: 1 }, observer: gateObserver(meter, 'it'), clock })
  const stop = watchGate(meter, 'it', door)
  const work = () => new Promise<void>((resolve) => clock.schedule(500, resolve))
  const runs = [door.run(work), door.run(work), door.run(work).catch(() => 0)]
  await clock.advance(250)
  const early = await read()
  assert.deepEqual(
    [
      early['sluice.gate.limit'],
      early['sluice.gate.in_flight'],
      early['sluice.gate.waiting'],
      early['sluice.gate.refused{queue-full}'],
    ],
    [1, 1, 1, 1],
  )
  await clock.advance(750)
  await Promise.all(runs)
  const late = await read()
  assert.deepEqual(
    [
      late['sluice.gate.admitted'],
      late['sluice.gate.wait'],
      late['sluice.gate.duration{done}'],
      late['sluice.gate.in_flight'],
    ],
    [2, 0.5, 1, 0],
  )
  stop()
  await door.run(() => 1)
  assert.notEqual((await read())['sluice.gate.admitted'], 3)
})

test('a breaker, a retry budget, a channel', async () => {
  const { meter, read } = meterOf()
  const clock = virtualClock()
  const circuit = breaker({ trip: consecutiveFailures(1), clock })
  watchBreaker(meter, 'it', circuit)
  watchRetryBudget(meter, 'it', retryBudget({ burst: 7, clock }))
  const items = channel<number>({ capacity: 2, onFull: 'drop-oldest' })
  watchChannel(meter, 'it', items)
  for (const item of [1, 2, 3]) items.trySend(item)
  items.tryReceive()
  await circuit.run(() => Promise.reject(new Error('down'))).catch(() => 0)
  await circuit.run(() => 1).catch(() => 0)
  const found = await read()
  const expected = {
    'sluice.breaker.state{closed}': 0,
    'sluice.breaker.state{open}': 1,
    'sluice.breaker.calls{failure}': 1,
    'sluice.breaker.calls{refused}': 1,
    'sluice.breaker.opened': 1,
    'sluice.retry_budget.balance': 7,
    'sluice.channel.depth': 1,
    'sluice.channel.high_water': 2,
    'sluice.channel.sent': 3,
    'sluice.channel.received': 1,
    'sluice.channel.dropped{oldest}': 1,
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(found[name], value, name)
})

test('a span ends once, with what happened', async () => {
  const log: string[] = []
  const tracer: TracerLike = {
    startActiveSpan(name, { attributes }, run) {
      log.push(`start ${name} ${JSON.stringify(attributes)}`)
      const span: SpanLike = {
        setAttribute: (key, value) => log.push(`${key}=${value}`),
        recordException: (error) => log.push(`exception ${String(error)}`),
        setStatus: ({ code }) => log.push(`status ${code === SpanStatusCode.ERROR ? 'error' : code}`),
        end: () => log.push('end'),
      }
      return run(span)
    },
  }
  const policy = traced(tracer, 'pay', { shop: 'a' })
  assert.equal(await policy.run(() => 5, { priority: 1, attempt: 2 }), 5)
  await assert.rejects(
    policy.run(() => Promise.reject(new Overloaded('rate'))),
    { cause: 'rate' },
  )
  const throws = () => {
    throw new Error('down')
  }
  await assert.rejects(policy.run(throws), /down/)
  assert.deepEqual(log, [
    'start pay {"shop":"a","sluice.priority":1,"sluice.attempt":2}',
    'end',
    'start pay {"shop":"a"}',
    'sluice.cause=rate',
    'status error',
    'end',
    'start pay {"shop":"a"}',
    'exception Error: down',
    'status error',
    'end',
  ])
})

test('the types of @opentelemetry/api fit, and nothing of it is imported', () => {
  // This compiles only as long as a real tracer fits.
  const fits = (tracer: Tracer, attributes: Attributes): [TracerLike, Attributes] => [tracer, attributes]
  assert.equal(typeof fits, 'function')
  for (const file of ['api.ts', 'index.ts', 'metrics.ts', 'spans.ts'])
    assert.doesNotMatch(readFileSync(new URL(file, import.meta.url), 'utf8'), /from '@opentelemetry/)
})
