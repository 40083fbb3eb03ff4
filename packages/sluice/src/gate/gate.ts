/** Enforces a limit: who runs now, who waits, who is refused. */

import { attempt, report } from '../callbacks.ts'
import { type Clock, systemClock } from '../clock.ts'
import { type Context, markUnstarted, noContext, type Policy, refused, type Work, wrongDeadline } from '../context.ts'
import { InvalidOption, type OverloadCause, Overloaded, TimedOut } from '../errors.ts'
import { ExponentialAverage } from '../limit/exponential-average.ts'
import { fixed } from '../limit/fixed.ts'
import type { Limit } from '../limit/limit.ts'
import { checkChoice, checkCount, checkFunction, checkMs, checkNumber, checkOptions } from '../options.ts'
import { Codel, type CodelOptions } from './codel.ts'
import { type Outcome, Permit } from './permit.ts'
import { mostLevels, shareOf, WaitQueue } from './queue.ts'
import { type Host, Waiter } from './waiter.ts'

/**
 * In which order those of one priority are served.
 *
 * - `fifo`: first come, first served.
 * - `lifo`: the newest first. Whoever waited long has mostly given up already.
 * - `adaptive`: `fifo` while nearly all get through, `lifo` once about a fifth of what comes is turned away, until that has passed: fair as
 *   long as that is affordable. After Maurer, "Fail at Scale", 2015.
 */
export type QueueOrder = (typeof orders)[number]
const orders = ['fifo', 'lifo', 'adaptive'] as const

export type QueueOptions = {
  /** How many may wait; a function of the limit if it should follow it, and of the priority of the one who comes, if the more important may find more places. 0: nobody. Default: as many as the limit (waiting then takes about as long as the work), and those more that a limit keeps out while it measures. */
  capacity?: number | ((limit: number, level: number) => number)
  /** Default `adaptive`. */
  order?: QueueOrder
  /** Nobody waits longer than this. Default: as long as the deadline allows. */
  maxWaitMs?: number
  /** Controlled delay (RFC 8289), for queues that are long enough to stand. Default: none. */
  delay?: CodelOptions
}

export type GateOptions = {
  /** A limit, or a number for one that does not change. */
  limit: Limit | number
  queue?: QueueOptions
  /** How many priorities there are, 1 to 32, and which one work has that does not say (default: the least important). */
  priority?: { levels: number; default?: number }
  /** Whether an error means that the resource pushed back or was too slow. Default: `Overloaded`, `TimedOut`, and a `TimeoutError` of `AbortSignal.timeout`. */
  isDropped?: (error: unknown) => boolean
  /**
   * Told what happens, for telemetry. What it throws is written to the console and changes nothing.
   */
  observer?: GateObserver
  clock?: Clock
}

export type GateObserver = {
  onAdmit?(waitedMs: number): void
  onRefuse?(cause: OverloadCause, waitedMs: number): void
  onRelease?(rttMs: number, outcome: Outcome): void
}

export type GateStats = {
  limit: number
  inFlight: number
  waiting: number
  /** So much overflows that an `adaptive` queue serves the newest first. */
  isOverloaded: boolean
  /** `arrived = admitted + waiting + cancelled + all that was refused`, always. */
  arrived: number
  admitted: number
  /** Called off while they waited, or before. */
  cancelled: number
  refused: Partial<Record<OverloadCause, number>>
}

/**
 * A gate. `run` rejects with `Overloaded` when the work is refused (it has then not begun), with
 * the signal's reason when it is called off, with `InvalidOption` when its priority is none of the
 * gate's, or its deadline is on another clock.
 */
export type Gate = Policy & {
  /** Waits for a permit if need be. The caller has to release it. Rejects like `run`. */
  acquire(context?: Context): Promise<Permit>
  /** A permit if one is free and nobody waits, else `undefined`; never waits. */
  tryAcquire(context?: Context): Permit | undefined
  /** The error with which `run` would reject at once because of overload; it counts as if that had been called. `undefined`: it would run or wait, or is for `run` to reject. For whoever has to prepare something for the work, which a refusal is too cheap for. */
  refusal(context?: Context): Overloaded | undefined
  readonly limit: Limit
  /** How many priorities there are; work with a higher number is rejected. */
  readonly levels?: number
  readonly inFlight: number
  readonly waiting: number
  stats(): GateStats
}

