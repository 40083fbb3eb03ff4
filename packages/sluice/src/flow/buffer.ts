/** Operators that pull ahead of the consumer: `buffer` and `conflate`. They are the only ones that do, with those that go by time. */

import { Ring } from '../channel/ring.ts'
import { type None, none, type OnFull, onFullChoices } from '../channel/types.ts'
import { ChannelFull } from '../errors.ts'
import { checkChoice, checkCount, checkFunction } from '../options.ts'
import { flow, Stage } from './stage.ts'
import type { Operator, Source } from './types.ts'
import type { Upstream } from './upstream.ts'

export type BufferOptions = {
  /** The most items held. */
  capacity: number
  /** As for a channel. Default `wait`: the source is not asked while the buffer is full. With any other it is asked all the time. */
  onFull?: OnFull
}

/**
 * Pulls ahead, from the first `next()` on, so that the source works while the consumer does. Holds at most `capacity` items, which are given
 * before an error. A policy other than `wait` is for a source with its own pace: one that always has an item is pulled for ever.
 */
export function buffer<In>({ capacity, onFull = 'wait' }: BufferOptions): Operator<In, In> {
  checkCount('capacity', capacity)
  checkChoice('onFull', onFull, onFullChoices)
  return (source) => flow(() => new BufferStage(source, capacity, onFull))
}

class BufferStage<In> extends Stage<In> {
  readonly #upstream: Upstream<In>
  readonly #capacity: number
  readonly #onFull: OnFull
  readonly #held = new Ring<In>()
  #finale: (() => void) | undefined

  constructor(source: Source<In>, capacity: number, onFull: OnFull) {
    super()
    this.#capacity = capacity
    this.#onFull = onFull
    this.#upstream = this.open(source, {
      item: (item) => {
        this.#keep(item)
        this.onDemand()
      },
      end: () => this.#stop(() => this.end()),
      error: (error) => this.#stop(() => this.fail(error)),
    })
  }

  protected override onDemand(): void {
    while (this.isWanted && this.#held.length > 0) this.emit(this.#held.shift() as In)
    if (this.#held.length === 0) this.#finale?.()
    if (this.#finale === undefined && (this.#held.length < this.#capacity || this.#onFull !== 'wait'))
      this.#upstream.pull()
  }

  protected override onOver(): void {
    this.#held.clear()
  }

  #keep(item: In): void {
    if (this.#held.length === this.#capacity) {
      if (this.#onFull === 'drop-newest') return
      if (this.#onFull === 'fail') return this.#stop(() => this.fail(new ChannelFull(this.#capacity)))
      if (this.#onFull === 'latest') this.#held.clear()
      else this.#held.shift()
    }
    this.#held.push(item)
  }

  #stop(finale: () => void): void {
    this.#finale = finale
    this.onDemand()
  }
}

/**
 * Pulls all the time, from the first `next()` on, and merges what the consumer has no time for into one: `merge(held, item)`, by default
 * the newer. Holds one item, which is given before an error. For a source with its own pace.
 */
export function conflate<In>(merge: (held: In, item: In) => In = (_held, item) => item): Operator<In, In> {
  checkFunction('merge', merge)
  return (source) => flow(() => new ConflateStage(source, merge))
}

class ConflateStage<In> extends Stage<In> {
  readonly #upstream: Upstream<In>
  #held: In | None = none
  #finale: (() => void) | undefined

  constructor(source: Source<In>, merge: (held: In, item: In) => In) {
    super()
    this.#upstream = this.open(source, {
      item: (item) => {
        this.#held = this.#held === none ? item : merge(this.#held, item)
        this.onDemand()
      },
      end: () => this.#stop(() => this.end()),
      error: (error) => this.#stop(() => this.fail(error)),
    })
  }

  protected override onDemand(): void {
    if (this.isWanted && this.#held !== none) {
      this.emit(this.#held)
      this.#held = none
    }
    if (this.#held === none) this.#finale?.()
    if (this.#finale === undefined) this.#upstream.pull()
  }

  protected override onOver(): void {
    this.#held = none
  }

  #stop(finale: () => void): void {
    this.#finale = finale
    this.onDemand()
  }
}
