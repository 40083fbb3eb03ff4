/** The log page: export, import of good and hostile files, progress, Cancel, delete, keyboard, axe. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, open, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startSite, type Site } from './site.fixture.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const at = '2026-11-20T09:30:00.000Z'
const id = (n: number) => `018f0000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`
const reveal = (n: number) => ({ id: id(n), at, type: 'reveal', question: 'javascript/closures' })
const bookmark = (n: number, on: boolean) => ({ id: id(n), at, type: 'bookmark', question: 'javascript/closures', on })
const jsonl = (...events: object[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('')
const many = (count: number) => jsonl(...Array.from({ length: count }, (_, n) => reveal(n)))

/** Reads or writes the page's database directly. */
function database(page: Page, put: object[] = []): Promise<{ id: string; type: string; on?: boolean }[]> {
  return page.evaluate(
    (put) =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open('viva')
        opening.addEventListener('error', () => reject(opening.error))
        opening.addEventListener('success', () => {
          const transaction = opening.result.transaction('events', 'readwrite')
          const store = transaction.objectStore('events')
          for (const event of put) store.put(event)
          const all = store.getAll()
          transaction.addEventListener('complete', () => {
            opening.result.close()
            resolve(all.result)
          })
        })
      }),
    put,
  )
}

async function openLog(site: Site) {
  const opened = await site.open('/log/')
  await opened.page.waitForSelector('#log-body', { state: 'visible' })
  return opened
}

/** Imports a file and waits for its report. */
async function importFile(page: Page, content: string | Buffer, name = 'log.jsonl'): Promise<string> {
  const buffer = Buffer.from(content as string)
  await page.setInputFiles('#log-file', { name, mimeType: 'text/plain', buffer })
  return reportStatus(page)
}

async function reportStatus(page: Page): Promise<string> {
  await page.waitForSelector('#log-report:not([hidden])', { timeout: 60_000 })
  return (await page.textContent('#log-status'))!
}

/** The report's rows: `Added` → `1`. */
function rows(page: Page): Promise<Record<string, string>> {
  return page.$$eval('#log-report .counts div', (rows) =>
    Object.fromEntries(rows.map((row) => [row.children[0]!.textContent, row.children[1]!.textContent])),
  )
}

