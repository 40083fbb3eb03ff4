/** What a flow is made of. */

/** Anything that can be iterated; promises in a plain iterable are waited for, as `for await` does. */
export type Source<T> = AsyncIterable<T> | Iterable<T | PromiseLike<T>>

/** A flow: items on demand. Each iteration opens the source anew, where the source allows it. */
export type Flow<T> = AsyncIterable<T, undefined>

/** A step of `pipe`: from a flow to a flow. */
export type Operator<In, Out> = (source: Source<In>) => Flow<Out>

/** What a handler is told besides the item. */
export type Step = {
  /** Position of the item in the source, from 0. */
  readonly index: number
  /** Fires when the flow ends before the handler did: the consumer left, another item failed, a signal fired. */
  readonly signal: AbortSignal
}
