import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scenarios } from './leaks.ts'

/** In a process of its own: the test runner follows every promise, and would be measured with it. */
const script = fileURLToPath(new URL('./leaks.ts', import.meta.url))

for (const name of Object.keys(scenarios)) {
  test(`a million ${name} leave nothing behind`, () => {
    const report = execFileSync(process.execPath, ['--expose-gc', script, name], { encoding: 'utf8' })
    const { grownBytes, left } = JSON.parse(report) as { grownBytes: number; left: number[] }
    assert.ok(grownBytes < 1_000_000, `${grownBytes} bytes more are retained after 900,000 waits more`)
    assert.deepEqual(left, [0, 0, 0, 0], 'waiting senders, waiting receivers, waiting at the gate, listeners')
  })
}
