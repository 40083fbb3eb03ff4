/** `viva lab` on a small bank with three labs: one that holds, one whose claim fails, one that asks an engine. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { runCommand } from './commands.ts'
import { dotted } from './lab/chart.ts'
import { scaleOf } from './lab/scale.ts'
import { table } from './lab/table.ts'

const labText = (kind: string, limit: number, run: string) => `
import { choice, defineLab, number, onOff } from '${import.meta.resolve('@viva/lab')}'
export default defineLab({
  kind: '${kind}', title: 'Squares & <cubes>', task: 'Turn n.',
  knobs: {
    n: number({ label: 'Size', unit: 'items', min: 1, max: 20, value: 4 }),
    power: choice({ label: 'Power', options: { two: 'squares', three: 'cubes' }, value: 'two' }),
    loud: onOff({ label: 'Loud', value: false }),
  },
  presets: [{ name: 'Loud cubes', knobs: { power: 'three', loud: true } }],
  predict: { ask: '?', kind: 'number', quantity: { label: 'N' }, min: 0, max: 9, actual: (run) => run.figure('last') },
  series: { y: { label: 'Value', tone: 'signal' }, bars: { label: 'Bars', as: 'bars' } },
  charts: [
    { title: 'Growth', x: { label: 'n', unit: 'items' }, y: { label: 'Value', unit: 'u' }, lines: ['y'],
      theory: ({ n }) => ({ label: 'by hand', points: [0, 0, n, n * n] }) },
    { title: 'By name', x: { label: 'which', names: ['first', 'second'] }, y: { label: 'Value' }, lines: ['bars'] },
  ],
  figures: { last: { label: 'Last', unit: 'u' }, chance: { label: 'Chance', digits: 6 }, secret: { label: 'Secret', hidden: true } },
  tables: { all: { title: 'All of them', columns: ['n', 'value'] } },
  claims: [
    { says: 'It stays small.', holds: (run) => run.figure('last') <= ${limit} },
    { says: 'Cubes are larger.', when: (run) => run.knobs.power === 'three', holds: () => true },
  ],
  why: (run) => 'It came to ' + run.figure('last') + '.',
  async run({ n, power, loud }, bench) {
    const at = (i) => i ** (power === 'two' ? 2 : 3) * (loud ? 10 : 1)
    for (let i = 0; i <= n; i++) { bench.point('y', i, at(i)); bench.row('all', [i, at(i)]) }
    bench.point('bars', 0, at(n)); bench.point('bars', 1, at(n) / 2)
    bench.figure('last', at(n)); bench.figure('chance', bench.random('x')()); bench.figure('secret', 1)
    ${run}
  },
})`

let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'viva-lab-'))
  const files = {
    'maths/powers/lab.ts': labText('simulation', 1000, ''),
    'maths/powers/lab-strict.ts': labText('simulation', 3, ''),
    'maths/rows/lab.ts': labText(
      'query',
      1e9,
      `bench.figure('last', Number(await bench.engine({ language: 'mongodb', code: 'db.a.insertMany([{}, {}, {}]); print(db.a.countDocuments())' })))`,
    ),
  }
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, 'content/questions', path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
})
after(() => rm(root, { recursive: true }))

async function viva(...args: string[]) {
  const [printed, complained]: [string[], string[]] = [[], []]
  const code = await runCommand(['lab', ...args], {
    root,
    now: () => new Date(0),
    newSeed: () => 1,
    isInteractive: false,
    print: (text) => printed.push(text),
    complain: (text) => complained.push(text),
    ask: () => Promise.resolve(undefined),
    start: () => Promise.resolve(1),
  })
  return { code, printed: printed.join('\n'), complained: complained.join('\n') }
}

test('alone it lists the labs', async () => {
  const { code, printed } = await viva()
  assert.equal(code, 0)
  assert.deepEqual(
    printed.split('\n').map((line) => line.split(/ {2,}/)),
    [
      ['maths/powers', 'simulation', 'Squares & <cubes>'],
      ['maths/powers/strict', 'simulation', 'Squares & <cubes>'],
      ['maths/rows', 'query', 'Squares & <cubes>'],
    ],
  )
})

test('prints settings, charts, figures, tables, why and claims', async () => {
  const { code, printed, complained } = await viva('maths/powers', '--n', '10', '--seed', '7')
  assert.equal(complained, '')
  assert.equal(code, 0)
  for (const part of [
    'Size 10 items · Power two · Loud off · seed 7',
    'Growth\n  Value, u\n  100 ┤',
    '  Theory: by hand',
    `  first  ${'█'.repeat(40)} 100\n  second ${'█'.repeat(20)} 50`,
    'All of them\nn   value\n0   0\n1   1\n',
    'It came to 100.',
    '✓ It stays small.',
    '– Cubes are larger. (does not apply here)',
  ])
    assert.ok(printed.includes(part), `${part}\nin\n${printed}`)
  assert.match(printed, /^ {2}Last +100 u$/m)
  assert.doesNotMatch(printed, /Secret/)
})

test('the same seed prints the same, another seed another', async () => {
  const first = await viva('maths/powers', '--seed', '2')
  assert.deepEqual(await viva('maths/powers', '--seed', '2'), first)
  assert.notEqual((await viva('maths/powers', '--seed', '3')).printed, first.printed)
})

for (const id of ['maths/powers/strict', 'maths/powers/lab-strict', 'content/questions/maths/powers/lab-strict.ts'])
  test(`a claim that fails gives exit status 1: ${id}`, async () => {
    const { code, printed } = await viva(id)
    assert.match(printed, /^✗ It stays small\.$/m)
    assert.equal(code, 1)
  })

const misuses: [args: string[], complaint: RegExp][] = [
  [['maths/power'], /no lab "maths\/power"\. Known: maths\/powers, maths\/powers\/strict, maths\/rows\./],
  [['--n', '3'], /the lab comes first, then its flags; found --n/],
  [['maths/powers', '--n', '21'], /Size can be 1 to 20 items, not "21"/],
  [['maths/powers', '--n', 'many'], /Size can be 1 to 20 items, not "many"/],
  [['maths/powers', '--power', 'four'], /Power can be two, three, not "four"/],
  [
    ['maths/powers', '--loud', 'yes', '--n', '0'],
    /Size can be 1 to 20 items, not "0"; Loud can be on or off, not "yes"|Loud .*; Size /,
  ],
  [
    ['maths/powers', '--m', '1'],
    /Unknown option '--m'\. Knobs: --n \(1 to 20 items\), --power \(two, three\), --loud \(on or off\); also --seed/,
  ],
  [['maths/powers', '--n'], /argument missing/],
  [['maths/powers', 'n=3'], /Unexpected argument 'n=3'/],
  [['maths/powers', '--seed', '-1'], /argument is ambiguous|--seed can be a whole number/],
  [['maths/powers', '--seed', '1.5'], /--seed can be a whole number from 0 to 4294967295, not "1\.5"/],
  [['maths/powers', '--json', 'no/such/x.json'], /cannot write no\/such\/x\.json: ENOENT/],
]
for (const [args, complaint] of misuses)
  test(`misuse: viva lab ${args.join(' ')}`, async () => {
    const { code, complained } = await viva(...args)
    assert.match(complained, complaint)
    assert.equal(code, 1)
  })

test('--help explains the knobs of a lab and its presets', async () => {
  const { code, printed } = await viva('maths/powers', '--help')
  assert.equal(code, 0)
  assert.match(printed, /^ {2}--n +Size +1 to 20 items \(now 4\)$/m)
  assert.match(printed, /^ {2}Loud cubes +--power three --loud on$/m)
  assert.match((await viva('--help')).printed, /^Usage: .*viva -- lab ID[\s\S]*maths\/rows/)
})

test('writes JSON and SVG', async () => {
  await viva('maths/powers', '--power', 'three', '--json', 'run.json', '--svg', 'run.svg')
  const json = JSON.parse(await readFile(join(root, 'run.json'), 'utf8'))
  assert.deepEqual([json.lab, json.seed, json.knobs], ['maths/powers', 1, { n: 4, power: 'three', loud: false }])
  assert.equal(json.figures.last, 64)
  assert.deepEqual(json.claims[1], { says: 'Cubes are larger.', holds: true })
  assert.deepEqual(json.series.y, [0, 0, 1, 1, 2, 8, 3, 27, 4, 64])
  const svg = await readFile(join(root, 'run.svg'), 'utf8')
  assert.match(svg, /<title>Squares &amp; &lt;cubes&gt;<\/title>/)
  assert.equal(svg.match(/<path [^>]*stroke="#c2410c"/g)?.length, 1)
  assert.equal(svg.match(/<rect x=/g)?.length, 2)
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/)
})

test('a query lab gets a real engine', async () => {
  const { code, printed, complained } = await viva('maths/rows')
  assert.equal(complained, '')
  assert.match(printed, /^ {2}Last +3 u$/m)
  assert.match(printed, / · query$/m)
  assert.equal(code, 0)
})

test('a line in dots: without gaps where it is steep, level where it is level', () => {
  const x = scaleOf({}, [0, 10], false)
  const y = scaleOf({}, [0, 8], true)
  const rows = dotted([0, 8, 5, 8, 5.01, 0, 10, 0], x, y, false)
  assert.equal(rows.length, 4)
  assert.equal(rows[0], `${'⠉'.repeat(30)}${rows[0]!.slice(30)}`)
  assert.match(rows[3]!, /⣀{29}$/)
  // Every row is crossed.
  for (const row of rows) assert.match(row, /[^⠀]/)
})

test('scales: logarithmic, empty, of one value, and of a given range', () => {
  const log = scaleOf({ log: true }, [0, 1, 10, 100], true)
  assert.deepEqual([log.low, log.high, log.at(10)], [1, 100, 0.5])
  assert.deepEqual([scaleOf({}, [], true).low, scaleOf({}, [], true).high], [0, 1])
  assert.ok(scaleOf({}, [5], false).high > 5)
  assert.deepEqual([scaleOf({ range: [2, 4] }, [0, 9], true).at(3)], [0.5])
})

test('pads the columns of a table', () => {
  assert.equal(
    table([
      ['a', 'bb'],
      ['ccc', ''],
    ]),
    'a    bb\nccc',
  )
})
