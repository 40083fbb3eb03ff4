/** `flatMap`: a flow for each item, joined into one. */

import { Ring } from '../channel/ring.ts'
import { checkCount, checkFunction } from '../options.ts'
import { StepOf } from './each.ts'
import { flow, Stage } from './stage.ts'
import type { Operator, Source, Step } from './types.ts'
import type { Upstream } from './upstream.ts'

export type FlatMapOptions = {
  /** How many inner flows are open at most. Default 1: one after the other, in order. */
  concurrency?: number
}

type Open<In, Out> = (item: In, step: Step) => Source<Out> | PromiseLike<Source<Out>>

/**
 * Gives the items of the flow that `open` makes of each item. Holds at most `concurrency` open inner flows and one item of each; an
 * inner flow is asked only while the consumer waits. When one fails, all end.
 */
export function flatMap<In, Out>(open: Open<In, Out>, { concurrency = 1 }: FlatMapOptions = {}): Operator<In, Out> {
  checkFunction('open', open)
  checkCount('concurrency', concurrency)
  return (source) => flow(() => new FlatMapStage(source, open, concurrency))
}

class FlatMapStage<In, Out> extends Stage<Out> {
  readonly #outer: Upstream<In>
  readonly #inners = new Set<Upstream<Out>>()
  readonly #ready = new Ring<{ inner: Upstream<Out>; item: Out }>()
  /** Inner flows whose item waits in `#ready`. */
  readonly #full = new Set<Upstream<Out>>()
  readonly #concurrency: number
  #opening = 0
  #index = 0

  constructor(source: Source<In>, open: Open<In, Out>, concurrency: number) {
    super()
    this.#concurrency = concurrency
    this.#outer = this.open(source, {
      item: (item) => {
        this.#opening++
        this.proceed(open(item, new StepOf(this.#index++, this)), (inner) => this.#onOpened(inner))
      },
      end: () => this.onDemand(),
    })
  }

  protected override onDemand(): void {
    while (this.isWanted && this.#ready.length > 0) {
      const { inner, item } = this.#ready.shift()!
      this.#full.delete(inner)
      this.emit(item)
    }
    const open = this.#inners.size + this.#opening
    if (open === 0 && this.#outer.isOver) return this.end()
    if (!this.isWanted) return
    for (const inner of this.#inners) if (!this.#full.has(inner)) inner.pull()
    if (open < this.#concurrency) this.#outer.pull()
  }

  protected override onOver(): void {
    this.#ready.clear()
  }

  #onOpened(source: Source<Out>): void {
    this.#opening--
    const inner: Upstream<Out> = this.open(source, {
      item: (item) => {
        this.#full.add(inner)
        this.#ready.push({ inner, item })
        this.onDemand()
      },
      end: () => {
        this.#inners.delete(inner)
        this.onDemand()
      },
    })
    this.#inners.add(inner)
    this.onDemand()
  }
}
