/** `window`: a flow cut into flows, by count or by time, without collecting the items. */

import { type Clock, systemClock } from '../clock.ts'
import { InvalidOption } from '../errors.ts'
import { type None, none } from '../channel/types.ts'
import { checkCount, checkMs } from '../options.ts'
import { flow, Stage } from './stage.ts'
import type { Flow, Operator, Source } from './types.ts'
import type { Upstream } from './upstream.ts'

export type WindowOptions = {
  /** The most items in a window. */
  size?: number
  /** Milliseconds from a window's first item until it ends. */
  ms?: number
  clock?: Clock
}

/**
 * Gives flows of up to `size` items, or of what comes within `ms`. A window begins with its first item, so none is empty. Holds one item.
 *
 * One window is open at a time: asking for the next one ends it, and so does leaving it. What it has not given goes to the next one.
 */
export function window<In>({
  size = Infinity,
  ms = Infinity,
  clock = systemClock,
}: WindowOptions): Operator<In, Flow<In>> {
  checkCount('size', size, { unbounded: true })
  checkMs('ms', ms, { unbounded: true })
  if (size === Infinity && ms === Infinity)
    throw new InvalidOption('size', size, 'given, or ms, or a window would never end')
  return (source) => flow(() => new WindowStage(source, size, ms, clock))
}

class WindowStage<In> extends Stage<Flow<In>> {
  readonly #upstream: Upstream<In>
  readonly #size: number
  readonly #ms: number
  readonly #clock: Clock
  #held: In | None = none
  #open: OpenWindow<In> | undefined
  #cancelTimer: (() => void) | undefined

  constructor(source: Source<In>, size: number, ms: number, clock: Clock) {
    super()
    this.#size = size
    this.#ms = ms
    this.#clock = clock
    this.#upstream = this.open(source, {
      item: (item) => {
        this.#held = item
        this.#advance()
      },
      error: (error) => {
        this.#open?.failWith(error)
        this.fail(error)
      },
    })
  }

  protected override onDemand(): void {
    this.#endWindow()
    this.#advance()
  }

  protected override onOver(): void {
    this.#endWindow()
  }

  /** Gives the held item to the window that wants it, or a window to the consumer who wants one. */
  #advance(): void {
    if (this.isOver) return
    const open = this.#open
    if (open !== undefined && open.isAsking) {
      if (this.#held !== none) {
        const item = this.#held
        this.#held = none
        open.give(item)
        if (open.count === this.#size) this.#endWindow()
      }
    } else if (open === undefined && this.isWanted && this.#held !== none) {
      this.#emitWindow()
    }
    const isAskedFor = this.#open === undefined ? this.isWanted : this.#open.isAsking
    if (isAskedFor && this.#held === none) this.#upstream.pull()
  }

  #emitWindow(): void {
    const end = (): void => {
      this.#endWindow()
      this.#advance()
    }
    const open = new OpenWindow<In>(
      () => this.#advance(),
      () => {
        if (this.#open === open) end()
      },
    )
    this.#open = open
    if (this.#ms !== Infinity) this.#cancelTimer = this.#clock.schedule(this.#ms, this.guard(end))
    this.emit(open)
  }

  #endWindow(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const open = this.#open
    this.#open = undefined
    open?.finish()
  }
}

class OpenWindow<In> extends Stage<In> {
  count = 0
  readonly #onAsked: () => void
  readonly #onLeft: () => void

  constructor(onAsked: () => void, onLeft: () => void) {
    super()
    this.#onAsked = onAsked
    this.#onLeft = onLeft
  }

  get isAsking(): boolean {
    return this.isWanted
  }

  give(item: In): void {
    this.count++
    this.emit(item)
  }

  finish(): void {
    this.end()
  }

  failWith(error: unknown): void {
    this.fail(error)
  }

  protected override onDemand(): void {
    this.#onAsked()
  }

  protected override onOver(): void {
    this.#onLeft()
  }
}
