/** Three services in a row, of which the last is slow. */

import type { Experiment } from './experiment.ts'
import type { Door } from './messages.ts'
import { Span } from './outcomes.ts'
import { contestants, deadlineMs, doors, lateness, packages, peakMb, poolServer, slots } from './overload.ts'
import { curve, goal, round } from './record.ts'
import { type Server, Stage, type Watched } from './stage.ts'

const lastMs = 160
const load = 4
const seed = 7
const all: readonly Door[] = ['bare', 'p-queue', 'ours']

export const chain: Experiment = {
  name: 'chain',
  about: 'three services in a row, the last one slow, 4 times its capacity offered to the first',
  contestants: doors.filter((name) => all.includes(name)),
  packages,
  async run(bench) {
    const [warmUpMs, untilMs] = bench.isQuick ? [1000, 4000] : [3000, 13_000]
    const perSecond = (slots * 1000) / lastMs
    const stage = await Stage.open()
    const chosen = contestants(bench, all)
    const found: { name: Door; watched: Watched[] }[] = []
    for (const { name } of chosen) {
      const last = await stage.server(poolServer(name, perSecond, { work: { kind: 'pool', slots, serviceMs: lastMs } }))
      const next = (server: Server) =>
        stage.server(poolServer(name, perSecond, { work: { kind: 'forward', url: server.url, timeoutMs: deadlineMs } }))
      const middle = await next(last)
      const first = await next(middle)
      const plan = {
        client: 'plain' as const,
        seed,
        phases: [{ untilMs, perSecond: load * perSecond }],
        port: first.port,
        deadlineMs,
      }
      found.push({ name, watched: await stage.load(plan, [first, middle, last]) })
      for (const server of [first, middle, last]) await server.end()
      bench.log(`${name}: done`)
    }
    stage.close()

    const figures = found.map(({ name, watched }) => {
      const [first, middle, last] = watched as [Watched, Watched, Watched]
      const span = new Span(first.outcomes, warmUpMs, untilMs, deadlineMs)
      const inside = ({ samples }: Watched) =>
        samples.reduce((most, one) => (one.atMs >= warmUpMs ? Math.max(most, one.inside) : most), 0)
      const [atFirst, atMiddle, atLast] = [first.count.reached, middle.count.reached, last.count.reached]
      const refusals = atFirst - last.count.finished
      return {
        contestant: name,
        ofIdealPercent: span.ofIdeal(perSecond),
        p99Ms: span.p99,
        refused: span.count('refused'),
        refusalP99Ms: span.refusalP99,
        gaveUp: span.count('gaveUp'),
        reachedFirst: atFirst,
        reachedMiddle: atMiddle,
        reachedLast: atLast,
        doneByLast: last.count.finished,
        refusedByFirstPercent: refusals === 0 ? null : round(((atFirst - atMiddle) / refusals) * 100),
        mostInsideFirst: inside(first),
        mostInsideMiddle: inside(middle),
        mostInsideLast: inside(last),
        peakFirstMb: peakMb(first),
        peakMiddleMb: peakMb(middle),
        peakLastMb: peakMb(last),
        growthMb: growth(watched, warmUpMs),
      }
    })
    const ours = figures.find(({ contestant }) => contestant === 'ours')
    const time = { label: 'time', unit: 's', from: 0, to: untilMs / 1000 }
    const over = (index: number, title: string, unit: string, figure: 'inside' | 'memoryMb') => ({
      title,
      x: time,
      y: { label: title, unit, from: 0 },
      series: found.map(({ name, watched }) =>
        curve(
          name,
          watched[index]!.samples.map((sample) => [sample.atMs / 1000, sample[figure]] as [number, number]).filter(
            ([, value]) => value >= 0,
          ),
        ),
      ),
    })
    return {
      question: `Each request goes through three services; the last has ${slots} slots of ${lastMs} ms, and ${load} times of what it can do is asked for. Where is it refused, and where does it pile up?`,
      setup: {
        slots,
        lastMs,
        deadlineMs,
        perSecond: load * perSecond,
        possiblePerSecond: perSecond,
        countedFromMs: warmUpMs,
        countedUntilMs: untilMs,
        ideal: 'slots / service time of the last',
        inside: 'first and middle: what was let in and waits for the next service; last: what waits for a slot',
        calls: `ours: fetcher({ timeoutMs: ${deadlineMs} }) with the context of the request; the others: fetch`,
        loadGenerator: lateness(found.map(({ watched }) => watched[0]!)),
      },
      seeds: [seed],
      contestants: chosen,
      figures,
      charts: [
        over(1, 'Waiting inside the middle service', 'requests', 'inside'),
        over(2, 'Waiting for a slot in the last', 'requests', 'inside'),
        over(0, 'Resident memory of the first', 'MB', 'memoryMb'),
        over(1, 'Resident memory of the middle', 'MB', 'memoryMb'),
      ],
      verdict: [
        goal('ours: of what the last service can do', ours?.ofIdealPercent ?? null, '%', { atLeast: 95 }),
        goal('ours: of what was refused, by the first service', ours?.refusedByFirstPercent ?? null, '%', {
          atLeast: 90,
        }),
        goal('ours: most that were inside the middle service at once', ours?.mostInsideMiddle ?? null, 'requests', {
          atMost: 3 * slots,
        }),
        goal('ours: growth of memory of any of the three, from the warm-up to the end', ours?.growthMb ?? null, 'MB', {
          atMost: 20,
        }),
      ],
    }
  },
}

/** The greatest growth of the three: the mean of the last fifth of the time over that of the first fifth after the warm-up. */
function growth(all: Watched[], warmUpMs: number): number | null {
  const grown = all.map(({ samples }) => {
    const known = samples
      .filter(({ atMs, memoryMb }) => atMs >= warmUpMs && memoryMb > 0)
      .map(({ memoryMb }) => memoryMb)
    const fifth = Math.max(1, Math.floor(known.length / 5))
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length
    return known.length === 0 ? Number.NaN : mean(known.slice(-fifth)) - mean(known.slice(0, fifth))
  })
  return grown.some(Number.isNaN) ? null : round(Math.max(...grown))
}
