/** Node streams to flows and back: demand, errors and early ends are carried across in both directions. */

import { Duplex, finished, Readable, Writable } from 'node:stream'
import { channel } from '../channel/channel.ts'
import { ChannelClosed } from '../errors.ts'
import type { Sender, WaitOptions } from '../channel/types.ts'
import { abortOn } from '../flow/guard.ts'
import { flow, Stage } from '../flow/stage.ts'
import type { Flow, Operator, Source } from '../flow/types.ts'
import { Upstream } from '../flow/upstream.ts'

export type StreamOptions = {
  /** Default true: any values. False: bytes and strings. */
  objectMode?: boolean
  /** What the stream itself may hold, in items, or in bytes without `objectMode`. Default 1 item. */
  highWaterMark?: number
}

/**
 * The chunks of a Readable, which reads ahead only as far as its own `highWaterMark`. Leaving the flow destroys the stream, even while it
 * waits for a chunk. A stream that closes before its end is an error, as in `pipeline`.
 */
export function fromReadable<T>(readable: Readable): Flow<T> {
  return flow(() => new ReadableStage<T>(readable))
}

class ReadableStage<T> extends Stage<T> {
  readonly #readable: Readable
  readonly #stopWatching: () => void
  #hasBegun = false
  #hasEnded = false

  constructor(readable: Readable) {
    super()
    this.#readable = readable
    this.#stopWatching = finished(readable, { writable: false }, (error) => {
      this.#hasEnded = true
      if (error) this.fail(error)
      else this.end()
    })
  }

  protected override onDemand(): void {
    if (!this.#hasBegun) {
      // Listening makes the stream read, so it waits for the first demand.
      this.#hasBegun = true
      this.#readable.on('readable', this.#advance)
    }
    this.#advance()
  }

  protected override onOver(): Promise<unknown> | undefined {
    this.#readable.off('readable', this.#advance)
    if (this.#hasEnded) return undefined
    this.#stopWatching()
    return destroyed(this.#readable)
  }

  readonly #advance = (): void => {
    while (this.isWanted) {
      const chunk: T | null = this.#readable.read()
      if (chunk === null) return
      this.emit(chunk)
    }
  }
}

/** A Readable that asks the source when it is read. Destroying it leaves the source; a failure of the source destroys it. */
export function toReadable<T>(
  source: Source<T>,
  { objectMode = true, highWaterMark = 1 }: StreamOptions = {},
): Readable {
  const upstream = new Upstream(source, {
    item: (item) => {
      if (item === null) throw new TypeError('A Readable cannot carry null: to it, null is the end')
      readable.push(item)
    },
    end: () => readable.push(null),
    error: (error) => readable.destroy(asError(error)),
    thrown: (error) => readable.destroy(asError(error)),
  })
  const readable = new Readable({
    objectMode,
    highWaterMark,
    read: () => upstream.pull(),
    destroy(error, done) {
      const isWaitedFor = !upstream.isPulling
      const cleanUp = upstream.close()
      if (isWaitedFor && cleanUp !== undefined) {
        cleanUp.then(
          () => done(error),
          (failure) => done(error ?? failure),
        )
      } else {
        cleanUp?.catch(() => {})
        done(error)
      }
    },
  })
  return readable
}

/**
 * A Writable that sends what is written to a channel: its callback waits for room, so that `write` and `pipe` slow down. Ending it closes the
 * channel, destroying it closes the channel with the error. A cancelled channel destroys it with `ChannelClosed` at the next write.
 */
export function toWritable<T>(
  sender: Sender<T>,
  { objectMode = true, highWaterMark = 1 }: StreamOptions = {},
): Writable {
  const gone = new AbortController()
  return new Writable({
    objectMode,
    highWaterMark,
    decodeStrings: false,
    write(chunk: T, _encoding, done) {
      const wait = sender.send(chunk, { signal: gone.signal })
      if (wait === undefined) done()
      else
        wait.then(
          () => done(),
          (error) => done(asError(error)),
        )
    },
    final(done) {
      sender.close()
      done()
    },
    destroy(error, done) {
      gone.abort()
      // After `final` this does nothing.
      sender.close(error ?? new Error('The Writable was destroyed before it ended'))
      done(error)
    },
  })
}

export type WriteOptions = WaitOptions & {
  /** End the stream after the last item. Default true; false also leaves it alone when the source fails. */
  end?: boolean
}

/**
 * Writes a flow to a Writable, at its pace, and resolves when it has finished. A failure of the flow destroys the stream; a failure or an early
 * close of the stream leaves the flow and rejects.
 */
