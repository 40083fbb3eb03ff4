/** What is used of `@opentelemetry/api`, by shape: its `Meter` and `Tracer` fit, and nothing is imported, so nothing is needed by whoever does not measure. */

export type Attributes = Record<string, string | number | boolean>

type InstrumentOptions = { description?: string; unit?: string }
type Observable = {
  addCallback(callback: (result: ObservableResult) => void): void
  removeCallback(callback: (result: ObservableResult) => void): void
}
export type ObservableResult = { observe(value: number, attributes?: Attributes): void }

/** As given by `metrics.getMeter('my-service')`. */
export type MeterLike = {
  createHistogram(name: string, options?: InstrumentOptions): { record(value: number, attributes?: Attributes): void }
  createObservableGauge(name: string, options?: InstrumentOptions): Observable
  createObservableCounter(name: string, options?: InstrumentOptions): Observable
}

export type SpanLike = {
  setAttribute(key: string, value: string | number | boolean): unknown
  recordException(error: Error | string): void
  setStatus(status: { code: number; message?: string }): unknown
  end(): void
}

/** As given by `trace.getTracer('my-service')`. */
export type TracerLike = {
  startActiveSpan<T>(name: string, options: { attributes?: Attributes }, run: (span: SpanLike) => T): T
}
