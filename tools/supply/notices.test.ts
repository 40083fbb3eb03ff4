import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { inDataFiles, inOurTree } from './contained.ts'
import type { Lock } from './lockfile.ts'
import { readLock } from './lockfile.ts'
import { noticesHtml, noticesText } from './notices-page.ts'
import { copyrightLines, NoticeError, runTimeNotices, shippedNotices } from './notices.ts'

const root = dirname(dirname(import.meta.dirname))

/** A folder with these files; the lock file lists `lib`, `@x/plain` and what `apps/app` needs. */
async function example(t: TestContext, files: Record<string, string>): Promise<{ base: string; lock: Lock }> {
  const base = await mkdtemp(join(tmpdir(), 'viva-notices-'))
  t.after(() => rm(base, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(base, path)), { recursive: true })
    await writeFile(join(base, path), text)
  }
  const entry = (license: string, more = {}) => ({ version: '1.2.3', license, ...more })
  const packages = {
    '': {},
    'apps/app': { dependencies: { lib: '1.2.3', '@x/own': '0.1.0' }, devDependencies: { tool: '1.2.3' } },
    'packages/own': { dependencies: { '@x/plain': '1.2.3' } },
    'node_modules/@x/own': { link: true, resolved: 'packages/own' },
    'node_modules/lib': entry('MIT', { optionalDependencies: { 'lib-linux': '1.2.3' } }),
    'node_modules/lib-linux': entry('MIT', { os: ['linux'] }),
    'node_modules/@x/plain': entry('ISC'),
    'node_modules/tool': entry('MIT', { dev: true }),
    'node_modules/vite': entry('MIT'),
    'node_modules/pyodide': entry('MPL-2.0'),
  }
  return { base, lock: { lockfileVersion: 3, packages } }
}

const licence = 'MIT License\n\nCopyright (c) 2024 Ada <ada@x.test>\n\nPermission is hereby granted …\n'

test('a package in a bundle gets version, licence, copyright, text and the bundles that contain it', async (t) => {
  const { base, lock } = await example(t, {
    'node_modules/lib/LICENSE.md': licence,
    'node_modules/lib/NOTICE': 'lib contains work of Bob.',
    'node_modules/lib/license.js': 'export {}',
  })
  const notices = await shippedNotices(base, lock, [
    { name: 'pages', modules: ['apps/app/src/a.ts', 'node_modules/lib/a.js', 'node_modules/lib/dist/b.css'] },
    { name: 'engine', modules: ['packages/own/x.ts', 'node_modules/lib/a.js'] },
  ])
  assert.deepEqual(notices, [
    {
      name: 'lib',
      version: '1.2.3',
      licence: 'MIT',
      copyright: ['Copyright (c) 2024 Ada <ada@x.test>'],
      text: `${licence.trim()}\n\nlib contains work of Bob.`,
      usedIn: ['pages', 'engine'],
    },
  ])
})

test('a package without a licence text fails, and the message says what to add where', async (t) => {
  const { base, lock } = await example(t, { 'node_modules/@x/plain/index.js': '' })
  await assert.rejects(
    shippedNotices(base, lock, [{ name: 'pages', modules: ['node_modules/@x/plain/index.js'] }]),
    (error) => {
      assert.ok(error instanceof NoticeError)
      assert.equal(
        error.message,
        '@x/plain 1.2.3 (ISC) is in the bundle pages without a licence text; expected a LICENSE file in the package, or tools/supply/texts/x__plain.txt with the text from its source repository',
      )
      return true
    },
  )
  await mkdir(join(base, 'tools/supply/texts'), { recursive: true })
  await writeFile(join(base, 'tools/supply/texts/x__plain.txt'), 'Copyright 2020 Eve\n')
  const [notice] = await shippedNotices(base, lock, [{ name: 'pages', modules: ['node_modules/@x/plain/index.js'] }])
  assert.deepEqual(notice?.copyright, ['Copyright 2020 Eve'])
})

test('a module that belongs to no known package fails', async (t) => {
  const { base, lock } = await example(t, {})
  for (const module of ['node_modules/absent/a.js', 'other/a.js', '\0unknown/helper.js', '../outside.js'])
    await assert.rejects(shippedNotices(base, lock, [{ name: 'pages', modules: [module] }]), (error) => {
      assert.ok(error instanceof NoticeError)
      assert.match(error.message, /in the bundle pages belongs to no package of package-lock\.json$/)
      return true
    })
})

