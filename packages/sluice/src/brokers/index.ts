/** What every adapter shows besides its own. */

export type { Consumed, ConsumeObserver, ConsumeOptions, Handler } from './consume.ts'
export { BrokerRefused } from './link.ts'
export { type Message, type Outgoing, textOf } from './message.ts'
export type { Publisher, PublisherOptions, PublisherStats, PublishOptions } from './publish.ts'
export type { ReconnectOptions } from './reconnect.ts'
