/** A site as small as it can be around the built engines: served on loopback, opened in Chromium, driven as a Runner. */
import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { mkdtemp, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Browser, Page } from 'playwright-core'
import type { BrowserRunner, Progress } from '../src/browser.ts'
import { buildEngines } from '../src/build.ts'
import type { EngineManifest } from '../src/manifest.ts'
import type { Fence, Runner, RunOptions, RunResult } from '../src/fence.ts'

/** What a site does: one frame, one port. */
const siteScript = `
import { createBrowserRunner, portMessage } from '@viva/runner/browser'

window.frames_ = 0
const runner = createBrowserRunner({
  baseUrl: '/engines/',
  openFrame: (url) => new Promise((resolve) => {
    const frame = document.createElement('iframe')
    frame.setAttribute('sandbox', 'allow-scripts')
    frame.src = url
    frame.hidden = true
    window.frames_++
    frame.addEventListener('load', () => {
      const { port1, port2 } = new MessageChannel()
      frame.contentWindow.postMessage(portMessage, '*', [port2])
      resolve({ port: port1, remove: () => frame.remove() })
    }, { once: true })
    document.body.append(frame)
  }),
})
const controllers = new Map()
window.beats = 0
setInterval(() => window.beats++, 10)
Object.assign(window, {
  runner,
  start: (id, fence, options, isAborted) => {
    const controller = new AbortController()
    controllers.set(id, controller)
    if (isAborted) controller.abort()
    const progress = []
    return runner.run(fence, { ...options, signal: controller.signal, onOutput: (text) => window.onText(id, text), onProgress: (one) => progress.push(one) })
      .then((result) => ({ result, progress }))
  },
  abort: (id) => controllers.get(id).abort(),
})`

type Site = Window & {
  runner: BrowserRunner
  beats: number
  frames_: number
  start: (
    id: number,
    fence: Fence,
    options: object,
    isAborted: boolean,
  ) => Promise<{ result: RunResult; progress: Progress[] }>
  abort: (id: number) => void
}

export type EnginesSite = {
  page: Page
  manifest: EngineManifest
  /** Addresses that the page or its frame asked for. */
  requests: string[]
  runner: Runner
  /** Progress of the last run. */
  progress: () => Progress[]
  evaluate: <T>(read: (site: Site) => T) => Promise<T>
  close: () => Promise<void>
}

let built: Promise<{ folder: string; manifest: EngineManifest }> | undefined

/** The engines in a temporary folder. Once a process: it takes seconds. */
export function buildOnce() {
  built ??= mkdtemp(join(tmpdir(), 'engines-')).then(async (folder) => {
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    return { folder, manifest: await buildEngines(folder) }
  })
  return built
}

export async function openSite(browser: Browser): Promise<EnginesSite> {
  const { folder, manifest } = await buildOnce()
  const { outputFiles } = await build({
    stdin: { contents: siteScript, resolveDir: import.meta.dirname, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
  })
  const script = outputFiles[0]?.text ?? ''
  const requests: string[] = []
  const server: Server = createServer((request, response) => {
    const path = request.url ?? '/'
    requests.push(path)
    const policy = path.endsWith('frame.html')
      ? {}
      : {
          'content-security-policy': "default-src 'self'; script-src 'self'; frame-src 'self'",
          'cross-origin-opener-policy': 'same-origin',
        }
    if (path === '/')
      return void response
        .writeHead(200, { 'content-type': 'text/html', ...policy })
        .end('<!doctype html><script type="module" src="/site.js"></script>')
    if (path === '/site.js')
      return void response.writeHead(200, { 'content-type': 'text/javascript', ...policy }).end(script)
    readFile(join(folder, path.replace(/^\/engines\//, ''))).then(
      (bytes) =>
        response
          .writeHead(200, {
            'content-type': path.endsWith('.html') ? 'text/html' : 'application/octet-stream',
            ...policy,
          })
          .end(bytes),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const page = await browser.newPage()
  const listeners = new Map<number, (text: string) => void>()
  await page.exposeFunction('onText', (id: number, text: string) => listeners.get(id)?.(text))
  await page.goto(`http://127.0.0.1:${port}/`)
  await page.waitForFunction(() => 'runner' in window)

  let lastId = 0
  let lastProgress: Progress[] = []
  const run = async (fence: Fence, { signal, onOutput, ...options }: RunOptions = {}) => {
    const id = ++lastId
    if (onOutput) listeners.set(id, onOutput)
    const onAbort = () => void page.evaluate((which) => (window as unknown as Site).abort(which), id)
    signal?.addEventListener('abort', onAbort)
    const { result, progress } = await page.evaluate(
      ([which, what, how, isAborted]) => (window as unknown as Site).start(which, what, how, isAborted),
      [id, fence, options, signal?.aborted ?? false] as const,
    )
    lastProgress = progress
    return result
  }
  return {
    page,
    manifest,
    requests,
    runner: { run, close: async () => {} },
    progress: () => lastProgress,
    evaluate: (read) => page.evaluate(`(${read.toString()})(window)`) as Promise<never>,
    close: async () => {
      await page.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
