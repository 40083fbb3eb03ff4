/** The site's page of this suite: the runner, canaries in every place a page can store something, and a heartbeat. */

/** Bundled by esbuild; runs in the page. `window.escapes` is what the suite calls. */
export const pageScript = `
import { portMessage } from '@viva/runner/browser'
import { runHere } from '../../../../apps/site/src/client/engine.ts'

/** A frame for bare workers; fences run through the site's own code. */
const openFrame = (url) => new Promise((resolve) => {
  const frame = document.createElement('iframe')
  frame.setAttribute('sandbox', 'allow-scripts')
  frame.hidden = true
  frame.addEventListener('load', () => {
    const { port1, port2 } = new MessageChannel()
    frame.contentWindow.postMessage(portMessage, '*', [port2])
    resolve({ port: port1, remove: () => frame.remove() })
  }, { once: true })
  frame.src = url
  document.body.append(frame)
})

const secret = 'canary-' + 'value'

let lastBeatAt = performance.now()
let longestDelayMs = 0
setInterval(() => {
  const now = performance.now()
  longestDelayMs = Math.max(longestDelayMs, now - lastBeatAt - 10)
  lastBeatAt = now
}, 10)

const messages = []
addEventListener('message', (event) => messages.push(String(event.origin) + ' ' + typeof event.data))
const channel = new BroadcastChannel('viva')
channel.onmessage = ({ data }) => {
  messages.push('broadcast ' + JSON.stringify(data))
  channel.postMessage(secret)
}

const request = (one) => new Promise((resolve, reject) => {
  one.onsuccess = () => resolve(one.result)
  one.onerror = () => reject(one.error)
})
async function events() {
  const opening = indexedDB.open('viva', 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore('events', { keyPath: 'id' })
  const database = await request(opening)
  return { database, store: (mode) => database.transaction('events', mode).objectStore('events') }
}

/** Cookies, storage, cache, files and the log get the canary. */
async function plant() {
  localStorage.canary = secret
  sessionStorage.canary = secret
  document.cookie = 'canary=' + secret + '; path=/'
  const { database, store } = await events()
  await request(store('readwrite').put({ id: '1', canary: secret }))
  database.close()
  await (await caches.open('viva')).put('/canary', new Response(secret))
  const folder = await navigator.storage.getDirectory()
  const file = await (await folder.getFileHandle('canary', { create: true })).createWritable()
  await file.write(secret)
  await file.close()
}

/** Everything that an attempt could have changed, as text. */
async function snapshot() {
  const { database, store } = await events()
  const log = await request(store('readonly').getAll())
  database.close()
  const folder = await navigator.storage.getDirectory()
  const files = []
  for await (const [name, handle] of folder.entries()) files.push([name, await (await handle.getFile()).text()])
  const cached = await (await caches.open('viva')).keys()
  const inCache = await (await caches.match('/canary'))?.text()
  const page = document.documentElement.cloneNode(true)
  for (const frame of page.querySelectorAll('iframe')) frame.remove()
  return JSON.stringify({
    log,
    files,
    databases: (await indexedDB.databases()).map(({ name }) => name),
    caches: [await caches.keys(), cached.map(({ url }) => url), inCache],
    storage: [{ ...localStorage }, { ...sessionStorage }, document.cookie],
    page: page.outerHTML,
    title: document.title,
    address: [location.href, history.length, window.name],
    frames: document.querySelectorAll('iframe').length <= 1,
    globals: Object.getOwnPropertyNames(window).length,
    prototypes: [Object, Array, Promise, MessagePort, Function].map(({ prototype }) => Object.getOwnPropertyNames(prototype).length),
    messages,
  })
}

/** One run, with what the page saw of it. */
async function run(fence, { abortAfterMs, ...options } = {}) {
  const controller = new AbortController()
  let abortedAt
  // Counted from the first output: the start of an engine is no part of it.
  const stopSoon = () => setTimeout(() => {
    abortedAt = performance.now()
    controller.abort()
  }, abortAfterMs)
  longestDelayMs = 0
  lastBeatAt = performance.now()
  const startedAt = performance.now()
  let streamed = 0
  const onOutput = (text) => {
    if (streamed === 0 && abortAfterMs !== undefined) stopSoon()
    streamed += text.length
  }
  const result = await runHere(fence, { ...options, signal: controller.signal, onOutput })
  const endedAt = performance.now()
  await new Promise((resolve) => setTimeout(resolve, 0))
  return {
    result,
    streamed,
    tookMs: endedAt - startedAt,
    longestDelayMs: Math.max(longestDelayMs, performance.now() - lastBeatAt - 10),
    stopDelayMs: abortedAt === undefined ? undefined : endedAt - abortedAt,
  }
}

/** A worker of a second sandbox frame, with \`code\` as its whole script. */
async function runBare(code) {
  longestDelayMs = 0
  lastBeatAt = performance.now()
  const startedAt = performance.now()
  const { port, remove } = await openFrame('/engines/' + manifest.frame.path)
  const { port1, port2 } = new MessageChannel()
  const script = 'addEventListener("message", async ({ data: { port } }) => { console.log = (...values) => port.postMessage({ type: "output", text: values.join(" ") + "\\\\n" });'
    + code + '; port.postMessage({ type: "end" }) }, { once: true })'
  let output = ''
  let gone
  await new Promise((resolve) => {
    setTimeout(resolve, 3_000)
    port1.onmessage = ({ data }) => data.type === 'output' ? (output += data.text) : resolve()
    port.onmessage = ({ data }) => data.type === 'gone' && resolve(gone = data.message)
    port.postMessage({ type: 'engine', engine: 'js', script, assets: {}, modules: [] })
    port.postMessage({ type: 'spawn', engine: 'js', id: 1, port: port2 }, [port2])
  })
  remove()
  const tookMs = performance.now() - startedAt
  const result = { output, durationMs: tookMs, engine: { name: 'bare', version: '' }, ...(gone && { error: { name: 'gone', message: gone } }) }
  return { result, streamed: output.length, tookMs, longestDelayMs }
}

const manifest = await (await fetch('/engines/manifest.json')).json()
const escapes = { run, runBare, plant, snapshot, secret, isReady: true }
Object.defineProperty(window, 'escapes', { value: escapes })
if (location.hash === '#run') void run({ language: 'js', code: 'console.log(1)' }).then(() => (escapes.hasRun = true))
`

/** What the page answers about one run. */
export type PageRun = {
  result: import('../../src/fence.ts').RunResult
  streamed: number
  tookMs: number
  longestDelayMs: number
  stopDelayMs?: number
}

export type EscapesPage = {
  escapes: {
    run: (fence: object, options?: object) => Promise<PageRun>
    runBare: (code: string) => Promise<PageRun>
    plant: () => Promise<void>
    snapshot: () => Promise<string>
    hasRun?: boolean
  }
}
