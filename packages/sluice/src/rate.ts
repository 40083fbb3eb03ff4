/** At most so many in so much time: rules that say when, and a limiter that lets through, paces or refuses by them. */

import { type Patient, stopWaitingOn, waitOn } from './channel/call-off.ts'
import { type Clock, systemClock } from './clock.ts'
import {
  call,
  type Context,
  markUnstarted,
  noContext,
  type Policy,
  refused,
  type Work,
  wrongDeadline,
} from './context.ts'
import { InvalidOption, Overloaded } from './errors.ts'
import { Line } from './line.ts'
import { checkCount, checkFunction, checkMs, checkNumber, checkOptions } from './options.ts'

/** The state of one rule for one key: pure but for what it has counted. */
export type Meter = {
  /** The milliseconds until so much more will have been taken, each as early as the rule allows; `cost` may be more than could be taken at once. */
  waitMs(nowMs: number, cost: number): number
  /** Takes `cost`. Only called when `waitMs` is 0 for it. */
  take(nowMs: number, cost: number): void
}

/** Makes meters of one rule, each at rest. `most` is the greatest cost that can ever be taken. */
export type MeterRule = { create(): Meter; readonly most: number }

/** Rounding in sums of milliseconds is no reason to wait. */
const epsilonMs = 1e-6
const positive = (ms: number): number => (ms > epsilonMs ? ms : 0)

/**
 * The generic cell rate algorithm: a steady rate and a burst on top, in one number per key.
 *
 * Formula: with T = 1 / rate, the theoretical arrival time moves to `tat = max(tat, now) + T · cost`, and what would put it more than `T · burst`
 * ahead of now is refused. It is a token bucket of `burst` tokens filled at `rate`, without a timer that fills.
 *
 * Source: ITU-T I.371, annex A ("virtual scheduling").
 */
export function gcra({ perSecond, burst = 1 }: { perSecond: number; burst?: number }): MeterRule {
  checkNumber('perSecond', perSecond, { above: 0 })
  checkCount('burst', burst)
  const intervalMs = 1000 / perSecond
  const create = (): Meter => {
    let tat = -Infinity
    return {
      waitMs: (nowMs, cost) => positive(Math.max(tat, nowMs) + intervalMs * (cost - burst) - nowMs),
      take: (nowMs, cost) => void (tat = Math.max(tat, nowMs) + intervalMs * cost),
    }
  }
  return { create, most: burst }
}

/**
 * At most `count` in any `windowMs`, exactly: it remembers the moment of each one taken (8 bytes each), so unlike counters per
 * calendar window it never lets twice as many through around an edge.
 */
export function slidingWindow({ count, windowMs }: { count: number; windowMs: number }): MeterRule {
  checkCount('count', count)
  checkNumber('count', count, { max: 2 ** 24 })
  checkMs('windowMs', windowMs, { min: Number.MIN_VALUE })
  const create = (): Meter => {
    const taken = new Float64Array(count).fill(-Infinity)
    /** The place of the oldest, which is also the next to be overwritten. */
    let head = 0
    return {
      waitMs(nowMs, cost) {
        if (cost === 0) return 0
        // The cost-th can be taken when the cost-th oldest has left the window; what is more than `count`, a window after one of those.
        const freeInMs = positive(taken[(head + cost - 1) % count]! + windowMs - nowMs)
        return freeInMs + Math.floor((cost - 1) / count) * windowMs
      },
      take(nowMs, cost) {
        for (let i = 0; i < cost; i++) {
          taken[head] = nowMs
          head = (head + 1) % count
        }
      },
    }
  }
  return { create, most: count }
}

export type RateOptions = {
  /** `gcra({ … })`, `slidingWindow({ … })` or one's own. */
  rule: MeterRule
  /** Each `key` of a context is counted by itself; work without one shares a count. Default false: all work shares one. */
  perKey?: boolean
  /** Keys remembered at most; then the one not seen for longest is forgotten, and begins anew. Default 100,000. */
  maxKeys?: number
  /** What comes too early waits for its turn, in order, if that takes no longer than this (and its deadline allows it). Default 0: it is refused. */
  maxWaitMs?: number
  clock?: Clock
}

/** A rate limiter. `run` rejects with `Overloaded` (cause `rate`) when the work is refused; it has then not begun. */
export type Rate = Policy & {
  /** Takes `cost` (default 1) now and gives 0; or takes nothing and gives the milliseconds after which it could. Never waits. */
  tryTake(context?: Context, cost?: number): number
  /** Takes `cost`, after its turn has come. Rejects with `Overloaded`, or with the signal's reason. */
  take(context?: Context, cost?: number): Promise<void>
  /** How many wait, of all keys; counted when asked. */
  readonly waiting: number
}

