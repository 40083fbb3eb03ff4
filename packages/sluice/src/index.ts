/** Sluice: backpressure for TypeScript. */

export { type Clock, type Random, systemClock, systemRandom } from './clock.ts'
export { channel } from './channel/channel.ts'
export {
  type BulkOptions,
  type Channel,
  type ChannelOptions,
  type ChannelStats,
  none,
  type None,
  type OnFull,
  type Receiver,
  type Sender,
  type ValuesOptions,
  type WaitOptions,
} from './channel/types.ts'
export { ChannelClosed, ChannelFull, InvalidOption, type OverloadCause, Overloaded, TimedOut } from './errors.ts'
