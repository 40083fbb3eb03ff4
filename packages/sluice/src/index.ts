/** Sluice: backpressure for TypeScript. */

export { type Clock, type Random, systemClock, systemRandom } from './clock.ts'
export { ChannelClosed, ChannelFull, InvalidOption, type OverloadCause, Overloaded, TimedOut } from './errors.ts'