suite('the log page', () => {
  let site: Site
  let folder: string
  before(async () => {
    site = await startSite()
    folder = await mkdtemp(join(tmpdir(), 'viva-log-'))
  })
  after(async () => {
    await site.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('exports the log and imports it into another browser, twice with the same result', async () => {
    const first = await site.open('/questions/javascript/closures/')
    await first.page.keyboard.press('r')
    await first.page.waitForSelector('#in-depth', { state: 'visible' })
    await first.page.waitForTimeout(200)
    await first.page.goto(`${site.base}/log/`)
    await first.page.waitForFunction(() => document.querySelector('#log-figures dd')?.textContent === '1')
    const downloading = first.page.waitForEvent('download')
    await first.page.click('#log-export')
    const file = (await (await downloading).path())!
    assert.match(await readFile(file, 'utf8'), /^\{"id":.*"type":"reveal".*\}\n$/)
    const second = await openLog(site)
    for (const [status, added, known] of [
      ['Import complete. 1 event added.', '1', '0'],
      ['Import complete. 0 events added.', '0', '1'],
    ] as const) {
      await second.page.setInputFiles('#log-file', file)
      await second.page.waitForFunction((text) => document.querySelector('#log-status')?.textContent === text, status)
      const { Added, 'Stored already': stored } = await rows(second.page)
      assert.deepEqual([Added, stored], [added, known])
    }
    assert.deepEqual([...first.problems, ...second.problems], [])
    await first.context.close()
    await second.context.close()
  })

  test('accounts for every line of a hostile file', async () => {
    const { page, context, problems } = await openLog(site)
    await database(page, [reveal(1), bookmark(2, true), bookmark(3, false)])
    const [deep, shut] = ['['.repeat(5000), ']'.repeat(5000)]
    const file = [
      `\uFEFF${JSON.stringify(reveal(1))}`,
      JSON.stringify(bookmark(2, false)),
      JSON.stringify(bookmark(3, true)),
      '',
      `{"id":"${id(4)}","at":"${at}","type":"card","deep":${deep}${shut}}`,
      `{"id":"${id(5)}","at":"${at}","type":"card","__proto__":{"on":true}}`,
      `{"id":"${id(6)}","at":"${at}","type":"constructor","constructor":{"prototype":1}}`,
      JSON.stringify({ id: id(7), at, type: 'evil\u202Etxt.exe\u0000' }),
      `{"id":"${id(8)}","at":"${at}","type":"note","question":"q","text":"\\ud800"}`,
      '\u0000\u0001\u202E binary',
      JSON.stringify(bookmark(9, true)),
      JSON.stringify(bookmark(9, false)),
      JSON.stringify(bookmark(9, false)),
      JSON.stringify({ ...reveal(10), at: '9999-12-31T23:59:59.999Z' }),
      JSON.stringify({ ...reveal(11), at: '2019-01-01T00:00:00.000Z' }),
      JSON.stringify({ ...reveal(12), at: '2026-02-30T00:00:00.000Z' }),
      JSON.stringify({ ...reveal(13), question: 'x'.repeat(2 * 1024 * 1024) }),
    ].join('\r\n')
    const status = await importFile(page, Buffer.concat([Buffer.from(file), Buffer.from([0x0a, 0xff, 0xfe])]))
    assert.equal(status, 'Import complete. 4 events added. 8 lines refused.')
    assert.deepEqual(await rows(page), {
      'Lines read': '17',
      Added: '4',
      'Added, of unknown types': '2',
      'Stored already': '1',
      'Repeated in the file': '1',
      Conflicts: '3',
      Refused: '8',
    })
    const report = (await page.innerText('#log-report'))!
    assert.match(report, /Line 5: found more than 32 levels of nesting/)
    assert.match(report, /Line 2: 018f\S+ is stored with other content; replaced it/)
    assert.match(report, /Line 3: 018f\S+ is stored with other content; kept the stored event/)
    const stored = new Map((await database(page)).map((event) => [event.id, event]))
    assert.deepEqual([...stored.keys()], [1, 2, 3, 6, 7, 8, 9].map(id))
    assert.equal(stored.get(id(2))?.on, false)
    assert.equal(stored.get(id(3))?.on, false)
    const shown = (await page.textContent('#log'))!
    assert.doesNotMatch(shown, /\p{Cf}/u)
    assert.ok(!shown.includes('\0'))
    assert.match(shown, /evil\\u202etxt\.exe\\u0000/)
    const downloading = page.waitForEvent('download')
    await page.click('#log-report-download')
    const text = await readFile((await (await downloading).path())!, 'utf8')
    assert.equal(text.match(/^Line \d+: /gm)?.length, 11)
    assert.doesNotMatch(text, /\p{Cf}/u)
    assert.ok(!text.includes('\0'))
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('two browsers that import conflicting events from each other agree', async () => {
    const [one, two] = [await openLog(site), await openLog(site)]
    await importFile(one.page, jsonl(bookmark(1, true)))
    await importFile(two.page, jsonl(bookmark(1, false)))
    await importFile(one.page, jsonl(bookmark(1, false)))
    await importFile(two.page, jsonl(bookmark(1, true)))
    assert.deepEqual(await database(one.page), await database(two.page))
    await one.context.close()
    await two.context.close()
  })

  test('refuses a file that is no log, with the reason, and stores nothing', async () => {
    const { page, context } = await openLog(site)
    const cases: [content: string | Buffer, status: RegExp][] = [
      ['', /^Import stopped. The file is empty. Nothing was stored.$/],
      [Buffer.from(`\uFEFF${jsonl(reveal(1))}`, 'utf16le'), /^Import stopped. The file is in UTF-16. Save it as UTF-8/],
      [Buffer.from([0x1f, 0x8b, 8, 0, 0, 0]), /^Import stopped. The file is compressed/],
      [Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 7) % 256)), /no line of this file is an event/],
      ['null\n[]\n{}\n', /no line of this file is an event/],
    ]
    for (const [content, status] of cases) assert.match(await importFile(page, content), status)
    assert.deepEqual(await database(page), [])
    await context.close()
  })

  test('refuses a 300 MB file at once, and skips a line of 40 MB', async () => {
    const { page, context } = await openLog(site)
    const path = join(folder, 'large.jsonl')
    const file = await open(path, 'w')
    await file.truncate(300 * 1000 * 1000)
    await file.close()
    await page.setInputFiles('#log-file', path)
    assert.match(await reportStatus(page), /^Import stopped. The file has 287 MiB. An import takes at most 128 MiB/)
    await writeFile(path, `${'x'.repeat(40 * 1000 * 1000)}\n${jsonl(reveal(1))}`)
    await page.setInputFiles('#log-file', path)
    await page.waitForFunction(() => document.querySelector('#log-status')?.textContent?.includes('1 event added'))
    assert.match((await page.textContent('#log-report'))!, /Line 1: found 40000000 bytes; expected at most 1048576/)
    await context.close()
  })

  test('reports a file that is deleted before, or shrinks while, it is read', async () => {
    const { page, context } = await openLog(site)
    const path = join(folder, 'moving.jsonl')
    for (const [change, status] of [
      [() => unlink(path), /could not read the file|changed while it was read/],
      [() => truncate(path, 1000), /could not read the file|changed while it was read/],
    ] as const) {
      await writeFile(path, many(20))
      // Holds the page's own listener back until the file has changed.
      await page.evaluate(() =>
        document.addEventListener('change', (event) => event.stopImmediatePropagation(), { capture: true, once: true }),
      )
      await page.setInputFiles('#log-file', path)
      await change()
      await page.evaluate(() => document.querySelector('#log-file')!.dispatchEvent(new Event('change')))
      assert.match(await reportStatus(page), status)
      assert.match(await reportStatus(page), /Nothing was stored\.$/)
    }
    assert.deepEqual(await database(page), [])
    await context.close()
  })

  test('shows progress at once, keeps painting, and stores nothing after Cancel', async () => {
    const { page, context, problems } = await openLog(site)
    const path = join(folder, 'many.jsonl')
    await writeFile(path, many(100_000))
    await page.evaluate(() => {
      const seen = Object.assign(globalThis, { texts: [] as string[], worstMs: 0 })
      let last = performance.now()
      const frame = (now: number) => {
        seen.worstMs = Math.max(seen.worstMs, now - last)
        last = now
        requestAnimationFrame(frame)
      }
      requestAnimationFrame(frame)
      document.querySelector('#log-file')!.addEventListener('change', () => {
        // The page's listener ran before this one.
        seen.texts.push(document.querySelector('#log-progress-text')!.textContent!)
      })
    })
    await page.setInputFiles('#log-file', path)
    await page.waitForFunction(() => document.querySelector('#log-progress-text')?.textContent?.startsWith('Storing: '))
    await page.waitForFunction(() => !document.querySelector('#log-progress-text')?.textContent?.includes(' 0 of'))
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'log-cancel')
    await page.keyboard.press('Enter')
    assert.equal(await reportStatus(page), 'Import cancelled. Nothing was stored.')
    assert.equal((await rows(page))['Lines read'], '100,000')
    assert.deepEqual(await database(page), [])
    const { texts, worstMs } = await page.evaluate(() => {
      const { texts, worstMs } = globalThis as unknown as { texts: string[]; worstMs: number }
      return { texts, worstMs }
    })
    assert.match(texts[0]!, /^Reading: 0 bytes of 12\.\d MiB, 0 events$/)
    assert.ok(worstMs < 1000, `a frame took ${Math.round(worstMs)} ms`)
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('stores nothing when the browser has no space left, and says so', async () => {
    const { page, context } = await openLog(site)
    const devtools = await context.newCDPSession(page)
    await devtools.send('Storage.overrideQuotaForOrigin', { origin: site.base, quotaSize: 200_000 })
    await page.setInputFiles('#log-file', {
      name: 'log.jsonl',
      mimeType: 'text/plain',
      buffer: Buffer.from(many(20_000)),
    })
    assert.match(await reportStatus(page), /^Import stopped. The browser has no space left.* Nothing was stored\.$/)
    await devtools.send('Storage.overrideQuotaForOrigin', { origin: site.base })
    assert.deepEqual(await database(page), [])
    await context.close()
  })

  test('a bookmark from a wrong clock is removed by the button on its question', async () => {
    const { page, context } = await openLog(site)
    const far = { ...bookmark(1, true), id: 'e677d21f-dbff-7000-8000-000000000001', at: '9999-12-31T23:59:59.999Z' }
    await database(page, [far])
    await page.goto(`${site.base}/questions/javascript/closures/`)
    const button = page.locator('[data-do=bookmark]')
    await button.scrollIntoViewIfNeeded()
    await page.waitForSelector('[data-do=bookmark][aria-pressed=true]')
    await button.click()
    await page.waitForTimeout(300)
    await page.reload()
    await button.scrollIntoViewIfNeeded()
    await page.waitForSelector('[data-do=bookmark][aria-pressed=false]')
    await page.goto(`${site.base}/log/`)
    await page.waitForSelector('#log-bookmarks li')
    assert.match((await page.textContent('#log-bookmarks'))!, /No bookmarks/)
    const [, correction] = (await database(page)) as unknown as { at: string }[]
    assert.ok(Date.parse(correction!.at) < Date.now() + 1000, 'the correction has an honest date')
    await context.close()
  })

  test('asks before it deletes: Cancel, Escape and an import leave the log as it is', async () => {
    const { page, context, problems } = await openLog(site)
    await importFile(page, jsonl(reveal(1), reveal(2)))
    await page.focus('#log-delete')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#log-confirm[open]')
    assert.match((await page.innerText('#log-confirm'))!, /deletes 2 events/)
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Cancel')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#log-confirm', { state: 'hidden' })
    await page.keyboard.press('Enter')
    await page.waitForSelector('#log-confirm[open]')
    await page.keyboard.press('Escape')
    await page.waitForSelector('#log-confirm', { state: 'hidden' })
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'log-delete')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#log-confirm[open]')
    await page.setInputFiles('#log-file', {
      name: 'log.jsonl',
      mimeType: 'text/plain',
      buffer: Buffer.from(jsonl(reveal(3))),
    })
    await page.waitForSelector('#log-confirm', { state: 'hidden' })
    await page.waitForFunction(() => document.querySelector('#log-figures dd')?.textContent === '3')
    await page.focus('#log-delete')
    await page.keyboard.press('Enter')
    await page.waitForSelector('#log-confirm[open]')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.querySelector('#log-status')?.textContent?.startsWith('Deleted 3 events'))
    assert.equal(await page.getAttribute('#log-status', 'role'), 'status')
    await page.waitForFunction(() => document.activeElement?.id === 'log-import')
    assert.equal(await page.isDisabled('#log-delete'), true)
    assert.deepEqual(await database(page), [])
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('axe finds nothing in a report or in the dialog, light and dark, and the page fits 320 px', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, context } = await site.open('/log/', { viewport: { width: 320, height: 700 }, colorScheme })
      await page.waitForSelector('#log-body', { state: 'visible' })
      await importFile(page, `${jsonl(reveal(1), bookmark(2, true))}${'x'.repeat(500)}\n${'{"no"\n'.repeat(30)}`)
      assert.match((await page.textContent('#log-report'))!, /and 11 more lines/)
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320)
      await page.evaluate(axe)
      for (const open of [false, true]) {
        if (open) await page.click('#log-delete')
        const violations = await page.evaluate(async () => {
          const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } }
          return (await axe.run()).violations.map(({ id }) => id)
        })
        assert.deepEqual(violations, [], `${colorScheme}, ${open ? 'dialog' : 'report'}`)
      }
      await context.close()
    }
  })
})
