/** The inside of a worker: loads one interpreter, runs a job, and reports what it prints and how it ends. */
import type { Interpreter, Load } from './interpreter.ts'
import { messageLimits } from './messages.ts'
import { createOutput } from './output.ts'
import { boundedString, isFinite, isSafeInteger, NativeError, now, ownProperty, promiseThen } from './primordials.ts'
import type { FromWorker, Job, ToWorker } from './protocol.ts'

/**
 * `post` must be bound to what it posts on: sandboxed code may replace `postMessage` of every port. Once sandboxed code
 * may have run, nothing here calls a method, awaits, or hands out an object that leads to the port.
 */
export type Channel = { post: (message: FromWorker) => void; receive: (listener: (message: ToWorker) => void) => void }

export type ServeOptions = {
  /** Whether the interpreter takes more than one job. Only for one that executes no code. */
  isReusable?: boolean
}

/** Serves one interpreter. A second `load` is ignored, and so is a second `run` unless the interpreter is reusable. */
export function serve({ post, receive }: Channel, load: Load, options: ServeOptions = {}): void {
  let interpreter: Interpreter | undefined
  let state: 'new' | 'loading' | 'ready' | 'running' | 'over' = 'new'

  receive((message) => {
    if (message.type === 'load' && state === 'new') {
      state = 'loading'
      start(load, message.assets, post, (loaded) => {
        interpreter = loaded
        state = 'ready'
      })
    } else if (message.type === 'run' && state === 'ready' && interpreter) {
      state = 'running'
      runJob(interpreter, message, post, () => {
        state = options.isReusable ? 'ready' : 'over'
      })
    }
  })
}

function start(
  load: Load,
  assets: Parameters<Load>[0],
  post: Channel['post'],
  onLoaded: (loaded: Interpreter) => void,
) {
  load(assets).then(
    (loaded) => {
      onLoaded(loaded)
      post({ type: 'ready', ...(loaded.snapshot && { snapshot: loaded.snapshot }) })
    },
    (error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      post({ type: 'failed', message: text.slice(0, messageLimits.failure) })
    },
  )
}

function runJob(interpreter: Interpreter, job: Job, post: Channel['post'], onEnd: () => void): void {
  let startedAt = now()
  let isSilent = job.setup !== ''
  let isOver = false
  const output = createOutput({
    post: (text) => post({ type: 'output', text }),
    limitUnits: job.outputLimitBytes,
  })
  const end = (ending: unknown) => {
    if (isOver) return
    isOver = true
    output.flush()
    const durationMs = now() - startedAt
    post(endMessage(ending, durationMs))
    onEnd()
  }
  const stage = {
    begin: () => {
      isSilent = false
      startedAt = now()
    },
    print: (text: string) => {
      if (isOver) throw new NativeError('The output limit is reached.')
      if (isSilent || text === '') return
      if (typeof text !== 'string') throw new NativeError('Only text can be printed.')
      if (output.print(text)) return
      end({ stopped: 'output' })
      throw new NativeError('The output limit is reached.')
    },
  }
  const fail = (error: unknown) =>
    end({ error: { name: 'EngineError', message: boundedString(ownProperty(error, 'message'), 1_000) ?? 'unknown' } })
  try {
    if (!isSilent) stage.begin()
    // Not `await`: it reads properties that sandboxed code may have replaced.
    promiseThen(interpreter.run(job, stage), end, fail)
  } catch (error) {
    fail(error)
  }
}

/** The last message of a run. An ending went through promises that sandboxed code can see, so any value may be here. */
function endMessage(ending: unknown, durationMs: number): FromWorker {
  const message = {
    // No setter of `Object.prototype` sees what is assigned here. A clone has the usual prototype again.
    __proto__: null,
    type: 'end' as const,
    durationMs: isFinite(durationMs) && durationMs > 0 ? durationMs : 0,
  } as Extract<FromWorker, { type: 'end' }>
  const stopped = ownProperty(ending, 'stopped')
  if (stopped === 'output' || stopped === 'exit') message.stopped = stopped
  const notice = boundedString(ownProperty(ending, 'notice'), messageLimits.notice)
  if (notice !== undefined) message.notice = notice
  const error = ownProperty(ending, 'error')
  if (typeof error === 'object' && error !== null) {
    const name = boundedString(ownProperty(error, 'name'), messageLimits.errorName) ?? 'Error'
    const text = boundedString(ownProperty(error, 'message'), messageLimits.errorMessage) ?? ''
    const line = ownProperty(error, 'line')
    message.error =
      isSafeInteger(line) && (line as number) > 0
        ? { name, message: text, line: line as number }
        : { name, message: text }
  }
  return message
}
