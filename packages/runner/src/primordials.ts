/**
 * Built-ins that the worker uses after sandboxed code has started, captured before it. The sandboxed code shares the realm
 * and may replace every property of every prototype; a captured function called through these never looks one up.
 */

const { bind, call } = Function.prototype

/** A method as a function that takes `this` as its first argument. */
const uncurryThis = bind.bind(call) as <This, Values extends unknown[], Result>(
  method: (this: This, ...values: Values) => Result,
) => (self: This, ...values: Values) => Result

export const { hasOwn } = Object
export const { isFinite, isSafeInteger } = Number
export const NativeError = Error
export const stringSlice = uncurryThis(String.prototype.slice)
export const promiseThen = uncurryThis(Promise.prototype.then) as (
  promise: Promise<unknown>,
  onFulfilled: (value: unknown) => void,
  onRejected: (reason: unknown) => void,
) => unknown
// Bound: browsers call these with no other `this`.
export const now = performance.now.bind(performance)
export const startTimer = setTimeout.bind(globalThis) as (callback: () => void, ms: number) => unknown

/** An own property of an object; undefined for anything that is inherited, and for what is no object. */
export function ownProperty(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}

/** The first `limit` UTF-16 units of a string; undefined for anything else. */
export function boundedString(value: unknown, limit: number): string | undefined {
  return typeof value === 'string' ? stringSlice(value, 0, limit) : undefined
}
