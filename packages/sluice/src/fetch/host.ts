/** What is kept for one host that is called. */

import { type Breaker, breaker } from '../breaker.ts'
import { failureRate } from '../trip.ts'
import type { Clock } from '../clock.ts'
import { compose } from '../compose.ts'
import { call, type Context, noContext, type Policy, refused, type Work } from '../context.ts'
import { Overloaded } from '../errors.ts'
import { type Gate, gate, isPushback } from '../gate/gate.ts'
import { gradient } from '../limit/gradient.ts'
import { type RetryBudget, retryBudget } from '../retry.ts'

/** A host's own policies. A gate has to know the priorities of the contexts that are handed on; the default one knows none, and does not look at them. A breaker judges by its own `isFailure`; the default one does not count refusals (429, 503), nor calls that were called off. */
export type HostPolicies = { gate?: Gate; breaker?: Breaker; budget?: RetryBudget }

/** An answer that is a failure, on its way to the policies that judge failures. */
export class Failed extends Error {
  readonly response: Response
  readonly retryAfterMs: number | undefined
  /** The server refused it (429, 503): a sign to slow down, and none that it is broken. Not if another one answered, after a redirect. */
  readonly isPushback: boolean

  constructor(response: Response, retryAfterMs: number | undefined, isElsewhere = false) {
    super(`Answered with ${response.status}`)
    this.response = response
    this.retryAfterMs = retryAfterMs
    this.isPushback = !isElsewhere && (response.status === 429 || response.status === 503)
  }
}

/** Waits, or refuses, while the server has asked for silence. */
class Silence implements Policy {
  until = 0
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  run<T>(work: Work<T>, context: Context = noContext): Promise<T> {
    const waitMs = this.until - this.#clock.now()
    return waitMs > 0 ? refused(new Overloaded('rate', waitMs)) : call(work, context)
  }
}

export class Host {
  readonly gate: Gate
  readonly breaker: Breaker
  readonly budget: RetryBudget
  readonly #silence: Silence
  readonly #clock: Clock
  /** Errors of calls that were called off, by whoever asked or because another attempt was faster: they say nothing about the host. */
  readonly #calledOff = new WeakSet<object>()
  /** Inside the retries. */
  readonly policy: Policy

  constructor(clock: Clock, own: HostPolicies) {
    this.#clock = clock
    this.#silence = new Silence(clock)
    this.gate = own.gate ?? gate({ limit: gradient(), isDropped: isSlowDown, clock })
    const entry = own.gate ?? withoutPriority(this.gate)
    this.breaker =
      own.breaker ??
      breaker({
        trip: failureRate({ share: 0.5, minCalls: 20 }),
        openMs: 5000,
        isFailure: (error) =>
          !(error instanceof Overloaded) && !isRefusal(error) && !this.#calledOff.has(error as object),
        clock,
      })
    this.budget = own.budget ?? retryBudget({ clock })
    this.policy = compose(this.breaker, this.#silence, entry)
  }

  isNoFailure(error: unknown): void {
    if (typeof error === 'object' && error !== null) this.#calledOff.add(error)
  }

  /** The server wants nothing for so long. */
  silence(ms: number): void {
    this.#silence.until = Math.max(this.#silence.until, this.#clock.now() + ms)
  }
}

/** The priorities are those of whoever is served here, and none of the host that is called. */
function withoutPriority(inner: Policy): Policy {
  return {
    run: (work, context = noContext) =>
      inner.run((inside) => work({ ...inside, priority: context.priority }), { ...context, priority: undefined }),
  }
}

const isRefusal = (error: unknown): boolean => error instanceof Failed && error.isPushback
const isSlowDown = (error: unknown): boolean => isPushback(error) || isRefusal(error)