/** Limits how often work begins. */
export function rate(options: RateOptions): Rate {
  const { rule, perKey = false, clock = systemClock } = checkOptions(options, '{ rule: gcra({ perSecond: 10 }) }')
  if (typeof rule !== 'object' || rule === null)
    throw new InvalidOption('rule', rule, 'a rule such as gcra({ perSecond: 10 })')
  checkFunction('rule.create', rule.create)
  const maxKeys = checkCount('maxKeys', options.maxKeys ?? 100_000)
  const maxWaitMs = checkMs('maxWaitMs', options.maxWaitMs ?? 0, { unbounded: true })
  const pacers = new Map<string, Pacer>()
  /**
   * The same, the key that was not seen for longest first: a map would look through all the places
   * of deleted keys.
   */
  const seen = new Line<Pacer>()

  const pacerOf = (context: Context): Pacer => {
    const key = perKey ? (context.key ?? '') : ''
    let pacer = pacers.get(key)
    if (pacer === undefined) {
      pacer = new Pacer(key, rule.create(), clock)
      if (pacers.size >= maxKeys) forgetOne()
      pacers.set(key, pacer)
      seen.push(pacer)
    } else if (seen.newest !== pacer) {
      seen.remove(pacer)
      seen.push(pacer)
    }
    return pacer
  }
  /**
   * Forgets the key that was not seen for longest, but none that is waited for if there is another
   * within reach.
   */
  const forgetOne = (): void => {
    let pacer = seen.oldest!
    for (let tries = 8; pacer.waiting > 0 && pacer.after !== undefined && tries > 0; tries--) pacer = pacer.after
    seen.remove(pacer)
    pacers.delete(pacer.key)
  }
  const checkCost = (cost: number): void => {
    if (cost !== 1) checkNumber('cost', checkCount('cost', cost, { min: 0 }), { max: rule.most })
  }

  const limiter: Rate = {
    get waiting() {
      let waiting = 0
      for (const pacer of pacers.values()) waiting += pacer.waiting
      return waiting
    },
    tryTake(context = noContext, cost = 1) {
      checkCost(cost)
      return pacerOf(context).tryTake(cost)
    },
    take(context = noContext, cost = 1) {
      checkCost(cost)
      if (context.signal?.aborted) return Promise.reject(context.signal.reason as Error)
      const pacer = pacerOf(context)
      let waitMs: number
      try {
        waitMs = pacer.tryTake(cost)
      } catch (error) {
        return Promise.reject(error as Error)
      }
      if (waitMs === 0) return Promise.resolve()
      const now = clock.now()
      const wrong = wrongDeadline(context, now)
      if (wrong !== undefined) return Promise.reject(wrong)
      const longestMs = Math.min(maxWaitMs, (context.deadlineAt ?? Infinity) - now)
      if (waitMs > longestMs) return refused(new Overloaded('rate', waitMs))
      return pacer.wait(cost, context)
    },
    run<T>(work: Work<T>, context: Context = noContext): Promise<T> {
      if (maxWaitMs > 0) return limiter.take(context).then(() => work(context))
      if (context.signal?.aborted) return Promise.reject(context.signal.reason as Error)
      let waitMs: number
      try {
        waitMs = pacerOf(context).tryTake(1)
      } catch (error) {
        return Promise.reject(error as Error)
      }
      return waitMs === 0 ? call(work, context) : refused(new Overloaded('rate', waitMs))
    },
  }
  return limiter
}

/** One that waits for its turn. Its signal refers to it only until it settles. */
class Turn implements Patient {
  before: Turn | undefined = undefined
  after: Turn | undefined = undefined
  readonly promise: Promise<void>
  readonly cost: number
  readonly #context: Context
  readonly #onAbort: (turn: Turn) => void
  #resolve!: () => void
  #reject!: (error: unknown) => void

  constructor(cost: number, context: Context, onAbort: (turn: Turn) => void) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.cost = cost
    this.#context = context
    this.#onAbort = onAbort
    if (context.signal !== undefined) waitOn(context.signal, this)
  }

  resolve(): void {
    if (this.#context.signal !== undefined) stopWaitingOn(this.#context.signal, this)
    this.#resolve()
  }

  fail(error: unknown): void {
    this.#reject(error)
  }

  /** The signal was aborted. */
  handleEvent(): void {
    markUnstarted(this.#context)
    this.#reject(this.#context.signal!.reason)
    this.#onAbort(this)
  }
}

/** One key: its meter and those who wait for their turn, served in order by one timer. */
class Pacer {
  /** Its place among the keys. */
  before: Pacer | undefined = undefined
  after: Pacer | undefined = undefined
  readonly key: string
  readonly #meter: Meter
  readonly #clock: Clock
  readonly #line = new Line<Turn>()
  /** What those who wait will take. */
  #ahead = 0
  #cancelTimer: (() => void) | undefined

  constructor(key: string, meter: Meter, clock: Clock) {
    this.key = key
    this.#meter = meter
    this.#clock = clock
  }

  get waiting(): number {
    return this.#line.length
  }

  /** Nobody overtakes those who wait. */
  tryTake(cost: number): number {
    const now = this.#clock.now()
    if (this.#line.length > 0) this.#advance()
    const waitMs = this.#meter.waitMs(now, this.#ahead + cost)
    if (waitMs === 0) this.#meter.take(now, cost)
    return waitMs
  }

  wait(cost: number, context: Context): Promise<void> {
    const turn = new Turn(cost, context, this.#leave)
    this.#ahead += cost
    this.#line.push(turn)
    if (this.#line.length === 1) this.#advance()
    return turn.promise
  }

  readonly #leave = (turn: Turn): void => {
    this.#line.remove(turn)
    this.#ahead -= turn.cost
    this.#advance()
  }

  /** Lets in whose turn has come, and sets the timer for the next. */
  #advance(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const now = this.#clock.now()
    for (let turn = this.#line.oldest; turn !== undefined; turn = this.#line.oldest) {
      try {
        const waitMs = this.#meter.waitMs(now, turn.cost)
        if (waitMs > 0) {
          this.#cancelTimer = this.#clock.schedule(waitMs, () => this.#advance())
          return
        }
        this.#meter.take(now, turn.cost)
      } catch (error) {
        // The rule has thrown: for this turn, not for those behind it.
        turn.fail(error)
      }
      this.#line.remove(turn)
      this.#ahead -= turn.cost
      turn.resolve()
    }
  }
}