/** What one that is served takes off the pressure: at one turned away for four served, a fifth of all, it neither rises nor falls. */
const relief = 0.25
/** The pressure from which on a queue is overloaded. */
const overloadAt = 8

/** The keys' shares are dealt anew so often. */
const epochMs = 3_600_000

/**
 * Admits as much work as a limit says, lets a bounded number wait, and refuses the rest before it costs anything.
 *
 * When the queue is full the least important waiter gives way (to the newcomer if that is more important); among equals, those whose keys fall
 * into the same share of all keys, and the shares change every hour. So under overload a part of the users is served wholly rather than all of
 * them by halves: after Zhou et al., "Overload Control for Scaling WeChat Microservices" (DAGOR), 2018. Use keys for all work or for none:
 * work without one is shed last.
 *
 * Work with a `deadlineAt` is refused as soon as it could not be done by then, judged by the mean of past work and the line before it: when it
 * comes, while it waits, and when its turn comes. If nothing is in flight it is let through, or a wrong judgement could never be mended.
 */
export function gate(options: GateOptions): Gate {
  return new LimitGate(options)
}

/** A gate with a limit that stays: so many at once, so many waiting (default 0), the rest is refused. Keeps one dependency's trouble from taking all there is. */
export function bulkhead(limit: number, waiting = 0, options: Omit<GateOptions, 'limit' | 'queue'> = {}): Gate {
  checkCount('waiting', waiting, { min: 0, unbounded: true })
  return gate({ ...options, limit, queue: { capacity: waiting, order: 'fifo' } })
}

class LimitGate implements Gate, Host {
  readonly limit: Limit
  inFlight = 0
  readonly #queue: WaitQueue
  readonly #capacity: (limit: number, level: number) => number
  readonly #order: QueueOrder
  readonly #maxWaitMs: number
  readonly #codel: Codel | undefined
  readonly levels: number
  readonly #defaultLevel: number
  readonly #isDropped: (error: unknown) => boolean
  readonly #observer: GateObserver | undefined
  readonly #clock: Clock
  /** How long work takes, as far as is known; 0 when it is not. */
  readonly #serviceMs = new ExponentialAverage(20, 10)
  /** Rises by 1 with each that finds the queue full, falls by a quarter with each that is served from it: overload shows as a rise. */
  #pressure = 0
  /** The moment of the last arrival or release: the clock is read once for each. */
  #now = 0
  /** The limit when it was last read. */
  #lastLimit = 1
  #isOverloaded = false
  #arrived = 0
  #admitted = 0
  #cancelled = 0
  readonly #refused: Partial<Record<OverloadCause, number>> = {}

  constructor(options: GateOptions) {
    const { limit, queue = {}, priority = { levels: 1 }, clock = systemClock } = checkOptions(options, '{ limit: 8 }')
    this.limit = typeof limit === 'object' && limit !== null ? limit : fixed(limit)
    this.levels = checkNumber('priority.levels', checkCount('priority.levels', priority.levels), { max: mostLevels })
    this.#defaultLevel = priority.default ?? this.levels - 1
    checkNumber('priority.default', checkCount('priority.default', this.#defaultLevel, { min: 0 }), {
      max: this.levels - 1,
    })
    const capacity = queue.capacity ?? this.#spare
    if (typeof capacity === 'number') checkCount('queue.capacity', capacity, { min: 0, unbounded: true })
    else checkFunction('queue.capacity', capacity)
    this.#capacity = typeof capacity === 'number' ? () => capacity : capacity
    this.#order = checkChoice('queue.order', queue.order ?? 'adaptive', orders)
    this.#maxWaitMs = checkMs('queue.maxWaitMs', queue.maxWaitMs ?? Infinity, { unbounded: true })
    this.#codel = queue.delay && new Codel(queue.delay)
    this.#queue = new WaitQueue(this.levels)
    this.#isDropped = checkFunction('isDropped', options.isDropped ?? isPushback)
    this.#observer = options.observer
    this.#clock = clock
  }

  get waiting(): number {
    return this.#queue.length
  }

