/** What the server calls: some slots, a service time, and an unbounded line inside, as a connection pool has. */

export class Pool {
  serviceMs: number
  readonly #slots: number
  readonly #line: (() => void)[] = []
  #running = 0

  constructor(slots: number, serviceMs: number) {
    this.#slots = slots
    this.serviceMs = serviceMs
  }

  get waiting(): number {
    return this.#line.length
  }

  /** Resolves when it is done; what nobody waits for any more is done all the same. */
  work(): Promise<void> {
    return new Promise((resolve) => {
      const start = (): void => {
        this.#running++
        setTimeout(() => {
          this.#running--
          this.#line.shift()?.()
          resolve()
        }, this.serviceMs)
      }
      if (this.#running < this.#slots) start()
      else this.#line.push(start)
    })
  }
}

/** Keeps the processor busy: for so long nothing else happens in this process. */
export function burn(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}
