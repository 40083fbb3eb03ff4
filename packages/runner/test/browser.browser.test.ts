/** The contract in a real Chromium, and what only a browser can show: isolation, a crash, a page that stays responsive. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from '../../../tools/chromium.ts'
import { contract } from '../src/contract.ts'
import type { Language } from '../src/fence.ts'
import { type EnginesSite, openSite } from './engines.fixture.ts'

let browser: Browser
let site: EnginesSite

before(async () => {
  browser = await launchChromium()
  site = await openSite(browser)
})
after(async () => {
  await site.close()
  await browser.close()
})

const languages: Language[] = ['js', 'ts', 'mongodb', 'sqlite', 'sql', 'python']
contract('Chromium', () => site.runner, { languages, bombTimeoutMs: 3_000 })

describe('Chromium', () => {
  it('tells how much of an engine has come, up to its size', async () => {
    const other = await openSite(browser)
    await other.runner.run({ language: 'sqlite', code: 'select 1' })
    const progress = other.progress()
    const { gzipBytes } = other.manifest.engines.sqlite ?? {}
    assert.deepEqual(progress.at(-1), { loadedBytes: gzipBytes, totalBytes: gzipBytes })
    assert.ok(progress.every((one, index) => one.loadedBytes >= (progress[index - 1]?.loadedBytes ?? 0)))
    await other.close()
  })

  it('fetches an engine once', async () => {
    await site.runner.run({ language: 'sqlite', code: 'select 1' })
    const before = site.requests.length
    await site.runner.run({ language: 'sqlite', code: 'select 1' })
    assert.equal(site.requests.length, before)
  })

  it('leaves the page responsive while code loops', async () => {
    const before = await site.evaluate((page) => page.beats)
    await site.runner.run({ language: 'js', code: 'while (true);' }, { timeoutMs: 1_000 })
    const beats = (await site.evaluate((page) => page.beats)) - before
    assert.ok(beats > 30, `${beats} beats of 10 ms in a second`)
  })

  it('lets code reach nothing outside, by any way that is left', async () => {
    const code = `
const attempts = {
  import: () => import('/site.js'),
  importAbsolute: () => import(location.origin + '/site.js'),
  data: () => import('data:text/javascript,export default 1').then(() => { throw 0 }, () => { throw 0 }),
  functionFetch: () => Function('return fetch("/site.js")')(),
  prototypes: () => Object.getPrototypeOf(Object.getPrototypeOf(globalThis)).fetch.call(globalThis, '/site.js'),
  indexedDB: () => indexedDB.open('x'),
  worker: () => new Worker('data:text/javascript,0'),
  storage: () => localStorage.length,
  parent: () => parent.document,
}
for (const [name, attempt] of Object.entries(attempts)) {
  try { await attempt(); console.log(name, 'worked') } catch { console.log(name, 'refused') }
}`
    const before = site.requests.length
    const { output } = await site.runner.run({ language: 'js', code })
    assert.doesNotMatch(output, /worked/)
    assert.equal(output.split('\n').length, 9)
    assert.equal(site.requests.length, before)
  })

  it('refuses the network to Python too', async () => {
    const before = site.requests.length
    const { output } = await site.runner.run({
      language: 'python',
      code: `import js\nprint(hasattr(js, 'fetch'), hasattr(js, 'XMLHttpRequest'), hasattr(js, 'indexedDB'))`,
    })
    assert.equal(output, 'False False False')
    assert.equal(site.requests.length, before)
  })

  it('notices that its frame is gone, says so, and opens another', async () => {
    const frames = await site.evaluate((page) => page.frames_)
    let removed: Promise<unknown> | undefined
    const result = await site.runner.run(
      { language: 'js', code: `console.log('before')\nwhile (true);` },
      {
        timeoutMs: 60_000,
        onOutput: () => {
          removed ??= site.evaluate((page) => page.document.querySelector('iframe')?.remove())
        },
      },
    )
    await removed
    assert.equal(result.stopped, 'memory')
    assert.match(result.notice ?? '', /memory/)
    assert.equal(result.output, 'before')
    assert.equal((await site.runner.run({ language: 'js', code: 'console.log(1)' })).output, '1')
    assert.equal(await site.evaluate((page) => page.frames_), frames + 1)
  })

  it('refuses a language that runs in CI only', async () => {
    await assert.rejects(site.runner.run({ language: 'git', code: 'git status' }), /does not run in a browser/)
  })
})
