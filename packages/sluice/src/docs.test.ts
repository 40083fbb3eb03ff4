/** Every example of the documents is run, and prints what its comments say. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { test } from 'node:test'

const document = new URL('../docs/parts-2.md', import.meta.url)
const entry = new URL('index.ts', import.meta.url).href

const examples = [...readFileSync(document, 'utf8').matchAll(/^## (.+)$|^```ts\n([\s\S]*?)^```$/gm)]
let title = ''
for (const [, heading, code] of examples) {
  if (heading !== undefined) title = heading
  if (code === undefined) continue
  test(`the example of ${title}`, async (t) => {
    const printed: string[] = []
    t.mock.method(console, 'log', (...values: unknown[]) => printed.push(values.join(' ')))
    const source = stripTypeScriptTypes(code.replaceAll("'@viva/sluice'", `'${entry}'`))
    await import(`data:text/javascript,${encodeURIComponent(source)}`)
    // What is printed stands behind the call, or in the lines after it.
    const expected = [...code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)].map((match) => match[1])
    const below = code.match(/console\.log\(.*\n((?:\/\/ .*\n)+)$/)?.[1]
    expected.push(...(below?.trim().split('\n') ?? []).map((line) => line.slice(3)))
    assert.ok(expected.length > 0)
    assert.deepEqual(printed, expected)
  })
}

test('there are examples', () => assert.ok(examples.length > 10))
