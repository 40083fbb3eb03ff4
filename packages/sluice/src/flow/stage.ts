/** The output of an operator: how it is asked for, delivered and ended. An operator adds only what it does with the items. */

import { asyncDispose } from '../disposal.ts'
import type { Flow, Source } from './types.ts'
import { type Inlet, isPromise, tamed, Upstream } from './upstream.ts'

/** A flow that runs a new stage for each iteration. */
export const flow = <Out>(start: () => Stage<Out>): Flow<Out> => ({ [Symbol.asyncIterator]: start })

/** A call of `next()` that has no answer yet. */
type Next<Out> = {
  resolve(result: IteratorResult<Out, undefined>): void
  reject(error: unknown): void
  after: Next<Out> | undefined
}

/**
 * One iteration of an operator. What it promises for all of them:
 * - nothing is pulled before `next()`: a source is opened with the iteration, and asked only from `onDemand` on;
 * - `next()` may be called again before it has answered; answers come in the order of the calls;
 * - however it ends (the consumer leaves, a handler throws, a source fails, it ends by itself), each source that has not ended is told
 *   by `return()`: once, at once, even in the middle of a `next()`;
 * - `return()` resolves when the sources have cleaned up. So do the end and a failure, but they do not wait for a source in the middle
 *   of a `next()`: it has been told, and what it waits for may never come;
 * - an error is given to one `next()`; after it comes the end.
 */
export abstract class Stage<Out> implements AsyncIterableIterator<Out, undefined> {
  #first: Next<Out> | undefined
  #last: Next<Out> | undefined
  readonly #sources = new Set<Pick<Upstream<unknown>, 'isPulling' | 'close'>>()
  /** The end has been decided. */
  #isOver = false
  /** The sources have cleaned up, so that the end may be told. */
  #isClean = false
  #cleanUp: Promise<void> | undefined
  #failure: { error: unknown } | undefined
  #controller: AbortController | undefined

  /** There is a `next()` without an answer. */
  protected get isWanted(): boolean {
    return this.#first !== undefined
  }

  protected get isOver(): boolean {
    return this.#isOver
  }

  /** Fires when the end is decided; for handlers. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isOver) this.#controller.abort()
    return this.#controller.signal
  }

  /** Called for each `next()`: give what is ready, or pull. */
  protected abstract onDemand(): void

  /** Called once, when the end is decided: let go of timers and of what is held. May give a clean-up to wait for. */
  protected onOver(): void | Promise<unknown> {}

  /** Opens a source. Its end and its error end the stage, unless the inlet says otherwise. */
  protected open<In>(source: Source<In>, inlet: Pick<Inlet<In>, 'item'> & Partial<Inlet<In>>): Upstream<In> {
    const upstream: Upstream<In> = new Upstream(source, {
      item: inlet.item,
      end: () => {
        this.#sources.delete(upstream)
        if (inlet.end === undefined) this.end()
        else inlet.end()
      },
      error: (error) => {
        this.#sources.delete(upstream)
        if (inlet.error === undefined) this.fail(error)
        else inlet.error(error)
      },
      thrown: (error) => this.fail(error),
    })
    this.#sources.add(upstream)
    return upstream
  }

  /** Goes on with what a handler returned, now or when it comes. What a handler throws or rejects with ends the stage. */
  protected proceed<R>(result: R | PromiseLike<R>, then: (result: R) => void): void {
    if (!isPromise(result)) return then(result as R)
    tamed(result as PromiseLike<R>).then(
      (value) => {
        if (this.#isOver) return
        try {
          then(value)
        } catch (error) {
          this.fail(error)
        }
      },
      (error) => this.fail(error),
    )
  }

  /** Runs what a timer calls: what it throws ends the stage. */
  protected guard(run: () => void): () => void {
    return () => {
      if (this.#isOver) return
      try {
        run()
      } catch (error) {
        this.fail(error)
      }
    }
  }

  /** Answers the oldest `next()`; only when `isWanted`. */
  protected emit(value: Out): void {
    if (!this.#isOver) this.#shift()?.resolve({ value, done: false })
  }

  /** No more items. */
  protected end(): void {
    this.#finish()
  }

  /** No more items, because of `error`. */
  protected fail(error: unknown): void {
    if (this.#isOver) return
    this.#failure = { error }
    this.#finish()
  }

  next(): Promise<IteratorResult<Out, undefined>> {
    return new Promise((resolve, reject) => {
      const next: Next<Out> = { resolve, reject, after: undefined }
      if (this.#last === undefined) this.#first = next
      else this.#last.after = next
      this.#last = next
      if (this.#isOver) return this.#deliver()
      try {
        this.onDemand()
      } catch (error) {
        this.fail(error)
      }
    })
  }

  async return(): Promise<IteratorResult<Out, undefined>> {
    if (!this.#isOver) this.#cleanUp = this.#close(true)
    this.#isClean = true
    this.#failure = undefined
    this.#deliver()
    await this.#cleanUp
    return { value: undefined, done: true }
  }

  async throw(error: unknown): Promise<IteratorResult<Out, undefined>> {
    await this.return()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [asyncDispose](): Promise<void> {
    await this.return()
  }

  #finish(): void {
    if (this.#isOver) return
    const cleanUp = this.#close(false)
    const deliver = (): void => {
      this.#isClean = true
      this.#deliver()
    }
    if (cleanUp === undefined) return deliver()
    this.#cleanUp = cleanUp.catch((error: unknown) => void (this.#failure ??= { error })).then(deliver)
  }

  /** Tells every source, and gives the clean-up to wait for, if there is one. */
  #close(waitForPulls: boolean): Promise<void> | undefined {
    this.#isOver = true
    this.#controller?.abort()
    const own = this.onOver()
    const cleanUps: Promise<unknown>[] = own === undefined ? [] : [own]
    for (const source of this.#sources) {
      const isWaitedFor = waitForPulls || !source.isPulling
      const cleanUp = source.close()
      if (isWaitedFor && cleanUp !== undefined) cleanUps.push(cleanUp)
      else cleanUp?.catch(() => {})
    }
    this.#sources.clear()
    if (cleanUps.length === 0) return undefined
    return Promise.allSettled(cleanUps).then((results) => {
      for (const result of results) if (result.status === 'rejected') throw result.reason
    })
  }

  /** Tells those who wait, and those who still ask, that it is over: the error to the first, the end to the others. */
  #deliver(): void {
    if (!this.#isClean) return
    for (let next = this.#shift(); next !== undefined; next = this.#shift()) {
      const failure = this.#failure
      this.#failure = undefined
      if (failure === undefined) next.resolve({ value: undefined, done: true })
      else next.reject(failure.error)
    }
  }

  #shift(): Next<Out> | undefined {
    const next = this.#first
    this.#first = next?.after
    if (this.#first === undefined) this.#last = undefined
    return next
  }
}
