/** `partition`: several items at a time, but one after the other within a key. */

import { Ring } from '../channel/ring.ts'
import { checkCount, checkFunction } from '../options.ts'
import { StepOf } from './each.ts'
import { flow, Stage } from './stage.ts'
import type { Operator, Source, Step } from './types.ts'
import { isPromise, type Upstream } from './upstream.ts'

export type PartitionOptions = {
  /** How many handlers run at most, each for another key. */
  concurrency: number
  /** The most items in hand: waiting for their key, running, or done and not taken. Default twice the concurrency. */
  capacity?: number
}

type Handle<In, Out> = (item: In, step: Step) => Out | PromiseLike<Out>
type Lane<In> = { key: unknown; waiting: Ring<{ item: In; index: number }> }

/**
 * Gives what `handle` makes of each item, as it gets done; items of the same key (`keyOf`, compared as in a `Map`) are handled and given
 * in their order. Holds at most `capacity` items. When a handler fails, all end.
 */
export function partition<In, Out>(
  keyOf: (item: In) => unknown,
  handle: Handle<In, Out>,
  { concurrency, capacity = 2 * concurrency }: PartitionOptions,
): Operator<In, Out> {
  checkFunction('keyOf', keyOf)
  checkFunction('handle', handle)
  checkCount('concurrency', concurrency)
  checkCount('capacity', capacity, { min: concurrency })
  return (source) => flow(() => new PartitionStage(source, keyOf, handle, concurrency, capacity))
}

class PartitionStage<In, Out> extends Stage<Out> {
  readonly #upstream: Upstream<In>
  readonly #handle: Handle<In, Out>
  readonly #concurrency: number
  readonly #capacity: number
  /** A lane for each key that has an item waiting or running. */
  readonly #lanes = new Map<unknown, Lane<In>>()
  /** Lanes with an item to run, none of which runs, in the order of arrival. */
  readonly #runnable = new Ring<Lane<In>>()
  readonly #ready = new Ring<Out>()
  #running = 0
  #inHand = 0
  #index = 0
  #finale: (() => void) | undefined

  constructor(
    source: Source<In>,
    keyOf: (item: In) => unknown,
    handle: Handle<In, Out>,
    concurrency: number,
    capacity: number,
  ) {
    super()
    this.#handle = handle
    this.#concurrency = concurrency
    this.#capacity = capacity
    this.#upstream = this.open(source, {
      item: (item) => {
        this.#inHand++
        this.#enqueue(keyOf(item), item)
        this.onDemand()
      },
      end: () => this.#stop(() => this.end()),
      error: (error) => this.#stop(() => this.fail(error)),
    })
  }

  protected override onDemand(): void {
    while (this.#running < this.#concurrency && this.#runnable.length > 0) this.#run(this.#runnable.shift()!)
    for (; this.isWanted && this.#ready.length > 0; this.#inHand--) this.emit(this.#ready.shift() as Out)
    if (this.#inHand === 0) this.#finale?.()
    if (this.isWanted && this.#inHand < this.#capacity && this.#finale === undefined) this.#upstream.pull()
  }

  protected override onOver(): void {
    this.#lanes.clear()
    this.#runnable.clear()
    this.#ready.clear()
  }

  #enqueue(key: unknown, item: In): void {
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      lane = { key, waiting: new Ring() }
      this.#lanes.set(key, lane)
      this.#runnable.push(lane)
    }
    lane.waiting.push({ item, index: this.#index++ })
  }

  #run(lane: Lane<In>): void {
    const { item, index } = lane.waiting.shift()!
    this.#running++
    const done = (value: Out): void => {
      if (this.isOver) return
      this.#running--
      this.#ready.push(value)
      if (lane.waiting.length > 0) this.#runnable.push(lane)
      else this.#lanes.delete(lane.key)
    }
    const result = this.#handle(item, new StepOf(index, this))
    if (!isPromise(result)) return done(result as Out)
    this.proceed<Out>(result, (value) => {
      done(value)
      this.onDemand()
    })
  }

  #stop(finale: () => void): void {
    this.#finale = finale
    this.onDemand()
  }
}
