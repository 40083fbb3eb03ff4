/** The model of the overload tests: a server that cannot see its own line, and clients that do not wait for one another. */

import type { Clock, Random } from '../clock.ts'
import { type Context, noContext, type Policy } from '../context.ts'

/** Some slots, and an unbounded line inside: work that nobody wants any more is done all the same. */
export class Server {
  slots: number
  serviceMs: () => number
  readonly #clock: Clock
  readonly #line: (() => void)[] = []
  #head = 0
  #running = 0

  constructor(clock: Clock, slots: number, serviceMs: () => number) {
    this.#clock = clock
    this.slots = slots
    this.serviceMs = serviceMs
  }

  /** Resolves when it is done. */
  readonly work = (): Promise<void> =>
    new Promise((resolve) => {
      this.#line.push(resolve)
      this.#start()
    })

  #start(): void {
    while (this.#running < this.slots && this.#head < this.#line.length) {
      const resolve = this.#line[this.#head++]!
      this.#running++
      this.#clock.schedule(this.serviceMs(), () => {
        this.#running--
        resolve()
        this.#start()
      })
    }
  }
}

export type Client = {
  clock: Clock
  random: Random
  /** Arrivals a second now, at random moments (Poisson). 0: none. */
  rate: () => number
  untilMs: number
  /** An answer later than this is worth nothing. */
  deadlineMs: number
  /** What one request is to the policies; default: its deadline is not told. */
  context?: (deadlineAt: number) => Context
}

/** One request: when it came, how long it took (`Infinity`: refused, or too late), whether it was admitted. */
export type Request = { at: number; tookMs: number; isRefused: boolean; context: Context }

/** Sends requests through a policy, open loop, and gathers what became of each. */
export function send(server: Server, policy: Policy, client: Client): Request[] {
  const { clock, random, untilMs, deadlineMs } = client
  const requests: Request[] = []
  const arrive = (): void => {
    const at = clock.now()
    const rate = client.rate()
    if (rate > 0) {
      const context = client.context?.(at + deadlineMs) ?? noContext
      const request: Request = { at, tookMs: Infinity, isRefused: false, context }
      requests.push(request)
      policy.run(server.work, context).then(
        () => (request.tookMs = clock.now() - at),
        () => (request.isRefused = true),
      )
    }
    const next = rate > 0 ? (-Math.log(1 - random()) * 1000) / rate : 1
    if (clock.now() + next < untilMs) clock.schedule(next, arrive)
  }
  clock.schedule(0, arrive)
  return requests
}

/** Answers in time, a second, of the requests that came in [from, to). */
export function goodput(requests: Request[], from: number, to: number, deadlineMs: number): number {
  const good = requests.filter(({ at, tookMs }) => at >= from && at < to && tookMs <= deadlineMs)
  return (good.length * 1000) / (to - from)
}

/** The share p of the admitted requests that came in [from, to) took at most this long. */
export function percentile(requests: Request[], p: number, from: number, to: number): number {
  const took = requests
    .filter(({ at, isRefused }) => !isRefused && at >= from && at < to)
    .map(({ tookMs }) => tookMs)
    .toSorted((a, b) => a - b)
  return took[Math.min(took.length - 1, Math.floor(took.length * p))] ?? 0
}
