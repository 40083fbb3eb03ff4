/** Every example of the documents is run, and prints what its comments say. */

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { describe, test } from 'node:test'
import { api } from '../build/api.ts'
import { brokers, listens } from './brokers/brokers.fixture.ts'

const home = new URL('../', import.meta.url)
const documents = [
  'README.md',
  ...readdirSync(new URL('docs/', home))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const read = (document: string): string => readFileSync(new URL(document, home), 'utf8')

/** What the code says it prints: behind the call, or in the comments at its end. */
function claims(code: string): string[] {
  const behind = [...code.matchAll(/console\.log\(.*\) \/\/ (.+)$/gm)].map((match) => match[1]!)
  const atEnd = /\n((?:\/\/ .*\n)+)$/.exec(code)?.[1] ?? ''
  return [
    ...behind,
    ...atEnd
      .split('\n')
      .slice(0, -1)
      .map((line) => line.slice(3)),
  ]
}

/** Runs it as a module, the packages it imports resolved as from here, and gives what it printed. */
async function print(code: string, log: (print: (...values: unknown[]) => void) => void): Promise<string[]> {
  const printed: string[] = []
  log((...values) => printed.push(values.join(' ')))
  const resolved = code.replaceAll(/ from '([^'.]+)'/g, (_, name: string) => ` from '${import.meta.resolve(name)}'`)
  await import(`data:text/javascript,${encodeURIComponent(stripTypeScriptTypes(resolved))}`)
  return printed
}

/** What an example would need and is not there. */
async function absenceOf(code: string): Promise<string | undefined> {
  for (const [which, { name, port, start }] of Object.entries(brokers))
    if (code.includes(`@viva/sluice/${which}'`) && !(await listens(port)))
      return `needs ${name} on port ${port}; start it with: ${start}`
  return undefined
}

for (const document of documents) {
  const parts = [...read(document).matchAll(/^#+ (.+)$|^```ts\n([\s\S]*?)^```$/gm)]
  let title = ''
  for (const [, heading, code] of parts) {
    if (heading !== undefined) title = heading
    if (code === undefined) continue
    const absence = await absenceOf(code)
    test(`${document}: the example of ${title}`, { skip: process.env['CI'] ? false : absence }, async (t) => {
      assert.equal(absence, undefined)
      const claimed = claims(code)
      assert.ok(claimed.length > 0, 'it claims nothing')
      assert.deepEqual(await print(code, (log) => t.mock.method(console, 'log', log)), claimed)
    })
  }
}

describe('the documents', () => {
  const readme = read('README.md')

  test('have an example for each part', () => {
    for (const part of [
      'Channel',
      'Flow',
      'Bridges',
      'Limits',
      'Gate',
      'Rate',
      'Breaker',
      'Retries',
      'Hedge',
      'Deadline',
      'Idempotency',
      'Compose',
      'Telemetry',
      'Testing',
    ]) {
      const section = readme.split(`\n## ${part}\n`)[1]?.split('\n## ')[0] ?? ''
      assert.match(section, /^```ts$/m, part)
    }
  })

  test('name, for each rule of Reactive Streams, a test that exists, or say that it does not apply', () => {
    const suites: Record<string, string> = {
      operator: 'src/testing/conforms-to-operator.ts',
      channel: 'src/testing/conforms-to-channel.ts',
    }
    const rules = [...read('docs/reactive-streams.md').matchAll(/^\| (\d\.\d+) .+ \| (.+) \| (.*)\|$/gm)]
    assert.equal(rules.length, 11 + 13 + 17 + 2)
    const counts = { whole: 0, part: 0, not: 0 }
    for (const [, rule, reading, tests] of rules) {
      const named = [...tests!.matchAll(/`([^`]+)` "([^"]+)"/g)]
      if (reading!.startsWith('does not apply: ')) {
        counts.not++
        continue
      }
      counts[reading!.startsWith('only in part: ') ? 'part' : 'whole']++
      assert.ok(named.length > 0, String(rule))
      for (const [, file, name] of named)
        assert.ok(readFileSync(new URL(suites[file!] ?? file!, home), 'utf8').includes(name!), `${rule}: ${name}`)
    }
    const { whole, part, not } = counts
    assert.ok(
      read('docs/reactive-streams.md').includes(`${whole} as they are, ${part} in part`),
      JSON.stringify(counts),
    )
    assert.ok(read('docs/reactive-streams.md').includes(`${not} that do not apply`), JSON.stringify(counts))
  })

  test('hold the reference as the sources say it today', () => {
    assert.ok(read('docs/api.md') === api(), 'docs/api.md is not what the comments say: npm run api -w @viva/sluice')
  })

  test('link to what is there', () => {
    for (const document of documents) {
      const text = read(document)
      for (const [, target] of text.matchAll(/\]\(([^)]+)\)/g)) {
        if (/^https?:/.test(target!)) continue
        const [file, anchor] = target!.split('#')
        const url = file === '' ? new URL(document, home) : new URL(file!, new URL(document, home))
        assert.ok(existsSync(url), `${document} links to ${target}`)
        if (anchor === undefined) continue
        const anchors = [...readFileSync(url, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
          heading!
            .toLowerCase()
            .replaceAll(/[^a-z0-9 -]/g, '')
            .replaceAll(' ', '-'),
        )
        assert.ok(anchors.includes(anchor), `${document} links to ${target}`)
      }
    }
  })
})
