/** What is decided about a request from its head alone, whatever the server is made of. */

import { attempt } from '../callbacks.ts'
import { type Clock, type Random, systemClock } from '../clock.ts'
import { compose } from '../compose.ts'
import { type Context, longestDeadlineMs, type Policy } from '../context.ts'
import { deadline } from '../deadline.ts'
import { InvalidOption, Overloaded, TimedOut } from '../errors.ts'
import { type Gate, gate } from '../gate/gate.ts'
import { evenSpread, gradient } from '../limit/gradient.ts'
import { checkCount, checkFunction, checkMs, checkNumber } from '../options.ts'
import { BodyTooLarge, BodyTooSlow } from './errors.ts'
import { type Quota, rateLimitFields } from './quota.ts'
import { type RetryAfterOptions, retryAfterWriter } from './retry-after.ts'
import { parseDictionary } from './structured-fields.ts'
import { LoopTurn } from './turn.ts'

/** The head of a request. Names of headers are in lower case. */
export type RequestHead = {
  readonly method: string
  /** As the server gives it: a path for node:http, a whole URL for Fetch. */
  readonly url: string
  header(name: string): string | undefined
}

export type PriorityOptions = {
  /** How many there are, 1 to 32. 0 is the most important. */
  levels: number
  /** Of requests that do not say. Default: the least important. */
  default?: number
  /** A function, or the name of a header: a whole number, or a dictionary with `u` as in RFC 9218 (`Priority: u=1`). Who can send a header can claim any priority, so take it from whom you trust. */
  from: string | ((request: RequestHead) => number | undefined)
}

export type AdmissionOptions = {
  /** Default: a gate with a gradient and the priorities below, which is told nothing and finds out. One given here has to have as many levels as `priority`. */
  gate?: Gate
  /** Default: all are equal. */
  priority?: PriorityOptions
  /**
   * Whether a request is exempt: it is never refused, takes no permit, is not measured and counts
   * for no quota. For health checks, which must not fail because the server is busy. Default: none
   * is.
   */
  skip?: (request: RequestHead) => boolean
  /** On whose behalf a request is made: quotas are kept per key, and shedding goes by it. */
  key?: (request: RequestHead) => string | undefined
  /** Agreed rates. Over one of them the answer is 429, and both RateLimit fields are in every answer. */
  quotas?: readonly Quota[]
  /** The header with the milliseconds that the client still waits. Default `request-timeout-ms`; false: none. */
  deadlineHeader?: string | false
  /** No request may take longer, waiting included. Default: as long as it likes, or as its header says. */
  timeoutMs?: number
  /**
   * Refuses what has already waited for the event loop for longer; than a quarter of it, when the
   * loop has been behind for five seconds on end. Twice as long for the second-least important, and
   * so on. `Infinity`: never. Default 400. Measured where there is `setImmediate` (Node, Bun,
   * Deno).
   */
  maxLoopDelayMs?: number
  retryAfter?: RetryAfterOptions
  /** Request bodies. */
  body?: {
    /** Default 16 MiB; `Infinity`: any. */
    maxBytes?: number
    /** How long it may take, and for each `minBytesPerSecond` a second more. Default 20,000. */
    timeoutMs?: number
    /** Default 500, as Apache's mod_reqtimeout has it. */
    minBytesPerSecond?: number
  }
  /** A client that takes nothing of its answer for so long, or sends nothing of a body that is waited for, is cut off. Default 10,000. */
  stallMs?: number
  /**
   * Milliseconds after which an aborted request (its client disconnected, its deadline passed)
   * releases its permit although its handler still runs. The limit then no longer bounds what runs.
   * Default: the permit is held until the handler has settled. A handler without a promise
   * (Express) that never ends its response keeps it for 60,000.
   */
  releaseAfterAbortMs?: number
  /** Told what a handler throws; the client gets a 500. Default: to the console. */
  onError?: (error: unknown) => void
  clock?: Clock
  random?: Random
}

/** The answer to a request that is not let in, or whose work was called off. */
export type Refusal = { status: number; headers: Record<string, string>; body: string }

export type Verdict = { context: Context; fields: Record<string, string> | undefined; policy: Policy }

/** It was answered, but mostly by streaming: how long that took says nothing about the capacity. */
export const streamed = new Error('streamed')
/** It was answered, with a refusal from further down: a sign to let in less. */
export const pushedBack = new Overloaded('queue-full')
export const isPushback = (status: number): boolean => status === 503 || status === 504

