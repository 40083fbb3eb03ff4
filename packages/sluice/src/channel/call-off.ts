/**
 * Waits that a signal may abort: at most one listener for each signal, however many wait on it, and
 * none when nobody does.
 */

/** Who waits. */
export type Patient = { handleEvent(): void }

/** The waits on one signal. Most have one, which needs no set. */
class Waits {
  #waiting: Patient | Set<Patient> | undefined

  add(patient: Patient): void {
    if (this.#waiting === undefined) this.#waiting = patient
    else if (this.#waiting instanceof Set) this.#waiting.add(patient)
    else this.#waiting = new Set([this.#waiting, patient])
  }

  /** True when it was the last. */
  remove(patient: Patient): boolean {
    if (this.#waiting instanceof Set) return this.#waiting.delete(patient) && this.#waiting.size === 0
    if (this.#waiting !== patient) return false
    this.#waiting = undefined
    return true
  }

  notify(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    if (waiting instanceof Set) for (const patient of waiting) patient.handleEvent()
    else waiting?.handleEvent()
  }
}

/** On a signal of our own: its waits, which its controller notifies. */
const own = Symbol('sluice.waits')

/**
 * Of a signal of somebody else. A signal looks through all its listeners whenever one is added: a
 * thousand waits on it would cost a million looks, and Node warns from eleven on.
 */
const others = new WeakMap<AbortSignal, Waits>()

export function waitOn(signal: AbortSignal, patient: Patient): void {
  const waits = (signal as { [own]?: Waits })[own] ?? others.get(signal)
  if (waits !== undefined) {
    waits.add(patient)
    return
  }
  const first = new Waits()
  first.add(patient)
  others.set(signal, first)
  signal.addEventListener('abort', onAbort)
}

/** It waits no more. */
export function stopWaitingOn(signal: AbortSignal, patient: Patient): void {
  const kept = (signal as { [own]?: Waits })[own]
  if (kept !== undefined) {
    kept.remove(patient)
    return
  }
  if (!others.get(signal)?.remove(patient)) return
  others.delete(signal)
  signal.removeEventListener('abort', onAbort)
}

function onAbort(this: AbortSignal): void {
  const waits = others.get(this)
  others.delete(this)
  this.removeEventListener('abort', onAbort)
  waits?.notify()
}

/**
 * An abort controller that also follows a signal from outside, until it is unlinked. Waits on its
 * signal cost no listener.
 */
export class LinkedController extends AbortController implements Patient {
  readonly #outer: AbortSignal | undefined
  readonly #waits = new Waits()

  constructor(outer?: AbortSignal) {
    super()
    ;(this.signal as { [own]?: Waits })[own] = this.#waits
    this.#outer = outer
    if (outer === undefined) return
    if (outer.aborted) this.abort(outer.reason)
    else waitOn(outer, this)
  }

  override abort(reason?: unknown): void {
    if (this.signal.aborted) return
    super.abort(reason)
    this.#waits.notify()
  }

  /** Lets go of the outer signal: the work has ended. */
  unlink(): void {
    if (this.#outer !== undefined) stopWaitingOn(this.#outer, this)
  }

  /** The outer signal was aborted. */
  handleEvent(): void {
    this.abort(this.#outer!.reason)
  }
}
