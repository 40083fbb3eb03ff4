import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { precompress } from './precompress.ts'

test('compresses what shrinks, once per content', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'viva-precompress-'))
  t.after(() => rm(folder, { recursive: true }))
  const [site, cache] = [join(folder, 'dist'), join(folder, 'cache')]
  const page = 'backpressure '.repeat(500)
  await mkdir(join(site, 'about'), { recursive: true })
  await writeFile(join(site, 'index.html'), page)
  await writeFile(join(site, 'about/index.html'), `${page}about`)
  await writeFile(join(site, 'small.css'), 'a{}')
  await writeFile(join(site, 'picture.png'), page)
  await writeFile(join(site, 'noise.wasm'), randomBytes(5000))

  assert.deepEqual(await precompress(site, cache), { files: 4, fresh: 6 })
  const names = (await readdir(site, { recursive: true })).filter((name) => /\.(br|gz)$/.test(name)).toSorted()
  assert.deepEqual(names, ['about/index.html.br', 'about/index.html.gz', 'index.html.br', 'index.html.gz'])
  assert.equal(brotliDecompressSync(await readFile(join(site, 'index.html.br'))).toString(), page)
  assert.equal(gunzipSync(await readFile(join(site, 'index.html.gz'))).toString(), page)

  // The site is built anew: same contents cost nothing, a change costs itself, what nothing uses is forgotten.
  await rm(join(site, 'about'), { recursive: true })
  await writeFile(join(site, 'index.html'), `${page}new`)
  assert.deepEqual(await precompress(site, cache), { files: 3, fresh: 2 })
  assert.equal(brotliDecompressSync(await readFile(join(site, 'index.html.br'))).toString(), `${page}new`)
  assert.equal((await readdir(cache)).length, 4)
})