  run<T>(work: Work<T>, context: Context = noContext): Promise<T> {
    const entry = this.#enter(context)
    if (entry instanceof Waiter) return this.#runQueued(entry, work)
    if (entry !== undefined) return entry
    const now = this.#now
    const inFlight = this.#admit(0)
    let result: T | PromiseLike<T>
    try {
      result = work(context)
      // Reading `then` may throw as well.
      if (isThenable(result)) return this.#settle(result, now, inFlight)
    } catch (error) {
      this.#end(now, inFlight, this.#outcomeOf(error))
      return Promise.reject(error as Error)
    }
    this.#end(now, inFlight, 'done')
    return Promise.resolve(result)
  }

  acquire(context: Context = noContext): Promise<Permit> {
    const entry = this.#enter(context)
    if (entry instanceof Waiter) return this.#acquireQueued(entry)
    return entry ?? Promise.resolve(this.#permit(this.#now, 0, this.#admit(0)))
  }

  tryAcquire(context: Context = noContext): Permit | undefined {
    if (context.signal?.aborted || !this.#hasRoom()) return undefined
    const now = this.#time()
    if (context.deadlineAt !== undefined && this.#isHopeless(context.deadlineAt, now, 0)) return undefined
    this.#arrived++
    return this.#permit(now, 0, this.#admit(0))
  }

  refusal(context: Context = noContext): Overloaded | undefined {
    const level = context.priority ?? this.#defaultLevel
    if (!this.#hasLevel(level) || context.signal?.aborted) return undefined
    const now = this.#time()
    const hasRoom = this.#hasRoom()
    const isHopeless = this.#isHopelessFor(context, level, now, hasRoom)
    if (!isHopeless) {
      if (hasRoom || this.#hasPlace(level) || this.#victim(level, bucketOf(context, now)) !== undefined)
        return undefined
      this.#press()
    }
    this.#arrived++
    return this.#refuse(isHopeless ? 'deadline' : 'queue-full', 0)
  }

  stats(): GateStats {
    return {
      limit: this.#limitNow(),
      inFlight: this.inFlight,
      waiting: this.waiting,
      isOverloaded: this.#isOverloaded,
      arrived: this.#arrived,
      admitted: this.#admitted,
      cancelled: this.#cancelled,
      refused: { ...this.#refused },
    }
  }

  #hasRoom(): boolean {
    return this.inFlight < this.#limitNow() && this.#queue.length === 0
  }

  /** The limit; as it was when it throws or is none, or those who wait would wait for ever. */
  #limitNow(): number {
    try {
      const { value } = this.limit
      if (value >= 1) this.#lastLimit = value
    } catch (error) {
      report(error)
    }
    return this.#lastLimit
  }

  /** The time; as it was when it cannot be read. */
  #time(): number {
    try {
      return (this.#now = this.#clock.now())
    } catch (error) {
      report(error)
      return this.#now
    }
  }

  #hasLevel(level: number): boolean {
    return level >= 0 && level < this.levels && Number.isInteger(level)
  }

  /**
   * Whether one more may wait besides so many. Written so that a capacity that is no number, or
   * throws, lets nobody.
   */
  #hasPlace(level: number, waiting = this.#queue.length): boolean {
    try {
      return waiting < this.#capacity(this.#limitNow(), level)
    } catch (error) {
      report(error)
      return false
    }
  }

  /** Who would give way to a newcomer. */
  #victim(level: number, bucket: number): Waiter | undefined {
    return this.#queue.length > 0 ? this.#queue.victim(level, bucket, this.#newestFirst) : undefined
  }

  /** One found the queue full. */
  #press(): void {
    this.#pressure = Math.min(this.#pressure + 1, 2 * overloadAt)
    if (this.#pressure >= overloadAt) this.#isOverloaded = true
  }

  /** Whether a newcomer could not be done in time. */
  #isHopelessFor({ deadlineAt }: Context, level: number, now: number, hasRoom: boolean): boolean {
    if (deadlineAt === undefined) return false
    return this.#isHopeless(deadlineAt, now, hasRoom ? 0 : this.#queue.ahead(level, !this.#newestFirst) + 1)
  }

  /**
   * `undefined` when there is room: the caller then admits it, at `#now`. A waiter when it queues,
   * a rejected promise when it is refused.
   */
  #enter(context: Context): Waiter | Promise<never> | undefined {
    const level = context.priority ?? this.#defaultLevel
    if (!this.#hasLevel(level)) {
      return Promise.reject(new InvalidOption('priority', level, `a whole number from 0 to ${this.levels - 1}`))
    }
    const now = this.#time()
    const wrong = wrongDeadline(context, now)
    if (wrong !== undefined) return Promise.reject(wrong)
    this.#arrived++
    if (context.signal?.aborted) {
      this.#cancelled++
      return Promise.reject(context.signal.reason as Error)
    }
    const hasRoom = this.#hasRoom()
    if (this.#isHopelessFor(context, level, now, hasRoom)) return refused(this.#refuse('deadline', 0))
    return hasRoom ? undefined : this.#wait(context, level, now)
  }

