/** Debounce and throttle with their edges, on one line of events: who runs, how often, and how stale what it saw is. */

import { type Bench, choice, defineLab, lognormal, number, type Random, Simulation } from '@viva/lab'

/** Bursts of events with a pause after each that is longer than any wait. */
const [bursts, pauseMs] = [3, 1500]
const ways = ['trailing', 'leading', 'maxWait', 'throttle', 'throttleLeading'] as const
type Way = (typeof ways)[number]

type Limited = (value: number) => void

/** Each call starts the timer again, up to `maxWaitMs` after the first; the leading edge runs at the first call instead of at the end. */
function debounce(
  sim: Simulation,
  run: Limited,
  waitMs: number,
  { isLeading = false, maxWaitMs = Infinity } = {},
): Limited {
  let [since, version]: [number | undefined, number] = [undefined, 0]
  return (value) => {
    const mine = ++version
    const isFirst = since === undefined
    since ??= sim.now
    sim.after(Math.min(waitMs, since + maxWaitMs - sim.now), () => {
      if (mine !== version) return
      since = undefined
      if (!isLeading) run(value)
    })
    if (isFirst && isLeading) run(value)
  }
}

/** At most one run each `waitMs`; with its trailing edge the latest value runs as soon as it may. */
function throttle(sim: Simulation, run: Limited, waitMs: number, isTrailing: boolean): Limited {
  let [ranAt, version] = [-Infinity, 0]
  return (value) => {
    const mine = ++version
    const invoke = (): void => {
      ranAt = sim.now
      run(value)
    }
    const leftMs = ranAt + waitMs - sim.now
    if (leftMs <= 0) invoke()
    else if (isTrailing)
      sim.after(leftMs, () => {
        if (mine === version) invoke()
      })
  }
}

const limiters: Record<Way, (sim: Simulation, run: Limited, waitMs: number) => Limited> = {
  trailing: (sim, run, waitMs) => debounce(sim, run, waitMs),
  leading: (sim, run, waitMs) => debounce(sim, run, waitMs, { isLeading: true }),
  maxWait: (sim, run, waitMs) => debounce(sim, run, waitMs, { maxWaitMs: 2 * waitMs }),
  throttle: (sim, run, waitMs) => throttle(sim, run, waitMs, true),
  throttleLeading: (sim, run, waitMs) => throttle(sim, run, waitMs, false),
}

type Ran = { at: number; value: number }

/** Calls it at each moment with the moment's number; what ran, and when. */
function trace(moments: readonly number[], waitMs: number, way: Way): Ran[] {
  const sim = new Simulation()
  const ran: Ran[] = []
  const limited = limiters[way](sim, (value) => ran.push({ at: sim.now, value }), waitMs)
  for (const [index, at] of moments.entries()) sim.after(at, () => limited(index))
  sim.runUntil(moments.at(-1)! + 2 * pauseMs)
  return ran
}

/** Whole milliseconds; no two alike. */
function eventsOf(pattern: 'even' | 'human', gapMs: number, count: number, random: Random): number[] {
  const gaps = lognormal(gapMs, 0.35)
  const moments: number[] = []
  let at = 0
  for (let burst = 0; burst < bursts; burst++) {
    for (let i = 0; i < count; i++) {
      if (i > 0) at += pattern === 'even' ? gapMs : Math.max(1, Math.round(gaps.draw(random)))
      moments.push(at)
    }
    at += pauseMs
  }
  return moments
}

/** Least time between two runs. */
const leastGap = (ran: readonly Ran[]): number =>
  ran.reduce((least, { at }, i) => (i === 0 ? least : Math.min(least, at - ran[i - 1]!.at)), Infinity)

/** The longest that an event has waited until a run saw it or a later one; `Infinity` when none did. */
function longestUnseen(moments: readonly number[], ran: readonly Ran[]): number {
  let [longest, next] = [0, 0]
  for (const [index, at] of moments.entries()) {
    while (next < ran.length && ran[next]!.value < index) next++
    longest = Math.max(longest, next === ran.length ? Infinity : ran[next]!.at - at)
  }
  return longest
}

const sweep = [20, 50, 100, 150, 200, 250, 300, 350, 400, 500, 600, 700, 800, 900, 1000]

function drawLanes(bench: Bench, moments: readonly number[], all: Record<Way, Ran[]>): void {
  for (const [index, at] of moments.entries()) bench.mark({ lane: 'events', from: at, label: `event ${index + 1} at` })
  for (const way of ways)
    for (const { at, value } of all[way])
      bench.mark({
        lane: way,
        from: at,
        label: `saw event ${value + 1}, at`,
        tone: way === 'trailing' ? 'signal' : way === 'throttle' ? 'ok' : way === 'throttleLeading' ? 'bad' : 'second',
      })
}

/** Of the knobs, not of the reader, and all gaps alike. */
const isEven = (run: { knobs: { pattern: string }; figure(name: string): number }): boolean =>
  run.knobs.pattern === 'even' && run.figure('isOwn') === 0

