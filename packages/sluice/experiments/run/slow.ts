/** A backend that becomes slow, heals, becomes slower, and heals. */

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
  serviceMs,
  slots,
  timeCharts,
  type Timed,
} from './overload.ts'
import { goal, round } from './record.ts'
import { Stage } from './stage.ts'

const load = 0.8
const seed = 3
/** The time in which the change is found out has figures of its own: rounds last 0.4 and 0.8 s then. */
const changeMs = 5000

export const slow: Experiment = {
  name: 'slow',
  about: 'service time ×10, later ×20, healed in between, at 0.8 of the healthy capacity',
  contestants: doors,
  packages,
  async run(bench) {
    const [healthyMs, slowMs] = bench.isQuick ? [2000, 7000] : [5000, 13_000]
    const first = { from: healthyMs, to: healthyMs + slowMs, times: 10 }
    const second = { from: first.to + healthyMs, to: first.to + healthyMs + slowMs, times: 20 }
    const troubles = [first, second]
    const untilMs = second.to + healthyMs
    const phases = [{ untilMs, perSecond: load * nominalPerSecond }]
    const stage = await Stage.open()
    const perSecond = await poolCapacity(stage, bench.isQuick)
    const chosen = contestants(bench)
    const found: Timed[] = []
    for (const { name } of chosen) {
      const watched = await run(stage, poolServer(name, perSecond), { client: 'plain', seed, phases }, (server) =>
        troubles.flatMap(({ from, to, times }): [number, () => void][] => [
          [from, () => (server.serviceMs = serviceMs * times)],
          [to, () => (server.serviceMs = serviceMs)],
        ]),
      )
      found.push({ name, watched })
      bench.log(`${name}: done`)
    }
    stage.close()

    const figures = found.flatMap(({ name, watched }) =>
      troubles.map(({ from, to, times }) => {
        const span = (begin: number, end: number) => new Span(watched.outcomes, begin, end, deadlineMs)
        const possible = (slots * 1000) / (serviceMs * times)
        const steady = span(from + changeMs, to)
        return {
          contestant: name,
          serviceTimes: times,
          possiblePerSecond: possible,
          goodPerSecond: round((steady.good * 1000) / steady.ms),
          ofPossiblePercent: steady.ofIdeal(possible),
          p99Ms: steady.p99,
          changeGoodPerSecond: round((span(from, from + changeMs).good * 1000) / changeMs),
          changeP99Ms: span(from, from + changeMs).p99,
          wholeOfPossiblePercent: span(from, to).ofIdeal(possible),
          healedAfterMs: recoveryMs(watched.outcomes, to, to + healthyMs, deadlineMs),
          healedOfIdealPercent: span(to + 1000, to + healthyMs).ofIdeal(perSecond),
          finishedForGonePercent: forGone(watched),
          peakMb: peakMb(watched),
        }
      }),
    )
    const [ten, twenty] = [10, 20].map((times) =>
      figures.find(({ contestant, serviceTimes }) => contestant === 'ours' && serviceTimes === times),
    )
    return {
      question: `The service time is ${first.times}-fold, later ${second.times}-fold, for ${slowMs / 1000} s each, while ${load} of the healthy capacity is asked for: what is still answered in time, and what after healing?`,
      setup: {
        ...poolSetup(perSecond),
        phases,
        troubles,
        possible: 'slots / service time while slow',
        steady: `the figures of a slow time begin ${changeMs} ms after the change; those of the change itself stand beside them`,
        loadGenerator: lateness(found.map(({ watched }) => watched)),
      },
      seeds: [seed],
      contestants: chosen,
      figures,
      charts: timeCharts(
        found,
        untilMs,
        troubles.map(({ from, to, times }) => ({ from: from / 1000, to: to / 1000, label: `×${times}` })),
      ),
      verdict: [
        goal('ours, ×10: of what is possible', ten?.ofPossiblePercent ?? null, '%', { atLeast: 95 }),
        goal('ours, ×10: p99 of those let in', ten?.p99Ms ?? null, 'ms', { atMost: 500 }),
        goal('ours, ×10: healed after', ten?.healedAfterMs ?? null, 'ms', { atMost: 1000 }),
        goal('ours, ×20: of what is possible', twenty?.ofPossiblePercent ?? null, '%', { atLeast: 95 }),
        goal('ours, ×20: healed after', twenty?.healedAfterMs ?? null, 'ms', { atMost: 1000 }),
      ],
    }
  },
}
