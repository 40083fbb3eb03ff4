/** Sluice at the front door of an HTTP server. */

export { type Admission, admission } from './admission.ts'
export type { AdmissionOptions, PriorityOptions, RequestHead } from './door.ts'
export { BodyTooLarge, BodyTooSlow, ClientGone, ReaderStalled } from './errors.ts'
export { type IdempotencyKeysOptions, idempotencyKeys, type StoredAnswer } from './idempotency-keys.ts'
export type { Admitted, NodeHandler } from './node-listener.ts'
export { type Quota, type QuotaItem, type QuotaOptions, quota, type Standing } from './quota.ts'
export type { RetryAfterOptions } from './retry-after.ts'
export type { ClientSender, OnSlow, SlowClientOptions } from './slow-client.ts'
export { eventResponse, eventSender, type ServerSentEvent, writeEvent } from './sse.ts'
export { type ListenerOptions, toListener } from './to-listener.ts'
export { contextOf, type WebHandler } from './web-handler.ts'
export { type WebSocketLike, type WebSocketSenderOptions, webSocketSender } from './websocket.ts'
