/**
 * Runs fences in a reader's browser: in a worker inside a sandboxed frame of opaque origin, without network, storage or the
 * site's page. This file touches no DOM: the site gives it a way to open a frame.
 */
import type { FromFrame, ToFrame } from './browser/protocol.ts'
import type { Engine, Fence, Language, Runner, RunOptions, RunResult } from './fence.ts'
import { languages } from './languages.ts'
import type { EngineFile, EngineManifest } from './manifest.ts'
import type { ToGuest, ToHost } from './protocol.ts'
import { type Seat, supervise } from './supervise.ts'

export type { EngineFile, EngineManifest } from './manifest.ts'
export { portMessage } from './browser/protocol.ts'

/** A frame that was opened: the port whose other end it was given, and a way to take it off the page. */
export type Frame = { port: MessagePort; remove: () => void }

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

/** Bytes as they travel, compressed. */
export type Progress = { loadedBytes: number; totalBytes: number }

export type BrowserRunOptions = RunOptions & {
  /** While an engine is fetched, and once when it is there. */
  onProgress?: (progress: Progress) => void
}

export type BrowserRunner = Omit<Runner, 'run'> & {
  run(fence: Fence, options?: BrowserRunOptions): Promise<RunResult>
  /** Bytes of an engine as they travel, before anything of it is fetched. */
  sizeOf(language: Language): Promise<number | undefined>
}

const pingEveryMs = 500
/** A frame that is silent for longer has crashed, or its process is so short of memory that it cannot answer. */
const silenceMs = 4_000
const startTimeoutMs = 120_000