export default defineLab({
  kind: 'simulation',
  title: 'Debounce and throttle on one line',
  task: 'Three bursts of events, 1.5 s of silence after each. Move the wait across the gap between events and watch a debounce go from joining nothing to joining everything; then type a line of your own.',
  knobs: {
    wait: number({ label: 'Wait', unit: 'ms', min: 20, max: 1000, step: 10, value: 250 }),
    gap: number({ label: 'Between events', unit: 'ms', min: 10, max: 400, step: 10, value: 230 }),
    count: number({ label: 'Events in a burst', unit: 'events', min: 2, max: 25, value: 20 }),
    pattern: choice({
      label: 'Gaps',
      options: { human: 'like typing, long and short', even: 'all alike' },
      value: 'human',
    }),
  },
  presets: [
    { name: 'Typing, 250 ms', knobs: {}, look: 'The mean gap is below the wait, and words still fall apart.' },
    { name: 'Typing, 100 ms', knobs: { wait: 100 }, look: 'A debounce that joins almost nothing.' },
    { name: 'Typing, 600 ms', knobs: { wait: 600 }, look: 'One run for each burst, and a long delay.' },
    {
      name: 'Scrolling',
      knobs: { wait: 100, gap: 20, count: 25, pattern: 'even' },
      look: 'The debounce is silent until it ends; the throttle keeps a pace.',
    },
    {
      name: 'A double click',
      knobs: { wait: 300, gap: 120, count: 2, pattern: 'even' },
      look: 'Leading runs at once and once; a throttle runs twice.',
    },
  ],
  predict: {
    ask: 'How often does the plain (trailing) debounce run, over all the events?',
    kind: 'number',
    quantity: { label: 'Runs of the debounce', digits: 0 },
    min: 0,
    max: 75,
    slack: 2,
    share: 0.15,
    actual: (run) => run.figure('trailing'),
  },
  ownEvents: 'Or be the source yourself: click here and type, or move the mouse, for ten seconds.',
  series: {
    debounceRuns: { label: 'Debounce', unit: 'runs', tone: 'signal' },
    throttleRuns: { label: 'Throttle', unit: 'runs', tone: 'ok' },
    debounceUnseen: { label: 'Debounce', unit: 'ms', tone: 'signal' },
    throttleUnseen: { label: 'Throttle', unit: 'ms', tone: 'ok' },
  },
  charts: [
    {
      title: 'Runs against the wait',
      x: { label: 'Wait', unit: 'ms', range: [20, 1000] },
      y: { label: 'Runs' },
      lines: ['debounceRuns', 'throttleRuns'],
      theory: ({ gap, count, pattern }) =>
        pattern === 'even'
          ? {
              label: 'debounce: all, or one a burst',
              points: [20, bursts * count, Math.max(20, gap), bursts * count, Math.max(20, gap), bursts, 1000, bursts],
            }
          : undefined,
    },
    {
      title: 'The longest that an event waits to be seen',
      x: { label: 'Wait', unit: 'ms', range: [20, 1000] },
      y: { label: 'Unseen', unit: 'ms' },
      lines: ['debounceUnseen', 'throttleUnseen'],
    },
  ],
  figures: {
    events: { label: 'Events', digits: 0 },
    trailing: { label: 'Debounce runs', digits: 0 },
    leading: { label: 'Debounce, leading', digits: 0 },
    maxWait: { label: 'Debounce, maxWait 2 × wait', digits: 0 },
    throttle: { label: 'Throttle, both edges', digits: 0 },
    throttleLeading: { label: 'Throttle, leading only', digits: 0 },
    unseenDebounce: { label: 'Debounce: longest unseen', unit: 'ms', digits: 0 },
    unseenMaxWait: { label: 'with maxWait', unit: 'ms', digits: 0 },
    unseenThrottle: { label: 'Throttle: longest unseen', unit: 'ms', digits: 0 },
    lostEnds: { label: 'Ends lost by leading only', digits: 0 },
    delayAtEnd: { label: 'Last event to last debounced run', unit: 'ms', hidden: true },
    leastDebounceGap: { label: 'Least gap, debounce', unit: 'ms', hidden: true },
    leastThrottleGap: { label: 'Least gap, throttle', unit: 'ms', hidden: true },
    lastSeen: { label: 'Throttle saw the last event', hidden: true },
    medianGap: { label: 'Median gap', unit: 'ms', digits: 0, hidden: true },
    bursts: { label: 'Bursts', hidden: true },
    isOwn: { label: 'Events of the reader', hidden: true },
  },
  diagram: {
    kind: 'lanes',
    lanes: [
      { id: 'events', label: 'Events' },
      { id: 'trailing', label: 'Debounce' },
      { id: 'leading', label: '… leading' },
      { id: 'maxWait', label: '… maxWait' },
      { id: 'throttle', label: 'Throttle' },
      { id: 'throttleLeading', label: '… leading only' },
    ],
    x: { label: 'Time', unit: 'ms' },
  },
  claims: [
    {
      says: 'The debounce runs exactly one wait after the last event.',
      holds: (run) => run.figure('delayAtEnd') === run.knobs.wait,
    },
    {
      says: 'Two runs are never closer than the wait, debounced or throttled.',
      holds: (run) =>
        run.figure('leastDebounceGap') >= run.knobs.wait && run.figure('leastThrottleGap') >= run.knobs.wait,
    },
    {
      says: 'A stream without a pause starves a debounce: one run for each burst, at its end.',
      when: (run) => isEven(run) && run.knobs.gap < run.knobs.wait,
      holds: (run) => run.figure('trailing') === bursts,
    },
    {
      says: 'A wait below the gap joins nothing.',
      when: (run) => isEven(run) && run.knobs.gap > run.knobs.wait,
      holds: (run) => run.figure('trailing') === run.figure('events'),
    },
    {
      says: 'With maxWait no event goes unseen for longer than that.',
      holds: (run) => run.figure('unseenMaxWait') <= 2 * run.knobs.wait,
    },
    {
      says: 'A throttle with both edges sees the last event, and none waits longer than the wait.',
      holds: (run) => run.word('lastSeen') === 'yes' && run.figure('unseenThrottle') <= run.knobs.wait,
    },
    {
      says: 'Without its trailing edge a throttle loses the end of each burst that is shorter than the wait.',
      when: (run) => isEven(run) && run.knobs.gap * (run.knobs.count - 1) < run.knobs.wait,
      holds: (run) => run.figure('lostEnds') === bursts,
    },
  ],
  why(run) {
    const { wait, gap, pattern } = run.knobs
    const [events, debounced, throttled, unseen] = ['events', 'trailing', 'throttle', 'unseenDebounce'].map((name) =>
      run.figure(name),
    )
    const first = `${events} events became ${debounced} debounced and ${throttled} throttled runs.`
    const second =
      run.figure('isOwn') === 1
        ? `Your gaps were ${run.figure('medianGap')} ms at the median: each that is longer than the wait of ${wait} ms lets the debounce run.`
        : pattern === 'human'
          ? `Gaps of ${gap} ms on the mean are sometimes shorter and sometimes longer than the wait of ${wait} ms, and each longer one lets the debounce run: the wait has to exceed nearly all gaps, not the mean.`
          : gap < wait
            ? `Each event comes ${gap} ms after the one before and starts the ${wait} ms again, so the debounce runs only in the pauses.`
            : `Each gap of ${gap} ms is ${gap === wait ? 'as long as' : 'longer than'} the wait of ${wait} ms, so the timer runs out before it is started again, and nothing is joined.`
    return `${first} ${second} The price is delay: an event went unseen for up to ${unseen} ms, with a throttle for ${run.figure('unseenThrottle')}. The throttle without its trailing edge missed the end of ${run.figure('lostEnds')} of ${run.figure('bursts')} ${run.figure('bursts') === 1 ? 'burst' : 'bursts'}.`
  },
  async run({ wait, gap, count, pattern }, bench) {
    const moments = bench.events ?? eventsOf(pattern, gap, count, bench.random('gaps'))
    bench.figure('isOwn', bench.events ? 1 : 0)
    const all = Object.fromEntries(ways.map((way) => [way, trace(moments, wait, way)])) as Record<Way, Ran[]>
    bench.figure('events', moments.length)
    drawLanes(bench, moments, all)
    for (const way of ways) bench.figure(way, all[way].length)
    await bench.turn(0.3)
    for (const [index, waitMs] of sweep.entries()) {
      const [debounced, throttled] = [trace(moments, waitMs, 'trailing'), trace(moments, waitMs, 'throttle')]
      bench.point('debounceRuns', waitMs, debounced.length)
      bench.point('throttleRuns', waitMs, throttled.length)
      bench.point('debounceUnseen', waitMs, longestUnseen(moments, debounced))
      bench.point('throttleUnseen', waitMs, longestUnseen(moments, throttled))
      await bench.turn(0.3 + (0.7 * (index + 1)) / sweep.length)
    }
    const { trailing, throttle: throttled, throttleLeading, maxWait } = all
    bench.figure('unseenDebounce', longestUnseen(moments, trailing))
    bench.figure('unseenMaxWait', longestUnseen(moments, maxWait))
    bench.figure('unseenThrottle', longestUnseen(moments, throttled))
    bench.figure('delayAtEnd', trailing.at(-1)!.at - moments.at(-1)!)
    bench.figure('leastDebounceGap', leastGap(trailing))
    bench.figure('leastThrottleGap', leastGap(throttled))
    bench.figure('lastSeen', throttled.at(-1)!.value === moments.length - 1 ? 'yes' : 'no')
    const gaps = moments.slice(1).map((at, index) => at - moments[index]!)
    bench.figure('medianGap', gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? 0)
    // A burst ends where nothing comes for a second, or for longer than the wait.
    const ends = [...gaps, Infinity].flatMap((after, index) => (after > Math.max(1000, wait) ? [index] : []))
    bench.figure('bursts', ends.length)
    bench.figure('lostEnds', ends.filter((end) => !throttleLeading.some(({ value }) => value === end)).length)
  },
})