  #wait(context: Context, level: number, now: number): Waiter | Promise<never> {
    const bucket = bucketOf(context, now)
    let victim: Waiter | undefined
    if (!this.#hasPlace(level)) {
      victim = this.#victim(level, bucket)
      this.#press()
      if (victim === undefined) return refused(this.#refuse('queue-full', 0))
      // Its place is taken before anybody is told that it is free.
      this.#queue.remove(victim)
    }
    const waiter = new Waiter(this, context, now, level, bucket)
    this.#queue.add(waiter)
    if (victim !== undefined) this.#reject(victim, victim.level > level ? 'priority' : 'queue-full')
    const latestAt = context.deadlineAt === undefined ? Infinity : context.deadlineAt - this.#serviceMs.value
    const delayMs = Math.min(this.#maxWaitMs, latestAt - now)
    if (delayMs < Infinity) this.#expire(waiter, delayMs)
    return waiter
  }

  /** Turns a waiter away after a time. */
  #expire(waiter: Waiter, delayMs: number): void {
    const cause = delayMs === this.#maxWaitMs ? 'queue-delay' : 'deadline'
    const onTime = (): void => {
      waiter.cancelTimer = undefined
      this.#turnAway(waiter, cause)
    }
    const cancel = attempt(() => this.#clock.schedule(delayMs, onTime), undefined)
    if (waiter.isQueued) waiter.cancelTimer = cancel
  }

  readonly #spare = (limit: number): number => 2 * (this.limit.estimate ?? limit) - limit

  get #newestFirst(): boolean {
    return this.#order === 'lifo' || (this.#order === 'adaptive' && this.#isOverloaded)
  }

