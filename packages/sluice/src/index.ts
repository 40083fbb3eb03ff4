/** Sluice: backpressure for TypeScript. */

export { type Emitter, emitTo, type EventOptions, fromEvent } from './bridges/events.ts'
export { channel } from './channel/channel.ts'
export {
  type BulkOptions,
  type Channel,
  type ChannelOptions,
  type ChannelStats,
  none,
  type None,
  type OnFull,
  type Receiver,
  type Sender,
  type ValuesOptions,
  type WaitOptions,
} from './channel/types.ts'
export { type Clock, type Random, systemClock, systemRandom } from './clock.ts'
export { ChannelClosed, ChannelFull, InvalidOption, type OverloadCause, Overloaded, TimedOut } from './errors.ts'
export { batch, type BatchOptions } from './flow/batch.ts'
export { buffer, type BufferOptions, conflate } from './flow/buffer.ts'
export { filter, take, tap } from './flow/each.ts'
export { flatMap, type FlatMapOptions } from './flow/flat-map.ts'
export { abortOn, type RetryOptions, retry, timeout } from './flow/guard.ts'
export { merge, zip } from './flow/join.ts'
export { lines, type LinesOptions } from './flow/lines.ts'
export { map, type MapOptions } from './flow/map.ts'
export { debounce, type PaceOptions, sample, throttle, type ThrottleOptions } from './flow/pace.ts'
export { partition, type PartitionOptions } from './flow/partition.ts'
export { pipe } from './flow/pipe.ts'
export { collect, forEach, sendTo } from './flow/sinks.ts'
export type { Flow, Operator, Source, Step } from './flow/types.ts'
export { window, type WindowOptions } from './flow/window.ts'
export { type AimdOptions, aimd } from './limit/aimd.ts'
export { fixed } from './limit/fixed.ts'
export { type GradientOptions, gradient } from './limit/gradient.ts'
export type { Bounds, Limit, Sample } from './limit/limit.ts'
export { type VegasOptions, vegas } from './limit/vegas.ts'
export { type Context, noContext, type Policy, type Work } from './context.ts'
export type { CodelOptions } from './gate/codel.ts'
export {
  bulkhead,
  type Gate,
  type GateObserver,
  type GateOptions,
  type GateStats,
  gate,
  isPushback,
  type QueueOptions,
  type QueueOrder,
} from './gate/gate.ts'
export { type Outcome, Permit } from './gate/permit.ts'
export {
  type Breaker,
  type BreakerOptions,
  type BreakerState,
  breaker,
} from './breaker.ts'
export { anyOf, consecutiveFailures, failureRate, type RollingOptions, slowCallRate, type Trip } from './trip.ts'
export { type DeadlineOptions, deadline, remainingMs } from './deadline.ts'
export { type HedgeOptions, hedge, Superseded } from './hedge.ts'
export {
  type Begun,
  type Ended,
  type Idempotency,
  IdempotencyConflict,
  type IdempotencyOptions,
  type IdempotencyStore,
  idempotency,
  memoryStore,
} from './idempotency.ts'
export { gcra, type Meter, type MeterRule, type Rate, type RateOptions, rate, slidingWindow } from './rate.ts'
export {
  type Backoff,
  type BackoffOptions,
  decorrelatedJitter,
  exponential,
  formatRetryAfter,
  parseRetryAfter,
  type RetriesOptions,
  type RetryBudget,
  type RetryBudgetOptions,
  retries,
  retryBudget,
} from './retry.ts'
export { compose, type Protection, protect } from './compose.ts'
