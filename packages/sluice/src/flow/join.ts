/** Flows of several sources: `merge` as they come, `zip` side by side. */

import { Ring } from '../channel/ring.ts'
import { flow, Stage } from './stage.ts'
import type { Flow, Source } from './types.ts'
import type { Upstream } from './upstream.ts'

type SourcesOf<Items extends readonly unknown[]> = { [I in keyof Items]: Source<Items[I]> }

/**
 * Gives the items of all sources as they come; ends when all have. Holds one item of each source, so that none can crowd out another.
 * When one fails, all end, and what was held of the others is dropped.
 */
export function merge<Items extends readonly unknown[]>(...sources: SourcesOf<Items>): Flow<Items[number]> {
  return flow(() => new MergeStage<Items[number]>(sources))
}

class MergeStage<T> extends Stage<T> {
  readonly #inlets = new Set<Upstream<T>>()
  readonly #ready = new Ring<{ from: Upstream<T>; item: T }>()
  readonly #full = new Set<Upstream<T>>()

  constructor(sources: readonly Source<T>[]) {
    super()
    for (const source of sources) {
      const inlet: Upstream<T> = this.open(source, {
        item: (item) => {
          this.#full.add(inlet)
          this.#ready.push({ from: inlet, item })
          this.onDemand()
        },
        end: () => {
          this.#inlets.delete(inlet)
          this.onDemand()
        },
      })
      this.#inlets.add(inlet)
    }
  }

  protected override onDemand(): void {
    while (this.isWanted && this.#ready.length > 0) {
      const { from, item } = this.#ready.shift()!
      this.#full.delete(from)
      this.emit(item)
    }
    if (this.#inlets.size === 0 && this.#ready.length === 0) return this.end()
    if (!this.isWanted) return
    for (const inlet of this.#inlets) if (!this.#full.has(inlet)) inlet.pull()
  }

  protected override onOver(): void {
    this.#ready.clear()
  }
}

/**
 * Gives arrays of one item of each source; ends when the first of them does, and leaves the others. Holds one item of each source.
 */
export function zip<Items extends unknown[]>(...sources: SourcesOf<Items>): Flow<Items> {
  return flow(() => new ZipStage<Items>(sources))
}

class ZipStage<Row extends unknown[]> extends Stage<Row> {
  readonly #inlets: Upstream<unknown>[]
  #row: unknown[] = []
  readonly #filled = new Set<number>()

  constructor(sources: readonly Source<unknown>[]) {
    super()
    this.#inlets = sources.map((source, place) =>
      this.open(source, {
        item: (item) => {
          this.#row[place] = item
          this.#filled.add(place)
          if (this.#filled.size === this.#inlets.length) this.#emitRow()
        },
      }),
    )
  }

  protected override onDemand(): void {
    if (this.#inlets.length === 0) return this.end()
    for (const [place, inlet] of this.#inlets.entries()) if (!this.#filled.has(place)) inlet.pull()
  }

  #emitRow(): void {
    const row = this.#row
    this.#row = []
    this.#filled.clear()
    this.emit(row as Row)
    if (this.isWanted) this.onDemand()
  }
}
