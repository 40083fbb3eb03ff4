/** Runs fences in Node: worker threads for what a browser can run too, real processes for Node, git and the shell. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import type { Engine, Fence, Language, Runner, RunResult } from './fence.ts'
import { languages } from './languages.ts'
import { loadAssets } from './node/assets.ts'
import { runProcess } from './node/process.ts'
import type { WorkerLanguage } from './node/worker.ts'
import type { Assets, ToHost } from './protocol.ts'
import { type Seat, supervise } from './supervise.ts'

/** Of JavaScript objects in one worker thread. WebAssembly engines and buffers are watched through the process. */
const heapLimitMb = 256
/** Growth of the whole process during one run that counts as its memory. */
const processGrowthLimitBytes = 1.5 * 2 ** 30
const startTimeoutMs = 60_000

/** Interpreters whose jobs share nothing that a job can change: one worker serves many. */
const reusable: ReadonlySet<Language> = new Set(['tsc'])

/** One runner may run several fences at once; each gets a worker of its own. */
export function createNodeRunner(): Runner {
  const assets = new Map<Language, Promise<Assets>>()
  const idle = new Map<Language, Seat[]>()
  const open = new Set<Seat>()

  async function seatFor(language: WorkerLanguage): Promise<Seat> {
    const kept = idle.get(language)?.pop()
    if (kept) return kept
    let given = assets.get(language)
    if (!given) {
      given = language === 'sql' || language === 'sqlite' ? loadAssets(language) : Promise.resolve({})
      assets.set(language, given)
    }
    const seat = openSeat(language, () => open.delete(seat))
    open.add(seat)
    const keep = await start(seat, await given)
    if (keep) assets.set(language, Promise.resolve({ ...(await given), ...keep }))
    return seat
  }

  async function run(fence: Fence, options: Parameters<Runner['run']>[1] = {}): Promise<RunResult> {
    const { language } = fence
    const engine = await nodeEngine(language)
    if (language === 'node' || language === 'git' || language === 'bash') return runProcess(fence, engine, options)
    const seat = await seatFor(language)
    const { result, isSpent } = await supervise(seat, fence, engine, options)
    if (isSpent) return result
    if (reusable.has(language)) idle.set(language, [...(idle.get(language) ?? []), seat])
    else seat.terminate()
    return result
  }

  return {
    run,
    close: async () => {
      for (const seat of open) seat.terminate()
      open.clear()
      idle.clear()
      assets.clear()
      await Promise.resolve()
    },
  }
}

/** The engine of a language as it is on this machine. */
export async function nodeEngine(language: Language): Promise<Engine> {
  const { engine } = languages[language]
  if (language === 'js' || language === 'node') return { name: 'Node', version: process.versions.node }
  if (language === 'ts') return { name: 'Node', version: `${process.versions.node}, ${engine.name} ${engine.version}` }
  if (language === 'git') return { name: 'git', version: await toolVersion('git', /git version ([\d.]+)/) }
  if (language === 'bash') return { name: 'bash', version: await toolVersion('bash', /version ([\d.]+)/) }
  return engine
}

const toolVersions = new Map<string, Promise<string>>()

function toolVersion(tool: string, pattern: RegExp): Promise<string> {
  let version = toolVersions.get(tool)
  if (!version) {
    version = promisify(execFile)(tool, ['--version']).then(({ stdout }) => pattern.exec(stdout)?.[1] ?? 'unknown')
    toolVersions.set(tool, version)
  }
  return version
}

function openSeat(language: WorkerLanguage, onClosed: () => void): Seat {
  const worker = new Worker(new URL('./node/worker.ts', import.meta.url), {
    workerData: { language },
    resourceLimits: { maxOldGenerationSizeMb: language === 'tsc' ? 1024 : heapLimitMb, maxYoungGenerationSizeMb: 64 },
    execArgv: ['--disable-warning=ExperimentalWarning', '--experimental-import-meta-resolve'],
    env: {},
    stdout: true,
    stderr: true,
  })
  let listen: (message: ToHost) => void = () => {}
  let gone: (cause: 'memory' | 'exit', detail?: string) => void = () => {}
  let isClosed = false
  const close = () => {
    if (isClosed) return
    isClosed = true
    clearInterval(watch)
    onClosed()
  }
  const base = process.memoryUsage.rss()
  const watch = setInterval(() => {
    if (process.memoryUsage.rss() - base > processGrowthLimitBytes) gone('memory')
  }, 50).unref()
  worker.on('message', (message: ToHost) => listen(message))
  worker.on('error', (error: Error & { code?: string }) => {
    close()
    gone(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'exit', error.stack ?? error.message)
  })
  worker.on('exit', () => {
    close()
    gone('exit')
  })
  return {
    send: (message) => worker.postMessage(message),
    listen: (listener) => {
      listen = listener
    },
    onGone: (listener) => {
      gone = listener
    },
    terminate: () => {
      close()
      gone = () => {}
      void worker.terminate()
    },
  }
}

/** Loads the interpreter; gives what the guest wants to have kept for the next start. */
function start(seat: Seat, assets: Assets): Promise<Assets | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The engine did not start within ${startTimeoutMs / 1000} s.`)),
      startTimeoutMs,
    )
    const fail = (message: string) => {
      clearTimeout(timer)
      seat.terminate()
      reject(new Error(message))
    }
    seat.onGone((cause, detail) => fail(`The engine's worker ended while starting (${cause}). ${detail ?? ''}`))
    seat.listen((message) => {
      if (message.type === 'failed') fail(`The engine did not start: ${message.message}`)
      if (message.type !== 'ready') return
      clearTimeout(timer)
      resolve(message.keep)
    })
    seat.send({ type: 'load', assets })
  })
}
