/** Which offsets of a partition are done, and up to where that may be committed. */

/** Offsets are added in their order, get done in any, and are committed up to the first that is not done. */
export class OffsetTracker {
  /** In their order; true when done. */
  readonly #offsets = new Map<string, boolean>()
  #commit: string | undefined

  get size(): number {
    return this.#offsets.size
  }

  /** There is an offset to commit. */
  get hasMoved(): boolean {
    return this.#commit !== undefined
  }

  add(offset: string): void {
    if (!this.#offsets.has(offset)) this.#offsets.set(offset, false)
  }

  /** True when there is more to commit than before. */
  done(offset: string): boolean {
    if (!this.#offsets.has(offset)) return false
    this.#offsets.set(offset, true)
    let hasMoved = false
    for (const [first, isDone] of this.#offsets) {
      if (!isDone) break
      this.#offsets.delete(first)
      this.#commit = String(BigInt(first) + 1n)
      hasMoved = true
    }
    return hasMoved
  }

  /** The offset to commit (the one after the last done, as Kafka wants it), once; `undefined` when that has not moved. */
  takeCommit(): string | undefined {
    const commit = this.#commit
    this.#commit = undefined
    return commit
  }
}
