import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { boundaries, readSource } from './boundaries.ts'

const manifest = (name: string, dependencies: string[] = [], exports: string[] = ['.']) =>
  JSON.stringify({
    name,
    exports: Object.fromEntries(exports.map((path) => [path, './src/index.ts'])),
    dependencies: Object.fromEntries(dependencies.map((one) => [one, '1.0.0'])),
  })

/** A repository in which nothing is wrong. */
const clean: Record<string, string> = {
  'package.json': '{"devDependencies":{"fast-check":"1.0.0"}}',
  'packages/sluice/package.json': manifest('@viva/sluice', ['@viva/recall', '@viva/server']),
  'packages/lab/package.json': manifest('@viva/lab'),
  'packages/runner/package.json': manifest('@viva/runner', [], ['.', './node']),
  'packages/recall/package.json': manifest('@viva/recall'),
  'packages/judge/package.json': manifest('@viva/judge', ['@viva/recall']),
  'packages/bank/package.json': manifest('@viva/bank', ['@viva/runner', '@viva/recall', '@viva/judge', '@types/mdast']),
  'packages/bank/src/quiz.ts': "import { judge } from '@viva/judge'",
  'packages/bank/src/index.ts':
    "import type { Fence } from '@viva/runner'\nimport { type Engine } from '@viva/runner'\nimport type { Root } from 'mdast'\nimport './load.ts'\nexport function read(document: { window: string }) { return document.window }",
  'packages/bank/src/index.test.ts': "import { run } from '@viva/runner'\nimport * as fc from 'fast-check'",
  'packages/recall/src/index.ts': "// document.title\nconst text = 'window'\nexport type Page = { document: string }",
  'apps/server/package.json': manifest('@viva/server', ['kysely', 'pg', '@viva/bank']),
  'apps/server/src/database/index.ts': "import { Kysely } from 'kysely'\nimport { DatabaseSync } from 'node:sqlite'",
  'apps/server/src/app.ts': "import { openDatabase } from './database/index.ts'\nimport { read } from '@viva/bank'",
  'apps/site/package.json': manifest('@viva/site', ['@viva/bank', 'astro']),
  'apps/site/src/pages/index.astro':
    "---\nimport { read } from '@viva/bank'\nimport { getCollection } from 'astro:content'\n---\n<p>import nothing from 'here'</p>\n<script>\nimport '../client/x.ts'\ndocument.title = ''\n</script>",
  'apps/site/src/pages/x.browser.test.ts': "import { launchChromium } from '../../../../tools/chromium.ts'",
  'content/questions/a/b/lab.ts': "import { defineLab } from '@viva/lab'\nimport { Channel } from '@viva/sluice'",
  'tools/verify.ts': "import { run } from '@viva/runner/node'\nimport ts from 'typescript'",
}

async function check(planted: Record<string, string>): Promise<string[]> {
  const base = await mkdtemp(join(tmpdir(), 'viva-boundaries-'))
  try {
    for (const [name, text] of Object.entries({ ...clean, ...planted })) {
      await mkdir(dirname(join(base, name)), { recursive: true })
      await writeFile(join(base, name), text)
    }
    return (await boundaries(base)).map(({ file, line, message }) => `${file}:${line}: ${message}`)
  } finally {
    await rm(base, { recursive: true })
  }
}

test('a repository that keeps the rules has no violation', async () => {
  assert.deepEqual(await check({}), [])
})

