/** A miniature of an experiment really runs; what was kept is whole, and its pictures are drawn from it. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { burst } from './burst.ts'
import { experiments } from './experiments.ts'
import type { Outcome, Outcomes } from './messages.ts'
import { outcomes as outcomeNames } from './messages.ts'
import { percentile, recoveryMs, Span } from './outcomes.ts'
import { draw } from './picture.ts'
import { curve, type ExperimentRecord, format, goal, machine, mostPoints, versions } from './record.ts'

const folder = join(import.meta.dirname, '..')
const bounds = ({ atLeast = -Infinity, atMost = Infinity, measured }: ExperimentRecord['verdict'][number]) =>
  measured !== null && measured >= atLeast && measured <= atMost

test('a miniature: server, clients, record, verdict and picture', { timeout: 120_000 }, async () => {
  const log: string[] = []
  const finding = await burst.run({ isQuick: true, wants: (name) => name === 'ours', log: (line) => log.push(line) })
  const record: ExperimentRecord = {
    experiment: 'burst',
    date: '2026-01-01',
    machine: machine(),
    versions: versions([...burst.packages]),
    ...finding,
  }
  const [row] = record.figures
  assert.deepEqual(
    record.figures.map(({ contestant }) => contestant),
    ['ours'],
  )
  // Nothing is answered faster than the work takes, and no more of it than the slots can do.
  assert.ok((row!.beforeP99Ms as number) >= 40, `${row!.beforeP99Ms} ms`)
  const perSecond = record.setup.capacityPerSecond as number
  assert.ok(perSecond <= 201 && perSecond > 20, `${perSecond}/s`)
  assert.ok((row!.burstOfIdealPercent as number) > 0)
  if (existsSync('/proc/self/status')) assert.ok((row!.peakMb as number) > 30, `${row!.peakMb} MB`)
  for (const one of record.verdict) assert.equal(one.is, bounds(one) ? 'met' : 'missed', one.goal)
  assert.deepEqual(JSON.parse(format(record)), JSON.parse(JSON.stringify(record)))
  const picture = draw(record)
  assert.match(picture, /<title id="title">Sluice, measured: burst<\/title>/)
  assert.equal(picture.split('<path class="l"').length - 1, record.charts.flatMap(({ series }) => series).length)
  assert.equal(log.length, 1)
})

describe('what is kept', () => {
  for (const { name } of experiments)
    test(name, () => {
      const text = readFileSync(join(folder, `${name}.json`), 'utf8')
      const record = JSON.parse(text) as ExperimentRecord
      assert.equal(record.experiment, name)
      assert.equal(format(record), text)
      assert.ok(record.verdict.length > 0)
      for (const one of record.verdict) assert.equal(one.is, bounds(one) ? 'met' : 'missed', one.goal)
      const picture = readFileSync(join(folder, `${name}.svg`), 'utf8')
      assert.equal(draw(record), picture)
      assert.ok(picture.length <= 30_000, `${picture.length} bytes`)
    })
})

describe('the program', () => {
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], {
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }

  test('--list names every experiment', () => {
    const { status, stdout } = run('--list')
    assert.equal(status, 0)
    for (const { name, about } of experiments)
      assert.match(stdout, new RegExp(`^ +${name} +${about.slice(0, 20)}`, 'm'))
  })

  test('without a name, with a wrong one, or a wrong contestant it says what there is', () => {
    for (const [args, said] of [
      [[], /Which experiment\?\n +sweep /],
      [['sweeps'], /no experiment "sweeps".*\n +sweep /],
      [['sweep', '--only', 'bear'], /--only: found "bear"; sweep has bare, /],
      [['sweep', '--fast'], /'--fast'/],
    ] as const) {
      const { status, stderr } = run(...args)
      assert.equal(status, 1)
      assert.match(stderr, said)
    }
  })
})

describe('figures', () => {
  const found = (all: [at: number, outcome: Outcome, tookMs: number][]): Outcomes => ({
    at: Float64Array.from(all, ([at]) => at),
    tookMs: Float32Array.from(all, ([, , tookMs]) => tookMs),
    outcome: Uint8Array.from(all, ([, outcome]) => outcomeNames.indexOf(outcome)),
    isImportant: new Uint8Array(all.length),
    lateMs: new Float32Array(all.length),
    attempts: all.length,
    loaderCpuMs: 0,
  })

  test('goodput is of what came, or of the capacity; who gave up waited until the deadline', () => {
    const some = found([
      [0, 'good', 40],
      [100, 'good', 60],
      [200, 'refused', 1],
      [300, 'gaveUp', 1003],
      [1000, 'good', 10],
    ])
    const span = new Span(some, 0, 1000, 1000)
    assert.equal(span.count(), 4)
    assert.equal(span.good, 2)
    assert.equal(span.ofIdeal(100), 50)
    assert.equal(span.ofIdeal(2), 100)
    assert.equal(span.p99, 1000)
    assert.equal(span.refusalP99, 1)
    assert.equal(new Span(some, 2000, 3000, 1000).ofIdeal(100), null)
    assert.equal(new Span(some, 2000, 3000, 1000).p99, null)
  })

  test('a percentile is a value that was measured', () => {
    assert.equal(percentile([], 0.99), null)
    assert.equal(percentile([3, 1, 2], 0.5), 2)
    assert.equal(
      percentile(
        Array.from({ length: 100 }, (_, index) => index + 1),
        0.99,
      ),
      99,
    )
  })

  test('recovery is the moment from which on all is well', () => {
    const at = (index: number) => index * 10
    const every = (isGood: (ms: number) => boolean) =>
      found(Array.from({ length: 400 }, (_, index) => [at(index), isGood(at(index)) ? 'good' : 'refused', 1]))
    assert.equal(
      recoveryMs(
        every(() => true),
        1000,
        4000,
        1000,
      ),
      0,
    )
    const after = recoveryMs(
      every((ms) => ms < 1000 || ms >= 1700),
      1000,
      4000,
      1000,
    )
    assert.ok(after !== null && after >= 650 && after <= 700, `${after} ms`)
    assert.equal(
      recoveryMs(
        every((ms) => ms < 1000),
        1000,
        4000,
        1000,
      ),
      null,
    )
    // Well for half a second, and not later.
    assert.equal(
      recoveryMs(
        every((ms) => ms < 2000),
        1000,
        4000,
        1000,
      ),
      null,
    )
  })

  test('a curve keeps its ends; a goal without a figure is missed', () => {
    const points = Array.from({ length: 1000 }, (_, index) => [index, index * 2] as [number, number])
    const { x, y } = curve('one', points)
    assert.deepEqual([x.length, x[0], x.at(-1), y.at(-1)], [mostPoints, 0, 999, 1998])
    assert.equal(goal('some', null, 'ms', { atMost: 5 }).is, 'missed')
    assert.equal(goal('some', 5, 'ms', { atMost: 5 }).is, 'met')
    assert.equal(goal('some', 96.9, '%', { atLeast: 97 }).is, 'missed')
  })
})
