/** Four rate limiters and the same limit: what each lets through around the boundary of a window. */

import { choice, defineLab, exponential, number, type Process } from '@viva/lab'

const seconds = 60
/** The limit: so many in 10 seconds, for one client. */
const limit = 100
const windowMs = 10_000
/** A burst is sent within so long. */
const burstMs = 100

type Limiter = {
  allow(nowMs: number): boolean
  /** How many it would let through now. */
  left(nowMs: number): number
  /** Numbers kept for this client. */
  kept(): number
}

function fixedWindow(): Limiter {
  let [id, count] = [0, 0]
  const turn = (now: number): void => {
    const current = Math.floor(now / windowMs)
    if (current !== id) [id, count] = [current, 0]
  }
  return {
    allow(now) {
      turn(now)
      return count < limit && ++count > 0
    },
    left(now) {
      turn(now)
      return limit - count
    },
    kept: () => 2,
  }
}

function slidingLog(): Limiter {
  const log: number[] = []
  const forget = (now: number): void => {
    while (log.length > 0 && log[0]! <= now - windowMs) log.shift()
  }
  return {
    allow(now) {
      forget(now)
      return log.length < limit && log.push(now) > 0
    },
    left(now) {
      forget(now)
      return limit - log.length
    },
    kept: () => log.length,
  }
}

/** Last window's count, by the share of it that is still in view, and this window's. */
function slidingCounter(): Limiter {
  let [id, current, previous] = [0, 0, 0]
  const left = (now: number): number => {
    const at = Math.floor(now / windowMs)
    if (at !== id) [id, previous, current] = [at, at === id + 1 ? current : 0, 0]
    return limit - current - previous * (1 - (now % windowMs) / windowMs)
  }
  return {
    allow: (now) => left(now) > 0 && ++current > 0,
    left: (now) => Math.max(0, left(now)),
    kept: () => 3,
  }
}

function tokenBucket(capacity: number): Limiter {
  let [tokens, at] = [capacity, 0]
  const refill = (now: number): number => {
    tokens = Math.min(capacity, tokens + ((now - at) * limit) / windowMs)
    at = now
    return tokens
  }
  return {
    allow: (now) => refill(now) >= 1 && tokens-- > 0,
    left: refill,
    kept: () => 2,
  }
}

const least = (a: number, b: number): string => Math.min(a, b).toFixed(0)

