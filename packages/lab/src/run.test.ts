/** A small lab: run, judged, held to its claims, and what is wrong with one that is written wrongly. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Bench } from './bench.ts'
import { checkLab } from './check.ts'
import { exponential } from './distributions.ts'
import { choice, defaults, number } from './knobs.ts'
import { engineOf } from './engine.ts'
import { defineLab, type Lab, type Prediction, type Run } from './lab.ts'
import { judge, runLab, valueAt, verdicts } from './run.ts'
import type { Process } from './simulation.ts'

const knobs = {
  rate: number({ label: 'Rate', unit: '/s', min: 1, max: 50, value: 10 }),
  gaps: choice({ label: 'Gaps', options: { even: 'even', random: 'random' }, value: 'even' }),
}
const counted = defineLab({
  kind: 'simulation',
  title: 'Ticks',
  task: 'Turn the rate.',
  knobs,
  presets: [{ name: 'Fast', knobs: { rate: 50 } }],
  predict: {
    ask: 'How many?',
    kind: 'number',
    quantity: { label: 'Ticks' },
    min: 0,
    max: 600,
    actual: (run) => run.figure('ticks'),
  },
  series: { ticks: { label: 'Ticks' } },
  charts: [{ title: 'Ticks', x: { label: 'Time', unit: 's' }, y: { label: 'Ticks' }, lines: ['ticks'] }],
  figures: { ticks: { label: 'Ticks' } },
  claims: [
    {
      says: 'Even gaps give the rate.',
      when: ({ knobs }) => knobs.gaps === 'even',
      holds: (run) => run.figure('ticks') === run.knobs.rate * 10,
    },
    { says: 'It ticks.', holds: (run) => run.figure('ticks') > 0 },
  ],
  why: (run) => `${run.figure('ticks')} in ten seconds.`,
  async run({ rate, gaps }, bench) {
    const sim = bench.simulation
    const ticks = bench.level('ticks')
    const gap = exponential(1000 / rate)
    function* clock(): Process {
      for (;;) {
        yield gaps === 'even' ? 1000 / rate : gap.draw(sim.random('gaps'))
        ticks.add(1)
      }
    }
    sim.start(clock())
    // A hair past the end, where the last of the even ticks is due.
    await bench.simulate(10_000.001)
  },
})

test('a run gives figures, series and verdicts; a claim that does not apply has none', async () => {
  const run = await runLab(counted, { rate: 10, gaps: 'random' }, { seed: 3 })
  assert.deepEqual(verdicts(counted, run), [
    { says: 'Even gaps give the rate.', holds: undefined },
    { says: 'It ticks.', holds: true },
  ])
  assert.equal(run.series['ticks']!.at(-1), run.figure('ticks'))
  assert.throws(() => run.figure('tocks'), /the run has no figure "tocks", it has: ticks/)
  assert.throws(() => run.word('ticks'), /no word "ticks"/)
})

test('the same seed gives the same run, sliced for a host that draws or not; another seed another', async () => {
  const random = { rate: 10, gaps: 'random' as const }
  let turns = 0
  const drawn = await runLab(counted, random, {
    seed: 7,
    turn: (progress) => {
      assert.ok(progress > 0 && progress <= 1)
      turns++
      return undefined
    },
  })
  const plain = await runLab(counted, random, { seed: 7 })
  assert.equal(turns, 240)
  assert.deepEqual(drawn.figures, plain.figures)
  assert.deepEqual(drawn.series, plain.series)
  assert.notDeepEqual((await runLab(counted, random, { seed: 8 })).series, plain.series)
})

test('a host stops a run from within its turn', async () => {
  const stop = new Error('stopped')
  await assert.rejects(
    runLab(counted, defaults(knobs), {
      turn: (progress) => (progress > 0.5 ? Promise.reject(stop) : undefined),
    }),
    stop,
  )
})

test('refuses knobs out of their range', async () => {
  await assert.rejects(runLab(counted, { rate: 51, gaps: 'even' }), /Rate can be 1 to 50 \/s, not "51"/)
})

test('check: defaults and presets over seeds, corners once', async () => {
  const { runs, failures, idle } = await checkLab(counted as unknown as Lab, { seeds: 3 })
  assert.equal(runs, 2 * 3 + 4)
  assert.deepEqual([failures, idle], [[], []])
})

test('check: a claim that fails, one that never applies, and a run that throws are all told', async () => {
  const broken: Lab = {
    ...(counted as unknown as Lab),
    claims: [
      { says: 'Never more than ten.', holds: (run) => run.figure('ticks') <= 100 },
      { says: 'When pigs fly.', when: () => false, holds: () => false },
    ],
    why: (run) => {
      if (run.knobs['gaps'] === 'random') throw new Error('no words for it')
      return ''
    },
  }
  const { failures, idle } = await checkLab(broken, { seeds: 1 })
  assert.deepEqual(idle, ['When pigs fly.'])
  assert.ok(failures.some(({ says, knobs }) => says === 'Never more than ten.' && knobs['rate'] === 50))
  assert.ok(failures.some(({ says }) => /It threw: Error: no words for it/.test(says)))
})

test('a lab that contradicts itself is refused, every mistake named', () => {
  assert.throws(
    () =>
      defineLab({
        ...(counted as unknown as Lab),
        charts: [{ title: 'C', x: { label: 'x' }, y: { label: 'y' }, lines: ['tocks'] }],
        presets: [
          { name: 'P', knobs: { rate: 99 } },
          { name: 'Q', knobs: { speed: 1 } },
        ],
        diagram: {
          kind: 'flow',
          nodes: [{ id: 'a', kind: 'source', label: 'A', value: 'nothing' }],
          edges: [{ from: 'a', to: 'b' }],
        },
        claims: [],
      }),
    (error: Error) => {
      for (const part of [
        'lab "Ticks"',
        'chart "C" draws "tocks"',
        'preset "P": Rate can be 1 to 50 /s, not "99"',
        'preset "Q": there is no knob "speed"',
        'an arrow to "b", which is no node',
        'shows "nothing", which is not in figures',
        'it claims nothing',
      ])
        assert.ok(error.message.includes(part), `${part} in ${error.message}`)
      return true
    },
  )
})

describe('judge', () => {
  const run = { series: { y: [0, 0, 10, 10] } } as unknown as Run
  const base = { ask: '?', kind: 'number', quantity: { label: 'N' }, min: 0, max: 200 } as const
  const said = (predict: Prediction<Run>, value: Parameters<typeof judge>[1]) => judge(predict, value, run)

  test('a number is right within a share, or within the slack', () => {
    const predict = { ...base, actual: () => 100 }
    assert.deepEqual(said(predict, 125), { isRight: true, actual: 100, share: 0.25 })
    assert.equal(said(predict, 126)?.isRight, false)
    assert.equal(said({ ...predict, share: 0.1 }, 111)?.isRight, false)
    assert.equal(said({ ...predict, share: 0.1, slack: 11 }, 111)?.isRight, true)
    assert.deepEqual(said({ ...base, actual: () => 0 }, 0), { isRight: true, actual: 0, share: 0 })
    assert.deepEqual(said({ ...base, actual: () => 0 }, 1), { isRight: false, actual: 0, share: Infinity })
    assert.equal(said({ ...base, actual: () => undefined }, 1), undefined)
  })

  test('a choice is right or not', () => {
    const predict: Prediction<Run> = { ask: '?', kind: 'choice', options: [], actual: () => 'a' }
    assert.deepEqual(said(predict, 'a'), { isRight: true, actual: 'a' })
    assert.deepEqual(said(predict, 'b'), { isRight: false, actual: 'a' })
  })

  test('a curve is judged by how far off it is on the mean, clipped to what can be drawn', () => {
    const predict: Prediction<Run> = { ask: '?', kind: 'curve', chart: 0, series: 'y', x: [0, 10], y: [0, 10] }
    assert.equal(said(predict, [0, 0, 10, 10])?.share, 0)
    assert.deepEqual(said(predict, [0, 1, 10, 11])?.isRight, true)
    const flat = said(predict, [0, 5, 10, 5])!
    assert.equal(flat.isRight, false)
    assert.ok(Math.abs(flat.share! - 0.25) < 0.001)
    assert.ok(said(predict, [0, 1e9, 10, 1e9])!.share! <= 1)
    assert.equal(said(predict, [0, 0]), undefined)
    assert.equal(said({ ...predict, series: 'z' }, [0, 0, 10, 10]), undefined)
  })

  test('valueAt: between points, before the first, after the last', () => {
    const points = [0, 0, 10, 10, 10, 20, 20, 40]
    assert.deepEqual(
      [-1, 0, 5, 15, 99].map((x) => valueAt(points, x)),
      [0, 0, 5, 30, 40],
    )
    assert.equal(valueAt([], 3), 0)
  })
})

describe('engineOf', () => {
  test('hands on what a runner is told and gives what it printed; a bad end rejects with why', async () => {
    const asked: unknown[] = []
    const runner = (result: object) => ({
      run: (code: object, options: object) => {
        asked.push({ ...code, ...options })
        return Promise.resolve({ output: 'rows', ...result })
      },
    })
    assert.equal(await engineOf(runner({}))({ language: 'sql', code: 'select 1', timeoutMs: 7 }), 'rows')
    assert.deepEqual(asked, [{ language: 'sql', code: 'select 1', timeoutMs: 7, outputLimitBytes: 2 ** 20 }])
    const job = { language: 'mongodb', code: 'x' } as const
    await assert.rejects(engineOf(runner({ error: { message: 'x is not defined' } }))(job), /mongodb: x is not defined/)
    await assert.rejects(engineOf(runner({ notice: 'It took too long.' }))(job), /mongodb: It took too long/)
  })
})

describe('bench', () => {
  test('a rate counts by windows; a tally and a level are drawn at the present second', async () => {
    const bench = new Bench(1)
    const sim = bench.simulation
    const rate = bench.rate('rate', 500)
    const waits = bench.tally('waits')
    sim.after(100, () => rate.add(3))
    sim.after(600, () => waits.record(7))
    await bench.simulate(1000)
    assert.deepEqual(bench.points(), { rate: [0.5, 6, 1, 0], waits: [0.6, 7] })
    assert.equal(rate.count, 3)
  })

  test('a second simulation has the same chance, and probes made from then on read its time', async () => {
    const bench = new Bench(4)
    const first = bench.simulation.random('x')()
    await bench.simulate(1000)
    assert.equal(bench.newSimulation().random('x')(), first)
    assert.equal(bench.simulation.now, 0)
  })

  test('without an engine it says so', () => {
    assert.throws(() => new Bench(1).engine({ language: 'sql', code: '' }), /this host has no engine for sql/)
  })

  test('measure: the median of batches and their middle half, in nanoseconds a call', async () => {
    let calls = 0
    const measured = await new Bench(1).measure(
      (times) => {
        calls += times
        for (let i = 0; i < times; i++) Math.sqrt(i)
      },
      { repeats: 5, batchMs: 0.2 },
    )
    assert.ok(measured.lowNs <= measured.medianNs && measured.medianNs <= measured.highNs)
    assert.ok(measured.medianNs > 0 && calls >= measured.times * 5)
  })
})
