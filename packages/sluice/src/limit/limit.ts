/** What a limit is: a pure rule from samples to a number. It never counts, queues or refuses; a gate does. */

/** What became of one piece of work that ran under the limit. */
export type Sample = {
  /** Milliseconds from its admission to its end. */
  rttMs: number
  /** How many ran when it was admitted, itself included. */
  inFlight: number
  /** It ended because somebody gave up or pushed back (a timeout, a refusal further down), so its `rttMs` says little. */
  dropped?: boolean
}

/** A rule for how much may be in flight. It holds no clock: time reaches it as samples. */
export type Limit = {
  /** How many may be in flight now: a whole number of at least 1. */
  readonly value: number
  /** What `value` would be if it were not lowered for a moment to measure. Default: `value`. */
  readonly estimate?: number
  /** Takes in one sample, in the order in which the work ended, and gives the new `value`. */
  update(sample: Sample): number
}

/** What every adaptive limit takes. */
export type Bounds = {
  /** Where it begins. */
  initial?: number
  /** It never falls below; default 1. */
  min?: number
  /** It never rises above. */
  max?: number
  /**
   * Samples that make one step. Default: one round, as many as the limit but at least 10: what was in flight together is judged
   * together, about once per round trip, as congestion control in TCP does. 1 makes every sample a step.
   */
  windowSamples?: number
}
