/** Every simulated lab of the bank, held to its claims over ten seeds, its presets and the corners of its knobs. */
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import type { Lab } from '@viva/lab'
import { checkLab } from '@viva/lab/check'

const root = dirname(import.meta.dirname)
const files = globSync('content/questions/*/*/lab*.ts', { cwd: root }).toSorted()
const labs = await Promise.all(
  files.map(async (file) => ({ file, lab: ((await import(join(root, file))) as { default: Lab }).default })),
)

// Query labs need a real engine, measurements a quiet machine: they are run on the page.
for (const { file, lab } of labs.filter(({ lab }) => lab.kind === 'simulation'))
  test(`${file}: its claims hold`, async () => {
    const { runs, failures, idle } = await checkLab(lab)
    assert.ok(runs >= 10)
    const told = failures.map(({ says, knobs, seed }) => `${says} ${JSON.stringify(knobs)} seed ${seed}`)
    assert.deepEqual(told, [])
    assert.deepEqual(idle, [], 'claims that applied nowhere')
  })
