/** The kernel: a discrete-event simulation on virtual time. Processes are generator functions; what they yield says what they wait for. */

import { Agenda, type Happening } from './agenda.ts'
import { type Random, randomStream } from './random.ts'

/** Something a process can wait for. `park` gives `true` when there is nothing to wait for (the answer is then in `answer`). */
export type Waitable = {
  park(process: Parked): boolean
  readonly answer?: unknown
}

/** A number waits so many milliseconds; a promise is waited for as `await` does, and costs a turn of the event loop. */
export type Step = number | Waitable | Promise<unknown>

// oxlint-disable-next-line no-explicit-any -- what `yield` gives back depends on what was yielded, which a generator's type cannot say.
export type Process = Generator<Step, void, any>

/** A process that waits, as a resource sees it. */
export type Parked = {
  /** Lets it go on, now, after what is happening; `answer` is what its `yield` gives. */
  resume(answer?: unknown): void
  /** Its `yield` throws. */
  fail(error: unknown): void
}

/** Time as Sluice's parts take it. */
export type SimulationClock = {
  now(): number
  schedule(delayMs: number, run: () => void): () => void
}

export type SimulationOptions = {
  /** Default 1. The same seed gives the same run on every machine. */
  seed?: number
}

export class Simulation {
  /** Milliseconds since the start. */
  now = 0
  /** How many things have happened. */
  events = 0
  readonly seed: number
  readonly #agenda = new Agenda()
  readonly #streams = new Map<string, Random>()
  #hasPromises = false

  constructor({ seed = 1 }: SimulationOptions = {}) {
    if (!Number.isInteger(seed)) throw new RangeError(`seed must be a whole number, got ${seed}`)
    this.seed = seed
  }

  /** The stream of chance of that name; see `randomStream`. */
  random(name: string): Random {
    let stream = this.#streams.get(name)
    if (stream === undefined) {
      stream = randomStream(this.seed, name)
      this.#streams.set(name, stream)
    }
    return stream
  }

  /** Starts a process now, after what is happening. */
  start(process: Process): void {
    this.#agenda.add(this.now, new Running(this, process))
  }

  /** Does something at a moment, in milliseconds from now. */
  after(delayMs: number, run: () => void): void {
    this.#agenda.add(this.now + delayOf(delayMs), new Moment(run))
  }

  /**
   * This time as a `Clock` of Sluice, which runs in here unchanged. From the first use on, promises settle between any two happenings.
   */
  get clock(): SimulationClock {
    this.#hasPromises = true
    return {
      now: () => this.now,
      schedule: (delayMs, run) => {
        if (delayMs === Infinity) return () => {}
        const moment = new Moment(run)
        this.#agenda.add(this.now + Math.max(0, delayMs), moment)
        return () => moment.cancel()
      },
    }
  }

  /** Runs what happens until a moment, and stops there; at once, so processes may wait for no promise. Throws what a process throws. */
  runUntil(untilMs: number): void {
    const agenda = this.#agenda
    if (this.#hasPromises) throw new Error('this simulation has promises in it: use `advance`, which lets them settle')
    while (agenda.length > 0 && agenda.nextAt <= untilMs) {
      this.now = agenda.nextAt
      this.events++
      agenda.take().happen()
    }
    if (this.#hasPromises) throw new Error('a process waited for a promise: use `advance`, which lets them settle')
    if (untilMs !== Infinity) this.now = untilMs
  }

  /** The same, with promises: those that can settle do so between any two happenings. */
  async advance(untilMs: number): Promise<void> {
    const agenda = this.#agenda
    if (this.#hasPromises) await settle()
    for (;;) {
      if (agenda.length === 0 || agenda.nextAt > untilMs) break
      this.now = agenda.nextAt
      this.events++
      agenda.take().happen()
      if (this.#hasPromises) await settle()
    }
    if (untilMs !== Infinity) this.now = untilMs
  }

  /** For a process in it. */
  plan(at: number, what: Happening): void {
    this.#agenda.add(at, what)
  }

  /** For a process in it: from now on promises have to settle. */
  meetPromises(): void {
    this.#hasPromises = true
  }
}

function delayOf(delayMs: number): number {
  if (delayMs >= 0 && delayMs < Infinity) return delayMs
  throw new RangeError(`a process can wait 0 ms or more, got ${delayMs}`)
}

class Moment implements Happening {
  #run: (() => void) | undefined

  constructor(run: () => void) {
    this.#run = run
  }
  happen(): void {
    const run = this.#run
    this.#run = undefined
    run?.()
  }
  cancel(): void {
    this.#run = undefined
  }
}

/** One process: steps through its generator until there is something to wait for. */
class Running implements Happening, Parked {
  readonly #simulation: Simulation
  readonly #process: Process
  #answer: unknown
  #error: { error: unknown } | undefined

  constructor(simulation: Simulation, process: Process) {
    this.#simulation = simulation
    this.#process = process
  }

  resume(answer?: unknown): void {
    this.#answer = answer
    this.#simulation.plan(this.#simulation.now, this)
  }

  fail(error: unknown): void {
    this.#error = { error }
    this.#simulation.plan(this.#simulation.now, this)
  }

  happen(): void {
    const simulation = this.#simulation
    let answer = this.#answer
    this.#answer = undefined
    for (;;) {
      const error = this.#error
      this.#error = undefined
      const { done, value } = error === undefined ? this.#process.next(answer) : this.#process.throw(error.error)
      if (done === true) return
      if (typeof value === 'number') {
        simulation.plan(simulation.now + delayOf(value), this)
        return
      }
      if (value instanceof Promise) {
        simulation.meetPromises()
        value.then(
          (result) => this.resume(result),
          (reason) => this.fail(reason),
        )
        return
      }
      if (!value.park(this)) return
      answer = value.answer
    }
  }
}

/** A turn of the event loop: every promise that can settle, and those they settle, have done so. */
const settle: () => Promise<void> =
  typeof setImmediate === 'function'
    ? () => new Promise((resolve) => setImmediate(resolve))
    : (() => {
        // Browsers clamp nested timers to 4 ms; a message to oneself is their shortest turn.
        const { port1, port2 } = new MessageChannel()
        const waiting: (() => void)[] = []
        port1.onmessage = () => waiting.shift()?.()
        return () =>
          new Promise<void>((resolve) => {
            waiting.push(resolve)
            port2.postMessage(0)
          })
      })()
