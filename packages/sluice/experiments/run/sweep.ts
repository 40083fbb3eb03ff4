/** From half to ten times the capacity: what is answered in time, how fast, how fast the rest is refused, and what it costs. */

import type { Experiment } from './experiment.ts'
import { Span } from './outcomes.ts'
import {
  contestants,
  deadlineMs,
  doors,
  forGone,
  lateness,
  loadChart,
  nominalPerSecond,
  packages,
  peakMb,
  poolCapacity,
  poolServer,
  poolSetup,
  run,
  serviceMs,
  slots,
} from './overload.ts'
import { goal, round } from './record.ts'
import { Stage, type Watched } from './stage.ts'

const loads = [0.5, 1, 2, 5, 10]
const seed = 1

export const sweep: Experiment = {
  name: 'sweep',
  about: '8 slots × 40 ms, offered 0.5 to 10 times the capacity, clients that give up after 1 s',
  contestants: doors,
  packages,
  async run(bench) {
    const stage = await Stage.open()
    const [warmUpMs, untilMs] = bench.isQuick ? [1000, 3000] : [2000, 10_000]
    const perSecond = await poolCapacity(stage, bench.isQuick)
    bench.log(`capacity: ${perSecond}/s`)
    const chosen = contestants(bench)
    const found: { name: string; load: number; watched: Watched; span: Span }[] = []
    for (const load of loads)
      for (const { name } of chosen) {
        const phases = [{ untilMs, perSecond: load * nominalPerSecond }]
        const watched = await run(stage, poolServer(name, perSecond), { client: 'plain', seed, phases })
        found.push({ name, load, watched, span: new Span(watched.outcomes, warmUpMs, untilMs, deadlineMs) })
        bench.log(`${name} at ${load}×: ${found.at(-1)!.span.ofIdeal(perSecond)} % of ideal`)
      }
    // What the load generator and a server cost that do nothing else.
    const idle = await run(
      stage,
      { ...poolServer('bare', perSecond), work: { kind: 'nothing' } },
      { client: 'plain', seed, phases: [{ untilMs: bench.isQuick ? 1000 : 5000, perSecond: 10 * nominalPerSecond }] },
    )
    stage.close()

    const figures = found.map(({ name, load, watched, span }) => ({
      contestant: name,
      load,
      arrived: span.count(),
      goodPerSecond: round((span.good * 1000) / span.ms),
      ofIdealPercent: span.ofIdeal(perSecond),
      ofIdealFirstSecondsPercent: new Span(watched.outcomes, 0, warmUpMs, deadlineMs).ofIdeal(perSecond),
      p99Ms: span.p99,
      refused: span.count('refused'),
      refusalP99Ms: span.refusalP99,
      gaveUp: span.count('gaveUp'),
      broken: span.count('broken'),
      finishedForGonePercent: forGone(watched),
      peakMb: peakMb(watched),
      cpuMs: round(watched.count.cpuMs, 0),
      loaderLateP99Ms: span.lateMs(0.99),
    }))
    const ours = figures.filter(({ contestant }) => contestant === 'ours')
    const worst = (values: (number | null)[], by: (...values: number[]) => number) =>
      values.some((value) => value === null) || values.length === 0 ? null : by(...(values as number[]))
    return {
      question: `${slots} slots of ${serviceMs} ms with an unbounded line behind them, and clients that give up after ${deadlineMs / 1000} s: what is left of the good answers when more comes than can be served?`,
      setup: {
        ...poolSetup(perSecond),
        loads,
        countedFromMs: warmUpMs,
        countedUntilMs: untilMs,
        loadGenerator: {
          ...lateness(found.map(({ watched }) => watched)),
          answersOfAServerThatDoesNothingP99Ms: new Span(idle.outcomes, 1000, Infinity, deadlineMs).p99,
        },
      },
      seeds: [seed],
      contestants: chosen,
      figures,
      charts: [
        loadChart(figures, {
          title: 'Answers in time, of the ideal',
          unit: '%',
          figure: 'ofIdealPercent',
          y: { from: 0, to: 100 },
          marks: [{ at: 97, label: 'goal 97' }],
        }),
        loadChart(figures, {
          title: 'p99 of those let in',
          unit: 'ms',
          figure: 'p99Ms',
          y: { from: 0, to: 1000 },
          marks: [{ at: 150, label: 'goal 150' }],
        }),
        loadChart(figures, {
          title: 'p99 of refusals',
          unit: 'ms',
          figure: 'refusalP99Ms',
          y: { scale: 'log', from: 1, to: 1000 },
          marks: [{ at: 5, label: 'goal 5' }],
        }),
        loadChart(figures, {
          title: 'Resident memory at most',
          unit: 'MB',
          figure: 'peakMb',
          y: { from: 0 },
          marks: [{ at: 95, label: 'goal 95' }],
        }),
      ],
      verdict: [
        goal(
          'ours: of ideal, the least of all loads',
          worst(
            ours.map((row) => row.ofIdealPercent),
            Math.min,
          ),
          '%',
          { atLeast: 97 },
        ),
        goal(
          'ours: p99 of those let in, the greatest of all loads',
          worst(
            ours.map((row) => row.p99Ms),
            Math.max,
          ),
          'ms',
          { atMost: 150 },
        ),
        goal(
          'ours: p99 of refusals, the greatest of all loads',
          worst(
            ours.flatMap((row) => row.refusalP99Ms ?? []),
            Math.max,
          ),
          'ms',
          { atMost: 5 },
        ),
        goal(
          'ours: resident memory, the greatest of all loads',
          worst(
            ours.map((row) => row.peakMb),
            Math.max,
          ),
          'MB',
          { atMost: 95 },
        ),
      ],
    }
  },
}
