/** The errors Sluice throws. Each has a stable `name` and says in its message what happened and what would be right. */

/** Why work was refused. */
export type OverloadCause =
  /** The bounded queue had no place left. */
  | 'queue-full'
  /** It waited longer than the queue delay control allows. */
  | 'queue-delay'
  /** It could not have been done before its deadline. */
  | 'deadline'
  /** Shed in favour of work with a higher priority. */
  | 'priority'
  /** Over the agreed rate. */
  | 'rate'
  /** The breaker is open. */
  | 'breaker-open'

/**
 * Work was refused before it cost anything. `cause` is the reason as a word, `retryAfterMs` when it makes sense to try again.
 *
 * It carries no stack: a refusal has to be the cheapest thing there is, and where it was refused is no news.
 */
export class Overloaded extends Error {
  declare readonly cause: OverloadCause
  declare readonly retryAfterMs: number | undefined

  constructor(cause: OverloadCause, retryAfterMs?: number) {
    const frames = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(messages[cause])
    Error.stackTraceLimit = frames
    this.cause = cause
    this.retryAfterMs = retryAfterMs
  }

  override get name(): string {
    return 'Overloaded'
  }
}

const messages: Record<OverloadCause, string> = {
  'queue-full': 'Refused: the queue is full',
  'queue-delay': 'Refused: it waited in the queue for too long',
  deadline: 'Refused: it cannot be done before its deadline',
  priority: 'Refused: shed for work with a higher priority',
  rate: 'Refused: over the rate',
  'breaker-open': 'Refused: the breaker is open',
}

/** Nothing more can be sent: the channel was closed. `cause` is the error it was closed with, if any. */
export class ChannelClosed extends Error {
  constructor(cause?: unknown) {
    super('The channel is closed: nothing more can be sent', cause === undefined ? undefined : { cause })
  }

  override get name(): string {
    return 'ChannelClosed'
  }
}

/** The channel is full and its `onFull` is `fail`. */
export class ChannelFull extends Error {
  declare readonly capacity: number

  constructor(capacity: number) {
    super(`The channel is full (capacity ${capacity}) and onFull is 'fail'`)
    this.capacity = capacity
  }

  override get name(): string {
    return 'ChannelFull'
  }
}

/** It took longer than it may. */
export class TimedOut extends Error {
  declare readonly timeoutMs: number

  constructor(timeoutMs: number, what = 'The operation') {
    super(`${what} took longer than ${timeoutMs} ms`)
    this.timeoutMs = timeoutMs
  }

  override get name(): string {
    return 'TimedOut'
  }
}

/** An option has a value that cannot be right. The message names the option, the value and what would be right. */
export class InvalidOption extends RangeError {
  declare readonly option: string
  declare readonly value: unknown

  constructor(option: string, value: unknown, expected: string) {
    super(`${option} must be ${expected}, got ${show(value)}`)
    this.option = option
    this.value = value
  }

  override get name(): string {
    return 'InvalidOption'
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}