export default defineLab({
  kind: 'simulation',
  title: 'Twice the limit, at the boundary',
  task: 'Send bursts just before and just after the end of a window, and see how many pass a limit of 100 in 10 s. Then change the algorithm.',
  knobs: {
    algorithm: choice({
      label: 'Algorithm',
      options: {
        fixed: 'fixed window',
        log: 'sliding log',
        counter: 'sliding counter',
        bucket: 'token bucket',
      },
      value: 'fixed',
    }),
    traffic: choice({
      label: 'The client sends',
      options: {
        bursts: '100 before and 100 after a boundary',
        honest: '8 a second, at random',
        flood: '40 a second, all the time',
      },
      value: 'bursts',
    }),
    gapS: number({
      label: 'Between the bursts',
      unit: 's',
      min: 0.5,
      max: 8,
      step: 0.5,
      value: 2,
      hint: 'Half of it before the boundary, half after.',
    }),
    capacity: number({
      label: 'Bucket’s capacity',
      unit: 'tokens',
      min: 5,
      max: 100,
      step: 5,
      value: 100,
      hint: 'Refilled by 10 a second; token bucket only.',
    }),
  },
  presets: [
    {
      name: 'Fixed window',
      knobs: {},
      look: 'Each window keeps its limit; 10 seconds across two of them do not.',
    },
    {
      name: 'Sliding log',
      knobs: { algorithm: 'log' },
      look: 'Never above 100, at the price of 100 timestamps.',
    },
    {
      name: 'Sliding counter',
      knobs: { algorithm: 'counter', gapS: 6 },
      look: 'Two counters, and more than the limit: it assumes that the last window was even.',
    },
    {
      name: 'Token bucket of 20',
      knobs: { algorithm: 'bucket', capacity: 20 },
      look: 'The burst is a parameter of its own: about 20 pass at once.',
    },
    {
      name: 'A bucket too small for honest traffic',
      knobs: { algorithm: 'bucket', capacity: 5, traffic: 'honest' },
      look: 'Refusals below the limit: chance alone sends small bursts.',
    },
    {
      name: 'A flood',
      knobs: { algorithm: 'bucket', traffic: 'flood' },
      look: 'The capacity passes at once, then 10 a second.',
    },
  ],
  predict: {
    ask: 'The limit is 100 in 10 seconds. How many pass in the busiest 10 seconds, wherever they begin?',
    kind: 'number',
    quantity: { label: 'Busiest 10 s', unit: 'requests', digits: 0 },
    min: 0,
    max: 300,
    slack: 5,
    share: 0.08,
    actual: (run) => run.figure('most'),
  },
  series: {
    inView: {
      label: 'Passed in the last 10 s',
      unit: 'requests',
      as: 'steps',
      tone: 'signal',
    },
    passedRate: { label: 'Passed', unit: '/s', tone: 'ok' },
    refusedRate: { label: 'Refused', unit: '/s', tone: 'bad' },
  },
  charts: [
    {
      title: 'Passed in the last 10 seconds',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Requests', range: [0, 220] },
      lines: ['inView'],
      theory: ({ algorithm, capacity }) => {
        const most = {
          fixed: 2 * limit,
          log: limit,
          counter: limit,
          bucket: capacity + limit,
        }[algorithm]
        const label = {
          fixed: 'at most 2 × the limit',
          log: 'the limit',
          counter: 'the limit, if the last window was even',
          bucket: `at most capacity + rate × 10 s = ${capacity + limit}`,
        }[algorithm]
        return { label, points: [0, most, seconds, most] }
      },
    },
    {
      title: 'Each half second',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Per second' },
      lines: ['passedRate', 'refusedRate'],
    },
  ],
  figures: {
    most: { label: 'Busiest 10 s', unit: 'requests', digits: 0 },
    pair: {
      label: 'First pair of bursts: passed',
      unit: 'requests',
      digits: 0,
    },
    passed: { label: 'Passed', digits: 0 },
    refused: { label: 'Refused (429)', digits: 0 },
    refusedShare: { label: 'Refused', unit: '%', digits: 1 },
    kept: { label: 'Numbers kept, at most', digits: 0 },
    left: { label: 'Left', unit: 'requests', digits: 0, hidden: true },
    room: { label: 'Room', hidden: true },
    offered: { label: 'Sent', digits: 0, hidden: true },
  },
  diagram: {
    kind: 'flow',
    nodes: [
      { id: 'client', kind: 'source', label: 'Client', value: 'offered' },
      {
        id: 'limiter',
        kind: 'queue',
        label: 'Left to use',
        value: 'left',
        of: 'room',
      },
      { id: 'passed', kind: 'sink', label: 'Passed', value: 'passed' },
      {
        id: 'refused',
        kind: 'loss',
        label: 'Refused (429)',
        value: 'refused',
        at: [1, 1],
      },
    ],
    edges: [
      { from: 'client', to: 'limiter', count: 'offered' },
      { from: 'limiter', to: 'passed', count: 'passed', tone: 'ok' },
      { from: 'limiter', to: 'refused', count: 'refused', tone: 'bad' },
    ],
  },
  claims: [
    {
      says: 'A fixed window lets twice the limit through across a boundary.',
      when: ({ knobs }) => knobs.algorithm === 'fixed' && knobs.traffic === 'bursts',
      holds: (run) => run.figure('most') === 2 * limit,
    },
    {
      says: 'A sliding log never lets more than the limit through, in any 10 seconds.',
      when: ({ knobs }) => knobs.algorithm === 'log',
      holds: (run) => run.figure('most') <= limit,
    },
    {
      says: 'A token bucket lets at most capacity + rate × time through, in any 10 seconds.',
      when: ({ knobs }) => knobs.algorithm === 'bucket',
      holds: (run) => run.figure('most') <= run.knobs.capacity + limit,
    },
    {
      says: 'Of two bursts a bucket lets through its capacity and what it refills meanwhile, no more.',
      when: ({ knobs }) => knobs.algorithm === 'bucket' && knobs.traffic === 'bursts',
      holds: (run) =>
        run.figure('pair') >= run.knobs.capacity &&
        run.figure('pair') <= run.knobs.capacity + 10 * (run.knobs.gapS + burstMs / 1000) + 1,
    },
    {
      says: 'A sliding counter lets more than the limit through: the share of the last window that it forgets.',
      when: ({ knobs }) => knobs.algorithm === 'counter' && knobs.traffic === 'bursts',
      holds: (run) =>
        run.figure('pair') > limit && run.figure('pair') <= limit + 5 * (run.knobs.gapS + burstMs / 1000) + 1,
    },
    {
      says: 'In a flood all four let the same rate through in the long run: 10 a second, plus at most one burst.',
      when: ({ knobs }) => knobs.traffic === 'flood',
      holds: (run) => run.figure('passed') >= 585 && run.figure('passed') <= 600 + limit + 2,
    },
    {
      says: 'Honest traffic at 80 % of the limit is hardly refused when the burst allowed is 50 or more.',
      when: ({ knobs }) => knobs.traffic === 'honest' && knobs.algorithm === 'bucket' && knobs.capacity >= 50,
      holds: (run) => run.figure('refusedShare') < 2,
    },
    {
      says: 'Only the log’s memory grows with the limit; the others keep three numbers or fewer.',
      when: ({ knobs }) => knobs.traffic !== 'honest',
      holds: (run) => (run.knobs.algorithm === 'log' ? run.figure('kept') === limit : run.figure('kept') <= 3),
    },
  ],
  why(run) {
    const { algorithm, traffic, gapS, capacity } = run.knobs
    const [most, pair, share] = [run.figure('most'), run.figure('pair'), run.figure('refusedShare').toFixed(1)]
    if (traffic === 'honest')
      return `8 a second is below the limit of 10, yet ${share} % were refused. ${algorithm === 'bucket' ? `Random gaps make bursts, and a bucket of ${capacity} holds what ${(capacity / 10).toFixed(1)} s refill: choose the capacity by the bursts of honest clients.` : 'A window of 10 s averages chance out, so few windows reach 100.'}`
    if (traffic === 'flood')
      return `${run.figure('passed')} passed in a minute of a limit of 600: the long-run rate is the same for all four. What differs is the shape: ${algorithm === 'bucket' ? `${capacity} at once, then one every 100 ms` : algorithm === 'counter' ? 'after the first window it lets requests through evenly' : '100 at the start of each 10 s, then nothing'}.`
    if (algorithm === 'fixed')
      return `The first burst used up one window, the second the next: both windows kept their limit of 100, and ${pair} passed within ${gapS} s. The counter forgets everything at the boundary.`
    if (algorithm === 'log')
      return `All 100 of the first burst are still less than 10 s old at the second, so it is refused whole: ${most} in the busiest 10 s. To know that, the log kept ${run.figure('kept')} timestamps for one client.`
    if (algorithm === 'counter')
      return `${gapS / 2} s into the new window it takes ${(gapS * 5).toFixed(0)} % of the last 100 for gone, as if they had come evenly; they came at its end. So ${pair - limit} more than the limit passed, for the price of two counters instead of 100 timestamps.`
    return `The first burst found ${capacity} tokens. In ${gapS} s the bucket refilled ${least(gapS * 10, capacity)} for the second, so ${pair} passed in all; no boundary exists that could be aimed at. Burst and rate are two numbers here: a smaller capacity makes the same rate smoother.`
  },
  async run({ algorithm, traffic, gapS, capacity }, bench) {
    const sim = bench.simulation
    const limiter = {
      fixed: fixedWindow,
      log: slidingLog,
      counter: slidingCounter,
      bucket: tokenBucket,
    }[algorithm](capacity)
    const inView = bench.level('inView')
    const [passedRate, refusedRate] = [bench.rate('passedRate', 500), bench.rate('refusedRate', 500)]
    const [offered, passed, refused] = ['offered', 'passed', 'refused'].map((name) => bench.counter(name))
    let [kept, pair] = [0, 0]
    bench.figure('room', algorithm === 'bucket' ? capacity : limit)
    const send = (): void => {
      offered!.add()
      if (limiter.allow(sim.now)) {
        passed!.add()
        passedRate.add()
        inView.add(1)
        sim.after(windowMs, () => inView.add(-1))
        if (sim.now < 1.5 * windowMs) pair++
      } else {
        refused!.add()
        refusedRate.add()
      }
      kept = Math.max(kept, limiter.kept())
    }
    function* atRandom(perSecond: number): Process {
      const gaps = exponential(1000 / perSecond)
      const chance = sim.random('arrivals')
      for (;;) {
        yield gaps.draw(chance)
        send()
      }
    }
    const chance = sim.random('bursts')
    if (traffic === 'bursts')
      for (const boundary of [1, 3, 5])
        for (const side of [-1, 1])
          for (let i = 0; i < limit; i++)
            sim.after(boundary * windowMs + (side * gapS * 1000) / 2 + (chance() - 0.5) * burstMs, send)
    else sim.start(atRandom(traffic === 'honest' ? 8 : 40))
    bench.beforeTurn(() => {
      bench.figure('most', inView.max)
      bench.figure('pair', pair)
      bench.figure('kept', kept)
      bench.figure('left', Math.floor(limiter.left(sim.now)))
      bench.figure('refusedShare', offered!.count === 0 ? 0 : (100 * refused!.count) / offered!.count)
    })
    await bench.simulate(seconds * 1000)
  },
})
