/** Idempotency keys on Redis: processes that share the server run a key once between them. */

import { type Clock, systemClock } from '../clock.ts'
import { InvalidOption } from '../errors.ts'
import type { Begun, Ended, IdempotencyStore } from '../idempotency.ts'
import { checkFunction, checkMs } from '../options.ts'
import type { RedisConnection } from './index.ts'

export type RedisStoreOptions = {
  /** Stands before each key. Default `sluice:idempotency:`. */
  prefix?: string
  /**
   * How soon one that waits for a run of another process asks whether it has ended. The longer it has waited, the less often it asks: after a
   * quarter of that time, and at least once a second. Default 20.
   */
  pollMs?: number
  clock?: Clock
}

/** The least often that one who waits asks. */
const slowestPollMs = 1000

/** A hash for each key: its fingerprint and ttl, and either the token of its run or the result. */
const beginScript = `
local was = redis.call('HMGET', KEYS[1], 'fingerprint', 'result')
if was[1] then return was end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'token', ARGV[2], 'ttl', ARGV[3])
if ARGV[4] ~= '' then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return false`

const finishScript = `
local was = redis.call('HMGET', KEYS[1], 'token', 'ttl')
if was[1] ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'token')
redis.call('HSET', KEYS[1], 'result', ARGV[2])
if was[2] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], was[2]) end
return 1`

const abandonScript = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`

/**
 * A store for `idempotency`, `consume` and `idempotencyKeys`, on a connected client of the package `redis`, which stays the caller's.
 *
 * - A run whose process has died frees its key after `leaseMs`. A run that takes longer than that has lost its key: another may begin beside
 *   it, and what the first comes to is not kept. So let `leaseMs` be longer than the work's deadline.
 * - Results are kept as JSON: whoever comes later gets `JSON.parse(JSON.stringify(result))`. What JSON cannot hold is a `TypeError`, and the key is free.
 * - Who waits gets the result from any process; the error of a run that failed only in the same process. In another one it runs anew.
 * - Redis has to keep the keys: `maxmemory-policy noeviction`. A replica that takes over before it has a key does not know of it.
 */
export function redisStore(
  client: Pick<RedisConnection, 'sendCommand'>,
  options: RedisStoreOptions = {},
): IdempotencyStore {
  checkFunction('client.sendCommand', client?.sendCommand)
  const { prefix = 'sluice:idempotency:', clock = systemClock } = options
  if (typeof prefix !== 'string') throw new InvalidOption('prefix', prefix, 'a string')
  const pollMs = checkMs('pollMs', options.pollMs ?? 20, { min: 1 })
  /** The keys whose run somebody here waits for. */
  const watches = new Map<string, Watch>()
  /** The keys whose run is just being ended from here: how is known when Redis has answered. */
  const ending = new Map<string, number>()

  const run = (script: string, key: string, ...args: string[]): Promise<unknown> =>
    client.sendCommand(['EVAL', script, '1', prefix + key, ...args])

  const end = async (key: string, how: Ended, script: string, ...args: string[]): Promise<void> => {
    ending.set(key, (ending.get(key) ?? 0) + 1)
    try {
      const isOurs = Number(await run(script, key, ...args)) === 1
      if (isOurs) watches.get(key)?.tell(how)
    } finally {
      const left = ending.get(key)! - 1
      if (left === 0) ending.delete(key)
      else ending.set(key, left)
    }
  }

  /** How a run has ended; nothing while it runs, or while it is just being ended from here. */
  const look = async (key: string): Promise<Ended | undefined> => {
    const [token, result] = (await client.sendCommand(['HMGET', prefix + key, 'token', 'result'])) as unknown[]
    if (isThere(result)) return { state: 'done', result: fromJson(result) }
    return isThere(token) || ending.has(key) ? undefined : { state: 'lost' }
  }

  return {
    async begin(key, fingerprint, { ttlMs, leaseMs }): Promise<Begun> {
      const token = crypto.randomUUID()
      const was = await run(beginScript, key, toJson(fingerprint), token, expiry(ttlMs), expiry(leaseMs))
      if (!isThere(was)) return { state: 'begun', token }
      const [asked, result] = was as unknown[]
      const begun = { fingerprint: fromJson(asked) as string }
      return isThere(result) ? { state: 'done', ...begun, result: fromJson(result) } : { state: 'running', ...begun }
    },
    async finish(key, token, result) {
      let kept: string
      try {
        kept = toJson(result)
      } catch (cause) {
        const error = new TypeError(`The result of the key '${key}' has to be JSON: ${String(cause)}`, { cause })
        await end(key, { state: 'failed', error }, abandonScript, token)
        throw error
      }
      await end(key, { state: 'done', result }, finishScript, token, kept)
    },
    abandon: (key, token, error) => end(key, { state: 'failed', error }, abandonScript, token),
    ended(key, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason as Error)
      let watch = watches.get(key)
      if (watch === undefined) {
        watch = new Watch(
          () => look(key),
          () => watches.delete(key),
          pollMs,
          clock,
        )
        watches.set(key, watch)
      }
      return watch.wait(signal)
    },
  }
}

/** All that wait for one key here: they ask as one, and none asks any more when none waits. */
class Watch {
  readonly #waiting = new Map<(how: Ended) => void, (error: unknown) => void>()
  readonly #look: () => Promise<Ended | undefined>
  readonly #onOver: () => void
  readonly #clock: Clock
  #cancel: () => void = () => {}
  #isOver = false

  constructor(look: () => Promise<Ended | undefined>, onOver: () => void, pollMs: number, clock: Clock) {
    this.#look = look
    this.#onOver = onOver
    this.#clock = clock
    void this.#ask(clock.now(), pollMs)
  }

  wait(signal: AbortSignal | undefined): Promise<Ended> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.#waiting.delete(tell)
        signal?.removeEventListener('abort', onAbort)
        act()
      }
      const tell = (how: Ended): void => settle(() => resolve(how))
      const onAbort = (): void => {
        settle(() => reject(signal!.reason as Error))
        if (this.#waiting.size === 0) this.#end()
      }
      this.#waiting.set(tell, (error) => settle(() => reject(error as Error)))
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  tell(how: Ended): void {
    this.#end()
    for (const tell of [...this.#waiting.keys()]) tell(how)
  }

  async #ask(since: number, pollMs: number): Promise<void> {
    try {
      const how = await this.#look()
      if (this.#isOver) return
      if (how !== undefined) return this.tell(how)
    } catch (error) {
      if (this.#isOver) return
      this.#end()
      for (const fail of [...this.#waiting.values()]) fail(error)
      return
    }
    const waitMs = Math.max(pollMs, Math.min(slowestPollMs, (this.#clock.now() - since) / 4))
    this.#cancel = this.#clock.schedule(waitMs, () => void this.#ask(since, pollMs))
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#cancel()
    this.#onOver()
  }
}

const isThere = (reply: unknown): boolean => reply !== null && reply !== undefined

/** `undefined` is kept as no text at all. */
const toJson = (value: unknown): string => JSON.stringify(value) ?? ''
const fromJson = (reply: unknown): unknown => {
  const text = String(reply)
  return text === '' ? undefined : (JSON.parse(text) as unknown)
}

/** Whole milliseconds as Redis takes them; no text: never. */
const expiry = (ms: number): string => (ms > Number.MAX_SAFE_INTEGER ? '' : String(Math.ceil(ms)))
