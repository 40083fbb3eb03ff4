/** A message of any broker: what a handler gets, and what is published. */

/** What a handler gets. */
export type Message = {
  /** Stays the same however often it is delivered, and however often its sender had to send it: what an idempotency store goes by. */
  readonly id: string
  /** What its sender said it is about, if anything. */
  readonly key: string | undefined
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  /** Which delivery this is, from 1. */
  readonly delivery: number
}

/** What is published. */
export type Outgoing = {
  /** Default: a random UUID. Give one if the sender may send it again after a restart. */
  id?: string | undefined
  key?: string | undefined
  /** Text is sent as UTF-8. */
  body: Uint8Array | string
  headers?: Readonly<Record<string, string>> | undefined
}

/** What an adapter is given to send: nothing is left out. */
export type Prepared = {
  readonly id: string
  readonly key: string | undefined
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

/** Where brokers without a field of their own carry id and key, and what a dead letter says about itself. */
export const idHeader = 'sluice-id'
export const keyHeader = 'sluice-key'
export const reasonHeader = 'sluice-reason'
export const deliveriesHeader = 'sluice-deliveries'

/** The body as text (UTF-8). */
export function textOf(message: { readonly body: Uint8Array }): string {
  return new TextDecoder().decode(message.body)
}

/** Headers without those that are Sluice's own. */
export function ownHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { [idHeader]: _id, [keyHeader]: _key, ...rest } = headers
  return rest
}

/** What a message becomes in the dead letter. */
export function deadLetterOf({ id, key, body, headers, delivery }: Message, error: unknown): Prepared {
  const reason = String(error instanceof Error ? error.message : error).slice(0, 500)
  return {
    id,
    key,
    body,
    // A header is one line.
    headers: {
      ...headers,
      [reasonHeader]: reason.replaceAll(/[^\x20-\x7e]+/g, ' '),
      [deliveriesHeader]: String(delivery),
    },
  }
}
