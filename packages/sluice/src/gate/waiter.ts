/** One that waits at a gate, and its places in the two orders: who is served next, and who is shed first. */

import { attempt } from '../callbacks.ts'
import { type Patient, stopWaitingOn, waitOn } from '../channel/call-off.ts'
import type { Context } from '../context.ts'

/** Where a waiter goes that is called off. */
export type Host = { callOff(waiter: Waiter): void }

/** It is its own node in the line of its level. A signal that lives long refers to it only until it settles. */
export class Waiter implements Patient {
  before: Waiter | undefined = undefined
  after: Waiter | undefined = undefined
  readonly context: Context
  readonly since: number
  readonly level: number
  /** The share of keys that it belongs to, 0 to 127; -1 without a key. */
  readonly bucket: number
  /** Its place among those of its share; only with a key. */
  readonly shedPlace: ShedPlace | undefined
  /** Resolves when it is admitted; rejects when it is refused or aborted. */
  readonly promise: Promise<void>
  resolve!: () => void
  reject!: (error: unknown) => void
  /** Cancels the timer of its deadline, if it has one. */
  cancelTimer: (() => void) | undefined = undefined
  /** It stands in the queue. */
  isQueued = false
  /** Set when its turn has come. */
  admittedAt = 0
  inFlight = 0
  readonly #host: Host

  constructor(host: Host, context: Context, since: number, level: number, bucket: number) {
    this.context = context
    this.since = since
    this.level = level
    this.bucket = bucket
    this.shedPlace = bucket < 0 ? undefined : new ShedPlace(this)
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    this.#host = host
    if (context.signal !== undefined) waitOn(context.signal, this)
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.#host.callOff(this)
  }

  /** It waits no more: the signal and the clock forget it. */
  leave(): void {
    if (this.context.signal !== undefined) stopWaitingOn(this.context.signal, this)
    if (this.cancelTimer === undefined) return
    attempt(this.cancelTimer, undefined)
    this.cancelTimer = undefined
  }
}

/** A place among those who may be shed. */
export class ShedPlace {
  readonly waiter: Waiter
  before: ShedPlace | undefined = undefined
  after: ShedPlace | undefined = undefined

  constructor(waiter: Waiter) {
    this.waiter = waiter
  }
}
