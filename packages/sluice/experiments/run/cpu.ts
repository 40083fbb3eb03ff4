/** Work that is processor time: the event loop itself is what is overloaded. */

import type { Experiment } from './experiment.ts'
import { Span } from './outcomes.ts'
import { contestants, deadlineMs, doors, lateness, loadChart, packages, peakMb, run } from './overload.ts'
import type { Door, ServerPlan } from './messages.ts'
import { goal, round } from './record.ts'
import { Stage, type Watched } from './stage.ts'

const burnMs = 10
const loads = [1, 2, 5, 10]
const seed = 4

export const cpu: Experiment = {
  name: 'cpu',
  about: '10 ms of processor time a request, offered 1 to 10 times the capacity',
  contestants: doors,
  packages,
  async run(bench) {
    const [warmUpMs, untilMs] = bench.isQuick ? [1000, 3000] : [2000, 14_000]
    const nominalPerSecond = 1000 / burnMs
    const stage = await Stage.open()
    const planOf = (door: Door, perSecond: number): ServerPlan => ({
      door,
      work: { kind: 'burn', ms: burnMs },
      told: { atOnce: 1, waiting: 8, perSecond: Math.floor(perSecond) },
    })
    const bare = await stage.server(planOf('bare', 1))
    const perSecond = round(await stage.capacity(bare, { connections: 2, ms: bench.isQuick ? 1000 : 4000 }))
    await bare.end()
    bench.log(`capacity: ${perSecond}/s`)
    const chosen = contestants(bench)
    const found: { name: string; load: number; watched: Watched; span: Span }[] = []
    for (const load of loads)
      for (const { name } of chosen) {
        const phases = [{ untilMs, perSecond: load * nominalPerSecond }]
        const watched = await run(stage, planOf(name, perSecond), { client: 'plain', seed, phases })
        found.push({ name, load, watched, span: new Span(watched.outcomes, warmUpMs, untilMs, deadlineMs) })
        bench.log(`${name} at ${load}×: ${found.at(-1)!.span.ofIdeal(perSecond)} % of ideal`)
      }
    stage.close()

    const figures = found.map(({ name, load, watched, span }) => ({
      contestant: name,
      load,
      arrived: span.count(),
      goodPerSecond: round((span.good * 1000) / span.ms),
      ofIdealPercent: span.ofIdeal(perSecond),
      p99Ms: span.p99,
      refused: span.count('refused'),
      refusalP99Ms: span.refusalP99,
      gaveUp: span.count('gaveUp'),
      broken: span.count('broken'),
      peakMb: peakMb(watched),
    }))
    const of = (name: string, load: number) =>
      figures.find((row) => row.contestant === name && row.load === load)?.ofIdealPercent ?? null
    const differences = loads.map((load) => {
      const [ours, bare] = [of('ours', load), of('bare', load)]
      return ours === null || bare === null ? null : round(ours - bare)
    })
    const known = differences.filter((one) => one !== null)
    const isWhole = known.length === loads.length
    return {
      question: `Each request takes ${burnMs} ms of the processor: what is left of the good answers when more comes than can be served, and the event loop itself is late?`,
      setup: {
        burnMs,
        deadlineMs,
        nominalPerSecond,
        capacityPerSecond: perSecond,
        told: 'p-queue: one at once, at most 8 waiting; express-rate-limit: the capacity',
        countedFromMs: warmUpMs,
        countedUntilMs: untilMs,
        ideal:
          'min(arrived, capacity), where the capacity is that of a closed loop of 2 connections at the bare server, measured in this run',
        loadGenerator: lateness(found.map(({ watched }) => watched)),
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
        }),
        loadChart(figures, { title: 'p99 of those let in', unit: 'ms', figure: 'p99Ms', y: { from: 0, to: 1000 } }),
        loadChart(figures, {
          title: 'p99 of refusals',
          unit: 'ms',
          figure: 'refusalP99Ms',
          y: { scale: 'log', from: 1, to: 1000 },
        }),
        loadChart(figures, { title: 'Resident memory at most', unit: 'MB', figure: 'peakMb', y: { from: 0 } }),
      ],
      verdict: [
        goal(
          'ours against the bare server, in points of the ideal: the least of all loads',
          isWhole ? Math.min(...known) : null,
          'points',
          { atLeast: -3 },
        ),
        goal('… the greatest of all loads', isWhole ? Math.max(...known) : null, 'points', { atLeast: 0 }),
      ],
    }
  },
}
