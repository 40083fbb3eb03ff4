/** The outside of a worker: watches one run and ends it at its limits, whatever the code inside does. */
import type { Engine, Fence, RunOptions, RunResult, StopCause } from './fence.ts'
import { cutToBytes } from './limit.ts'
import type { ToGuest, ToHost } from './protocol.ts'

export const defaultTimeoutMs = 5_000
export const defaultOutputLimitBytes = 65_536

/** A worker with a loaded interpreter in it, seen from outside. */
export type Seat = {
  send: (message: ToGuest) => void
  /** Sets the one listener for what the guest says. */
  listen: (listener: (message: ToHost) => void) => void
  /** Sets the one listener for the worker's death by itself. */
  onGone: (listener: (cause: 'memory' | 'exit', detail?: string) => void) => void
  terminate: () => void
}

/** What is read in the notice when a run is stopped. */
export function noticeFor(cause: StopCause, limits: { timeoutMs: number; outputLimitBytes: number }): string {
  switch (cause) {
    case 'time':
      return `Stopped after ${limits.timeoutMs / 1000} s, the time limit: the code had not ended.`
    case 'memory':
      return 'Stopped: the code used more memory than a run may have.'
    case 'output':
      return `Stopped: the code printed more than ${Math.round(limits.outputLimitBytes / 1024)} KiB, the output limit.`
    case 'exit':
      return 'Stopped: the code ended its own process.'
    case 'abort':
      return 'Stopped.'
    default:
      return cause satisfies never
  }
}

/** Runs one fence on a seat whose interpreter is ready. `isSpent` says that the seat was terminated and cannot be used again. */
export function supervise(
  seat: Seat,
  fence: Fence,
  engine: Engine,
  options: RunOptions = {},
): Promise<{ result: RunResult; isSpent: boolean }> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  const outputLimitBytes = options.outputLimitBytes ?? defaultOutputLimitBytes
  return new Promise((resolve) => {
    const startedAt = performance.now()
    let output = ''
    let leftBytes = outputLimitBytes
    let isOver = false

    const end = (ending: Partial<RunResult>, isSpent: boolean) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      if (isSpent) seat.terminate()
      const durationMs = performance.now() - startedAt
      resolve({ result: { output: withoutLastNewline(output), durationMs, engine, ...ending }, isSpent })
    }
    const stop = (stopped: StopCause) =>
      end({ stopped, notice: noticeFor(stopped, { timeoutMs, outputLimitBytes }) }, true)
    const onAbort = () => stop('abort')

    const timer = setTimeout(() => stop('time'), timeoutMs)
    if (options.signal?.aborted) return stop('abort')
    options.signal?.addEventListener('abort', onAbort)

    seat.onGone((cause) => stop(cause))
    seat.listen((message) => {
      if (isOver) return
      if (message.type === 'output') {
        const cut = cutToBytes(String(message.text), leftBytes)
        leftBytes -= cut.bytes
        output += cut.text
        if (cut.text !== '') options.onOutput?.(cut.text)
        if (cut.isCut) stop('output')
      } else if (message.type === 'end') {
        if (message.stopped === 'output') return stop('output')
        end(
          {
            durationMs: message.durationMs,
            ...(message.stopped && { stopped: message.stopped }),
            ...(message.error && { error: message.error }),
            ...(message.notice !== undefined && { notice: message.notice }),
          },
          false,
        )
      }
    })
    seat.send({ type: 'run', language: fence.language, code: fence.code, setup: fence.setup ?? '', outputLimitBytes })
  })
}

function withoutLastNewline(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text
}
