/** `npm start` on the built site, as a newcomer meets it: runs after the build, without a browser. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { siteDir } from './build.ts'

let folder: string
let address: string
let child: ReturnType<typeof spawn>
let output = ''
let startMs = 0

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'viva-start-'))
  const begun = performance.now()
  const env = { ...process.env, PORT: '0', VIVA_DATA: folder, HOST: '127.0.0.1', LOG_LEVEL: 'info', DATABASE_URL: '' }
  child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'start.ts')], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ready = Promise.withResolvers<string>()
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    const found = /Viva is at (http:\S+)/.exec(output)?.[1]
    if (found) ready.resolve(found)
  })
  child.once('exit', (code) => ready.reject(new Error(`npm start ended with ${code}:\n${output}`)))
  address = await ready.promise
  startMs = performance.now() - begun
})
after(async () => {
  child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

test('is ready within five seconds when nothing changed', () => {
  assert.doesNotMatch(output, /^build:/m, 'the build stage before left something to build')
  assert.ok(startMs < 5000, `took ${Math.round(startMs)} ms`)
})

test('says where the data lies', () => {
  assert.ok(output.includes(`Data: SQLite in ${join(folder, 'viva.db')}`), output)
})

test('every built page is served, compressed, under the strict policy', async () => {
  const names = (await readdir(siteDir, { recursive: true })).map((name) => name.replaceAll('\\', '/'))
  const pages = names.filter((name) => name.endsWith('index.html') && !name.startsWith('engines/'))
  assert.ok(pages.length > 10, `${pages.length} pages`)
  for (const page of pages) {
    const path = `/${page.slice(0, -'index.html'.length)}`
    const response = await fetch(new URL(path, address), { headers: { 'accept-encoding': 'br' } })
    assert.equal(response.status, 200, path)
    assert.match(response.headers.get('content-security-policy') ?? '', /script-src 'self';/, path)
    assert.doesNotMatch(response.headers.get('content-security-policy') ?? '', /unsafe/, path)
    const text = await response.text()
    // Values in quotes may hold anything, a `<script>` that a question is about too; `src` and `type` are what is looked at.
    const html = text.replaceAll(/\b(content|title|aria-label|alt|placeholder)="[^"]*"/g, '$1=""')
    if (text.length >= 1024) assert.equal(response.headers.get('content-encoding'), 'br', path)
    const inline =
      /<script(?![^>]*\bsrc=)(?![^>]*type="application\/(?:ld\+)?json")[^>]*>|<style\b|\son[a-z]+="|\sstyle="/.exec(
        html,
      )
    assert.equal(
      inline?.[0],
      undefined,
      `${path} has what its policy forbids: ${html.slice(inline?.index, (inline?.index ?? 0) + 120)}`,
    )
  }
})

test('what is not there is a page with status 404', async () => {
  const response = await fetch(new URL('/no/such/page/', address))
  assert.equal(response.status, 404)
  assert.match(response.headers.get('content-type') ?? '', /html/)
})

test('feedback is stored and survives the end of the process, which is clean', async () => {
  const response = await fetch(new URL('/api/feedback', address), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'praise', message: 'It starts.' }),
  })
  assert.equal(response.status, 201)
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
  const { openDatabase } = await import('@viva/server')
  const database = await openDatabase({ folder })
  assert.deepEqual(
    (await database.feedback.list()).map(({ message }) => message),
    ['It starts.'],
  )
  await database.close()
})
