/**
 * Runs fences in a reader's browser: in a worker inside a sandboxed frame of opaque origin, without network, storage or the
 * site's page. This file touches no DOM: the site gives it a way to open a frame.
 */
import { downloadEngine, type Progress } from './browser/download.ts'
import type { EngineMessage } from './browser/protocol.ts'
import { createSandboxFrame, type Frame, type SandboxFrame } from './browser/sandbox-frame.ts'
import type { Engine, Fence, Language, Runner, RunOptions, RunResult } from './fence.ts'
import { languages } from './languages.ts'
import type { EngineManifest } from './manifest.ts'
import { noticeFor, supervise, type WorkerHandle } from './supervise.ts'

export type { EngineFile, EngineManifest } from './manifest.ts'
export type { Progress } from './browser/download.ts'
export { portMessage } from './browser/protocol.ts'
export type { Frame } from './browser/sandbox-frame.ts'

export type BrowserRunnerOptions = {
  /** Where `buildEngines` wrote to, with a slash at the end: `/engines/`. */
  baseUrl: string
  /**
   * Opens `url` in an `<iframe sandbox="allow-scripts">`, and once it has loaded sends its window the message
   * `portMessage` with one end of a MessageChannel; gives the other end.
   */
  openFrame: (url: string) => Promise<Frame>
  fetch?: typeof fetch
}

export type BrowserRunOptions = RunOptions & {
  /** While an engine is fetched, and once when it is there. */
  onProgress?: (progress: Progress) => void
}

export type BrowserRunner = Omit<Runner, 'run'> & {
  run(fence: Fence, options?: BrowserRunOptions): Promise<RunResult>
  /** Bytes of an engine as they travel, before anything of it is fetched. */
  sizeOf(language: Language): Promise<number | undefined>
}

export function createBrowserRunner(options: BrowserRunnerOptions): BrowserRunner {
  const get = options.fetch ?? globalThis.fetch.bind(globalThis)
  let manifest: Promise<EngineManifest> | undefined
  let opened: Promise<SandboxFrame> | undefined
  const fetched = new Map<Language, Promise<EngineMessage>>()
  /** A loaded worker for the language that ran last: its next run starts at once. */
  let prepared: { language: Language; frame: SandboxFrame; worker: Promise<WorkerHandle> } | undefined

  function readManifest(): Promise<EngineManifest> {
    manifest ??= get(`${options.baseUrl}manifest.json`).then(async (response) => {
      if (!response.ok) throw new Error(`${options.baseUrl}manifest.json: ${response.status}`)
      return (await response.json()) as EngineManifest
    })
    manifest.catch(() => {
      manifest = undefined
    })
    return manifest
  }

  async function openFrame(): Promise<SandboxFrame> {
    const current = opened ? await opened.catch(() => undefined) : undefined
    if (current?.isAlive()) return current
    prepared = undefined
    opened = readManifest().then(async ({ frame }) =>
      createSandboxFrame(await options.openFrame(options.baseUrl + frame.path)),
    )
    return opened
  }

  function fetchEngine(language: Language, onProgress: (progress: Progress) => void): Promise<EngineMessage> {
    let engine = fetched.get(language)
    if (!engine) {
      engine = readManifest().then((all) =>
        downloadEngine(language, all, { baseUrl: options.baseUrl, fetch: get, onProgress }),
      )
      // A failed download is tried again by the next run.
      engine.catch(() => fetched.delete(language))
      fetched.set(language, engine)
    }
    return engine
  }

  async function takeWorker(language: Language, onProgress: (progress: Progress) => void): Promise<WorkerHandle> {
    const [engine, frame] = await Promise.all([fetchEngine(language, onProgress), openFrame()])
    if (prepared?.language === language && prepared.frame === frame) {
      const { worker } = prepared
      prepared = undefined
      return worker
    }
    void prepared?.worker.then((worker) => worker.terminate()).catch(() => {})
    prepared = undefined
    return frame.startWorker(engine)
  }

  /** A frame may have died unnoticed after its last run: then once more, in a new one. */
  async function takeLivingWorker(language: Language, onProgress: (progress: Progress) => void): Promise<WorkerHandle> {
    try {
      return await takeWorker(language, onProgress)
    } catch (error) {
      const frame = await opened?.catch(() => undefined)
      if (!frame || frame.isAlive()) throw error
      return takeWorker(language, onProgress)
    }
  }

  async function run(fence: Fence, runOptions: BrowserRunOptions = {}): Promise<RunResult> {
    const { language } = fence
    if (!Object.hasOwn(languages, language) || languages[language].runs !== 'browser')
      throw new Error(`${languages[language]?.label ?? String(language)} does not run in a browser.`)
    const starting = takeLivingWorker(language, (progress) => runOptions.onProgress?.(progress))
    const worker = await unlessAborted(starting, runOptions.signal)
    if (!worker) {
      void starting.then((late) => late.terminate()).catch(() => {})
      return { output: '', stopped: 'abort', notice: noticeFor('abort'), durationMs: 0, engine: engineHere(language) }
    }
    const { result } = await supervise(worker, fence, engineHere(language), runOptions)
    await prepareNext(language)
    return result
  }

  async function prepareNext(language: Language): Promise<void> {
    const frame = await opened
    const engine = await fetched.get(language)
    if (!frame?.isAlive() || !engine || prepared) return
    const worker = frame.startWorker(engine)
    worker.catch(() => {
      prepared = undefined
    })
    prepared = { language, frame, worker }
  }

  return {
    run,
    sizeOf: async (language) => (await readManifest()).engines[language]?.gzipBytes,
    close: async () => {
      const frame = await opened?.catch(() => undefined)
      opened = undefined
      prepared = undefined
      frame?.close()
    },
  }
}

/** What the promise gives; undefined as soon as the signal aborts. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (!signal) return promise
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(undefined)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort)
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** JavaScript's engine is whatever the reader's browser is. */
function engineHere(language: Language): Engine {
  const { engine } = languages[language]
  const agent = (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent ?? ''
  const [, name, version] =
    /(Firefox|Edg|Chrome|HeadlessChrome)\/([\d]+)/.exec(agent) ?? /(Version)\/([\d.]+).*Safari/.exec(agent) ?? []
  const browser = name === 'Version' ? 'Safari' : name === 'Edg' ? 'Edge' : name?.replace('Headless', '')
  if (language === 'js') return { name: browser ?? engine.name, version: version ?? engine.version }
  if (language === 'ts')
    return { name: engine.name, version: `${engine.version}${browser ? `, ${browser} ${version}` : ''}` }
  return engine
}
