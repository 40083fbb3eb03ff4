/** The numbers of Sluice's parts as OpenTelemetry metrics. What can be read when it is asked for costs nothing in between. */

import type { Breaker, BreakerState } from '../breaker.ts'
import type { ChannelStats } from '../channel/types.ts'
import type { GateObserver, GateStats } from '../gate/gate.ts'
import type { RetryBudget } from '../retry.ts'
import type { Attributes, MeterLike, ObservableResult } from './api.ts'

/** One number that is read when it is asked for. */
type Reading = {
  name: string
  kind: 'gauge' | 'counter'
  unit: string
  description: string
  read: (result: ObservableResult) => void
}

function watch(meter: MeterLike, readings: Reading[]): () => void {
  const stops = readings.map(({ name, kind, read, ...options }) => {
    const instrument =
      kind === 'gauge' ? meter.createObservableGauge(name, options) : meter.createObservableCounter(name, options)
    instrument.addCallback(read)
    return () => instrument.removeCallback(read)
  })
  return () => stops.forEach((stop) => stop())
}

/**
 * `sluice.gate.limit`, `.in_flight`, `.waiting`, `.admitted`, `.refused` (by `sluice.cause`), each with `sluice.name`.
 * Gives how to stop.
 */
export function watchGate(meter: MeterLike, name: string, gate: { stats(): GateStats }): () => void {
  const attributes: Attributes = { 'sluice.name': name }
  const gauge = (what: string, unit: string, description: string, of: (stats: GateStats) => number): Reading => ({
    name: `sluice.gate.${what}`,
    kind: 'gauge',
    unit,
    description,
    read: (result) => result.observe(of(gate.stats()), attributes),
  })
  return watch(meter, [
    gauge('limit', '{work}', 'How much may be in flight', ({ limit }) => limit),
    gauge('in_flight', '{work}', 'How much is in flight', ({ inFlight }) => inFlight),
    gauge('waiting', '{work}', 'How much waits', ({ waiting }) => waiting),
    { ...gauge('admitted', '{work}', 'How much was admitted', ({ admitted }) => admitted), kind: 'counter' },
    {
      name: 'sluice.gate.refused',
      kind: 'counter',
      unit: '{work}',
      description: 'How much was refused, by cause',
      read: (result) => {
        for (const [cause, count] of Object.entries(gate.stats().refused))
          result.observe(count, { ...attributes, 'sluice.cause': cause })
      },
    },
  ])
}

/** `sluice.gate.wait` and `sluice.gate.duration` (by `sluice.outcome`), histograms in seconds: give it to `gate({ observer })`. */
export function gateObserver(meter: MeterLike, name: string): GateObserver {
  const wait = meter.createHistogram('sluice.gate.wait', { unit: 's', description: 'How long admitted work waited' })
  const duration = meter.createHistogram('sluice.gate.duration', {
    unit: 's',
    description: 'How long admitted work ran',
  })
  const attributes: Attributes = { 'sluice.name': name }
  const byOutcome = {
    done: { ...attributes, 'sluice.outcome': 'done' },
    dropped: { ...attributes, 'sluice.outcome': 'dropped' },
    ignored: { ...attributes, 'sluice.outcome': 'ignored' },
  }
  return {
    onAdmit: (waitedMs) => wait.record(waitedMs / 1000, attributes),
    onRelease: (rttMs, outcome) => duration.record(rttMs / 1000, byOutcome[outcome]),
  }
}

const states: BreakerState[] = ['closed', 'half-open', 'open']

/** `sluice.breaker.state` (1 for the state it is in, 0 for the others, by `sluice.state`), `.calls` (by `sluice.outcome`), `.opened`. */
export function watchBreaker(meter: MeterLike, name: string, breaker: Pick<Breaker, 'stats'>): () => void {
  const attributes: Attributes = { 'sluice.name': name }
  return watch(meter, [
    {
      name: 'sluice.breaker.state',
      kind: 'gauge',
      unit: '1',
      description: '1 for the state it is in',
      read: (result) => {
        const { state } = breaker.stats()
        for (const one of states) result.observe(one === state ? 1 : 0, { ...attributes, 'sluice.state': one })
      },
    },
    {
      name: 'sluice.breaker.calls',
      kind: 'counter',
      unit: '{call}',
      description: 'Calls, by outcome',
      read: (result) => {
        const { successes, failures, refused } = breaker.stats()
        for (const [outcome, count] of Object.entries({ success: successes, failure: failures, refused }))
          result.observe(count, { ...attributes, 'sluice.outcome': outcome })
      },
    },
    {
      name: 'sluice.breaker.opened',
      kind: 'counter',
      unit: '{time}',
      description: 'How often it has opened',
      read: (result) => result.observe(breaker.stats().opened, attributes),
    },
  ])
}

/** `sluice.retry_budget.balance`: how many retries could be made now. */
export function watchRetryBudget(meter: MeterLike, name: string, budget: Pick<RetryBudget, 'balance'>): () => void {
  return watch(meter, [
    {
      name: 'sluice.retry_budget.balance',
      kind: 'gauge',
      unit: '{retry}',
      description: 'How many retries could be made now',
      read: (result) => result.observe(budget.balance, { 'sluice.name': name }),
    },
  ])
}

/** `sluice.channel.depth`, `.high_water`, `.waiting_senders`, `.sent`, `.received`, `.dropped` (by `sluice.cause`), `.refused`. */
export function watchChannel(meter: MeterLike, name: string, channel: { stats(): ChannelStats }): () => void {
  const attributes: Attributes = { 'sluice.name': name }
  const reading = (
    what: string,
    kind: Reading['kind'],
    description: string,
    of: (stats: ChannelStats) => number,
  ): Reading => ({
    name: `sluice.channel.${what}`,
    kind,
    unit: '{item}',
    description,
    read: (result) => result.observe(of(channel.stats()), attributes),
  })
  return watch(meter, [
    reading('depth', 'gauge', 'Items that it holds', ({ depth }) => depth),
    reading('high_water', 'gauge', 'The greatest weight it has held', ({ highWater }) => highWater),
    reading('waiting_senders', 'gauge', 'Producers that wait for room', ({ waitingSenders }) => waitingSenders),
    reading('sent', 'counter', 'Items taken in', ({ sent }) => sent),
    reading('received', 'counter', 'Items given out', ({ received }) => received),
    reading('refused', 'counter', 'Items refused', ({ refused }) => refused),
    {
      ...reading('dropped', 'counter', 'Items dropped, by cause', () => 0),
      read: (result) => {
        for (const [cause, count] of Object.entries(channel.stats().dropped))
          result.observe(count, { ...attributes, 'sluice.cause': cause })
      },
    },
  ])
}
