/** The feedback page: nothing in its address makes a claim, and the form works without script. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startSite, type Site } from './site.fixture.ts'

suite('feedback page', () => {
  let site: Site
  before(async () => {
    site = await startSite()
  })
  after(() => site.close())

  for (const javaScriptEnabled of [true, false]) {
    for (const address of [
      '?sent=1',
      '?sent=1#sent',
      '?error=constructor#problem',
      '?error=__proto__',
      '?error=Call%20us%20at%20evil.test#problem',
    ]) {
      test(`${address} ${javaScriptEnabled ? 'with' : 'without'} script claims nothing`, async () => {
        const { page, context, problems } = await site.open(`/feedback/${address}`, { javaScriptEnabled })
        assert.equal(await page.isVisible('#sent'), false)
        assert.equal(await page.isVisible('#problem'), false)
        assert.doesNotMatch(await page.innerText('body'), /evil\.test|native code|Thanks/)
        assert.deepEqual(problems, [])
        await context.close()
      })
    }
  }

  test('with script the page says “Thanks, sent” once the server has stored the message', async () => {
    const { page, context, problems } = await site.open('/feedback/')
    await page.fill('#f-message', 'With script.')
    await page.click('#feedback [type=submit]')
    await page.waitForSelector('#sent', { state: 'visible' })
    assert.match((await page.textContent('#sent')) ?? '', /Thanks, sent/)
    assert.ok((await site.database.feedback.list()).some(({ message }) => message === 'With script.'))
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('without script the server answers with a page in the look of the site', async () => {
    const { page, context, problems } = await site.open('/feedback/', { javaScriptEnabled: false })
    await page.fill('#f-message', 'Without script.')
    await page.click('#feedback [type=submit]')
    assert.equal(await page.textContent('h1'), 'Thanks, sent')
    assert.ok((await page.locator('link[rel=stylesheet]').count()) > 0)
    assert.ok((await site.database.feedback.list()).some(({ message }) => message === 'Without script.'))
    assert.deepEqual(problems, [])
    await context.close()
  })

  test('another site cannot send the form', async () => {
    const { page, context } = await site.open(undefined)
    // A page of an opaque origin: its posts carry `Origin: null`.
    await page.goto(
      `data:text/html,<form method=post action="${site.base}/api/feedback"><input name=kind value=idea>` +
        '<input name=message value=forged><button>go</button></form>',
    )
    const [response] = await Promise.all([page.waitForNavigation(), page.click('button')])
    assert.equal(response?.status(), 403)
    assert.ok((await site.database.feedback.list()).every(({ message }) => message !== 'forged'))
    await context.close()
  })
})
