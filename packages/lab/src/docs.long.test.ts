/** The lab of the README is run, and is as short as it says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { test } from 'node:test'
import { checkLab } from './check.ts'
import type { Lab } from './lab.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const code = /## A lab in thirty lines[\s\S]*?```ts\n([\s\S]*?)^```$/m.exec(readme)![1]!

test('the lab of the README holds its claims over ten seeds and the corners of its knobs', async () => {
  const resolved = stripTypeScriptTypes(code).replace("'@viva/lab'", `'${import.meta.resolve('./index.ts')}'`)
  const { default: lab } = (await import(`data:text/javascript,${encodeURIComponent(resolved)}`)) as { default: Lab }
  const { runs, failures, idle } = await checkLab(lab)
  assert.equal(runs, 2 * 10 + 2)
  assert.deepEqual([failures, idle], [[], []])
})

test('it takes about thirty lines, beside what closes a bracket', () => {
  const lines = code.split('\n').filter((line) => /[a-z]/.test(line))
  assert.ok(lines.length <= 33, `${lines.length} lines`)
})
