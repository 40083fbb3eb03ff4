/** Waits that a signal may call off: one listener a signal, however many wait on it, and none when nobody does. */

/** Who waits. */
export type Patient = { handleEvent(event: Event): void }

/** A signal looks through all its listeners whenever one is added; a thousand waits on it would cost a million looks. */
const patients = new WeakMap<AbortSignal, Set<Patient>>()

export function waitOn(signal: AbortSignal, patient: Patient): void {
  const waiting = patients.get(signal)
  if (waiting !== undefined) {
    waiting.add(patient)
    return
  }
  patients.set(signal, new Set([patient]))
  signal.addEventListener('abort', callOff)
}

/** It waits no more. */
export function stopWaitingOn(signal: AbortSignal, patient: Patient): void {
  const waiting = patients.get(signal)
  if (waiting === undefined || !waiting.delete(patient) || waiting.size > 0) return
  patients.delete(signal)
  signal.removeEventListener('abort', callOff)
}

function callOff(this: AbortSignal, event: Event): void {
  const waiting = patients.get(this) ?? []
  patients.delete(this)
  this.removeEventListener('abort', callOff)
  for (const patient of waiting) patient.handleEvent(event)
}
