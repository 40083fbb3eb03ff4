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
    await lab.locator('.plot').first().waitFor()
    await lab.locator('[type=submit]').click()
    await lab.locator('[data-do=pause]').waitFor()
    await lab.locator('[type=submit]').click()
    await lab.getByText('Stopped.').waitFor()
    assert.equal(await lab.locator('[type=submit]').innerText(), 'Run')
  })
})
