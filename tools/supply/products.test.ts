import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type ProductOptions, writeProducts } from './products.ts'

const root = dirname(dirname(import.meta.dirname))

async function options(t: TestContext, page: string): Promise<ProductOptions> {
  const siteDir = await mkdtemp(join(tmpdir(), 'viva-products-'))
  t.after(() => rm(siteDir, { recursive: true }))
  await mkdir(join(siteDir, 'licences'))
  await writeFile(join(siteDir, 'licences/index.html'), page)
  const engines = [{ name: 'sqlite engine', modules: ['node_modules/sql.js/dist/sql-wasm.js'] }]
  const siteModules = ['node_modules/uplot/dist/uPlot.esm.js', 'apps/site/src/client/dom.ts']
  return { root, siteDir, engines, siteModules, env: {}, nowMs: 0 }
}

const page = '<main><div id="notices" class="x"><p>placeholder</p></div><p>end</p></main>'

test('puts the notices into the page and writes the other files, the same each time', async (t) => {
  const one = await options(t, page)
  await writeProducts(one)
  const files = ['licences/index.html', 'engines/LICENSES.txt', 'sbom.cdx.json']
  const read = (siteDir: string) => Promise.all(files.map((file) => readFile(join(siteDir, file), 'utf8')))
  const [html = '', text = '', sbom = ''] = await read(one.siteDir)
  assert.match(html, /uplot 1\.\d+\.\d+: MIT/)
  assert.match(html, /SQLite: blessing/)
  assert.match(html, /hono 4\.\d+\.\d+: MIT/)
  assert.match(html, /<\/div><p>end<\/p><\/main>$/)
  assert.doesNotMatch(html, /placeholder/)
  assert.match(text, /sql\.js 1\.\d+\.\d+: MIT/)
  assert.doesNotMatch(text, /uplot/)
  assert.equal(JSON.parse(sbom).bomFormat, 'CycloneDX')
  assert.ok(!existsSync(join(one.siteDir, '.well-known')))
  const two = await options(t, page)
  await writeProducts({ ...two, nowMs: 1e12 })
  assert.deepEqual(await read(two.siteDir), [html, text, sbom])
})

test('writes security.txt when the operator names a contact', async (t) => {
  const chosen = await options(t, page)
  const env = { SECURITY_CONTACT: 'https://example.org/report', SOURCE_DATE_EPOCH: '86400' }
  await writeProducts({ ...chosen, env })
  assert.match(
    await readFile(join(chosen.siteDir, '.well-known/security.txt'), 'utf8'),
    /^Contact: https:\/\/example\.org\/report\nExpires: 1971-01-02T00:00:00\.000Z\n/,
  )
})

test('fails when the page has no place for the notices', async (t) => {
  await assert.rejects(writeProducts(await options(t, '<main></main>')), /has no <div id="notices">/)
})