export function writeTo<T>(
  writable: Writable,
  { end = true, signal }: WriteOptions = {},
): (source: Source<T>) => Promise<void> {
  return async (source) => {
    const gone = new AbortController()
    const stopWatching = finished(writable, { readable: false }, (error) =>
      gone.abort(error ?? new Error('The Writable was ended by somebody else')),
    )
    const either = signal === undefined ? gone.signal : AbortSignal.any([signal, gone.signal])
    try {
      for await (const item of abortOn<T>(either)(source)) {
        if (!writable.write(item)) await drained(writable, either)
      }
      stopWatching()
      if (end) await ended(writable)
    } catch (error) {
      stopWatching()
      if (end && !writable.destroyed) {
        // Its failure is ours, and is thrown below.
        writable.on('error', () => {})
        writable.destroy(asError(error))
      }
      throw error
    }
  }
}

/**
 * A Duplex as an operator: what `make` gives (a gzip, a cipher, a parser) is fed by the source and read by the consumer. Made anew for each
 * iteration, with the first demand. The stream reads ahead, so a source that is left is told, and not waited for while it answers.
 */
export function throughDuplex<In, Out>(make: () => Duplex): Operator<In, Out> {
  return (source) => flow(() => new DuplexStage<In, Out>(source, make))
}

class DuplexStage<In, Out> extends Stage<Out> {
  readonly #source: Source<In>
  readonly #make: () => Duplex
  #reading: Upstream<Out> | undefined
  #writing: Promise<unknown> | undefined

  constructor(source: Source<In>, make: () => Duplex) {
    super()
    this.#source = source
    this.#make = make
  }

  protected override onDemand(): void {
    this.#reading ??= this.#start()
    this.#reading.pull()
  }

  /** The source is left by the writing, once the stream is destroyed. */
  protected override onOver(): Promise<unknown> | undefined {
    return this.#writing
  }

  #start(): Upstream<Out> {
    const duplex = this.#make()
    // A failure of the source destroys the stream, and so reaches the reader.
    this.#writing = writeTo<In>(duplex)(this.#source).catch(() => {})
    const reading = this.open(fromReadable<Out>(duplex), {
      item: (item) => {
        this.emit(item)
        if (this.isWanted) reading.pull()
      },
    })
    return reading
  }
}

/**
 * An operator as a Duplex, to stand in a `pipeline`: what is written goes through it and is read.
 * Holds what its two sides hold. An error of the operator destroys it with that error. When the
 * operator ends early, the next write fails with `ChannelClosed`, as on a closed pipe, once what it
 * gave was read.
 */
export function toDuplex<In, Out>(operator: Operator<In, Out>, options: StreamOptions = {}): Duplex {
  const between = channel<In>({ capacity: 0 })
  const readable = toReadable(operator(between.values({ cancel: true })), options)
  const sender: Pick<Sender<In>, 'send' | 'close'> = {
    close: (error) => between.close(error),
    send(item, wait) {
      const sent = between.send(item, wait)
      // The operator wants no more. If that is because it failed, the reader is told why, and the
      // writer fails with the same.
      return sent?.catch(async (error: unknown) => {
        throw error instanceof ChannelClosed ? ((await failureOf(readable)) ?? error) : error
      })
    },
  }
  // The types know no pair of Node streams, the documentation does.
  return Duplex.from({ writable: toWritable(sender as Sender<In>, options), readable } as never)
}

/** The error that a stream ends with; undefined for a good end. */
function failureOf(readable: Readable): Promise<Error | null | undefined> {
  return new Promise((resolve) => finished(readable, (error) => resolve(error)))
}

/** Resolves when the stream has room, rejects when the signal fires. */
function drained(writable: Writable, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      writable.off('drain', settle)
      signal.removeEventListener('abort', settle)
      if (signal.aborted) reject(signal.reason)
      else resolve()
    }
    if (signal.aborted) return settle()
    writable.on('drain', settle)
    signal.addEventListener('abort', settle)
  })
}

function ended(writable: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    finished(writable, { readable: false }, (error) => (error ? reject(error) : resolve()))
    writable.end()
  })
}

/** Destroys a stream and resolves when it is closed. */
function destroyed(readable: Readable): Promise<void> | undefined {
  if (readable.closed) return undefined
  const isClosed = new Promise<void>((resolve) => void readable.once('close', resolve))
  readable.on('error', () => {})
  readable.destroy()
  return isClosed
}

const asError = (reason: unknown): Error =>
  reason instanceof Error ? reason : new Error(String(reason), { cause: reason })
