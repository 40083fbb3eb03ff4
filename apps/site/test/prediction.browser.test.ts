/** How a prediction is judged on a page and in a quiz: verdicts, credit per line, the override, small screens. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, before, suite, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { startSite, type Site } from './site.fixture.ts'

const question = '/questions/javascript/closures/'
const sqlQuestion = '/questions/postgresql/materialized-view-vs-view/'

type Logged = { type: string; right?: boolean; judged?: string; override?: boolean }

function events(page: Page): Promise<Logged[]> {
  return page.evaluate(
    () =>
      new Promise<Logged[]>((resolve, reject) => {
        const opening = indexedDB.open('viva')
        opening.addEventListener('error', () => reject(opening.error))
        opening.addEventListener('success', () => {
          const asking = opening.result.transaction('events').objectStore('events').getAll()
          asking.addEventListener('error', () => reject(asking.error))
          asking.addEventListener('success', () => {
            opening.result.close()
            resolve(asking.result)
          })
        })
      }),
  )
}

async function predict(fence: Locator, text: string): Promise<string> {
  await fence.locator('.expect textarea').fill(text)
  await fence.locator('.expect [type=submit]').click()
  const verdict = fence.locator('.result .verdict').first()
  await verdict.waitFor({ timeout: 30_000 })
  return (await verdict.textContent()) ?? ''
}

/** In the part of the page that this file is about; `templates.browser.test.ts` checks whole pages. */
async function violations(page: Page, part: string): Promise<string[]> {
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core'), 'utf8'))
  return page.evaluate(async (selector) => {
    const { axe } = globalThis as unknown as {
      axe: { run(part: string): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    return (await axe.run(selector)).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
  }, part)
}

const isWide = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth)

suite('a prediction', () => {
  let site: Site
  before(async () => {
    site = await startSite()
  })
  after(() => site.close())

  test('is correct, correct in another layout, or not quite, with the first difference', async () => {
    const { page, context, problems } = await site.open(question)
    const bench = page.locator('.bench')
    assert.equal(await predict(bench, 'a: 2  b: 1\nadd(1): 11'), '✓ Correct')
    await bench.locator('.expect textarea').fill('a: 2, b: 1\nadd(1): 11')
    await bench.locator('.expect [type=submit]').click()
    await bench.locator('.verdict', { hasText: '✓ Correct, in another layout' }).waitFor()
    await bench.locator('.expect textarea').fill('a: 2, b: 1\nadd(1): 12')
    await bench.locator('.expect [type=submit]').click()
    await bench.locator('.verdict', { hasText: '✗ Not quite: compare below' }).waitFor()
    assert.deepEqual(await bench.locator('.credits tbody th').allTextContents(), ['✓ right', '✗ differs'])
    assert.match(
      (await bench.locator('.result').textContent())!,
      /1 of 2 lines right\. First difference in line 2: you have “12” where it printed “11”\./,
    )
    await page.waitForTimeout(100)
    assert.deepEqual(
      (await events(page)).map(({ type, right, judged }) => [type, right, judged]),
      [
        ['prediction', true, 'exact'],
        ['prediction', true, 'equivalent'],
        ['prediction', false, 'wrong'],
      ],
    )
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('judged wrong is overridden by keyboard, and logged as an override', async () => {
    const { page, context, problems } = await site.open(question)
    const bench = page.locator('.bench')
    assert.equal(await predict(bench, 'two, one, eleven'), '✗ Not quite: compare below')
    await bench.locator('button', { hasText: 'I was right' }).focus()
    await page.keyboard.press('Enter')
    await bench.locator('.verdict', { hasText: '✓ Counted as right' }).waitFor()
    assert.equal(await bench.locator('button', { hasText: 'I was right' }).count(), 0)
    assert.match((await page.evaluate(() => document.activeElement?.textContent)) ?? '', /Counted as right/)
    await page.waitForTimeout(100)
    assert.deepEqual(
      (await events(page)).map(({ type, right, judged, override }) => [type, right, judged, override]),
      [
        ['prediction', false, 'wrong', undefined],
        ['prediction', true, 'wrong', true],
      ],
    )
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('of a table needs neither its header nor its row count', async () => {
    const { page, context } = await site.open(sqlQuestion)
    const fence = page.locator('.fence[data-fence$="#1"]')
    await page.keyboard.press('r')
    assert.equal(await predict(fence, 'live 100\nby_day 30\ntotal 30'), '✓ Correct, in another layout')
    await context.close()
  })

  test('of an error is chosen by keyboard among few names', async () => {
    const { page, context, problems } = await site.open('/questions/typescript/type-vs-interface/')
    await page.keyboard.press('r')
    const fence = page.locator('.fence', { has: page.locator('.expect fieldset') }).first()
    await fence.locator('input[value="no error"]').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Control+Enter')
    await fence.locator('.verdict', { hasText: '✓ Correct, in another layout' }).waitFor({ timeout: 30_000 })
    assert.deepEqual(await violations(page, '.fence[data-fence]'), [])
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('in a quiz: the verdict, the credit per line and the override', async () => {
    const { page, context, problems } = await site.open('/quiz/run/?scope=javascript&count=40&seed=7')
    await page.waitForSelector('.prompt')
    for (let item = 0; item < 40 && !(await page.locator('#typed').count()); item++) {
      const choice = page.locator('.options input').first()
      if (await choice.count()) await choice.check()
      await page.locator('.actions .go').click()
      await page.locator('.actions .go', { hasText: /Next|result/ }).click()
      await page.waitForTimeout(20)
    }
    assert.equal(
      await page
        .locator('label[for=typed]')
        .textContent()
        .then((text) => text?.slice(0, 19)),
      'What will it print?',
    )
    await page.fill('#typed', 'something else')
    await page.locator('.actions .go').click()
    await page.locator('.verdict', { hasText: '✗ Not quite: compare below' }).waitFor()
    assert.ok((await page.locator('.credits tbody tr').count()) > 0)
    assert.deepEqual(await violations(page, '#quiz'), [])
    const right = (await page.locator('.head .push').textContent())!
    await page.locator('button', { hasText: 'I was right' }).click()
    await page.locator('.verdict', { hasText: '✓ Counted as right' }).waitFor()
    assert.equal(await page.locator('.head .push').textContent(), `${Number.parseInt(right, 10) + 1} right`)
    await page.waitForTimeout(100)
    const last = (await events(page)).filter(({ type }) => type === 'attempt').slice(-2)
    assert.deepEqual(
      last.map(({ right, judged, override }) => [right, judged, override]),
      [
        [false, 'wrong', undefined],
        [true, 'wrong', true],
      ],
    )
    assert.deepEqual(problems, [])
    await context.close()
  })

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [320, 768, 1280]) {
      test(`fits ${width} px, ${colorScheme}, without an accessibility violation`, async () => {
        for (const path of ['/', question, sqlQuestion]) {
          const { page, context } = await site.open(path, { viewport: { width, height: 900 }, colorScheme })
          const fence = page.locator(path === sqlQuestion ? '.fence[data-fence$="#1"]' : '.fence[data-fence]').first()
          if (path === sqlQuestion) await page.keyboard.press('r')
          assert.match(
            await predict(fence, 'something that it does not print, in a long line of text\n12'),
            /Not quite/,
          )
          assert.equal(await isWide(page), false, `${path} is wider than ${width} px`)
          assert.deepEqual(await violations(page, '.fence[data-fence]'), [], path)
          const folder = process.env['PICTURES']
          const name = path.replaceAll('/', '-')
          if (folder) await fence.screenshot({ path: `${folder}/${width}${name}${colorScheme}.png` })
          await context.close()
        }
      })
    }
  }
})
