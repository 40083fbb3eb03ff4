/**
 * Security events in the log: what happened and to which pseudonymous client, at a bounded rate.
 */
import { type Client, pseudonym } from './client.ts'
import type { Log } from './log.ts'
import { rateLimit } from './rate-limit.ts'

export type SecurityEvent =
  | 'refused origin'
  | 'rate limited'
  | 'connection cap'
  | 'malformed request'
  | 'policy violation'
  | 'timed out request'

/** Logs one event. `fields` come from the request: cut them to a bounded length first. */
export type SecurityLog = (event: SecurityEvent, client: Client, fields?: Record<string, unknown>) => void

export type SecurityLogOptions = {
  log: Log
  clock: { now(): number }
  /**
   * Lines of one kind of event that are written at once; one more every `refillMs` milliseconds.
   */
  burst?: number
  refillMs?: number
}

/**
 * A flood writes at most `burst` lines per kind of event, then one per `refillMs`. `omitted` in the
 * next line counts what was left out. The client is a pseudonym: an HMAC with a key of this
 * process, never the address.
 */
export function securityLog({ log, clock, burst = 20, refillMs = 1000 }: SecurityLogOptions): SecurityLog {
  const limit = rateLimit({ capacity: burst, refillMs, clock })
  const omitted = new Map<SecurityEvent, number>()
  return (event, client, fields = {}) => {
    if (limit.take(event) > 0) {
      omitted.set(event, (omitted.get(event) ?? 0) + 1)
      return
    }
    const missing = omitted.get(event)
    omitted.delete(event)
    log('warn', event, { client: pseudonym(client), ...fields, ...(missing ? { omitted: missing } : {}) })
  }
}
