/** The built site behind the real server, and one Chromium, for the browser tests. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp, openDatabase, serve, type Database, type Running } from '@viva/server'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { launchChromium } from '../../../tools/chromium.ts'

export const siteDir = join(import.meta.dirname, '..', 'dist')

export type Site = {
  base: string
  database: Database
  browser: Browser
  /** A page that fails the test on a script error, a blocked resource or a request to another host. */
  open(
    path: string | undefined,
    options?: BrowserContextOptions,
  ): Promise<{ page: Page; context: BrowserContext; problems: string[] }>
  close(): Promise<void>
}

export async function startSite(): Promise<Site> {
  assert.ok(existsSync(join(siteDir, 'index.html')), 'the site is not built: run `npm run build` first')
  const data = await mkdtemp(join(tmpdir(), 'viva-site-'))
  const log = () => undefined
  const database = await openDatabase({ folder: data })
  const running: Running = await serve({
    app: await createApp({ siteDir, database, log, clock: { now: () => Date.now() } }),
    port: 0,
    hostname: '127.0.0.1',
    log,
  })
  const browser = await launchChromium()
  const base = `http://127.0.0.1:${running.port}`
  return {
    base,
    database,
    browser,
    async open(path, options) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
      const page = await context.newPage()
      const problems: string[] = []
      page.on('pageerror', (error) => problems.push(`script error: ${error.message}`))
      page.on('console', (message) => {
        if (message.type() === 'error') problems.push(`console: ${message.text()}`)
      })
      page.on('request', (request) => {
        const { protocol, origin } = new URL(request.url())
        if (protocol.startsWith('http') && origin !== base) problems.push(`request to another host: ${request.url()}`)
      })
      if (path !== undefined) await page.goto(base + path)
      return { page, context, problems }
    },
    async close() {
      await browser.close()
      await running.close()
      await database.close()
      await rm(data, { recursive: true, force: true })
    },
  }
}
