import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { recordLabExamples, thin } from './lab-examples.ts'

/** A lab without imports, so that it can live in a temporary folder. */
const source = (height: number) => `export default {
  kind: 'simulation', title: 'T', task: 'Try it.', knobs: {}, presets: [],
  predict: { ask: '?', kind: 'choice', options: [], actual: () => undefined },
  series: { line: { label: 'Line' } }, figures: { top: { label: 'Top' } },
  charts: [{ title: 'C', x: { label: 'x' }, y: { label: 'y' }, lines: ['line'], theory: () => ({ label: 'one', points: [0, 1, 9, 1] }) }],
  claims: [{ says: 's', holds: () => true }], why: () => 'why',
  run(_, bench) { for (let x = 0; x < 2000; x++) bench.point('line', x, x % 7 === 0 ? ${height} : 0); bench.figure('top', ${height}) },
}`

test('records a lab once, and again when its source or the stamp changes', async (t) => {
  const base = await mkdtemp(join(tmpdir(), 'viva-examples-'))
  t.after(() => rm(base, { recursive: true }))
  const folder = join(base, 'content/questions/a/b')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'lab.ts'), source(3))
  const options = {
    contentDir: join(base, 'content'),
    outDir: join(base, 'out'),
    openEngine: () => assert.fail('a simulation needs no engine'),
  }
  assert.equal(await recordLabExamples({ ...options, stamp: '1' }), 1)
  assert.equal(await recordLabExamples({ ...options, stamp: '1' }), 0)
  assert.equal(await recordLabExamples({ ...options, stamp: '2' }), 1)
  const { example } = JSON.parse(await readFile(join(base, 'out/a/b/lab.json'), 'utf8'))
  assert.equal(example.figures.top, 3)
  assert.deepEqual(example.theory, [{ label: 'one', points: [0, 1, 9, 1] }])
  assert.ok(example.series.line.length <= 2 * 240)
  await writeFile(join(base, 'out/a/b/lab.json'), '{"key":')
  assert.equal(await recordLabExamples({ ...options, stamp: '2' }), 1)
})

test('names the lab whose example run fails', async (t) => {
  const base = await mkdtemp(join(tmpdir(), 'viva-examples-'))
  t.after(() => rm(base, { recursive: true }))
  const folder = join(base, 'content/questions/a/b')
  await mkdir(folder, { recursive: true })
  await writeFile(
    join(folder, 'lab-x.ts'),
    source(3).replace('run(_, bench) {', "run(_, bench) { throw new Error('no');"),
  )
  await assert.rejects(
    recordLabExamples({
      contentDir: join(base, 'content'),
      outDir: join(base, 'out'),
      stamp: '1',
      openEngine: () => assert.fail(),
    }),
    /content\/questions\/a\/b\/lab-x\.ts: the example run failed: Error: no/,
  )
})

test('thinning keeps the peaks and the order of x', () => {
  const points = Array.from({ length: 5000 }, (_, x) => [x, x === 2503 ? 99 : x % 2]).flat()
  const kept = thin(points)
  assert.ok(kept.length <= 480)
  assert.ok(kept.includes(99))
  const xs = kept.filter((_, index) => index % 2 === 0)
  assert.deepEqual(
    xs,
    xs.toSorted((a, b) => a - b),
  )
  assert.deepEqual(thin([1, 2, 3, 4]), [1, 2, 3, 4])
})
