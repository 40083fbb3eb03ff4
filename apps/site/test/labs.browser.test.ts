/** A lab as a reader uses it: said, run, judged; shared by its address; a bad address is told what would be right. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startSite, type Site } from './site.fixture.ts'

const page_ = '/questions/microservices/backpressure/'
const options = { locale: 'en-US', reducedMotion: 'reduce' as const }

suite('labs', () => {
  let site: Site
  before(async () => {
    site = await startSite()
  })
  after(() => site.close())

  test('a prediction, a run, and what came of it', async () => {
    const { page, problems } = await site.open(page_, options)
    const lab = page.locator('.lab').first()
    await lab.locator('[name=said]').fill('100')
    await lab.locator('[name=said]').press('Enter')
    await lab.locator('.said .verdict').waitFor()
    assert.match(await lab.locator('.said').innerText(), /You said 100 \/s; it was 0 \/s\./)
    assert.equal(await lab.locator('[data-figure=lateGoodput] td').first().innerText(), '0.0')
    assert.ok((await lab.locator('.claims .sign.ok').count()) > 0)
    assert.equal(await lab.locator('.claims .sign.bad').count(), 0)
    assert.deepEqual(problems, [])
  })

  for (const [width, height] of [
    [1280, 800],
    [360, 780],
  ] as const)
    test(`the result of a run is visible without scrolling at ${width} × ${height}`, async () => {
      for (const path of [page_, '/questions/operating-systems/virtual-memory/', '/labs/microservices/caching/lab/']) {
        const { page } = await site.open(path, { ...options, viewport: { width, height } })
        const lab = page.locator('.lab').first()
        await lab.locator('[type=submit]').click()
        await lab.locator('.claims .sign.ok').first().waitFor({ state: 'attached' })
        await lab.locator('.outcome .uplot').waitFor()
        const box = await lab.locator('.outcome').boundingBox()
        assert.ok(box && box.y >= 0 && box.y + box.height <= height, `${path}: ${JSON.stringify(box)}`)
      }
    })

  test('a recorded example stands where the result will be, and is labelled as one', async () => {
    const { page } = await site.open(page_, options)
    const lab = page.locator('.lab').first()
    await page.mouse.move(300, 300)
    await lab.locator('.uplot').first().waitFor()
    assert.match(
      await lab.locator('.outcome-note').innerText(),
      /^Example: a recorded run of “.+”\. Yours will replace it\.$/,
    )
    assert.notEqual(await lab.locator('.readout td').first().innerText(), '–')
    await lab.locator('[type=submit]').click()
    await lab.locator('.claims .sign.ok').first().waitFor()
    assert.equal(await lab.locator('.outcome-note').isVisible(), false)
  })

  test('a changed setting marks the result, a preset shows that it is active', async () => {
    const { page } = await site.open(page_, options)
    const lab = page.locator('.lab').first()
    await lab.locator('[type=submit]').click()
    await lab.locator('.claims .sign.ok').first().waitFor()
    const preset = lab.locator('[data-preset]').nth(1)
    await preset.click()
    assert.equal(await preset.getAttribute('aria-pressed'), 'true')
    await lab.getByText('From the previous settings. Run again').waitFor()
    await lab.locator('[type=submit]').click()
    await lab.getByText('From the previous settings.').waitFor({ state: 'hidden' })
  })

  test('a shared address carries settings and prediction, and asks the next reader', async () => {
    const { page } = await site.open(page_, { ...options, permissions: ['clipboard-write'] })
    // The site's policy forbids reading the clipboard.
    await page.evaluate(() => {
      const { clipboard } = navigator
      const write = clipboard.writeText.bind(clipboard)
      clipboard.writeText = (text) => {
        document.body.dataset['copied'] = text
        return write(text)
      }
    })
    const lab = page.locator('.lab').first()
    await lab.locator('[data-preset]').nth(1).click()
    await lab.locator('[name=said]').fill('50')
    await lab.locator('[name=said]').press('Enter')
    await lab.locator('.said .verdict').waitFor()
    await lab.getByRole('button', { name: 'Share' }).click()
    await lab.getByText('Link copied.').waitFor()
    const copied = (await page.locator('body').getAttribute('data-copied'))!
    assert.match(copied, /^A queue under pressure: I said 50 \/s; it was .+\. You\? http/)
    const { page: other } = await site.open(
      new URL(copied.split(' ').at(-1)!).pathname + new URL(copied.split(' ').at(-1)!).search,
      options,
    )
    await other.getByText('Whoever shared this predicted 50 /s. What do you predict?').waitFor()
    assert.equal(await other.locator('.lab [data-preset]').nth(1).getAttribute('aria-pressed'), 'true')
    assert.equal(await other.locator('.lab [name=said]').first().inputValue(), '')
  })

  test('the gallery links to a page for each lab', async () => {
    const { page, problems } = await site.open('/labs/', options)
    const links = page.locator('.labs .cover')
    assert.ok((await links.count()) >= 25)
    assert.equal(await page.locator('.labs .thumb svg').count(), await links.count())
    await links.first().click()
    await page.locator('.lab h1').waitFor()
    assert.match(page.url(), /\/labs\/.+\/lab/)
    assert.deepEqual(problems, [])
  })

  test('an address brings its knobs, and what is out of range is named', async () => {
    const { page } = await site.open(`${page_}?lab=lab&arrivals=9000&full=fail`, options)
    const lab = page.locator('.lab').first()
    await lab.locator('.said .verdict').waitFor()
    assert.match(await lab.locator('.said').innerText(), /Arrivals can be 20 to 200 \/s, not "9000"/)
    assert.equal(await lab.locator('[name=full]').inputValue(), 'fail')
    assert.equal(await lab.locator('[name=arrivals]').inputValue(), '120')
  })

  test('a run that is watched can be stopped', async () => {
    const { page } = await site.open(page_, { locale: 'en-US' })
    const lab = page.locator('.lab').first()
    await lab.locator('[type=submit]').click()
    await lab.locator('[data-do=pause]').waitFor()
    await lab.locator('[type=submit]').click()
    await lab.getByText('Stopped.').waitFor()
    assert.equal(await lab.locator('[type=submit]').innerText(), 'Run')
  })

  test('nothing of a lab is fetched before the reader does something', async () => {
    const { page } = await site.open(undefined, options)
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await page.goto(site.base + page_, { waitUntil: 'networkidle' })
    const ofLabs = (): string[] => asked.filter((path) => /\/labs?[./]/.test(path) && !path.endsWith('.css'))
    assert.deepEqual(ofLabs(), [])
    await page.mouse.move(300, 300)
    await page.locator('.lab .uplot').first().waitFor()
    assert.ok(ofLabs().includes('/labs/microservices/backpressure/lab.json'), ofLabs().join())
  })

  test('a chart takes the colours of the theme', async () => {
    const { page } = await site.open(page_, { ...options, colorScheme: 'light' })
    const lab = page.locator('.lab').first()
    await lab.locator('[type=submit]').click()
    await lab.locator('.claims .sign.ok').first().waitFor()
    const canvas = lab.locator('.uplot canvas').first()
    await lab.locator('.plot').first().scrollIntoViewIfNeeded()
    await canvas.waitFor()
    const picture = (): Promise<string> => canvas.evaluate((it) => (it as HTMLCanvasElement).toDataURL())
    const light = await picture()
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
    await page.waitForFunction(
      (was) => document.querySelector<HTMLCanvasElement>('.uplot canvas')!.toDataURL() !== was,
      light,
    )
  })

  test('the reader types the events', async () => {
    const { page, problems } = await site.open('/questions/javascript/debounce-throttle/', options)
    const lab = page.locator('.lab').first()
    await lab.locator('[name=said]').focus()
    await lab.locator('.own-area').focus()
    await lab.locator('.own-area').press('a')
    // Letters that are shortcuts of the page elsewhere.
    for (const key of ['r', 'j', 'k', '?']) {
      await page.waitForTimeout(5)
      await page.keyboard.press(key)
    }
    await lab.getByText('The next run uses your 5 events').waitFor()
    await lab.locator('[type=submit]').click()
    await lab.locator('[data-figure=events]', { hasText: '5' }).waitFor()
    await lab.getByText('Your gaps were').waitFor()
    await lab.getByText('Clear my events').click()
    await lab.locator('[type=submit]').click()
    await lab.locator('[data-figure=events]', { hasText: '60' }).waitFor()
    assert.deepEqual(problems, [])
  })

  test('a curve is drawn with the finger, set with sliders, and laid over what was measured', async () => {
    const { page, problems } = await site.open(`${page_}?lab=lab-api`, options)
    const lab = page.locator('#lab-api')
    const pad = lab.locator('.pad-canvas')
    await pad.scrollIntoViewIfNeeded()
    const box = (await pad.boundingBox())!
    await page.mouse.move(box.x + 2, box.y + box.height / 2)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width - 2, box.y + box.height - 2, { steps: 8 })
    await page.mouse.up()
    await lab.locator('[type=submit]').click()
    await lab.getByText(/Your curve is off by \d+ % of the range on average/).waitFor()
    await lab.locator('.plot').first().scrollIntoViewIfNeeded()
    await lab.getByText('You said', { exact: true }).waitFor()
    await lab.locator('[data-do=reset]').click()
    // From the keyboard: the first and the last of six sliders, and a line between them.
    const sliders = lab.locator('.pad-sliders input')
    await sliders.first().focus()
    await page.keyboard.press('End')
    await sliders.last().focus()
    await page.keyboard.press('End')
    assert.match((await sliders.last().getAttribute('aria-valuetext'))!, /\d/)
    await lab.locator('[type=submit]').click()
    await lab.getByText(/Your curve is off by/).waitFor()
    assert.deepEqual(problems, [])
  })

  test('a measurement finds another thread, a query its engine', async () => {
    for (const [path, name, figure, what] of [
      ['/questions/operating-systems/context-switching/', 'lab-measure', 'how', 'woken by a message'],
      ['/questions/mongodb/text-indexes/', 'lab', 'found', '3'],
    ] as const) {
      const { page, problems } = await site.open(`${path}?lab=${name}`, options)
      const lab = page.locator(`#${name}`)
      await lab.locator('[type=submit]').click()
      await lab.locator('.claims .sign.ok').first().waitFor()
      assert.equal(await lab.locator(`[data-figure=${figure}] td`).first().innerText(), what)
      assert.equal(await lab.locator('.claims .sign.bad').count(), 0)
      assert.deepEqual(problems, [])
    }
  })
})
