import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Runner } from '../fence.ts'
import { createNodeRunner } from '../node.ts'

let runner: Runner
before(() => {
  runner = createNodeRunner()
})
after(() => runner.close())

/** Whether a process runs whose command line holds the text. */
function isRunning(text: string): boolean {
  return execFileSync('ps', ['-axww', '-o', 'command='], { encoding: 'utf8' }).includes(text)
}

const quiet = '>/dev/null 2>&1 </dev/null'
const escapes: [string, (sleep: string) => string][] = [
  ['in the background', (sleep) => `${sleep} ${quiet} &`],
  ['with setsid', (sleep) => `setsid ${sleep} ${quiet} &`],
  ['with nohup', (sleep) => `nohup ${sleep} ${quiet} & disown`],
  ['by a double fork', (sleep) => `echo '(${sleep} &)' > fork.sh\n(setsid bash fork.sh ${quiet} &)`],
  ['with setsid in another folder', (sleep) => `(cd / && exec setsid ${sleep}) ${quiet} &`],
  ['with setsid and an empty environment', (sleep) => `env -i setsid ${sleep} ${quiet} &`],
]

for (const [name, make] of escapes) {
  test(`ends a process that a bash fence started ${name}`, async () => {
    // An argument that no other process has.
    const marker = `escaped-${randomUUID()}`
    const { output, stopped } = await runner.run({
      language: 'bash',
      code: `echo 'sleep 300; true' > sleep.sh\n${make(`bash $HOME/sleep.sh ${marker}`)}\nsleep 0.2\necho done`,
    })
    assert.equal(output, 'done')
    assert.equal(stopped, undefined)
    assert.equal(isRunning(marker), false)
  })
}

test('ends a process that left the group and holds the output open, at the time limit', async () => {
  const marker = `escaped-${randomUUID()}`
  const { stopped } = await runner.run(
    { language: 'bash', code: `setsid bash -c "sleep 300; : ${marker}" &\nsleep 300` },
    { timeoutMs: 1_000 },
  )
  assert.equal(stopped, 'time')
  assert.equal(isRunning(marker), false)
})

test('ends a detached process of a node fence', async () => {
  const marker = `escaped-${randomUUID()}`
  const code = `import { spawn } from 'node:child_process'
spawn('bash', ['-c', 'sleep 300; : ${marker}'], { detached: true, stdio: 'ignore' }).unref()
console.log('done')`
  assert.equal((await runner.run({ language: 'node', code })).output, 'done')
  assert.equal(isRunning(marker), false)
})
