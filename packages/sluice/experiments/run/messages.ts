/** What the processes of an experiment say to one another. */

/** What stands before the work. */
export type Door = 'bare' | 'under-pressure' | 'rate-limit' | 'p-queue' | 'ours'

export type ServerPlan = {
  door: Door
  /** What a request costs: a turn in a pool, processor time, nothing, or a call to the next service. */
  work:
    | { kind: 'pool'; slots: number; serviceMs: number }
    | { kind: 'burn'; ms: number }
    | { kind: 'nothing' }
    | { kind: 'forward'; url: string; timeoutMs: number }
  /** What a door that has to be told is told: how many at once, how many may wait, how many a second. */
  told: { atOnce: number; waiting: number; perSecond: number }
  /** How many priorities there are, where there are any: named by the header `priority`. */
  levels?: number
}

/** What a server has counted. */
export type ServerCount = {
  /** Requests that came. */
  reached: number
  finished: number
  /** Finished for clients that had already hung up. */
  forGone: number
  cpuMs: number
  /** Those who wait inside: in the pool's line, or for the next service. */
  inside: number
}

export type ToServer = { serviceMs: number } | 'count'
export type FromServer = { port: number } | { count: ServerCount }

/** How clients behave. `plain`: they ask once. `naive`: three retries, at once, each with a deadline of its own. `fetcher`: @viva/sluice/fetch. */
export type ClientKind = 'plain' | 'naive' | 'fetcher'

export type LoadPlan = {
  port: number
  client: ClientKind
  seed: number
  deadlineMs: number
  /** Arrivals a second, at random moments, until each time. */
  phases: { untilMs: number; perSecond: number }[]
  /** The share of requests that is important; they say so in the header `priority`. */
  importantShare?: number
}

/** Instead of an open loop: so many connections, each asking again as soon as it is answered. */
export type ClosedPlan = { port: number; connections: number; ms: number }

export type ToLoader = { open: LoadPlan; startAt: number } | { closed: ClosedPlan }

export const outcomes = ['good', 'refused', 'gaveUp', 'broken'] as const
export type Outcome = (typeof outcomes)[number]

/** What became of each request, in the order of arrival. Times in ms; `at` from the start. */
export type Outcomes = {
  at: Float64Array
  tookMs: Float32Array
  /** Index into `outcomes`. */
  outcome: Uint8Array
  isImportant: Uint8Array
  /** How late it was sent: the load generator's own fault. */
  lateMs: Float32Array
  attempts: number
  loaderCpuMs: number
}

export type FromLoader = 'ready' | { outcomes: Outcomes } | { answered: number; ms: number }
