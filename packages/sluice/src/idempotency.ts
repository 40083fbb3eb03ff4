/** A key runs once: whoever comes with the same key gets the result of the first. */

import { type Clock, systemClock } from './clock.ts'
import { call, type Context, noContext, type Work } from './context.ts'
import { InvalidOption } from './errors.ts'
import { checkCount, checkFunction, checkMs } from './options.ts'

/** What a store knows of a key when somebody asks to begin. */
export type Begun =
  /** Nobody has it: it is the caller's, who has to `finish` or `abandon` it with the token. */
  | { state: 'begun'; token: string }
  /** Somebody runs it. */
  | { state: 'running'; fingerprint: string }
  | { state: 'done'; fingerprint: string; result: unknown }

/** How the run that somebody waited for has ended. */
export type Ended = { state: 'done'; result: unknown } | { state: 'failed'; error: unknown } | { state: 'lost' }

/**
 * Where keys are kept. `begin` has to be atomic: of any number of callers with one key, one gets `begun`. A store that outlives its callers
 * forgets what was begun after `leaseMs` (its runner has died), and keeps results for `ttlMs`.
 */
export type IdempotencyStore = {
  begin(key: string, fingerprint: string, times: { ttlMs: number; leaseMs: number }): Promise<Begun>
  finish(key: string, token: string, result: unknown): Promise<void>
  /** It failed: the key is free again. `error` is for those who wait in the same process. */
  abandon(key: string, token: string, error: unknown): Promise<void>
  /** Waits until the run has ended; `lost` when it cannot be told how (another process, its lease over): the caller begins anew. */
  ended(key: string, signal?: AbortSignal): Promise<Ended>
}

/** The key was used before for something else. */
export class IdempotencyConflict extends Error {
  declare readonly key: string

  constructor(key: string) {
    super(`The idempotency key '${key}' was used before with another payload`)
    this.key = key
  }

  override get name(): string {
    return 'IdempotencyConflict'
  }
}

export type IdempotencyOptions = {
  /** Default `memoryStore()`. */
  store?: IdempotencyStore
  /** How long results are remembered. Default a day. */
  ttlMs?: number
  /** After this long a run counts as dead, in stores that outlive their callers. Default a minute. */
  leaseMs?: number
}

export type Idempotency = {
  /**
   * Runs the work of a key once.
   *
   * - The first comes to run it; duplicates meanwhile wait, and later ones get its result without running.
   * - `fingerprint` says what is asked for (the payload, or a hash of it): the same key with another one is refused with `IdempotencyConflict`.
   * - If it fails, those who wait get its error, and the key is free: the next one runs it again.
   * - A duplicate whose signal is aborted stops waiting; the run goes on.
   */
  run<T>(key: string, fingerprint: string, work: Work<T>, context?: Context): Promise<T>
}

/** Exactly-once for the caller, at-least-once plus memory in fact: after Stripe's idempotency keys and draft-ietf-httpapi-idempotency-key-header. */
export function idempotency(options: IdempotencyOptions = {}): Idempotency {
  const ttlMs = checkMs('ttlMs', options.ttlMs ?? 86_400_000, { min: Number.MIN_VALUE, unbounded: true })
  const leaseMs = checkMs('leaseMs', options.leaseMs ?? 60_000, { min: Number.MIN_VALUE, unbounded: true })
  const store = options.store ?? memoryStore()
  checkFunction('store.begin', store.begin)
  return {
    async run<T>(key: string, fingerprint: string, work: Work<T>, context: Context = noContext): Promise<T> {
      if (typeof key !== 'string' || key === '') throw new InvalidOption('key', key, 'a string that is not empty')
      for (;;) {
        context.signal?.throwIfAborted()
        const begun = await store.begin(key, fingerprint, { ttlMs, leaseMs })
        if (begun.state === 'begun') return runFirst(store, key, begun.token, work, context)
        if (begun.fingerprint !== fingerprint) throw new IdempotencyConflict(key)
        const end = begun.state === 'done' ? begun : await store.ended(key, context.signal)
        if (end.state === 'done') return end.result as T
        if (end.state === 'failed') throw end.error
      }
    },
  }
}

async function runFirst<T>(
  store: IdempotencyStore,
  key: string,
  token: string,
  work: Work<T>,
  context: Context,
): Promise<T> {
  let result: T
  try {
    result = await call(work, { ...context, idempotent: true })
  } catch (error) {
    // The work's own error is what the caller has to see, whatever becomes of the store.
    await store.abandon(key, token, error).catch(() => {})
    throw error
  }
  await store.finish(key, token, result)
  return result
}

type Running = { fingerprint: string; token: string; ttlMs: number; waiting: Set<(end: Ended) => void> }
type Done = { fingerprint: string; result: unknown; forgetAt: number }

/** Keeps keys in this process: for one process, or for tests. Beyond `maxKeys` the oldest result is forgotten; what runs never is. */
export function memoryStore(options: { maxKeys?: number; clock?: Clock } = {}): IdempotencyStore {
  const maxKeys = checkCount('maxKeys', options.maxKeys ?? 100_000)
  const { clock = systemClock } = options
  /** What runs, and what is done, the oldest first. */
  const running = new Map<string, Running>()
  const done = new Map<string, Done>()
  let tokens = 0

  const isFresh = (entry: Done): boolean => clock.now() < entry.forgetAt
  const trim = (): void => {
    for (const [key, entry] of done) {
      if (done.size <= maxKeys && isFresh(entry)) return
      done.delete(key)
    }
  }
  const end = (key: string, token: string, how: Ended): Running | undefined => {
    const entry = running.get(key)
    if (entry?.token !== token) return undefined
    running.delete(key)
    entry.waiting.forEach((tell) => tell(how))
    return entry
  }

  return {
    async begin(key, fingerprint, { ttlMs }) {
      const runs = running.get(key)
      if (runs !== undefined) return { state: 'running', fingerprint: runs.fingerprint }
      const was = done.get(key)
      if (was !== undefined && isFresh(was)) return { state: 'done', fingerprint: was.fingerprint, result: was.result }
      const token = `${++tokens}`
      running.set(key, { fingerprint, token, ttlMs, waiting: new Set() })
      return { state: 'begun', token }
    },
    async finish(key, token, result) {
      const entry = end(key, token, { state: 'done', result })
      if (entry === undefined) return
      done.delete(key)
      done.set(key, { fingerprint: entry.fingerprint, result, forgetAt: clock.now() + entry.ttlMs })
      trim()
    },
    async abandon(key, token, error) {
      end(key, token, { state: 'failed', error })
    },
    ended(key, signal) {
      const entry = running.get(key)
      if (entry === undefined) {
        const was = done.get(key)
        return Promise.resolve(was === undefined ? { state: 'lost' } : { state: 'done', result: was.result })
      }
      return new Promise((resolve, reject) => {
        const { waiting } = entry
        const tell = (how: Ended): void => {
          signal?.removeEventListener('abort', onAbort)
          resolve(how)
        }
        const onAbort = (): void => {
          waiting.delete(tell)
          reject(signal!.reason as Error)
        }
        waiting.add(tell)
        signal?.addEventListener('abort', onAbort, { once: true })
      })
    },
  }
}
