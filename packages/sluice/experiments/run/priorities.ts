/** A tenth of the traffic is important. */

import type { Experiment } from './experiment.ts'
import type { Door } from './messages.ts'
import { Span } from './outcomes.ts'
import {
  contestants,
  deadlineMs,
  lateness,
  loadChart,
  nominalPerSecond,
  packages,
  peakMb,
  poolCapacity,
  poolServer,
  poolSetup,
  run,
} from './overload.ts'
import { goal, round } from './record.ts'
import { Stage, type Watched } from './stage.ts'

const loads = [2, 5, 8, 10]
const importantShare = 0.1
const seed = 6
const all: readonly Door[] = ['bare', 'p-queue', 'ours']

export const priorities: Experiment = {
  name: 'priorities',
  about: 'a tenth of the traffic is important, offered 2 to 10 times the capacity',
  contestants: all,
  packages,
  async run(bench) {
    const [warmUpMs, untilMs] = bench.isQuick ? [1000, 3000] : [2000, 8000]
    const stage = await Stage.open()
    const perSecond = await poolCapacity(stage, bench.isQuick)
    const chosen = contestants(bench, all)
    const found: { name: string; load: number; watched: Watched }[] = []
    for (const load of loads)
      for (const { name } of chosen) {
        const phases = [{ untilMs, perSecond: load * nominalPerSecond }]
        found.push({
          name,
          load,
          watched: await run(stage, poolServer(name, perSecond, { levels: 2 }), {
            client: 'plain',
            seed,
            phases,
            importantShare,
          }),
        })
        bench.log(`${name} at ${load}×: done`)
      }
    stage.close()

    const figures = found.map(({ name, load, watched }) => {
      const { outcomes } = watched
      const span = (isImportant: 0 | 1) =>
        new Span(outcomes, warmUpMs, untilMs, deadlineMs, (index) => outcomes.isImportant[index] === isImportant)
      const [other, important] = [span(0), span(1)]
      const whole = new Span(outcomes, warmUpMs, untilMs, deadlineMs)
      return {
        contestant: name,
        load,
        important: important.count(),
        importantOfCapacity: round((important.count() * 1000) / important.ms / perSecond, 2),
        importantLost: important.count() - important.good,
        importantLostPercent: round((1 - important.good / important.count()) * 100, 2),
        importantOfIdealPercent: important.ofIdeal(perSecond),
        importantP99Ms: important.p99,
        othersGoodPerSecond: round((other.good * 1000) / other.ms),
        ofIdealPercent: whole.ofIdeal(perSecond),
        peakMb: peakMb(watched),
      }
    })
    const lost = (load: number) =>
      figures.find((row) => row.contestant === 'ours' && row.load === load)?.importantLost ?? null
    const atMost = figures.find((row) => row.contestant === 'ours' && row.load === 10)?.importantOfIdealPercent ?? null
    return {
      question:
        'A tenth of the requests is important and says so. What of it is lost when many times more comes than can be served?',
      setup: {
        ...poolSetup(perSecond),
        loads,
        importantShare,
        countedFromMs: warmUpMs,
        countedUntilMs: untilMs,
        priorities:
          'ours: priority: { levels: 2, from: "priority" }; p-queue: its own priorities; the others have none',
        atTenTimes:
          'a tenth of ten times the capacity is the whole capacity: the important alone are then as many as can be served',
        loadGenerator: lateness(found.map(({ watched }) => watched)),
      },
      seeds: [seed],
      contestants: chosen,
      figures,
      charts: [
        loadChart(figures, {
          title: 'Important requests lost',
          unit: '%',
          figure: 'importantLostPercent',
          y: { from: 0, to: 100 },
        }),
        loadChart(figures, {
          title: 'p99 of important ones let in',
          unit: 'ms',
          figure: 'importantP99Ms',
          y: { from: 0, to: 1000 },
        }),
        loadChart(figures, {
          title: 'All answers in time, of the ideal',
          unit: '%',
          figure: 'ofIdealPercent',
          y: { from: 0, to: 100 },
        }),
      ],
      verdict: [
        ...loads.map((load) => goal(`ours at ${load}×: important requests lost`, lost(load), '', { atMost: 0 })),
        goal('ours at 10×: important requests in time, of what the whole capacity could answer', atMost, '%', {
          atLeast: 97,
        }),
      ],
    }
  },
}
