/** frame.html on a static host without any header: whoever else opens it gets no worker, and never the site's storage. */
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from '../../../tools/chromium.ts'
import { buildOnce } from './engines.fixture.ts'

let browser: Browser
let site: { origin: string; server: Server }
let attacker: { origin: string; server: Server }
let framePath: string

async function serve(answer: (path: string) => Promise<{ type: string; body: string | Uint8Array }>) {
  const server = createServer((request, response) => {
    answer(request.url ?? '/').then(
      ({ type, body }) => response.writeHead(200, { 'content-type': type }).end(body),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const page = (body: string) => Promise.resolve({ type: 'text/html', body: `<!doctype html><title>x</title>${body}` })

before(async () => {
  browser = await launchChromium()
  const { folder, manifest } = await buildOnce()
  framePath = `/engines/${manifest.frame.path}`
  site = await serve(async (path) => {
    if (path === '/') return page('')
    return { type: 'text/html', body: await readFile(join(folder, path.replace(/^\/engines\//, ''))) }
  })
  attacker = await serve(() => page(''))
})
after(async () => {
  for (const { server } of [site, attacker]) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  await browser.close()
})

type Attack = { url: string; sandbox: string | null; isPopup: boolean }

/** In the attacking page: sends a port, an engine of its own and `spawn`; gives what came back within a second. */
async function attack({ url, sandbox, isPopup }: Attack): Promise<string[]> {
  const script = `
    onmessage = ({ data }) => {
      const answer = (text) => data.port.postMessage(text)
      answer('ran in ' + self.origin)
      try {
        const open = indexedDB.open('viva')
        open.onerror = () => answer('indexedDB refused')
        open.onsuccess = () => answer('stores ' + [...open.result.objectStoreNames])
      } catch (error) { answer('indexedDB refused') }
    }`
  const heard: string[] = []
  const { port1, port2 } = new MessageChannel()
  const results = new MessageChannel()
  port1.onmessage = ({ data }: MessageEvent<{ type: string }>) => heard.push(data.type)
  results.port1.onmessage = ({ data }: MessageEvent<string>) => heard.push(data)
  let target: Window | null
  if (isPopup) {
    target = window.open(url)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  } else {
    const frame = document.createElement('iframe')
    if (sandbox !== null) frame.setAttribute('sandbox', sandbox)
    frame.src = url
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
    document.body.append(frame)
    await loaded
    target = frame.contentWindow
  }
  target?.postMessage('viva-runner-port', '*', [port2])
  port1.postMessage({ type: 'engine', engine: 'python', script, assets: {}, modules: [] })
  port1.postMessage({ type: 'spawn', engine: 'python', id: 1, port: results.port2 }, [results.port2])
  port1.postMessage({ type: 'ping' })
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  return heard
}

const embeddings: [string, Omit<Attack, 'url'>][] = [
  ['a frame without sandbox', { sandbox: null, isPopup: false }],
  ['a sandboxed frame', { sandbox: 'allow-scripts', isPopup: false }],
  ['a frame that keeps its origin', { sandbox: 'allow-scripts allow-same-origin', isPopup: false }],
  ['a window', { sandbox: null, isPopup: true }],
]

describe('frame.html, opened by another origin', () => {
  for (const [name, embedding] of embeddings) {
    it(`serves nobody in ${name}`, async () => {
      const context = await browser.newContext()
      const own = await context.newPage()
      await own.goto(site.origin)
      await own.evaluate(
        () =>
          new Promise<void>((resolve) => {
            const open = indexedDB.open('viva')
            open.onupgradeneeded = () => open.result.createObjectStore('log')
            open.onsuccess = () => resolve()
          }),
      )
      const tab = await context.newPage()
      await tab.goto(attacker.origin)
      assert.deepEqual(await tab.evaluate(attack, { url: site.origin + framePath, ...embedding }), [])
      await context.close()
    })
  }
})

describe('frame.html, opened by its own site', () => {
  const run = async (embedding: Omit<Attack, 'url'>) => {
    const context = await browser.newContext()
    const tab = await context.newPage()
    await tab.goto(site.origin)
    const heard = await tab.evaluate(attack, { url: site.origin + framePath, ...embedding })
    await context.close()
    return heard
  }

  it('serves a sandboxed frame, in an opaque origin without storage', async () => {
    const heard = await run({ sandbox: 'allow-scripts', isPopup: false })
    assert.deepEqual(heard.toSorted(), ['hello', 'indexedDB refused', 'pong', 'ran in null'])
  })

  it('serves nobody in a frame without sandbox', async () => {
    assert.deepEqual(await run({ sandbox: null, isPopup: false }), [])
  })

  it('serves nobody in a frame that keeps its origin', async () => {
    assert.deepEqual(await run({ sandbox: 'allow-scripts allow-same-origin', isPopup: false }), [])
  })

  it('takes one port, whoever sends a second', async () => {
    const context = await browser.newContext()
    const tab = await context.newPage()
    await tab.goto(site.origin)
    const answers = await tab.evaluate(async (url) => {
      const frame = document.createElement('iframe')
      frame.setAttribute('sandbox', 'allow-scripts')
      frame.src = url
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
      document.body.append(frame)
      await loaded
      const heard = [0, 0]
      for (const index of [0, 1]) {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => heard[index]!++
        frame.contentWindow?.postMessage('viva-runner-port', '*', [port2])
      }
      await new Promise((resolve) => setTimeout(resolve, 500))
      return heard
    }, site.origin + framePath)
    assert.deepEqual(answers, [1, 0])
    await context.close()
  })
})
