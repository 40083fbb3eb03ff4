/**
 * A small built site in a temporary folder, an application over it, and a database in memory, for
 * tests.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { type AppOptions, createApp } from './app.ts'
import type { Feedback, NewFeedback } from './database/index.ts'

export const frameHtml =
  '<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src \'none\'; script-src \'unsafe-inline\' blob:"><title>frame</title>'

export const bigText = 'backpressure '.repeat(100_000)

const files: Record<string, string> = {
  'index.html': '<!doctype html><title>home</title>',
  'about/index.html': '<!doctype html><title>about</title>',
  'Größe/index.html': '<!doctype html><title>size</title>',
  '404.html': '<!doctype html><title>nothing here</title>',
  'rss.xml': '<rss/>',
  'favicon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'feedback/index.html': '<!doctype html><link rel="stylesheet" href="/_astro/page.css"><title>feedback</title>',
  '_astro/page.DkX12a_3.js': 'export {}\n'.repeat(200),
  'engines/0123456789abcdef/frame.html': frameHtml,
  'engines/0123456789abcdef/python.wasm': 'not really',
  'engines/manifest.json': '{}',
  'big.txt': bigText,
  'redirects.json': '{"/old/":"/about/","/older":"/about/?from=older"}',
  '.secret': 'never',
  '.well-known/security.txt': 'Contact: https://example.org/\n',
  '.well-known/.secret': 'never',
}

const encoded = ['_astro/page.DkX12a_3.js', 'about/index.html']

/** Writes the site. `secret.txt` lies beside it, outside. */
export async function writeSite(): Promise<{ siteDir: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'viva-site-'))
  const siteDir = join(folder, 'dist')
  for (const [name, content] of Object.entries(files)) {
    const path = join(siteDir, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
    if (encoded.includes(name)) {
      await writeFile(`${path}.br`, brotliCompressSync(content))
      await writeFile(`${path}.gz`, gzipSync(content))
    }
  }
  await writeFile(join(folder, 'secret.txt'), 'outside')
  return { siteDir, remove: () => rm(folder, { recursive: true }) }
}

/** A store that keeps messages in an array. */
export function memoryDatabase() {
  const kept: Feedback[] = []
  return {
    kept,
    feedback: {
      add: (one: NewFeedback, at: number) => {
        const stored = { ...one, id: `id${kept.length}`, createdAt: new Date(at).toISOString() }
        kept.push(stored)
        return Promise.resolve(stored)
      },
      list: () => Promise.resolve(kept),
      show: (id: string) => Promise.resolve(kept.find((one) => one.id === id)),
      close: () => Promise.resolve(undefined),
      delete: () => Promise.resolve(false),
    },
    check: () => Promise.resolve(),
  }
}

/** An application over `siteDir` whose time stands still until `time.ms` is set. */
export async function testApp(siteDir: string, options: Partial<AppOptions> = {}) {
  const database = memoryDatabase()
  const time = { ms: Date.parse('2026-11-20T10:00:00Z') }
  const lines: { level: string; message: string; fields: Record<string, unknown> | undefined }[] = []
  const app = await createApp({
    siteDir,
    database,
    clock: { now: () => time.ms },
    log: (level, message, fields) => lines.push({ level, message, fields }),
    ...options,
  })
  return { app, database, time, lines }
}
