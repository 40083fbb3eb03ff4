/** Structured logs: one JSON object a line, with a time, a level and a message. */
import { visibleText } from './visible-text.ts'

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof levels)[number]

/** Writes one line; `fields` must be JSON and hold nothing that identifies the reader. */
export type Log = (level: Exclude<LogLevel, 'silent'>, message: string, fields?: Record<string, unknown>) => void

/** The level that `LOG_LEVEL` names; `info` without one. Throws for an unknown one. */
export function logLevel(text: string | undefined): LogLevel {
  if (!text?.trim()) return 'info'
  const level = levels.find((one) => one === text.trim().toLowerCase())
  if (!level) throw new Error(`LOG_LEVEL is "${text}". It is one of ${levels.join(', ')}.`)
  return level
}

/**
 * A log that leaves out what lies below `level`. `write` gets whole lines, safe to show in a
 * terminal.
 */
export function jsonLog(level: LogLevel, write: (line: string) => void = (line) => process.stdout.write(line)): Log {
  const least = levels.indexOf(level)
  return (at, message, fields = {}) => {
    if (levels.indexOf(at) < least) return
    const line = JSON.stringify({ time: new Date().toISOString(), level: at, message, ...fields })
    write(`${visibleText(line)}\n`)
  }
}
