/** The site on a static host that sends no headers: the policy in each page's `<meta>` holds. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from '../../../tools/chromium.ts'
import { siteDir } from './site.fixture.ts'

const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

let server: Server
let browser: Browser
let base: string

before(async () => {
  server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const name = path.endsWith('/') ? `${path}index.html` : path
    readFile(join(siteDir, name)).then(
      (body) => response.setHeader('content-type', types[extname(name)] ?? 'application/octet-stream').end(body),
      () => response.writeHead(404).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  browser = await launchChromium()
})

after(async () => {
  await browser.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

for (const path of ['/', '/questions/postgresql/isolation-levels/', '/quiz/', '/feedback/', '/log/', '/licences/'])
  test(`${path} loads without a policy error, and blocks what is not its own`, async () => {
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    page.on('pageerror', (error) => problems.push(error.message))
    await page.goto(base + path, { waitUntil: 'networkidle' })
    assert.deepEqual(problems, [])
    assert.equal(
      await page.evaluate(() => document.querySelector<HTMLMetaElement>('meta[name=referrer]')?.content),
      'strict-origin-when-cross-origin',
    )
    const blocked = await page.evaluate(async () => {
      const found: string[] = []
      document.addEventListener('securitypolicyviolation', (event) => found.push(event.effectiveDirective))
      const add = (name: string, attributes: Record<string, string>, text = '') => {
        const element = Object.assign(document.createElement(name), attributes)
        element.textContent = text
        document.head.append(element)
      }
      add('script', {}, 'globalThis.ranInline = true')
      add('style', {}, 'body { color: red }')
      add('img', { src: 'http://127.0.0.1:1/a.png' })
      add('iframe', { src: 'http://127.0.0.1:1/' })
      await fetch('http://127.0.0.1:1/').catch(() => undefined)
      // Events arrive after the request was blocked; a page without a policy never sends them.
      for (let frame = 0; found.length < 5 && frame < 300; frame++)
        await new Promise((resolve) => requestAnimationFrame(resolve))
      return { directives: found.toSorted(), ranInline: 'ranInline' in globalThis }
    })
    assert.deepEqual(blocked, {
      directives: ['connect-src', 'frame-src', 'img-src', 'script-src-elem', 'style-src-elem'],
      ranInline: false,
    })
    await page.close()
  })

test('a page that another site frames shows nothing to click on', async () => {
  const page = await browser.newPage()
  await page.setContent(`<iframe src="${base}/log/"></iframe>`, { waitUntil: 'load' })
  const frame = page.frames().find((one) => one.url() === `${base}/log/`)
  assert.ok(
    frame,
    page
      .frames()
      .map((one) => one.url())
      .join(),
  )
  assert.equal(await frame.evaluate(() => document.documentElement.hidden), true)
  assert.equal(await frame.locator('#log-delete').isVisible(), false)
  await page.close()
})
