/** What processes share: servers that work, buffers that hold, and gates that open. */

import type { Parked, Waitable } from './simulation.ts'

/**
 * So many places, first come first served: `yield servers.take()`, work, `servers.give()`.
 */
export class Servers {
  readonly count: number
  busy = 0
  readonly #waiting = new Fifo<Parked>()
  readonly #take: Waitable

  constructor(count: number) {
    if (!Number.isInteger(count) || count < 1)
      throw new RangeError(`count must be a whole number above 0, got ${count}`)
    this.count = count
    this.#take = {
      park: (process) => {
        if (this.busy < this.count) {
          this.busy++
          return true
        }
        this.#waiting.push(process)
        return false
      },
    }
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  take(): Waitable {
    return this.#take
  }

  /** True when there was a place. */
  tryTake(): boolean {
    if (this.busy === this.count) return false
    this.busy++
    return true
  }

  /** The place goes to the one who has waited longest. */
  give(): void {
    if (this.busy === 0) throw new Error('a place was given back that nobody had')
    const next = this.#waiting.shift()
    if (next === undefined) this.busy--
    else next.resume()
  }
}

/** Items between producers and consumers, up to a capacity: `yield store.put(item)` waits for room, `const item = yield store.get()` for an item. */
export class Store<T> {
  readonly capacity: number
  readonly #items = new Fifo<T>()
  readonly #getters = new Fifo<Parked>()
  readonly #putters = new Fifo<{ process: Parked; item: T }>()
  readonly #get: { park(process: Parked): boolean; answer: unknown }

  constructor(capacity = Infinity) {
    if (!(capacity >= 1) || (capacity !== Infinity && !Number.isInteger(capacity)))
      throw new RangeError(`capacity must be a whole number above 0, or Infinity, got ${capacity}`)
    this.capacity = capacity
    this.#get = {
      answer: undefined,
      park: (process) => {
        if (this.#items.length === 0) {
          this.#getters.push(process)
          return false
        }
        this.#get.answer = this.tryGet()
        return true
      },
    }
  }

  get length(): number {
    return this.#items.length
  }
  /** Producers that wait for room. */
  get waitingToPut(): number {
    return this.#putters.length
  }
  /** Consumers that wait for an item. */
  get waitingToGet(): number {
    return this.#getters.length
  }

  get(): Waitable {
    return this.#get
  }

  put(item: T): Waitable {
    return {
      park: (process) => {
        if (this.tryPut(item)) return true
        this.#putters.push({ process, item })
        return false
      },
    }
  }

  /** False when it is full. */
  tryPut(item: T): boolean {
    const getter = this.#getters.shift()
    if (getter !== undefined) getter.resume(item)
    else if (this.#items.length < this.capacity) this.#items.push(item)
    else return false
    return true
  }

  /** `undefined` when it is empty. */
  tryGet(): T | undefined {
    const item = this.#items.shift()
    if (item !== undefined) this.#letIn()
    return item
  }

  /** Takes the newest instead of the oldest. */
  tryGetNewest(): T | undefined {
    const item = this.#items.pop()
    if (item !== undefined) this.#letIn()
    return item
  }

  /** There is room for the producer that has waited longest. */
  #letIn(): void {
    const putter = this.#putters.shift()
    if (putter === undefined) return
    this.#items.push(putter.item)
    putter.process.resume()
  }
}

/** Something that will be so, once: whoever waits goes on when it is `fire`d, later comers at once. */
export class Signal implements Waitable {
  isFired = false
  answer: unknown
  readonly #waiting: Parked[] = []

  park(process: Parked): boolean {
    if (!this.isFired) this.#waiting.push(process)
    return this.isFired
  }

  fire(answer?: unknown): void {
    if (this.isFired) return
    this.isFired = true
    this.answer = answer
    for (const process of this.#waiting.splice(0)) process.resume(answer)
  }
}

/** First in, first out, without shifting an array. */
class Fifo<T> {
  #slots: (T | undefined)[] = Array.from({ length: 16 })
  #head = 0
  length = 0

  push(item: T): void {
    if (this.length === this.#slots.length) {
      const grown: (T | undefined)[] = Array.from({ length: this.#slots.length * 2 })
      for (let i = 0; i < this.length; i++) grown[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)]
      this.#slots = grown
      this.#head = 0
    }
    this.#slots[(this.#head + this.length++) & (this.#slots.length - 1)] = item
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.length--
    return item
  }

  pop(): T | undefined {
    if (this.length === 0) return undefined
    const at = (this.#head + --this.length) & (this.#slots.length - 1)
    const item = this.#slots[at]
    this.#slots[at] = undefined
    return item
  }
}