export function createBrowserRunner(options: BrowserRunnerOptions): BrowserRunner {
  const get = options.fetch ?? globalThis.fetch.bind(globalThis)
  let manifest: Promise<EngineManifest> | undefined
  let house: Promise<House> | undefined
  const fetched = new Map<Language, Promise<Extract<ToFrame, { type: 'engine' }>>>()
  /** A loaded worker for the language that ran last: its next run starts at once. */
  let spare: { language: Language; house: House; seat: Promise<Seat> } | undefined

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

  async function openHouse(): Promise<House> {
    const opened = house ? await house.catch(() => undefined) : undefined
    if (opened?.isAlive()) return opened
    spare = undefined
    house = readManifest().then(async ({ frame }) => createHouse(await options.openFrame(options.baseUrl + frame.path)))
    return house
  }

  function fetchEngine(language: Language, onProgress: (progress: Progress) => void) {
    let engine = fetched.get(language)
    if (!engine) {
      engine = readManifest().then((all) => download(language, all, options.baseUrl, get, onProgress))
      // A failed download is tried again by the next run.
      engine.catch(() => fetched.delete(language))
      fetched.set(language, engine)
    }
    return engine
  }

  async function takeSeat(language: Language, onProgress: (progress: Progress) => void): Promise<Seat> {
    const [engine, home] = await Promise.all([fetchEngine(language, onProgress), openHouse()])
    if (spare?.language === language && spare.house === home) {
      const { seat } = spare
      spare = undefined
      return seat
    }
    void spare?.seat.then((seat) => seat.terminate()).catch(() => {})
    spare = undefined
    return home.open(engine)
  }

  /** A frame may have died unnoticed after its last run: then once more, in a new one. */
  async function takeLivingSeat(language: Language, onProgress: (progress: Progress) => void): Promise<Seat> {
    try {
      return await takeSeat(language, onProgress)
    } catch (error) {
      const home = await house?.catch(() => undefined)
      if (!home || home.isAlive()) throw error
      return takeSeat(language, onProgress)
    }
  }

  async function run(fence: Fence, runOptions: BrowserRunOptions = {}): Promise<RunResult> {
    const { language } = fence
    if (languages[language].runs !== 'browser')
      throw new Error(`${languages[language].label} does not run in a browser.`)
    const seat = await takeLivingSeat(language, (progress) => runOptions.onProgress?.(progress))
    const { result } = await supervise(seat, fence, engineHere(language), runOptions)
    seat.terminate()
    await prepareNext(language)
    return result
  }

  async function prepareNext(language: Language): Promise<void> {
    const home = await house
    const engine = await fetched.get(language)
    if (!home?.isAlive() || !engine || spare) return
    const seat = home.open(engine)
    seat.catch(() => {
      spare = undefined
    })
    spare = { language, house: home, seat }
  }

  return {
    run,
    sizeOf: async (language) => (await readManifest()).engines[language]?.gzipBytes,
    close: async () => {
      const home = await house?.catch(() => undefined)
      house = undefined
      spare = undefined
      home?.close()
    },
  }
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

/** The frame, with its engines and workers. */
type House = {
  open: (engine: Extract<ToFrame, { type: 'engine' }>) => Promise<Seat>
  isAlive: () => boolean
  close: () => void
}

function createHouse({ port, remove }: Frame): House {
  const send = (message: ToFrame, transfer: Transferable[] = []) => port.postMessage(message, transfer)
  const given = new Set<string>()
  const seats = new Map<number, (cause: 'memory' | 'exit', detail: string) => void>()
  let lastId = 0
  let isAlive = true
  let heardAt = performance.now()

  const close = () => {
    if (!isAlive) return
    isAlive = false
    clearInterval(timer)
    port.close()
    remove()
    for (const gone of seats.values()) gone('memory', 'the frame does not answer')
    seats.clear()
  }
  const timer = setInterval(() => {
    if (seats.size === 0) {
      heardAt = performance.now()
      return
    }
    // A page in the background is not called on time: only a ping that had its chance counts.
    if (performance.now() - heardAt > silenceMs) return close()
    send({ type: 'ping' })
  }, pingEveryMs)
  // Chromium tells at once when the process behind the port is gone.
  port.addEventListener('close', close)
  port.addEventListener('message', ({ data }: MessageEvent<FromFrame>) => {
    heardAt = performance.now()
    if (data.type === 'gone') seats.get(data.id)?.(isOutOfMemory(data.message) ? 'memory' : 'exit', data.message)
  })
  port.start()

  function open(engine: Extract<ToFrame, { type: 'engine' }>): Promise<Seat> {
    if (!given.has(engine.engine)) {
      given.add(engine.engine)
      send(engine)
    }
    const id = ++lastId
    const channel = new MessageChannel()
    let gone: (cause: 'memory' | 'exit', detail?: string) => void = () => {}
    let listen: (message: ToHost) => void = () => {}
    heardAt = performance.now()
    seats.set(id, (cause, detail) => gone(cause, detail))
    channel.port1.onmessage = ({ data }: MessageEvent<ToHost>) => listen(data)
    send({ type: 'spawn', engine: engine.engine, id, port: channel.port2 }, [channel.port2])
    const seat: Seat = {
      send: (message: ToGuest) => channel.port1.postMessage(message),
      listen: (listener) => {
        listen = listener
      },
      onGone: (listener) => {
        gone = listener
      },
      terminate: () => {
        seats.delete(id)
        channel.port1.close()
        if (isAlive) send({ type: 'terminate', id })
      },
    }
    return new Promise((resolve, reject) => {
      const fail = (message: string) => {
        clearTimeout(timer)
        seat.terminate()
        reject(new Error(message))
      }
      const timer = setTimeout(
        () => fail(`The engine did not start within ${startTimeoutMs / 1000} s.`),
        startTimeoutMs,
      )
      seat.onGone((_, detail) => fail(`The engine did not start: ${detail}.`))
      seat.listen((message) => {
        if (message.type === 'failed') return fail(`The engine did not start: ${message.message}`)
        if (message.type !== 'ready') return
        clearTimeout(timer)
        resolve(seat)
      })
      seat.send({ type: 'load', assets: {} })
    })
  }

  return { open, isAlive: () => isAlive, close }
}

function isOutOfMemory(message: string): boolean {
  return /out of memory|allocation failed|memory access/i.test(message)
}

async function download(
  language: Language,
  manifest: EngineManifest,
  baseUrl: string,
  get: typeof fetch,
  onProgress: (progress: Progress) => void,
): Promise<Extract<ToFrame, { type: 'engine' }>> {
  const entry = manifest.engines[language]
  if (!entry) throw new Error(`No engine for ${language} was built.`)
  const loaded = new Map<string, number>()
  const report = () =>
    onProgress({
      loadedBytes: Math.round([...loaded.values()].reduce((sum, bytes) => sum + bytes, 0)),
      totalBytes: entry.gzipBytes,
    })
  const bytesOf = async (file: EngineFile) => {
    const response = await get(baseUrl + file.path)
    if (!response.ok || !response.body) throw new Error(`${baseUrl}${file.path}: ${response.status}`)
    const bytes = new Uint8Array(file.bytes)
    let at = 0
    // Not `for await`: Safari's streams cannot be iterated.
    const reader = response.body.getReader()
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const chunk = read.value
      if (at + chunk.length > bytes.length) throw new Error(`${baseUrl}${file.path} is longer than its manifest says.`)
      bytes.set(chunk, at)
      at += chunk.length
      loaded.set(file.path, (at / file.bytes) * file.gzipBytes)
      report()
    }
    if (at !== bytes.length) throw new Error(`${baseUrl}${file.path} was cut off after ${at} of ${file.bytes} bytes.`)
    return bytes.buffer
  }
  const names = Object.keys(entry.assets)
  const [script, ...contents] = await Promise.all([entry.worker, ...Object.values(entry.assets)].map(bytesOf))
  const isText = (name: string) => entry.assets[name]?.path.endsWith('.json')
  const assets = Object.fromEntries(
    names.map((name, index) => {
      const content = contents[index] as ArrayBuffer
      return [name, isText(name) ? new TextDecoder().decode(content) : content]
    }),
  )
  onProgress({ loadedBytes: entry.gzipBytes, totalBytes: entry.gzipBytes })
  return { type: 'engine', engine: language, script: new TextDecoder().decode(script), assets, modules: entry.modules }
}
