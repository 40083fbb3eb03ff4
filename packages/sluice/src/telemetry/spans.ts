/** A span around work, as one more policy. */

import { call, noContext, type Policy } from '../context.ts'
import { Overloaded } from '../errors.ts'
import type { Attributes, TracerLike } from './api.ts'

/** `SpanStatusCode.ERROR` of `@opentelemetry/api`. */
const errorStatus = 2

/**
 * Opens an active span for each run: outermost in `compose` it spans the waiting and every attempt, innermost each attempt by itself.
 * Attributes: `sluice.priority`, `sluice.attempt`, and `sluice.cause` of a refusal (which is no exception: nothing broke).
 */
export function traced(tracer: TracerLike, name: string, attributes: Attributes = {}): Policy {
  return {
    run(work, context = noContext) {
      const facts: Attributes = { ...attributes }
      if (context.priority !== undefined) facts['sluice.priority'] = context.priority
      if (context.attempt !== undefined) facts['sluice.attempt'] = context.attempt
      return tracer.startActiveSpan(name, { attributes: facts }, (span) =>
        call(work, context).then(
          (value) => {
            span.end()
            return value
          },
          (error: unknown) => {
            if (error instanceof Overloaded) span.setAttribute('sluice.cause', error.cause)
            else span.recordException(error instanceof Error ? error : String(error))
            span.setStatus({ code: errorStatus, message: error instanceof Error ? error.message : String(error) })
            span.end()
            throw error
          },
        ),
      )
    },
  }
}