const planted: [title: string, file: string, text: string, expected: RegExp][] = [
  [
    'a package imports an app',
    'packages/bank/src/x.ts',
    "\nimport { createApp } from '@viva/server'",
    /x\.ts:2: imports @viva\/server; packages never import apps/,
  ],
  [
    'a package reaches into an app',
    'packages/bank/src/x.ts',
    "import '../../../apps/server/src/app.ts'",
    /reaches into apps\/server\//,
  ],
  ['something imports tools', 'apps/server/src/x.ts', "import '../../../tools/verify.ts'", /nothing imports tools/],
  [
    'a test imports more of tools than the browser',
    'apps/server/src/x.test.ts',
    "import '../../../tools/verify.ts'",
    /nothing imports tools/,
  ],
  [
    'sluice imports a package of ours',
    'packages/sluice/src/x.ts',
    "import '@viva/recall'",
    /@viva\/sluice imports no other/,
  ],
  ['a dynamic import', 'packages/sluice/src/x.ts', "await import('@viva/recall')", /@viva\/sluice imports no other/],
  ['a re-export', 'packages/sluice/src/x.ts', "export * from '@viva/recall'", /@viva\/sluice imports no other/],
  [
    'an import type expression',
    'packages/sluice/src/x.ts',
    "export type A = import('@viva/recall').A",
    /@viva\/sluice imports no other/,
  ],
  [
    'bank imports values of runner',
    'packages/bank/src/x.ts',
    "import { run } from '@viva/runner'",
    /bank imports @viva\/judge, and types of/,
  ],
  [
    'judge imports a package of ours',
    'packages/judge/src/x.ts',
    "import type { A } from '@viva/recall'",
    /@viva\/judge imports no other/,
  ],
  [
    'bank imports types of another',
    'packages/bank/src/x.ts',
    "import type { A } from '@viva/recall'",
    /bank imports @viva\/judge, and types of/,
  ],
  [
    'a path that is not exported',
    'apps/server/src/x.ts',
    "import '@viva/bank/src/index.ts'",
    /@viva\/bank does not export/,
  ],
  [
    'a package next door by path',
    'packages/bank/src/x.ts',
    "import type { A } from '../../runner/src/fence.ts'",
    /reaches into packages\/runner\//,
  ],
  [
    'the database elsewhere in the server',
    'apps/server/src/x.ts',
    "import { sql } from 'kysely'",
    /only apps\/server\/src\/database\/ touches/,
  ],
  [
    'SQLite in a package',
    'packages/recall/src/x.ts',
    "import { DatabaseSync } from 'node:sqlite'",
    /only apps\/server\/src\/database\/ touches/,
  ],
  ['pg in a tool', 'tools/x.ts', "const pg = require('pg')", /only apps\/server\/src\/database\/ touches/],
  [
    'the page in a package',
    'packages/recall/src/x.ts',
    'export const title = () => document.title',
    /touches the page \(document\)/,
  ],
  ['the window in the server', 'apps/server/src/x.ts', 'window.close()', /touches the page \(window\)/],
  ['a package that is not listed', 'apps/server/src/x.ts', "import 'left-pad'", /package\.json does not list/],
  ['a shared test tool outside tests', 'apps/server/src/x.ts', "import 'fast-check'", /package\.json does not list/],
  [
    'a lab that imports something else',
    'content/questions/a/b/lab.ts',
    "import { readFile } from 'lodash'",
    /a lab imports/,
  ],
  [
    'a lab that imports from Node',
    'content/questions/a/b/lab.ts',
    "import { readFile } from 'node:fs'",
    /a lab imports/,
  ],
  [
    'a lab that imports an address',
    'content/questions/a/b/lab.ts',
    "await import('https://x.test/a.js')",
    /a lab imports/,
  ],
  ['a lab that imports a path', 'content/questions/a/b/lab.ts', "import '/etc/x.js'", /a lab imports/],
  ['a lab that leaves content/', 'content/questions/a/b/lab.ts', "import '../../../../package.json'", /a lab imports/],
  [
    'an Astro page, in its script',
    'apps/site/src/pages/x.astro',
    "---\n---\n<b/>\n<script>\nimport '../../../server/src/app.ts'\n</script>",
    /x\.astro:5: reaches into apps\/server\//,
  ],
  [
    'an Astro page, in its frontmatter',
    'apps/site/src/pages/x.astro',
    "---\nimport { Kysely } from 'kysely'\n---",
    /x\.astro:2: imports kysely; only/,
  ],
]

for (const [title, file, text, expected] of planted) {
  test(`finds: ${title}`, async () => {
    const found = await check({ [file]: text })
    assert.ok(
      found.some((one) => expected.test(one)),
      found.join('\n') || 'nothing was found',
    )
    assert.ok(
      found.every((one) => one.startsWith(file)),
      found.join('\n'),
    )
  })
}

test('reads nothing out of comments, strings and markup', () => {
  const { imports, globals } = readSource(
    'x.astro',
    "---\n// import 'a'\nconst b = \"import 'c'\"\n---\n<p title='document'>import 'd'</p>",
  )
  assert.deepEqual(imports, [])
  assert.deepEqual(globals, [])
})
