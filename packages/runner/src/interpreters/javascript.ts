/** JavaScript, and TypeScript with its types stripped: an ES module with top-level await, run until nothing is pending. */
import type { Ending, Interpreter, Realm, Stage } from '../interpreter.ts'
import type { Job } from '../protocol.ts'
import { createConsole } from './console.ts'
import { describeUncaught } from './error.ts'

const scope = globalThis as unknown as Record<string, unknown>

/** Time for work that no timer shows (a digest, a stream) before a pending top-level await counts as never settling. */
const unsettledAfterMs = 400

/** Loads the interpreter for `js` and `ts`. */
export function loadJavaScript(
  realm: Realm,
  stripTypes: (source: string) => string | Promise<string>,
): Promise<Interpreter> {
  return Promise.resolve({ run: (job, stage) => runModule(job, stage, realm, { stripTypes }) })
}

export type ModuleOptions = {
  /** Called for `ts` only. */
  stripTypes?: (source: string) => string | Promise<string>
  /** Names that the code finds beside JavaScript's own. */
  globals?: Record<string, unknown>
}

/** Puts setup before the code; `firstLine` is the line where the code begins. Calling `begin` marks the seam. */
export function joinSetup(job: Job, begin: () => void): { source: string; firstLine: number } {
  if (job.setup === '') return { source: job.code, firstLine: 1 }
  scope['__begin'] = () => {
    delete scope['__begin']
    begin()
  }
  return { source: `${job.setup}\n;__begin();\n${job.code}`, firstLine: job.setup.split('\n').length + 2 }
}

/** Runs a job as a module, until nothing is pending. */
export async function runModule(job: Job, stage: Stage, realm: Realm, options: ModuleOptions): Promise<Ending> {
  realm.lock()
  const { source, firstLine } = joinSetup(job, stage.begin)
  const failed = (reason: unknown): Ending => {
    const { text, error } = describeUncaught(reason, realm.inspect, firstLine)
    stage.begin()
    stage.print(`${text}\n`)
    return { error }
  }
  let script = source
  if (job.language === 'ts' && options.stripTypes) {
    try {
      script = await options.stripTypes(source)
    } catch (error) {
      return failed(error)
    }
  }
  const pending = trackTimers()
  const { methods, flushed } = createConsole(stage.print, realm)
  scope['console'] = methods
  Object.assign(scope, options.globals)
  return new Promise((resolve) => {
    let isSettled = false
    const finish = (ending: Ending) => {
      pending.onIdle(() => {})
      resolve(ending)
    }
    // Either may throw at the output limit: the run has ended by itself then.
    const fail = (reason: unknown) =>
      void flushed()
        .then(() => finish(failed(reason)))
        .catch(() => {})
    realm.onUncaught(fail)
    pending.onIdle(() => {
      if (isSettled) return void flushed().then(() => finish({}))
      pending.after(unsettledAfterMs, () => {
        if (pending.isIdle()) finish({ notice: 'The code ended at an await that nothing will ever settle.' })
      })
    })
    realm.importModule(script).then(() => {
      isSettled = true
      pending.check()
    }, fail)
  })
}

/** Replaces the timer functions by ones that are counted, so that the end of a run can be seen in a browser too. */
function trackTimers() {
  // Bound: a browser's timers refuse any other `this`.
  const native = {
    setTimeout: globalThis.setTimeout.bind(globalThis),
    clearTimeout: globalThis.clearTimeout.bind(globalThis),
    setInterval: globalThis.setInterval.bind(globalThis),
    clearInterval: globalThis.clearInterval.bind(globalThis),
  }
  // The code gets a number, as in a browser: Node's own handle leads to every other timer of the thread.
  const active = new Map<number, unknown>()
  let lastId = 0
  let idle = () => {}
  const isIdle = () => active.size === 0
  // Two turns of the event loop: messages and callbacks that are already on their way come first.
  const check = () => {
    if (!isIdle()) return
    native.setTimeout(() => native.setTimeout(() => isIdle() && idle(), 1), 0)
  }
  const start =
    (kind: 'setTimeout' | 'setInterval') =>
    (callback: unknown, ms?: number, ...values: unknown[]) => {
      if (typeof callback !== 'function') throw new TypeError('The "callback" argument must be of type function.')
      const id = ++lastId
      const onTimer = () => {
        if (kind === 'setTimeout') active.delete(id)
        try {
          callback(...values)
        } finally {
          check()
        }
      }
      active.set(id, native[kind](onTimer, ms))
      return id
    }
  const clear = (id: unknown) => {
    if (!active.has(id as number)) return
    native.clearTimeout(active.get(id as number) as number)
    active.delete(id as number)
    check()
  }
  scope['setTimeout'] = start('setTimeout')
  scope['setInterval'] = start('setInterval')
  scope['clearTimeout'] = clear
  scope['clearInterval'] = clear
  // A module that waits forever without any timer is seen by this first check.
  check()
  return {
    isIdle,
    check,
    onIdle: (listener: () => void) => {
      idle = listener
    },
    after: (ms: number, callback: () => void) => void native.setTimeout(callback, ms),
  }
}
