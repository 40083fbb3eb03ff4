/** Clients that try again at once, and one that does not. */

import type { Experiment } from './experiment.ts'
import type { ClientKind, Door } from './messages.ts'
import { recoveryMs, Span } from './outcomes.ts'
import {
  deadlineMs,
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

const [load, peak] = [0.7, 1.5]
const seed = 5

const all: { name: string; door: Door; client: ClientKind; what: string }[] = [
  { name: 'bare', door: 'bare', client: 'naive', what: 'no protection, clients that retry three times at once' },
  {
    name: 'under-pressure',
    door: 'under-pressure',
    client: 'naive',
    what: '@fastify/under-pressure, the same clients',
  },
  {
    name: 'rate-limit',
    door: 'rate-limit',
    client: 'naive',
    what: 'express-rate-limit, told the capacity, the same clients',
  },
  { name: 'p-queue', door: 'p-queue', client: 'naive', what: 'p-queue, told the capacity, the same clients' },
  { name: 'our server', door: 'ours', client: 'naive', what: 'admission(), the same clients' },
  {
    name: 'our client',
    door: 'bare',
    client: 'fetcher',
    what: 'no protection, clients with fetcher() of @viva/sluice/fetch',
  },
  { name: 'ours', door: 'ours', client: 'fetcher', what: 'admission(), clients with fetcher()' },
]

export const retryStorm: Experiment = {
  name: 'retry-storm',
  about: 'three retries at once, 1.5 times the capacity for 3 s, then 0.7 of it',
  contestants: all.map(({ name }) => name),
  packages,
  async run(bench) {
    const [fromMs, toMs, untilMs] = bench.isQuick ? [1000, 2500, 6000] : [3000, 6000, 18_000]
    const phases = [
      { untilMs: fromMs, perSecond: load * nominalPerSecond },
      { untilMs: toMs, perSecond: peak * nominalPerSecond },
      { untilMs, perSecond: load * nominalPerSecond },
    ]
    const stage = await Stage.open()
    const perSecond = await poolCapacity(stage, bench.isQuick)
    const chosen = all.filter(({ name }) => bench.wants(name))
    const found: Timed[] = []
    for (const { name, door, client } of chosen) {
      found.push({ name, watched: await run(stage, poolServer(door, perSecond), { client, seed, phases }) })
      bench.log(`${name}: done`)
    }
    stage.close()

    const figures = found.map(({ name, watched }) => {
      const { outcomes } = watched
      const span = (from: number, to: number) => new Span(outcomes, from, to, deadlineMs)
      return {
        contestant: name,
        requests: outcomes.at.length,
        attemptsARequest: round(outcomes.attempts / outcomes.at.length, 2),
        peakOfIdealPercent: span(fromMs, toMs).ofIdeal(perSecond),
        afterOfIdealPercent: span(toMs, untilMs).ofIdeal(perSecond),
        lastSecondsOfIdealPercent: span(untilMs - (untilMs - toMs) / 3, untilMs).ofIdeal(perSecond),
        recoveredAfterMs: recoveryMs(outcomes, toMs, untilMs, deadlineMs),
        finishedForGonePercent: forGone(watched),
        peakMb: peakMb(watched),
      }
    })
    const row = (name: string) => figures.find(({ contestant }) => contestant === name)
    const [ours, ourServer] = [row('ours'), row('our server')]
    const difference = (figure: 'peakOfIdealPercent' | 'afterOfIdealPercent') => {
      const [one, other] = [ours?.[figure], ourServer?.[figure]]
      return typeof one === 'number' && typeof other === 'number' ? round(one - other) : null
    }
    return {
      question: `${peak} times the capacity is asked for during ${(toMs - fromMs) / 1000} s, ${load} of it before and after; whoever is not answered asks three times more, at once: does it end?`,
      setup: {
        ...poolSetup(perSecond),
        phases,
        naive:
          'an attempt that is refused, or not answered within the deadline, is made again at once, at most three times; a request is good when one of its attempts is',
        fetcher: 'fetcher({ timeoutMs: 1000 }): all attempts of a request together have the time that one has there',
        loadGenerator: lateness(found.map(({ watched }) => watched)),
      },
      seeds: [seed],
      contestants: chosen.map(({ name, what }) => ({ name, what })),
      figures,
      charts: timeCharts(found, untilMs, [{ from: fromMs / 1000, to: toMs / 1000, label: `${peak}×` }]).filter(
        ({ title }) => !title.startsWith('p99'),
      ),
      verdict: [
        goal('ours: attempts a request', ours?.attemptsARequest ?? null, '', { atMost: 1.1 }),
        goal(
          'ours: goodput after the peak, against naive clients at the same server',
          difference('afterOfIdealPercent'),
          'points',
          { atLeast: -1 },
        ),
        goal(
          'ours: goodput in the peak, against naive clients at the same server',
          difference('peakOfIdealPercent'),
          'points',
          { atLeast: -1 },
        ),
      ],
    }
  },
}
