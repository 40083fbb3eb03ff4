/** The check of labs, on a content folder with labs that hold, that do not, and that are none. The labs of the bank are a stage of their own: `npm test -- labs`. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { checkLabs } from './labs.ts'

const labText = (kind: string, run: string, claims: string) => `
import { defineLab, number } from '${import.meta.resolve('@viva/lab')}'
let times = 0
export default defineLab({
  kind: '${kind}', title: 'T', task: 'Turn.',
  knobs: { n: number({ label: 'N', min: 1, max: 9, value: 4 }) },
  presets: [],
  predict: { ask: '?', kind: 'number', quantity: { label: 'N' }, min: 0, max: 9, actual: (run) => run.figure('n') },
  series: {}, charts: [], figures: { n: { label: 'N' } },
  claims: [${claims}],
  why: () => '',
  async run({ n }, bench) { bench.figure('n', n); bench.figure('seed', bench.seed); bench.figure('times', ++times); ${run} },
})`

async function check(labs: Record<string, string>, only: string[] = []) {
  const root = await mkdtemp(join(tmpdir(), 'viva-labs-'))
  try {
    for (const [path, text] of Object.entries(labs)) {
      const file = join(root, 'content/questions', path)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, text)
    }
    const lines: string[] = []
    const result = await checkLabs({
      contentDir: join(root, 'content'),
      only,
      seeds: 3,
      log: (line) => lines.push(line),
    })
    return { ...result, lines }
  } finally {
    await rm(root, { recursive: true })
  }
}
const holds = `{ says: 'Positive.', holds: (run) => run.figure('n') > 0 }`

test('counts each claim once, and tells the first run in which one fails, and one that applies nowhere', async () => {
  const { passed, failed, failures, lines } = await check({
    'a/good/lab.ts': labText('simulation', '', `${holds}, { says: 'Small.', holds: (run) => run.figure('n') < 10 }`),
    'a/bad/lab-two.ts': labText(
      'simulation',
      '',
      `${holds}, { says: 'Third seed.', when: (run) => run.knobs.n === 4, holds: (run) => run.figure('seed') !== 3 }, { says: 'Never.', when: () => false, holds: () => true }`,
    ),
  })
  assert.deepEqual([passed, failed], [3, 2])
  assert.deepEqual(
    failures.map(({ file, detail }) => `${file}: ${detail}`),
    [
      'content/questions/a/bad/lab-two.ts: Third seed.\n  holds not: fails in 1 runs, first with seed 3, knobs {"n":4}, figures {"n":4,"seed":3,"times":3}',
      'content/questions/a/bad/lab-two.ts: Never.\n  holds not: applies in no run, so it says nothing',
    ],
  )
  assert.equal(lines.length, 2)
  assert.match(lines.toSorted().join('\n'), /✔ content\/questions\/a\/good\/lab\.ts: 5 runs, 2 claims, [\d.]+ s/)
})

test('a lab that throws, one that ends its thread, and a file that is none are failures', async () => {
  const { passed, failures } = await check({
    'a/throws/lab.ts': labText(
      'simulation',
      `throw new Error('its own')`,
      `${holds}, ${holds.replace('Positive', 'More')}`,
    ),
    'a/exits/lab.ts': labText('simulation', 'process.exit(3)', holds),
    'a/none/lab.ts': 'export default }',
  })
  assert.equal(passed, 0)
  const detailOf = (part: string) =>
    failures
      .filter(({ file }) => file.includes(part))
      .map(({ detail }) => detail)
      .join()
  assert.match(detailOf('throws'), /It threw: Error: its own/)
  assert.match(detailOf('exits'), /Its thread ended with status 3/)
  assert.match(detailOf('none'), /SyntaxError/)
})

test('what is measured in real time has one try; a query has an engine; others are left out', async () => {
  const { passed, failed, lines } = await check(
    {
      'm/once/lab.ts': labText(
        'measurement',
        '',
        `{ says: 'At the second try.', holds: (run) => run.figure('times') > 1 }`,
      ),
      'm/rows/lab.ts': labText(
        'query',
        `bench.figure('rows', Number(await bench.engine({ language: 'mongodb', code: 'db.a.insertMany([{}, {}]); print(db.a.countDocuments())' })))`,
        `{ says: 'Two rows.', holds: (run) => run.figure('rows') === 2 }`,
      ),
      'other/bad/lab.ts': 'export default }',
    },
    ['questions/m/'],
  )
  assert.deepEqual([passed, failed], [1, 1])
  assert.match(lines.join('\n'), /✖ .*once\/lab\.ts: measurement, 1 runs, 1 claims, [\d.]+ s/)
})
