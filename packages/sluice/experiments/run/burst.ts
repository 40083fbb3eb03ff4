/** A burst, and what comes back after it. */

import type { Experiment } from './experiment.ts'
import { recoveryMs, Span } from './outcomes.ts'
import {
  contestants,
  deadlineMs,
  doors,
  forGone,
  lateness,
  nominalPerSecond,
  packages,
  peakMb,
  poolCapacity,
  poolServer,
  poolSetup,
  run,
  timeCharts,
  type Timed,
} from './overload.ts'
import { goal, round } from './record.ts'
import { Stage } from './stage.ts'

const [before, during] = [0.5, 5]
const seed = 2

export const burst: Experiment = {
  name: 'burst',
  about: '5 times the capacity for 3 s, then half of it: who comes back',
  contestants: doors,
  packages,
  async run(bench) {
    const [fromMs, toMs, untilMs] = bench.isQuick ? [1500, 3000, 6000] : [5000, 8000, 28_000]
    const phases = [
      { untilMs: fromMs, perSecond: before * nominalPerSecond },
      { untilMs: toMs, perSecond: during * nominalPerSecond },
      { untilMs, perSecond: before * nominalPerSecond },
    ]
    const stage = await Stage.open()
    const perSecond = await poolCapacity(stage, bench.isQuick)
    // What it would be had there been no burst.
    const calm = await run(stage, poolServer('bare', perSecond), {
      client: 'plain',
      seed,
      phases: [{ untilMs: untilMs - fromMs, perSecond: before * nominalPerSecond }],
    })
    const unloadedP99Ms = new Span(calm.outcomes, 1000, Infinity, deadlineMs).p99
    const chosen = contestants(bench)
    const found: Timed[] = []
    for (const { name } of chosen) {
      found.push({ name, watched: await run(stage, poolServer(name, perSecond), { client: 'plain', seed, phases }) })
      bench.log(`${name}: back after ${recoveryMs(found.at(-1)!.watched.outcomes, toMs, untilMs, deadlineMs)} ms`)
    }
    stage.close()

    const figures = found.map(({ name, watched }) => {
      const span = (from: number, to: number) => new Span(watched.outcomes, from, to, deadlineMs)
      const [unloaded, burst, after] = [span(1000, fromMs), span(fromMs, toMs), span(toMs, untilMs)]
      return {
        contestant: name,
        beforeP99Ms: unloaded.p99,
        burstOfIdealPercent: burst.ofIdeal(perSecond),
        burstP99Ms: burst.p99,
        recoveredAfterMs: recoveryMs(watched.outcomes, toMs, untilMs, deadlineMs),
        afterOfIdealPercent: after.ofIdeal(perSecond),
        p99FromASecondAfterMs: span(toMs + 1000, untilMs).p99,
        finishedForGonePercent: forGone(watched),
        peakMb: peakMb(watched),
      }
    })
    const ours = figures.find(({ contestant }) => contestant === 'ours')
    const slower =
      typeof ours?.p99FromASecondAfterMs === 'number' && unloadedP99Ms !== null
        ? round(ours.p99FromASecondAfterMs / unloadedP99Ms, 2)
        : null
    return {
      question: `Half the capacity is asked for, then ${during} times of it for ${(toMs - fromMs) / 1000} s, then half again: when are answers in time again?`,
      setup: {
        ...poolSetup(perSecond),
        phases,
        unloadedP99Ms,
        unloaded: 'the bare server at half the capacity for the same time, without a burst',
        recovered:
          'from then on 95 % of what comes within half a second, and 98 % of all that comes until the end, is answered in time',
        loadGenerator: lateness(found.map(({ watched }) => watched)),
      },
      seeds: [seed],
      contestants: chosen,
      figures,
      charts: timeCharts(found, untilMs, [{ from: fromMs / 1000, to: toMs / 1000, label: `${during}×` }]),
      verdict: [
        goal('ours: back after the burst', ours?.recoveredAfterMs ?? null, 'ms', { atMost: 500 }),
        goal('ours: p99 from a second after the burst, of the unloaded p99', slower, '×', { atMost: 1.1 }),
      ],
    }
  },
}
