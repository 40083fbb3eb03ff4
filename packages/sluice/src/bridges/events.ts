/** Events to flows and back. Whoever fires an event cannot wait, so what happens when the consumer is slower has to be named. */

import { channel } from '../channel/channel.ts'
import type { OnFull } from '../channel/types.ts'
import { ChannelFull, InvalidOption } from '../errors.ts'
import { checkChoice, checkCount } from '../options.ts'
import { EachStage } from '../flow/each.ts'
import { flow } from '../flow/stage.ts'
import type { Flow, Source } from '../flow/types.ts'

/** Node's EventEmitter, and what looks like one. */
export type Emitter = {
  on(type: string, listener: (...args: unknown[]) => void): unknown
  off(type: string, listener: (...args: unknown[]) => void): unknown
}

export type EventOptions = {
  /** The most events held. */
  capacity: number
  /** What happens to an event that comes when so many are held. There is no `wait`: an event does not. */
  onFull: Exclude<OnFull, 'wait'>
  /** Events of these types end the flow. Default: none. */
  endOn?: readonly string[]
  /** Events of these types fail it, with the `error` of the event, or the emitter's argument. Default: `error`. */
  failOn?: readonly string[]
}

/**
 * The events of one type, from the moment the flow is iterated; listeners are removed with its end, whichever it is. From an EventEmitter the first
 * argument is the item. With `onFull: 'fail'`, what is held is given, then `ChannelFull`.
 */
export function fromEvent<T extends Event = Event>(target: EventTarget, type: string, options: EventOptions): Flow<T>
export function fromEvent<T = unknown>(target: Emitter, type: string, options: EventOptions): Flow<T>
export function fromEvent<T>(target: EventTarget | Emitter, type: string, options: EventOptions): Flow<T> {
  const { capacity, onFull } = options
  checkChoice('onFull', onFull, ['drop-newest', 'drop-oldest', 'latest', 'fail'])
  checkCount('capacity', capacity)
  return flow(
    () => new EachStage<T, T>({ [Symbol.asyncIterator]: () => listen<T>(target, type, options) }, (item) => item),
  )
}

function listen<T>(target: EventTarget | Emitter, type: string, options: EventOptions): AsyncIterator<T> {
  const { capacity, onFull, endOn = [], failOn = ['error'] } = options
  const events = channel<T>({ capacity, onFull })
  const loop = events.values({ cancel: true })
  const listeners: [string, (first: unknown) => void][] = []
  const over = (error?: unknown): void => {
    for (const [one, listener] of listeners.splice(0)) remove(target, one, listener)
    events.close(error)
  }
  const on = (one: string, listener: (first: unknown) => void): void => {
    listeners.push([one, listener])
    add(target, one, listener)
  }
  on(type, (item) => {
    // An emitter may call a listener once more after it was removed.
    if (events.isClosed) return
    if (!events.trySend(item as T) && onFull === 'fail') over(new ChannelFull(capacity))
  })
  for (const one of endOn) on(one, () => over())
  for (const one of failOn) if (one !== type) on(one, (event) => over(errorOf(event)))
  return {
    next: () => loop.next(),
    return() {
      over()
      return loop.return!()
    },
  }
}

/** Fires each item as an event: `detail` of a CustomEvent, or the emitter's argument. Listeners run before the next item is asked for. */
export function emitTo<T>(target: EventTarget | { emit(type: string, item: T): unknown }, type: string) {
  const emit =
    'emit' in target
      ? (item: T): unknown => target.emit(type, item)
      : (item: T): unknown => target.dispatchEvent(new CustomEvent(type, { detail: item }))
  return async (source: Source<T>): Promise<void> => {
    for await (const item of source) emit(item)
  }
}

function add(target: EventTarget | Emitter, type: string, listener: (first: unknown) => void): void {
  if ('addEventListener' in target) target.addEventListener(type, listener)
  else if (typeof Object(target).on === 'function') target.on(type, listener)
  else throw new InvalidOption('target', target, 'an EventTarget or an EventEmitter')
}

function remove(target: EventTarget | Emitter, type: string, listener: (first: unknown) => void): void {
  if ('addEventListener' in target) target.removeEventListener(type, listener)
  else target.off(type, listener)
}

/** The error that an event carries: an emitter gives the error itself. */
function errorOf(event: unknown): unknown {
  if (typeof event !== 'object' || event === null || event instanceof Error) return event ?? new Error('an error event')
  return 'error' in event ? event.error : new Error('an error event', { cause: event })
}
