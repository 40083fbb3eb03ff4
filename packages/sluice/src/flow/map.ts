/** `map`: a handler for each item, several at a time. */

import { Ring } from '../channel/ring.ts'
import { checkChoice, checkCount, checkFunction } from '../options.ts'
import { EachStage, StepOf } from './each.ts'
import { flow, Stage } from './stage.ts'
import type { Operator, Source, Step } from './types.ts'
import { isPromise, tamed, type Upstream } from './upstream.ts'

export type MapOptions = {
  /** How many items are in hand at most: being handled, or done and not yet taken. Default 1. */
  concurrency?: number
  /** `source` (the default): results come in the order of the items. `completed`: as they get done. */
  order?: 'source' | 'completed'
}

/**
 * Gives what `handle` makes of each item. Holds at most `concurrency` items, pulled only while the
 * consumer waits.
 *
 * When a handler fails, results before it in the order are still given, then its error. Other
 * handlers may still run then: the flow does not wait for them, their `step.signal` fires, and what
 * they give is dropped. One that must not go on has to heed that signal.
 */
export function map<In, Out>(
  handle: (item: In, step: Step) => Out | PromiseLike<Out>,
  options: MapOptions = {},
): Operator<In, Out> {
  const { concurrency = 1, order = 'source' } = options
  checkFunction('handle', handle)
  checkCount('concurrency', concurrency)
  checkChoice('order', order, ['source', 'completed'])
  if (concurrency === 1) return (source) => flow(() => new EachStage(source, handle))
  const Mapping = order === 'source' ? OrderedStage : CompletedStage
  return (source) => flow(() => new Mapping(source, handle, concurrency))
}

type Handle<In, Out> = (item: In, step: Step) => Out | PromiseLike<Out>

/** What both orders share: when to pull, and when it is over. */
abstract class MapStage<In, Out> extends Stage<Out> {
  readonly #upstream: Upstream<In>
  readonly #handle: Handle<In, Out>
  readonly #concurrency: number
  #index = 0
  /** Being handled, or done and not taken. */
  #inHand = 0
  #finale: (() => void) | undefined

  constructor(source: Source<In>, handle: Handle<In, Out>, concurrency: number) {
    super()
    this.#handle = handle
    this.#concurrency = concurrency
    this.#upstream = this.open(source, {
      item: (item) => this.#start(item),
      end: () => this.stop(() => this.end()),
      error: (error) => this.stop(() => this.fail(error)),
    })
  }

  protected abstract begin(): Task<Out>
  /** Gives the results that are ready and wanted. */
  protected abstract flush(): void

  protected override onDemand(): void {
    this.advance()
  }

  protected advance(): void {
    this.flush()
    if (this.#inHand === 0) this.#finale?.()
    if (this.isWanted && this.#finale === undefined && this.#inHand < this.#concurrency) this.#upstream.pull()
  }

  /** Pulls no more, and ends as `finale` does once nothing is in hand. */
  protected stop(finale: () => void): void {
    this.#finale ??= finale
    this.advance()
  }

  protected give(value: Out): void {
    this.#inHand--
    this.emit(value)
  }

  #start(item: In): void {
    this.#inHand++
    const task = this.begin()
    let result: Out | PromiseLike<Out>
    try {
      result = this.#handle(item, new StepOf(this.#index++, this))
    } catch (error) {
      return task.failed(error)
    }
    if (isPromise(result)) tamed(result).then(task.done, task.failed)
    else task.done(result as Out)
    this.advance()
  }
}

/** Where the outcome of one handler goes. */
type Task<Out> = { done: (value: Out) => void; failed: (error: unknown) => void }

class CompletedStage<In, Out> extends MapStage<In, Out> {
  readonly #ready = new Ring<Out>()
  readonly #task: Task<Out> = {
    done: (value) => {
      if (this.isOver) return
      this.#ready.push(value)
      this.advance()
    },
    failed: (error) => this.fail(error),
  }

  protected override begin(): Task<Out> {
    return this.#task
  }

  protected override flush(): void {
    while (this.isWanted && this.#ready.length > 0) this.give(this.#ready.shift() as Out)
  }

  protected override onOver(): void {
    this.#ready.clear()
  }
}

class OrderedStage<In, Out> extends MapStage<In, Out> {
  readonly #slots = new Ring<Slot<Out>>()

  protected override begin(): Task<Out> {
    const slot = new Slot<Out>(() => {
      if (this.isOver) return
      // Nothing after a failure will be given, so nothing more is pulled; what is before it still is.
      if (slot.failure === undefined) this.advance()
      else this.stop(() => {})
    })
    this.#slots.push(slot)
    return slot
  }

  protected override flush(): void {
    while (this.isWanted && this.#slots.peek()?.isReady) {
      const slot = this.#slots.shift()!
      if (slot.failure !== undefined) return this.fail(slot.failure.error)
      this.give(slot.value as Out)
    }
  }

  protected override onOver(): void {
    this.#slots.clear()
  }
}

class Slot<Out> implements Task<Out> {
  isReady = false
  value: Out | undefined = undefined
  failure: { error: unknown } | undefined = undefined
  readonly #onReady: () => void

  constructor(onReady: () => void) {
    this.#onReady = onReady
  }

  readonly done = (value: Out): void => {
    this.value = value
    this.isReady = true
    this.#onReady()
  }

  readonly failed = (error: unknown): void => {
    this.failure = { error }
    this.isReady = true
    this.#onReady()
  }
}