test('code that a bundler adds counts as the bundler', async (t) => {
  const { base, lock } = await example(t, { 'node_modules/vite/LICENSE': licence })
  const notices = await shippedNotices(base, lock, [{ name: 'pages', modules: ['\0vite/preload-helper.js'] }])
  assert.deepEqual(
    notices.map(({ name }) => name),
    ['vite'],
  )
})

test('a new version of a package with compiled data files fails until its contents are listed', async (t) => {
  const { base, lock } = await example(t, { 'node_modules/pyodide/LICENSE': licence })
  await assert.rejects(
    shippedNotices(base, lock, [{ name: 'python engine', modules: ['node_modules/pyodide/pyodide.mjs'] }]),
    /^NoticeError: pyodide 1\.2\.3 has compiled data files, and what they contain is listed for another version/,
  )
})

test('the works inside data files are those of the locked versions, each with a text', async () => {
  const { lock } = await readLock(root)
  const modules = Object.keys(inDataFiles).map((key) => `node_modules/${key.slice(0, key.lastIndexOf('@'))}/x.js`)
  const notices = await shippedNotices(root, lock, [{ name: 'engines', modules }])
  const names = notices.map(({ name }) => name)
  for (const name of ['CPython', 'PostgreSQL', 'SQLite', 'zlib', 'pyodide', 'sql.js']) assert.ok(names.includes(name))
  for (const { name, text } of notices) assert.ok(text.length > 200, `${name} has ${text.length} characters of licence`)
  assert.match(notices.find(({ name }) => name === 'pyodide')?.text ?? '', /Mozilla Public License Version 2\.0/)
  const fonts = await shippedNotices(root, lock, [
    { name: 'pages', modules: Object.keys(inOurTree).map((folder) => `${folder}x.woff2`) },
  ])
  assert.match(fonts[0]?.text ?? '', /SIL Open Font License/i)
})

test('run time means dependencies of the workspaces, without tests, platforms and our own packages', async (t) => {
  const { base, lock } = await example(t, { 'node_modules/lib/LICENSE': licence })
  const notices = await runTimeNotices(base, lock, ['apps/app'])
  assert.deepEqual(
    notices.map(({ name, text }) => [name, text === '']),
    [
      ['@x/plain', true],
      ['lib', false],
    ],
  )
})

test('finds the lines that name owners, not the terms', () => {
  const text = `Copyright (C) 2018 by Marijn
   Portions Copyright (c) 1996, The Group
 * Copyright © 2020-present Eve
Copyright Node.js contributors.
(c) You must retain, in the Source form
(c) under Patent Claims infringed
COPYRIGHT AND PERMISSION NOTICE
copyright header. The maintainers
Copyright holders shall not
The above copyright notice
Copyright (C) 2018 by Marijn`
  assert.deepEqual(copyrightLines(text), [
    'Copyright (C) 2018 by Marijn',
    'Portions Copyright (c) 1996, The Group',
    'Copyright © 2020-present Eve',
    'Copyright Node.js contributors.',
  ])
})

test('the page escapes every text and prints a repeated one once', () => {
  const notice = { name: '<a>', version: '1', licence: 'MIT', copyright: ['© <b>'], text: '<i>&"', usedIn: ['pages'] }
  const html = noticesHtml([notice, { ...notice, name: 'b' }], [{ ...notice, name: 'c', text: '' }])
  assert.doesNotMatch(html, /<[abi]>/)
  assert.equal(html.match(/<pre/g)?.length, 1)
  assert.match(html, /<summary>&lt;a&gt; 1: MIT<\/summary>/)
  assert.match(html, /<a href="#shipped-1">the same as above<\/a>/)
  assert.match(html, /The package contains no licence text/)
})

test('the text for the engines has every licence and the comments that were taken out of the code', () => {
  const notice = { name: 'a', version: '1', licence: 'MIT', copyright: [], text: 'the terms', usedIn: ['x engine'] }
  const text = noticesText([notice], [{ name: 'x engine', modules: [], legalComments: '/*! by Eve */' }])
  assert.match(text, /a 1: MIT\nUsed in: x engine\n\nthe terms\n/)
  assert.match(text, /Comments taken out of the x engine\n\n\/\*! by Eve \*\//)
})
