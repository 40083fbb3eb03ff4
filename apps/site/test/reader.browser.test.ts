/** What a reader does: attempt, reveal, predict, run, edit, quiz, search, feedback; and all of it by keyboard. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { startSite, type Site } from './site.fixture.ts'

// Without a lab: its first example is on the bench.
const question = '/questions/javascript/closures/'

/** The events of the page's log, as its export would hold them. */
function events(page: Page): Promise<{ type: string; right?: boolean }[]> {
  return page.evaluate(
    () =>
      new Promise((resolve, reject) => {
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

/** Answers the item on the screen right or wrong, with keys only. */
async function answerByKeyboard(page: Page): Promise<void> {
  const kind = await page.evaluate(() =>
    document.querySelector('.steps') ? 'order' : document.querySelector('#typed') ? 'typed' : 'choice',
  )
  if (kind === 'choice') await page.keyboard.press('1')
  if (kind === 'typed') {
    // From the prompt, Tab reaches the field (a wide code block takes one stop).
    for (let tabs = 0; tabs < 6; tabs++) {
      await page.keyboard.press('Tab')
      if (await page.evaluate(() => document.activeElement?.id === 'typed')) break
    }
    await page.keyboard.type('something')
    await page.keyboard.press('Control+Enter')
  } else await page.keyboard.press('Enter')
  await page.waitForSelector('.said')
}

suite('a reader', () => {
  let site: Site
  before(async () => {
    site = await startSite()
  })
  after(() => site.close())

  test('answers first, then reveals by one key; the choice to see answers at once is kept', async () => {
    const { page, context, problems } = await site.open(question)
    assert.equal(await page.isVisible('#in-depth'), false)
    assert.equal(await page.isVisible('.bench'), true)
    await page.keyboard.press('r')
    await page.waitForSelector('#in-depth', { state: 'visible' })
    await page.reload()
    await page.click('text=Always show answers at once', { timeout: 2000 }).catch(async () => {
      // The way back is remembered for this page; a fresh one shows the box again.
      await page.goto(`${site.base}/questions/javascript/promises/`)
      await page.click('text=Always show answers at once')
    })
    await page.goto(`${site.base}/questions/microservices/backpressure/`)
    assert.equal(await page.isVisible('#in-depth'), true)
    assert.equal(await page.isVisible('.attempt'), false)
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('lands on the text when the address names a part of it', async () => {
    const { page, context } = await site.open(`${question}#pitfalls`)
    assert.equal(await page.isVisible('#pitfalls'), true)
    const top = await page.evaluate(() => document.querySelector('#pitfalls')!.getBoundingClientRect().top)
    assert.ok(top >= -5 && top < 400, `#pitfalls is at ${top} px`)
    await context.close()
  })

  test('reads everything without script', async () => {
    const { page, context } = await site.open(question, { javaScriptEnabled: false })
    for (const part of ['#answer', '#in-depth', '#pitfalls', '.bench .recorded summary'])
      assert.equal(await page.isVisible(part), true, part)
    assert.equal(await page.isVisible('.attempt'), false)
    await context.close()
  })

  test('predicts right and wrong, edits, resets; each run is one event', async () => {
    const { page, context, problems } = await site.open(question)
    const bench = page.locator('.bench')
    const expected = (await bench.locator('.recorded samp').textContent())!
    await bench.locator('.expect textarea').fill(expected)
    await bench.locator('.expect [type=submit]').click()
    await bench.locator('.verdict.ok').waitFor({ timeout: 20_000 })
    await bench.locator('.expect textarea').fill('nothing like it')
    await bench.locator('.expect [type=submit]').click()
    await bench.locator('.verdict.bad').waitFor()
    assert.match((await bench.locator('.figures').textContent())!, /same as verified/)
    await bench.locator('[data-do=edit]').click()
    await bench.locator('.cm-content').click()
    await page.keyboard.press('Control+a')
    await page.keyboard.type("console.log('mine')")
    await page.keyboard.press('Control+Enter')
    await bench.locator('.figures', { hasText: 'edited by you' }).waitFor()
    assert.match((await bench.locator('.result').textContent())!, /mine/)
    await bench.locator('[data-do=edit]').click()
    assert.equal(await bench.locator('.source').isVisible(), true)
    await page.waitForTimeout(100)
    assert.deepEqual(
      (await events(page)).map(({ type, right }) => [type, right]),
      [
        ['prediction', true],
        ['prediction', false],
        // Edited code is a run of its own: no prediction about it counts.
        ['run', undefined],
      ],
    )
    // Chromium's own editing writes a style attribute when typed text replaces a selection. The policy refuses it, rightly.
    assert.deepEqual(
      problems.filter((problem) => !problem.includes('Applying inline style')),
      [],
    )
    await context.close()
  })

  test('stops an endless loop, and the page stays responsive meanwhile', async () => {
    const { page, context } = await site.open(question)
    const bench = page.locator('.bench')
    await bench.locator('[data-do=edit]').click()
    await bench.locator('.cm-content').click()
    await page.keyboard.press('Control+a')
    await page.keyboard.type('for (;;) ;')
    await page.keyboard.press('Control+Enter')
    await bench.locator('.expect [type=submit]', { hasText: 'Stop' }).waitFor()
    const asked = Date.now()
    await page.evaluate(() => new Promise(requestAnimationFrame))
    assert.ok(Date.now() - asked < 1000, 'a frame is painted while the loop runs')
    await bench.locator('.verdict.bad').waitFor({ timeout: 15_000 })
    assert.match((await bench.locator('.verdict').textContent())!, /5 s/)
    await context.close()
  })

  test('goes from a question to a run, a quiz and its result by keyboard alone', async () => {
    const { page, context, problems } = await site.open(question)
    await page.keyboard.press('j')
    await page.keyboard.type('a guess')
    await page.keyboard.press('Control+Enter')
    await page.locator('.bench .verdict').waitFor({ timeout: 20_000 })
    await page.keyboard.press('Escape')
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    await page.keyboard.press('r')
    await page.waitForSelector('#in-depth', { state: 'visible' })
    // Tab on until the link to this question's quiz, as somebody without a mouse would.
    for (let tabs = 0; tabs < 200; tabs++) {
      await page.keyboard.press('Tab')
      if (await page.evaluate(() => document.activeElement?.textContent === 'Quiz this question')) break
    }
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/quiz\/run\/\?.*seed=/)
    await page.waitForSelector('.prompt')
    const length = Number(/of (\d+)/.exec((await page.textContent('.head span'))!)![1])
    for (let item = 0; item < length; item++) {
      await answerByKeyboard(page)
      // The verdict is there; Enter goes on (from a text field too).
      await page.evaluate(() => (document.activeElement as HTMLElement).blur())
      await page.keyboard.press('Enter')
      await page.waitForFunction(
        (number) =>
          !document.querySelector('.head')?.textContent?.includes(`: ${number} of`) || document.querySelector('.score'),
        item + 1,
      )
    }
    await page.waitForSelector('.score')
    assert.match((await page.textContent('h1'))!, /result/)
    const log = await events(page)
    assert.equal(log.filter(({ type }) => type === 'attempt').length, length)
    assert.equal(log.filter(({ type }) => type === 'quiz-finished').length, 1)
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('takes up a half-done quiz where it was left, and what was missed comes back', async () => {
    const { page, context } = await site.open('/quiz/run/?scope=javascript&count=10&seed=11')
    await page.waitForSelector('.prompt')
    await answerByKeyboard(page)
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.querySelector('.head')?.textContent?.includes(': 2 of 10'))
    await page.goto(`${site.base}/quiz/`)
    await page.click('text=Resume')
    await page.waitForFunction(() => document.querySelector('.head')?.textContent?.includes(': 2 of 10'))
    const missed = (await events(page)).filter(({ type, right }) => type === 'attempt' && right === false).length
    await page.goto(`${site.base}/quiz/run/?scope=misses`)
    await page.waitForSelector('h1')
    if (missed > 0) assert.match((await page.textContent('.head'))!, new RegExp(`of ${missed}`))
    else assert.match((await page.textContent('#quiz'))!, /Nothing is missed/)
    await context.close()
  })

  test('refuses a quiz address that is wrong, and says what would be right', async () => {
    const { page, context } = await site.open('/quiz/run/?scope=javascript&count=0&seed=-1')
    await page.waitForSelector('[role=alert]')
    assert.match((await page.textContent('[role=alert]'))!, /count: found "0"; expected a whole number from 1 to 100/)
    await page.goto(`${site.base}/quiz/run/?scope=cobol`)
    await page.waitForSelector('[role=alert]')
    assert.match((await page.textContent('[role=alert]'))!, /no category “cobol”/)
    await context.close()
  })

  test('finds a question by `/`, a word and Enter; a mistyped word is forgiven', async () => {
    const { page, context, problems } = await site.open('/')
    await page.keyboard.press('/')
    await page.waitForSelector('#find-input')
    await page.keyboard.type('backpresure')
    await page.waitForSelector('#find-list li')
    assert.match((await page.textContent('#find-0'))!, /backpressure/i)
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/questions\/microservices\/backpressure\//)
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('reports a mistake with question and section filled in; it is stored', async () => {
    const { page, context, problems } = await site.open('/questions/microservices/backpressure/#pitfalls')
    await page.click('[data-report]')
    await page.waitForURL(/\/feedback\//)
    assert.equal(await page.inputValue('#f-question'), 'microservices/backpressure')
    assert.notEqual(await page.inputValue('#f-section'), '')
    await page.fill('#f-message', 'A sentence is wrong.')
    await page.click('#feedback [type=submit]')
    await page.waitForSelector('#sent', { state: 'visible' })
    const stored = await site.database.feedback.list({ open: true })
    assert.ok(
      stored.some(
        ({ message, question }) => message === 'A sentence is wrong.' && question === 'microservices/backpressure',
      ),
    )
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('filters a category; the filter is in the address and survives a reload', async () => {
    const { page, context } = await site.open('/questions/javascript/')
    await page.check('[name=difficulty][value=easy]', { force: true })
    assert.match((await page.textContent('[data-count]'))!, /\d+ of \d+ questions/)
    assert.match(page.url(), /difficulty=easy/)
    await page.reload()
    assert.equal(await page.isChecked('[name=difficulty][value=easy]'), true)
    assert.equal(
      await page.locator('[data-questions] > li:visible [class~=difficulty]', { hasText: 'medium' }).count(),
      0,
    )
    await context.close()
  })

  test('chooses a theme that survives the next page, before its first paint', async () => {
    const { page, context } = await site.open('/')
    await page.click('#open-settings')
    await page.check('#settings [value=dark]')
    await page.goto(`${site.base}/about/`)
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
    await context.close()
  })
})
