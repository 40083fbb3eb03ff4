/** Web streams to flows and back: demand, errors and early ends are carried across in both directions. */

import { channel } from '../channel/channel.ts'
import type { Sender, WaitOptions } from '../channel/types.ts'
import { EachStage } from '../flow/each.ts'
import { abortOn } from '../flow/guard.ts'
import { flow, Stage } from '../flow/stage.ts'
import type { Flow, Operator, Source } from '../flow/types.ts'
import { Upstream } from '../flow/upstream.ts'

export type WebStreamOptions = {
  /** What the stream itself may hold. Default 0 for a ReadableStream: it asks when it is read; 1 for a WritableStream. */
  highWaterMark?: number
}

/**
 * The chunks of a ReadableStream. Leaving the flow cancels the stream, even while it waits for a chunk (the stream's own iterator waits for the
 * chunk first). The stream is locked while the flow is iterated.
 */
export function fromReadableStream<T>(stream: ReadableStream<T>): Flow<T> {
  return flow(() => new EachStage<T, T>({ [Symbol.asyncIterator]: () => read(stream) }, (chunk) => chunk))
}

function read<T>(stream: ReadableStream<T>): AsyncIterator<T> {
  const reader = stream.getReader()
  return {
    async next() {
      const result = await reader.read()
      if (!result.done) return result
      reader.releaseLock()
      return { value: undefined, done: true }
    },
    async return() {
      await reader.cancel()
      reader.releaseLock()
      return { value: undefined, done: true }
    },
  }
}

/**
 * A ReadableStream that asks the source when it is read. Cancelling it leaves the source, which
 * gets the reason as the argument of `return`; a failure of the source errors it.
 */
export function toReadableStream<T>(
  source: Source<T>,
  { highWaterMark = 0 }: WebStreamOptions = {},
): ReadableStream<T> {
  let upstream: Upstream<T>
  let settle: () => void = () => {}
  return new ReadableStream<T>(
    {
      start(controller) {
        const fail = (error: unknown): void => {
          controller.error(error)
          settle()
        }
        upstream = new Upstream(source, {
          item: (item) => {
            controller.enqueue(item)
            settle()
          },
          end: () => {
            controller.close()
            settle()
          },
          error: fail,
          thrown: fail,
        })
      },
      pull: () =>
        new Promise<void>((resolve) => {
          settle = resolve
          upstream.pull()
        }),
      async cancel(reason: unknown) {
        await upstream.close(reason)
      },
    },
    { highWaterMark },
  )
}

/**
 * A WritableStream that sends what is written to a channel, and is ready when there is room. Closing it closes the channel, aborting it closes the
 * channel with the reason. A cancelled channel errors it with `ChannelClosed` at the next write.
 */
export function toWritableStream<T>(
  sender: Sender<T>,
  { highWaterMark = 1 }: WebStreamOptions = {},
): WritableStream<T> {
  return new WritableStream<T>(
    {
      async write(chunk, controller) {
        await sender.send(chunk, { signal: controller.signal })
      },
      close: () => sender.close(),
      abort: (reason: unknown) => sender.close(reason ?? new Error('The WritableStream was aborted')),
    },
    { highWaterMark },
  )
}

export type WriteStreamOptions = WaitOptions & {
  /** Leave the stream open at the end, and alone when the source fails. Default false. */
  preventClose?: boolean
}

/**
 * Writes a flow to a WritableStream, when it is ready, and resolves when it has closed. A failure of the flow aborts the stream; a failure of the
 * stream leaves the flow and rejects.
 */
export function writeToStream<T>(
  stream: WritableStream<T>,
  { preventClose = false, signal }: WriteStreamOptions = {},
): (source: Source<T>) => Promise<void> {
  return async (source) => {
    const writer = stream.getWriter()
    const gone = new AbortController()
    writer.closed.catch((error: unknown) => gone.abort(error))
    const either = signal === undefined ? gone.signal : AbortSignal.any([signal, gone.signal])
    try {
      for await (const item of abortOn<T>(either)(source)) {
        await untilAborted(writer.ready, either)
        // Its failure is the stream's, which `closed` tells.
        writer.write(item).catch(() => {})
      }
      if (!preventClose) await writer.close()
    } catch (error) {
      if (!preventClose) await writer.abort(error).catch(() => {})
      throw error
    } finally {
      writer.releaseLock()
    }
  }
}

/**
 * A TransformStream (or any pair of streams) as an operator. Made anew for each iteration, with the first demand.
 *
 * @example
 * pipe(lines, throughTransformStream(() => new TextEncoderStream()), throughTransformStream(() => new CompressionStream('gzip')))
 */
export function throughTransformStream<In, Out>(make: () => ReadableWritablePair<Out, In>): Operator<In, Out> {
  return (source) => flow(() => new TransformStage<In, Out>(source, make))
}

class TransformStage<In, Out> extends Stage<Out> {
  readonly #source: Source<In>
  readonly #make: () => ReadableWritablePair<Out, In>
  #reading: Upstream<Out> | undefined
  #writing: Promise<unknown> | undefined

  constructor(source: Source<In>, make: () => ReadableWritablePair<Out, In>) {
    super()
    this.#source = source
    this.#make = make
  }

  protected override onDemand(): void {
    this.#reading ??= this.#start()
    this.#reading.pull()
  }

  /** The source is left by the writing, once the readable side is cancelled. */
  protected override onOver(): Promise<unknown> | undefined {
    return this.#writing
  }

  #start(): Upstream<Out> {
    const { readable, writable } = this.#make()
    // A failure of the source aborts the writable side, and so reaches the reader.
    this.#writing = writeToStream<In>(writable)(this.#source).catch(() => {})
    const reading = this.open(fromReadableStream<Out>(readable), {
      item: (item) => {
        this.emit(item)
        if (this.isWanted) reading.pull()
      },
    })
    return reading
  }
}

/** An operator as a pair of streams, for `pipeThrough`. Holds what the writable side holds: one chunk. */
export function toTransformStream<In, Out>(
  operator: Operator<In, Out>,
): { readable: ReadableStream<Out>; writable: WritableStream<In> } {
  const between = channel<In>({ capacity: 0 })
  return { readable: toReadableStream(operator(between.values({ cancel: true }))), writable: toWritableStream(between) }
}

/** Waits for a promise, or for the signal, whichever comes first. */
async function untilAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort)
  })
  try {
    await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort!)
  }
}
