/** What is to happen, in order of time; what was set first happens first among equals. A binary heap over flat arrays. */

/** What can happen. */
export type Happening = { happen(): void }

export class Agenda {
  length = 0
  #times = new Float64Array(64)
  #orders = new Float64Array(64)
  #what: Happening[] = []
  #order = 0

  /** When the next is due; only when there is one. */
  get nextAt(): number {
    return this.#times[0]!
  }

  add(at: number, what: Happening): void {
    if (this.length === this.#times.length) this.#grow()
    const [times, orders, all] = [this.#times, this.#orders, this.#what]
    let index = this.length++
    // The newest stands behind its equals, so it rises only past what is later.
    while (index > 0) {
      const above = (index - 1) >> 1
      if (times[above]! <= at) break
      times[index] = times[above]!
      orders[index] = orders[above]!
      all[index] = all[above]!
      index = above
    }
    times[index] = at
    orders[index] = this.#order++
    all[index] = what
  }

  /** Takes the next out; only when there is one. */
  take(): Happening {
    const [times, orders, all] = [this.#times, this.#orders, this.#what]
    const first = all[0]!
    const last = --this.length
    const [at, order, what] = [times[last]!, orders[last]!, all[last]!]
    all.length = last
    if (last === 0) return first
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      if (below >= last) break
      const right = below + 1
      if (
        right < last &&
        (times[right]! < times[below]! || (times[right] === times[below] && orders[right]! < orders[below]!))
      )
        below = right
      if (at < times[below]! || (at === times[below] && order < orders[below]!)) break
      times[index] = times[below]!
      orders[index] = orders[below]!
      all[index] = all[below]!
      index = below
    }
    times[index] = at
    orders[index] = order
    all[index] = what
    return first
  }

  #grow(): void {
    const [times, orders] = [this.#times, this.#orders]
    this.#times = new Float64Array(times.length * 2)
    this.#times.set(times)
    this.#orders = new Float64Array(orders.length * 2)
    this.#orders.set(orders)
  }
}