const text = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
const none = {}
const iana = 'https://iana.org/assignments/http-problem-types'

/** Of requests that no gate sees. */
const exempt = /* @__PURE__ */ compose()

export class Door {
  readonly gate: Gate
  readonly clock: Clock
  readonly maxBytes: number
  readonly bodyTimeoutMs: number
  readonly minBytesPerSecond: number
  readonly stallMs: number
  readonly releaseAfterAbortMs: number | undefined
  readonly onError: (error: unknown) => void
  readonly #levels: number
  readonly #defaultLevel: number
  readonly #from: PriorityOptions['from'] | undefined
  readonly #key: AdmissionOptions['key']
  readonly #skip: AdmissionOptions['skip']
  readonly #quotas: readonly Quota[]
  readonly #deadlineHeader: string | false
  readonly #timeoutMs: number
  readonly #retryAfter: (waitMs: number) => string
  readonly #turn: LoopTurn

  constructor(options: AdmissionOptions) {
    const { priority, quotas = [], clock = systemClock, body = {} } = options
    this.#levels = checkCount('priority.levels', priority?.levels ?? 1)
    this.#defaultLevel = checkCount('priority.default', priority?.default ?? this.#levels - 1, { min: 0 })
    if (this.#defaultLevel >= this.#levels)
      throw new InvalidOption('priority.default', this.#defaultLevel, `at most ${this.#levels - 1}`)
    this.#from = typeof priority?.from === 'string' ? priority.from.toLowerCase() : priority?.from
    this.clock = clock
    this.gate = options.gate ?? frontGate({ levels: this.#levels, default: this.#defaultLevel }, clock)
    const most = this.gate.levels ?? Infinity
    if (this.#levels > most)
      throw new InvalidOption('priority.levels', this.#levels, `at most ${most}, the number of levels of the gate`)
    checkFunction('gate.run', this.gate.run)
    checkFunction('gate.refusal', this.gate.refusal)
    this.#key = options.key && checkFunction('key', options.key)
    this.#skip = options.skip && checkFunction('skip', options.skip)
    this.#quotas = quotas
    const header = options.deadlineHeader ?? 'request-timeout-ms'
    this.#deadlineHeader = header === false ? false : header.toLowerCase()
    this.#timeoutMs = checkMs('timeoutMs', options.timeoutMs ?? Infinity, { unbounded: true })
    this.#turn = new LoopTurn(clock, checkMs('maxLoopDelayMs', options.maxLoopDelayMs ?? 400, { unbounded: true }))
    const write = retryAfterWriter({
      ...(options.random ? { random: options.random } : {}),
      ...options.retryAfter,
    })
    this.#retryAfter = (waitMs) => attempt(() => write(waitMs), '1')
    this.maxBytes = checkCount('body.maxBytes', body.maxBytes ?? 16 * 2 ** 20, { min: 0, unbounded: true })
    this.bodyTimeoutMs = checkMs('body.timeoutMs', body.timeoutMs ?? 20_000, { unbounded: true })
    this.minBytesPerSecond = checkNumber('body.minBytesPerSecond', body.minBytesPerSecond ?? 500, { above: 0 })
    this.stallMs = checkMs('stallMs', options.stallMs ?? 10_000, { unbounded: true })
    const { releaseAfterAbortMs: releaseMs } = options
    this.releaseAfterAbortMs =
      releaseMs === undefined ? undefined : checkMs('releaseAfterAbortMs', releaseMs, { unbounded: true })
    const onError = checkFunction('onError', options.onError ?? console.error)
    this.onError = (error) => attempt(() => onError(error), undefined)
  }

  /** Decides on the head: a refusal, or what the work has to pass yet. Nothing of the body has been read. */
  judge(head: RequestHead): Refusal | Verdict {
    try {
      return this.#judge(head)
    } catch (error) {
      // Of a key, a priority or a quota that is the server's own: a head that they cannot read is no reason to fall over.
      const refusal = this.refusalOf(error)
      if (refusal.status === 500) this.onError(error)
      return refusal
    }
  }

  #judge(head: RequestHead): Refusal | Verdict {
    const length = Number(head.header('content-length') ?? 0)
    if (length > this.maxBytes) return this.refusalOf(new BodyTooLarge(this.maxBytes))
    if (this.#skip?.(head) === true)
      return { context: { priority: this.#defaultLevel, key: undefined }, fields: undefined, policy: exempt }
    const now = this.clock.now()
    const priority = this.#priorityOf(head)
    if (this.#turn.isTooLate(now, this.#levels - priority)) return this.refusalOf(new Overloaded('queue-delay'))
    const key = this.#key?.(head)
    const timeoutMs = Math.min(this.#timeoutMs, this.#deadlineOf(head))
    // Wholly written out, so that contexts have one shape.
    const context: Context = { priority, key }
    const { refusal, fields } = this.#takeQuotas(context)
    if (refusal !== undefined) return refusal
    const refused = this.gate.refusal(context)
    if (refused !== undefined) return this.refusalOf(refused, fields)
    const policy = timeoutMs < Infinity ? compose(deadline({ timeoutMs, clock: this.clock }), this.gate) : this.gate
    return { context, fields, policy }
  }

  /** What a client is told of an error. */
  refusalOf(error: unknown, fields?: Record<string, string>): Refusal {
    if (error instanceof Overloaded) {
      const headers = { ...text, 'retry-after': this.#retryAfter(error.retryAfterMs ?? 0), ...fields }
      return { status: 503, headers, body: overloadBody(error.cause) }
    }
    if (error instanceof TimedOut) {
      const headers = { ...text, 'retry-after': this.#retryAfter(0), ...fields }
      return { status: 503, headers, body: problem('about:blank', 'It was not done before its deadline', 503) }
    }
    const status = error instanceof BodyTooLarge ? 413 : error instanceof BodyTooSlow ? 408 : 500
    const title = status === 500 ? 'Internal Server Error' : (error as Error).message
    return { status, headers: { ...text, ...fields }, body: problem('about:blank', title, status) }
  }

  #priorityOf(head: RequestHead): number {
    const from = this.#from
    if (from === undefined) return this.#defaultLevel
    const said = typeof from === 'function' ? from(head) : readPriority(head.header(from))
    if (said === undefined || !Number.isFinite(said)) return this.#defaultLevel
    return Math.max(0, Math.min(this.#levels - 1, Math.trunc(said)))
  }

  #deadlineOf(head: RequestHead): number {
    const said = this.#deadlineHeader === false ? undefined : head.header(this.#deadlineHeader)
    // Up to ten years; anything else is nonsense and says nothing.
    const ms = said !== undefined && /^\d{1,15}$/.test(said) ? Number(said) : Infinity
    return ms <= longestDeadlineMs ? ms : Infinity
  }

  /** One of each, or none of any. */
  #takeQuotas(context: Context): { refusal?: Refusal; fields?: Record<string, string> } {
    if (this.#quotas.length === 0) return none
    const looks = this.#quotas.map((quota) => quota.take(context, 0))
    const isOver = looks.some(({ waitMs }) => waitMs > 0)
    const standings = isOver ? looks : this.#quotas.map((quota) => quota.take(context, 1))
    const { policy, limit } = rateLimitFields(this.#quotas, context, standings)
    const fields = { 'ratelimit-policy': policy, ratelimit: limit }
    if (!isOver) return { fields }
    const over = this.#quotas.filter((_quota, index) => looks[index]!.waitMs > 0).map(({ name }) => name)
    // Not earlier than the end of the window that `t` tells of: section 6 of the draft.
    const waitMs = Math.max(...looks.map((look) => (look.waitMs > 0 ? look.windowSeconds * 1000 : 0)))
    const title = 'The quota of this client is used up'
    const refusal = {
      status: 429,
      headers: { ...text, 'retry-after': this.#retryAfter(waitMs), ...fields },
      body: problem(`${iana}#quota-exceeded`, title, 429, { 'violated-policies': over }),
    }
    return { refusal }
  }
}

/** The line, of the limit, while nothing is refused; how much more may come than is let in before nobody is to wait for long. */
const lineShare = 0.9
/** The same for those who are more important than the least: they are what the places are for. At least so many limits, and as many as are served in so long. */
const importantShare = 3
const importantMs = 750
/** A busy event loop is late by so much without a queue. */
const slackMs = 4
/** The refusals of about so many of the last requests count. */
const memory = 64
/** From this load on the limit is cautious; from the second on nobody waits for a probe to end. */
const cautiousLoad = 1.5
const crowdedLoad = 2
/** Above the cautious load one may wait for each place that is about to be free: within this share of a round trip, and so many milliseconds, … */
const soonShare = 0.1
const soonMs = 25
/** … unless the oldest in flight is late by this share: then nothing is known of when it ends. */
const lateShare = 0.25
/** So many round trips in a row of less than half of the usual: the server is fast again, and what was refused before says nothing more. */
const healingSamples = 4

/**
 * The gate of a server that is told nothing.
 *
 * Why it differs from `gate({ limit: gradient() })`: how long a line has to be so that no place is ever empty depends on how much comes. At exactly the
 * capacity it has to ride out chance; at ten times of it a place is taken the moment it is free, and a line only costs time. So the more is refused, the
 * closer the limit stays to the least that keeps the server busy, and the shorter is the line.
 *
 * - `load = arrivals / admissions`, over the last 64 arrivals
 * - the limit tolerates `max(1.05, 1 + 4 ms / baseline, 1 + 0.5 / load²)` times the baseline where round trips are even, else 1.5 times
 * - the line: `0.9 · load^−1.25` of the limit, and those whom a probe keeps out; above 1.5 times the load at least one for each place that is about to be
 *   free, or it would be empty until the next one comes; for whoever is not of the least important, three times the limit, or as many as are served
 *   in 750 ms
 * - who is refused hears so at once: nobody who waits gives way to a newer one of the same priority (`fifo`)
 */
function frontGate(priority: { levels: number; default: number }, clock: Clock): Gate {
  let refusedShare = 0
  const note = (isRefused: number): void => {
    refusedShare += (isRefused - refusedShare) / memory
  }
  const load = (): number => 1 / (1 - refusedShare)
  let usualMs = 0
  let faster = 0
  /** When those in flight began, the oldest first. */
  const begun: number[] = []
  const onAdmit = (): void => {
    note(0)
    begun.push(clock.now())
  }
  const onRelease = (rttMs: number): void => {
    begun.shift()
    faster = rttMs * 2 < usualMs ? faster + 1 : 0
    if (faster === 0) usualMs += (rttMs - usualMs) / 8
    if (faster < healingSamples) return
    faster = refusedShare = 0
    usualMs = rttMs
  }
  let isEven = false
  /** How many places are about to be free. Where round trips are even, they end in the order in which they began. */
  const soon = (): number => {
    const oldest = begun[0]
    if (!isEven || load() < cautiousLoad || oldest === undefined) return 0
    const now = clock.now()
    if (now - oldest > usualMs * (1 + lateShare)) return 0
    const latest = now - usualMs + Math.min(soonMs, usualMs * soonShare)
    const later = begun.findIndex((at) => at > latest)
    return later < 0 ? begun.length : later
  }
  const limit = gradient({
    tolerance(spread, baselineMs) {
      isEven = spread < evenSpread
      return isEven ? 1 + Math.max(0.05, slackMs / Math.max(1, baselineMs), 0.5 / load() ** 2) : 1.5
    },
    isCautious: () => load() > cautiousLoad,
  })
  return gate({
    limit,
    priority,
    clock,
    observer: { onAdmit, onRefuse: () => note(1), onRelease },
    queue: {
      order: 'fifo',
      capacity(value, level) {
        // Those whom the limit keeps out while it measures wait as well.
        const places = load() < crowdedLoad ? (limit.estimate ?? value) : value
        if (level === priority.levels - 1)
          return Math.max(Math.floor(places * (1 + lineShare * load() ** -1.25)) - value, soon())
        const share = Math.max(importantShare, importantMs / (usualMs || Infinity))
        return Math.floor(places * (1 + share)) - value
      },
    },
  })
}

/** RFC 9457. */
function problem(type: string, title: string, status: number, more: Record<string, unknown> = {}): string {
  return JSON.stringify({ type, title, status, ...more })
}

const overloads = new Map<string, string>()

/** A refusal has to be the cheapest thing there is: each is written once. */
function overloadBody(cause: string): string {
  let body = overloads.get(cause)
  if (body === undefined) {
    const title = 'The server cannot take this request now'
    body = problem(`${iana}#temporary-reduced-capacity`, title, 503, { cause })
    overloads.set(cause, body)
  }
  return body
}

/** A whole number, or `u` of RFC 9218; `undefined` for anything else. */
function readPriority(said: string | undefined): number | undefined {
  if (said === undefined) return undefined
  if (/^ *\d{1,15} *$/.test(said)) return Number(said)
  try {
    const urgency = parseDictionary(said).get('u')?.[0]
    return Number.isInteger(urgency) ? (urgency as number) : undefined
  } catch {
    return undefined
  }
}
