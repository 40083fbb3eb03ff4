/** OpenTelemetry for Sluice: metrics and spans, from any `Meter` and `Tracer` of `@opentelemetry/api` 1.x. */

export type { Attributes, MeterLike, SpanLike, TracerLike } from './api.ts'
export { gateObserver, watchBreaker, watchChannel, watchGate, watchRetryBudget } from './metrics.ts'
export { traced } from './spans.ts'
