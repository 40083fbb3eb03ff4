/** Operators that handle one item after the other: `filter`, `tap`, `take`, and `map` without concurrency. They hold one item. */

import { type None, none } from '../channel/types.ts'
import { checkCount, checkFunction } from '../options.ts'
import { flow, Stage } from './stage.ts'
import type { Operator, Source, Step } from './types.ts'
import type { Upstream } from './upstream.ts'

type Handler<In, Out> = (item: In, step: Step) => Out | None | PromiseLike<Out | None>

/** Gives what the handler makes of each item; `none` skips it. */
export class EachStage<In, Out> extends Stage<Out> {
  readonly #upstream: Upstream<In>
  readonly #handle: Handler<In, Out>
  #index = 0
  #isHandling = false

  constructor(source: Source<In>, handle: Handler<In, Out>) {
    super()
    this.#handle = handle
    this.#upstream = this.open(source, { item: (item) => this.#onItem(item) })
  }

  protected override onDemand(): void {
    if (!this.#isHandling) this.#upstream.pull()
  }

  #onItem(item: In): void {
    this.#isHandling = true
    this.proceed(this.#handle(item, new StepOf(this.#index++, this)), this.#onResult)
  }

  readonly #onResult = (result: Out | None): void => {
    this.#isHandling = false
    if (result !== none) this.emit(result)
    if (this.isWanted) this.#upstream.pull()
  }
}

/** The signal is made only for handlers that look at it. */
export class StepOf implements Step {
  readonly index: number
  readonly #stage: Stage<unknown>

  constructor(index: number, stage: { readonly signal: AbortSignal }) {
    this.index = index
    this.#stage = stage as Stage<unknown>
  }

  get signal(): AbortSignal {
    return this.#stage.signal
  }
}

/** Lets through the items for which `test` is true (or becomes it). Holds one item. */
export function filter<In, Kept extends In>(test: (item: In, step: Step) => item is Kept): Operator<In, Kept>
export function filter<In>(test: (item: In, step: Step) => boolean | PromiseLike<boolean>): Operator<In, In>
export function filter<In>(test: (item: In, step: Step) => boolean | PromiseLike<boolean>): Operator<In, In> {
  checkFunction('test', test)
  const keep: Handler<In, In> = (item, step) => {
    const verdict = test(item, step)
    if (typeof verdict === 'boolean') return verdict ? item : none
    return Promise.resolve(verdict).then((isKept) => (isKept ? item : none))
  }
  return (source) => flow(() => new EachStage(source, keep))
}

/** Lets `look` see each item and gives it on; waits for `look` if it is asynchronous. Holds one item. */
export function tap<In>(look: (item: In, step: Step) => unknown): Operator<In, In> {
  checkFunction('look', look)
  const see: Handler<In, In> = (item, step) => {
    const seen = look(item, step)
    return seen instanceof Promise ? seen.then(() => item) : item
  }
  return (source) => flow(() => new EachStage(source, see))
}

/** Gives the first `count` items, then leaves the source: with the last item, not when one more is asked for. Holds nothing. */
export function take<In>(count: number): Operator<In, In> {
  checkCount('count', count, { min: 0 })
  return (source) => flow(() => new TakeStage(source, count))
}

class TakeStage<In> extends Stage<In> {
  readonly #upstream: Upstream<In>
  #left: number

  constructor(source: Source<In>, count: number) {
    super()
    this.#left = count
    this.#upstream = this.open(source, {
      item: (item) => {
        this.#left--
        this.emit(item)
        if (this.#left === 0) this.end()
        else if (this.isWanted) this.#upstream.pull()
      },
    })
  }

  protected override onDemand(): void {
    if (this.#left === 0) this.end()
    else this.#upstream.pull()
  }
}
