/** Ends of a pipe: what asks a flow for items until it ends. */

import type { Sender, WaitOptions } from '../channel/types.ts'
import { checkFunction } from '../options.ts'
import { abortOn } from './guard.ts'
import type { Source } from './types.ts'

/** Waits for `handle` with each item before it asks for the next. Resolves at the end of the flow. */
export function forEach<In>(
  handle: (item: In, index: number) => unknown,
  options?: WaitOptions,
): (source: Source<In>) => Promise<void> {
  checkFunction('handle', handle)
  return async (source) => {
    let index = 0
    for await (const item of withSignal(source, options)) {
      const handled = handle(item, index++)
      if (handled instanceof Promise) await handled
    }
  }
}

/** All items in an array. The one place where a flow is collected whole: `take` first where it may be long. */
export function collect<In>(options?: WaitOptions): (source: Source<In>) => Promise<In[]> {
  return async (source) => {
    const items: In[] = []
    for await (const item of withSignal(source, options)) items.push(item)
    return items
  }
}

/**
 * Sends all items to a channel, at its pace, and closes it at the end, with the error if the flow failed (which it also rejects with). When
 * the channel is closed or cancelled by others, the flow is left and it rejects with `ChannelClosed`.
 */
export function sendTo<In>(channel: Sender<In>, options?: WaitOptions): (source: Source<In>) => Promise<void> {
  return async (source) => {
    try {
      for await (const item of withSignal(source, options)) {
        const wait = channel.send(item, options)
        if (wait !== undefined) await wait
      }
    } catch (error) {
      channel.close(error)
      throw error
    }
    channel.close()
  }
}

const withSignal = <In>(source: Source<In>, options: WaitOptions | undefined): Source<In> =>
  options?.signal === undefined ? source : abortOn<In>(options.signal)(source)
