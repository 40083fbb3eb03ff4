/** Checks what a worker sends. The code in the worker is hostile: what is not exactly a message is no message. */
import type { RunError, StopCause } from './fence.ts'
import type { FromWorker } from './protocol.ts'

/** Longest strings, in UTF-16 units, and largest snapshot. The worker cuts to them, the receiver refuses more. */
export const messageLimits = {
  errorName: 200,
  errorMessage: 10_000,
  notice: 1_000,
  failure: 20_000,
  snapshotBytes: 256 * 2 ** 20,
}

/** Causes that a worker may report about itself. The others are decided outside it. */
const reportable: ReadonlySet<unknown> = new Set<StopCause>(['output', 'exit'])

/** The message, copied field by field; undefined where the data breaks the protocol. `textLimit` is in UTF-16 units. */
export function parseFromWorker(data: unknown, textLimit: number): FromWorker | undefined {
  const fields = ownFields(data)
  if (!fields) return undefined
  switch (fields['type']) {
    case 'ready':
      if (!hasOnly(fields, ['type', 'snapshot'])) return undefined
      if (!('snapshot' in fields)) return { type: 'ready' }
      return isSnapshot(fields['snapshot']) ? { type: 'ready', snapshot: fields['snapshot'] } : undefined
    case 'failed':
      return hasOnly(fields, ['type', 'message']) && isString(fields['message'], messageLimits.failure)
        ? { type: 'failed', message: fields['message'] }
        : undefined
    case 'output':
      return hasOnly(fields, ['type', 'text']) && isString(fields['text'], textLimit) && fields['text'] !== ''
        ? { type: 'output', text: fields['text'] }
        : undefined
    case 'end':
      return parseEnd(fields)
    default:
      return undefined
  }
}

/** A snapshot that is kept for later runs: bytes, and not more of them than an interpreter has memory. */
export function isSnapshot(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.byteLength <= messageLimits.snapshotBytes
}

function parseEnd(fields: Record<string, unknown>): FromWorker | undefined {
  if (!hasOnly(fields, ['type', 'durationMs', 'error', 'stopped', 'notice'])) return undefined
  const { durationMs, error, stopped, notice } = fields
  if (typeof durationMs !== 'number' || !Number.isFinite(durationMs) || durationMs < 0) return undefined
  const message: FromWorker = { type: 'end', durationMs }
  if (error !== undefined) {
    const parsed = parseError(error)
    if (!parsed) return undefined
    message.error = parsed
  }
  if (stopped !== undefined) {
    if (!reportable.has(stopped)) return undefined
    message.stopped = stopped as StopCause
  }
  if (notice !== undefined) {
    if (!isString(notice, messageLimits.notice)) return undefined
    message.notice = notice
  }
  return message
}

function parseError(data: unknown): RunError | undefined {
  const fields = ownFields(data)
  if (!fields || !hasOnly(fields, ['name', 'message', 'line'])) return undefined
  const { name, message, line } = fields
  if (!isString(name, messageLimits.errorName) || !isString(message, messageLimits.errorMessage)) return undefined
  if (line === undefined) return { name, message }
  return Number.isSafeInteger(line) && (line as number) > 0 ? { name, message, line: line as number } : undefined
}

/** The object's own fields, on an object that inherits nothing. */
function ownFields(value: unknown): Record<string, unknown> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.assign(Object.create(null) as Record<string, unknown>, value)
}

function hasOnly(value: object, names: string[]): boolean {
  return Object.keys(value).every((name) => names.includes(name))
}

function isString(value: unknown, limit: number): value is string {
  return typeof value === 'string' && value.length <= limit
}
