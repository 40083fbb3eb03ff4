/** A first-in, first-out queue in one circular array: no shifting, no node per item, slots let go of what left. */

/** Slots to begin with; they double when they run out, so that a large capacity costs nothing until it is used. */
const firstSlots = 16

export class Ring<T> {
  #slots: (T | undefined)[] = emptySlots<T>(firstSlots)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item
    this.#length++
  }

  /** Takes the oldest. Ask `length` first: an empty ring gives `undefined`. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const slots = this.#slots
    const head = this.#head
    const item = slots[head]
    slots[head] = undefined
    this.#head = (head + 1) & (slots.length - 1)
    this.#length--
    return item
  }

  /** The oldest, left where it is. */
  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head]
  }

  clear(): void {
    this.#slots = emptySlots<T>(firstSlots)
    this.#head = 0
    this.#length = 0
  }

  #grow(): void {
    const slots = emptySlots<T>(this.#slots.length * 2)
    for (let i = 0; i < this.#length; i++) slots[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)]
    this.#slots = slots
    this.#head = 0
  }
}

function emptySlots<T>(length: number): (T | undefined)[] {
  return Array.from<T | undefined>({ length })
}