  /** Counts one more in flight, and gives how many there are. */
  #admit(waitedMs: number): number {
    this.#admitted++
    const inFlight = ++this.inFlight
    try {
      this.#observer?.onAdmit?.(waitedMs)
    } catch (error) {
      report(error)
    }
    return inFlight
  }

  #permit(now: number, waitedMs: number, inFlight: number): Permit {
    return new Permit(now, waitedMs, inFlight, this.#onRelease)
  }

  #turnAway(waiter: Waiter, cause: OverloadCause): void {
    if (!waiter.isQueued) return
    this.#queue.remove(waiter)
    this.#reject(waiter, cause)
  }

  /** Refuses one that has left the queue. */
  #reject(waiter: Waiter, cause: OverloadCause): void {
    waiter.leave()
    waiter.reject(this.#refuse(cause, this.#time() - waiter.since))
  }

  #refuse(cause: OverloadCause, waitedMs: number): Overloaded {
    this.#refused[cause] = (this.#refused[cause] ?? 0) + 1
    const refusal = new Overloaded(cause, this.#waitMs(this.#queue.length + 1))
    try {
      this.#observer?.onRefuse?.(cause, waitedMs)
    } catch (error) {
      report(error)
    }
    return refusal
  }

  /** How long the work of so many takes to get through. */
  #waitMs(count: number): number {
    return (count * this.#serviceMs.value) / this.#limitNow()
  }

  #isHopeless(deadlineAt: number, now: number, ahead: number): boolean {
    if (now >= deadlineAt) return true
    return this.inFlight > 0 && now + this.#waitMs(ahead) + this.#serviceMs.value > deadlineAt
  }

  callOff(waiter: Waiter): void {
    if (!waiter.isQueued) return
    this.#queue.remove(waiter)
    waiter.leave()
    markUnstarted(waiter.context)
    this.#cancelled++
    waiter.reject(waiter.context.signal!.reason)
  }

  readonly #onRelease = (permit: Permit, outcome: Outcome): void => {
    this.#end(permit.since, permit.inFlight, outcome)
  }

  #outcomeOf(error: unknown): Outcome {
    return attempt(() => this.#isDropped(error), false) ? 'dropped' : 'ignored'
  }

  #end(since: number, inFlight: number, outcome: Outcome): void {
    this.inFlight--
    const now = this.#time()
    const rttMs = now - since
    if (outcome !== 'ignored') {
      if (outcome === 'done') this.#serviceMs.add(rttMs)
      const before = this.#limitNow()
      try {
        this.limit.update({ rttMs, inFlight, dropped: outcome === 'dropped' })
      } catch (error) {
        report(error)
      }
      if (this.#limitNow() * 2 <= before) this.#shorten()
    }
    try {
      this.#observer?.onRelease?.(rttMs, outcome)
    } catch (error) {
      report(error)
    }
    while (this.#queue.length > 0 && this.inFlight < this.#limitNow()) this.#serve(now)
  }

  /** The limit has fallen to half: whoever could not join the line now would wait for far longer than was meant. For less than that, who waits is let wait: a refusal should be early. */
  #shorten(): void {
    while (this.#queue.length > 0) {
      const victim = this.#queue.worst(this.#newestFirst)
      // With itself in the queue.
      if (this.#hasPlace(victim.level, this.#queue.length - 1)) return
      this.#turnAway(victim, 'queue-full')
    }
  }

  /** Lets the next one in, or turns it away. */
  #serve(now: number): void {
    const waiter = this.#queue.next(this.#newestFirst)
    const { deadlineAt } = waiter.context
    if (this.#codel?.drops(now, now - waiter.since, this.#queue.length === 1)) {
      this.#turnAway(waiter, 'queue-delay')
    } else if (deadlineAt !== undefined && this.#isHopeless(deadlineAt, now, 0)) {
      this.#turnAway(waiter, 'deadline')
    } else {
      this.#queue.remove(waiter)
      this.#pressure = Math.max(0, this.#pressure - relief)
      if (this.#pressure === 0) this.#isOverloaded = false
      waiter.leave()
      waiter.admittedAt = now
      waiter.inFlight = this.#admit(now - waiter.since)
      waiter.resolve()
    }
  }

  /**
   * Runs work when its turn has come. It is started by the continuation of its own caller, not by
   * whatever made room: so it has the caller's async context (trace, request id), in every runtime,
   * and starts on a stack of its own.
   */
  async #runQueued<T>(waiter: Waiter, work: Work<T>): Promise<T> {
    await waiter.promise
    this.#checkTurn(waiter)
    let result: T
    try {
      result = await work(waiter.context)
    } catch (error) {
      this.#end(waiter.admittedAt, waiter.inFlight, this.#outcomeOf(error))
      throw error
    }
    this.#end(waiter.admittedAt, waiter.inFlight, 'done')
    return result
  }

  async #acquireQueued(waiter: Waiter): Promise<Permit> {
    await waiter.promise
    this.#checkTurn(waiter)
    const { admittedAt, since, inFlight } = waiter
    return this.#permit(admittedAt, admittedAt - since, inFlight)
  }

  /**
   * Throws when the signal was aborted between the turn of a waiter and the continuation of its
   * caller.
   */
  #checkTurn(waiter: Waiter): void {
    const { signal } = waiter.context
    if (!signal?.aborted) return
    markUnstarted(waiter.context)
    this.#end(waiter.admittedAt, waiter.inFlight, 'ignored')
    throw signal.reason
  }

  /**
   * Ends work that began at once when its promise settles. `await` also tames a thenable that
   * settles twice.
   */
  async #settle<T>(result: PromiseLike<T>, since: number, inFlight: number): Promise<T> {
    let value: T
    try {
      value = await result
    } catch (error) {
      this.#end(since, inFlight, this.#outcomeOf(error))
      throw error
    }
    this.#end(since, inFlight, 'done')
    return value
  }
}

/** The share of keys that it belongs to; -1 without a key. */
function bucketOf({ key }: Context, now: number): number {
  return key === undefined ? -1 : shareOf(key, Math.floor(now / epochMs))
}

function isThenable<T>(result: T | PromiseLike<T>): result is PromiseLike<T> {
  return typeof result === 'object' && result !== null && typeof (result as PromiseLike<T>).then === 'function'
}

/** The default of `isDropped`. */
export function isPushback(error: unknown): boolean {
  return (
    error instanceof Overloaded ||
    error instanceof TimedOut ||
    (error instanceof DOMException && error.name === 'TimeoutError')
  )
}
