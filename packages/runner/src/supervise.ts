/** The outside of a worker: starts it, watches one run and ends it at its limits, whatever the code inside does. */
import type { Engine, Fence, RunOptions, RunResult, StopCause } from './fence.ts'
import { cutToBytes } from './limit.ts'
import { parseFromWorker } from './messages.ts'
import { messageLimit } from './output.ts'
import type { Assets, FromWorker, ToWorker } from './protocol.ts'

export const defaultTimeoutMs = 5_000
export const defaultOutputLimitBytes = 65_536

/** A worker seen from outside. After `terminate` no listener is called, whatever is queued. */
export type WorkerHandle = {
  send: (message: ToWorker) => void
  /** Sets the one listener for what the worker sends: unchecked data. */
  listen: (listener: (data: unknown) => void) => void
  /** Sets the one listener for the worker's death by itself. */
  onGone: (listener: (cause: 'memory' | 'exit', detail?: string) => void) => void
  terminate: () => void
}

/** The sentence for the reader when a run is stopped. */
export function noticeFor(
  cause: StopCause,
  limits = { timeoutMs: defaultTimeoutMs, outputLimitBytes: defaultOutputLimitBytes },
): string {
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

/** The notice of a run whose worker sent something else than the protocol allows, or too often. `stopped` is `exit`. */
export const tamperedNotice = 'Stopped: the code tampered with the worker that runs it.'

/** Loads the interpreter. Gives its snapshot, if it made one; rejects where it does not start in time. */
export function startWorker(
  handle: WorkerHandle,
  assets: Assets,
  options: { timeoutMs: number },
): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer)
      handle.listen(() => {})
      handle.onGone(() => {})
    }
    const fail = (reason: string) => {
      settle()
      handle.terminate()
      reject(new Error(`The engine did not start${reason}`))
    }
    const timer = setTimeout(() => fail(` within ${options.timeoutMs / 1000} s.`), options.timeoutMs)
    handle.onGone((cause, detail) => fail(`: ${detail ?? `its worker ended (${cause})`}.`))
    handle.listen((data) => {
      const message = parseFromWorker(data, 0)
      if (message?.type === 'failed') return fail(`: ${message.message}`)
      if (message?.type !== 'ready') return fail(': its worker sent no valid message.')
      settle()
      resolve(message.snapshot)
    })
    handle.send({ type: 'load', assets })
  })
}

export type SuperviseOptions = RunOptions & {
  /** Leaves the worker alive after a run that ended by itself: only for interpreters that execute no code. */
  isReusable?: boolean
}

/**
 * Runs one fence in a worker whose interpreter is ready. Terminates the worker at once when the run ends, so that nothing
 * that is still queued arrives; `isTerminated` is false only for a reusable worker.
 */
export function supervise(
  handle: WorkerHandle,
  fence: Fence,
  engine: Engine,
  options: SuperviseOptions = {},
): Promise<{ result: RunResult; isTerminated: boolean }> {
  const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
  const outputLimitBytes = options.outputLimitBytes ?? defaultOutputLimitBytes
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    let output = ''
    let leftBytes = outputLimitBytes
    let leftMessages = messageLimit({ timeoutMs, outputLimitBytes })
    let isOver = false

    const settle = (isTerminated: boolean) => {
      isOver = true
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      handle.listen(() => {})
      handle.onGone(() => {})
      if (isTerminated) handle.terminate()
    }
    const end = (ending: Partial<RunResult>, isTerminated: boolean) => {
      if (isOver) return
      settle(isTerminated)
      const durationMs = performance.now() - startedAt
      resolve({ result: { output: withoutLastNewline(output), durationMs, engine, ...ending }, isTerminated })
    }
    const stop = (stopped: StopCause, notice = noticeFor(stopped, { timeoutMs, outputLimitBytes })) =>
      end({ stopped, notice }, true)
    const onAbort = () => stop('abort')
    const onEnd = (message: Extract<FromWorker, { type: 'end' }>) => {
      if (message.stopped === 'output') return stop('output')
      end(
        {
          durationMs: Math.min(message.durationMs, performance.now() - startedAt),
          ...(message.stopped && { stopped: message.stopped }),
          ...(message.error && { error: message.error }),
          ...(message.notice !== undefined && { notice: message.notice }),
        },
        !options.isReusable,
      )
    }
    const onOutput = (text: string) => {
      const cut = cutToBytes(text, leftBytes)
      leftBytes -= cut.bytes
      output += cut.text
      try {
        if (cut.text !== '') options.onOutput?.(cut.text)
      } catch (error) {
        settle(true)
        return reject(error as Error)
      }
      if (cut.isCut) stop('output')
    }

    const timer = setTimeout(() => stop('time'), timeoutMs)
    if (options.signal?.aborted) return stop('abort')
    options.signal?.addEventListener('abort', onAbort)
    handle.onGone((cause) => stop(cause))
    handle.listen((data) => {
      if (isOver) return
      const message = parseFromWorker(data, outputLimitBytes)
      if (leftMessages-- <= 0) return stop('exit', tamperedNotice)
      if (message?.type === 'output') {
        // Queued messages are delivered before a timer that is due.
        if (performance.now() - startedAt >= timeoutMs) return stop('time')
        onOutput(message.text)
      } else if (message?.type === 'end') onEnd(message)
      else stop('exit', tamperedNotice)
    })
    handle.send({ type: 'run', language: fence.language, code: fence.code, setup: fence.setup ?? '', outputLimitBytes })
  })
}

function withoutLastNewline(text: string): string {
  return text.endsWith('\n') ? text.slice(0, -1) : text
}
