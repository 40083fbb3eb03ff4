/** A quantum against the cost of a switch: what short turns buy in response, and what they cost in work done. */

import { choice, defineLab, exponential, number, type Random } from '@viva/lab'

const seconds = 5
/** A request wakes its thread every 20 ms on the mean, and needs half a millisecond. */
const [betweenMs, requestMs] = [20, 0.5]
/** The stretch that is drawn as lanes. */
const shownMs = 60
const mostMarks = 560
const quanta = [0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20]

type Wake = 'tail' | 'first'
type Settings = { quantumMs: number; costMs: number; threads: number; wake: Wake }
type Slice = { thread: number | 'switch' | 'request'; from: number; to: number }
type Outcome = { usefulMs: number; switches: number; waits: number[]; spentMs: number }

/** Round robin on one core. Thread −1 serves requests, one at a time in order of arrival; the others always compute. */
function share({ quantumMs, costMs, threads, wake }: Settings, random: Random, ran?: (slice: Slice) => void): Outcome {
  const gaps = exponential(betweenMs)
  const end = seconds * 1000
  const ready: number[] = Array.from({ length: threads }, (_, id) => id)
  const outcome: Outcome = { usefulMs: 0, switches: 0, waits: [], spentMs: 0 }
  let now = 0
  let last = 0
  let nextAt = gaps.draw(random)
  const requests: { atMs: number; leftMs: number }[] = []
  const admit = (): void => {
    while (nextAt <= now) {
      requests.push({ atMs: nextAt, leftMs: requestMs })
      nextAt += gaps.draw(random)
      if (requests.length > 1) continue
      if (wake === 'first') ready.unshift(-1)
      else ready.push(-1)
    }
  }
  while (now < end) {
    admit()
    const thread = ready.shift()!
    if (thread !== last) {
      ran?.({ thread: 'switch', from: now, to: now + costMs })
      now += costMs
      outcome.switches++
      outcome.spentMs += costMs
      last = thread
    }
    const from = now
    if (thread >= 0) {
      // A request that wakes its thread takes the core at once, if it may.
      const until = wake === 'first' ? Math.min(quantumMs, Math.max(0, nextAt - now)) : quantumMs
      now += until
      outcome.usefulMs += until
      if (until > 0) ran?.({ thread, from, to: now })
      admit()
      // Preempted: it goes on before the other threads; at the end of its turn it stands behind them.
      if (until < quantumMs && ready[0] === -1) ready.splice(1, 0, thread)
      else ready.push(thread)
      continue
    }
    const turnEnd = wake === 'first' ? Infinity : now + quantumMs
    while (requests.length > 0 && now < turnEnd) {
      const request = requests[0]!
      const span = Math.min(request.leftMs, turnEnd - now)
      now += span
      request.leftMs -= span
      outcome.usefulMs += span
      if (request.leftMs > 1e-9) break
      requests.shift()
      outcome.waits.push(now - request.atMs)
    }
    ran?.({ thread: 'request', from, to: now })
    if (requests.length > 0) {
      admit()
      ready.push(-1)
    }
  }
  // The last turn may reach beyond the end.
  outcome.usefulMs *= end / now
  return outcome
}

const percentile = (values: readonly number[], percent: number): number =>
  values.length === 0 ? 0 : values.toSorted((a, b) => a - b)[Math.ceil((values.length * percent) / 100) - 1]!

export default defineLab({
  kind: 'simulation',
  title: 'Quantum against switch',
  task: 'Shorten the quantum until requests are answered fast, and see how much work is left. Then raise the cost of a switch to what cold caches make of it.',
  knobs: {
    quantum: number({ label: 'Quantum', unit: 'ms', min: 0.05, max: 20, step: 0.05, value: 3 }),
    cost: number({
      label: 'A switch costs',
      unit: 'µs',
      min: 5,
      max: 1000,
      step: 5,
      value: 5,
      hint: 'About 5 by itself; cold caches can make it a thousand.',
    }),
    threads: number({ label: 'Threads that compute', unit: 'threads', min: 2, max: 16, value: 8 }),
    wake: choice({
      label: 'A request that wakes up',
      options: { tail: 'goes to the end of the queue', first: 'runs at once' },
      value: 'tail',
    }),
  },
  presets: [
    { name: '3 ms, warm caches', knobs: {}, look: 'Nearly all is work; a request waits for up to eight turns.' },
    { name: 'Short turns', knobs: { quantum: 0.2 }, look: 'Requests are fast, and the loss is still small.' },
    {
      name: 'Short turns, cold caches',
      knobs: { quantum: 0.2, cost: 400 },
      look: 'Two thirds of the time goes into switching, and requests are slower too.',
    },
    {
      name: 'Runs at once',
      knobs: { wake: 'first', quantum: 10 },
      look: 'A long quantum, and requests do not feel it.',
    },
    { name: 'Twice the threads', knobs: { threads: 16 }, look: 'No more work done; twice the wait.' },
  ],
  predict: {
    ask: 'A request needs 0.5 ms. After how many ms are 99 in 100 answered?',
    kind: 'number',
    quantity: { label: 'Answered, 99th percentile', unit: 'ms', digits: 1 },
    min: 0.5,
    max: 100,
    share: 0.2,
    slack: 0.5,
    actual: (run) => run.figure('p99'),
  },
  series: {
    useful: { label: 'Work done', unit: '%', tone: 'ok' },
    response: { label: 'Answered, 99th percentile', unit: 'ms', tone: 'signal' },
  },
  charts: [
    {
      title: 'Share of the core that does work',
      x: { label: 'Quantum', unit: 'ms', range: [0.05, 20], log: true },
      y: { label: 'Work', unit: '%', range: [0, 100] },
      lines: ['useful'],
      theory: ({ cost }) => ({
        label: 'q / (q + s)',
        points: quanta.flatMap((quantum) => [quantum, (100 * quantum) / (quantum + cost / 1000)]),
      }),
    },
    {
      title: 'Time until a request is answered',
      x: { label: 'Quantum', unit: 'ms', range: [0.05, 20], log: true },
      y: { label: '99th percentile', unit: 'ms' },
      lines: ['response'],
    },
  ],
  figures: {
    usefulShare: { label: 'Work done', unit: '%', digits: 1 },
    formula: { label: 'q / (q + s)', unit: '%', digits: 1 },
    p50: { label: 'Answered, median', unit: 'ms', digits: 1 },
    p99: { label: 'Answered, 99th percentile', unit: 'ms', digits: 1 },
    turn: { label: 'A round, n × (q + s)', unit: 'ms', digits: 1 },
    switchRate: { label: 'Switches', unit: '/s', digits: 0 },
    lostMs: { label: 'Lost to switches, each second', unit: 'ms', digits: 1 },
    answered: { label: 'Requests answered', digits: 0 },
    most: { label: 'Slowest answer', unit: 'ms', hidden: true },
  },
  diagram: {
    kind: 'lanes',
    lanes: [
      { id: 'request', label: 'Request' },
      { id: 'compute', label: 'Computing' },
      { id: 'switch', label: 'Switching' },
    ],
    x: { label: 'Time', unit: 'ms' },
  },
  claims: [
    {
      says: 'The share that does work is q / (q + s), less at most two switches for each request.',
      holds(run) {
        const [useful, formula] = [run.figure('usefulShare'), run.figure('formula')]
        const requests = (2 * run.figure('answered') * run.knobs.cost) / seconds / 10_000
        return useful < formula + 2 && useful > formula - requests - 2
      },
    },
    {
      says: 'What is not work is switches: their number times their cost.',
      holds: (run) => Math.abs(100 - run.figure('usefulShare') - run.figure('lostMs') / 10) < 1.5,
    },
    {
      says: 'At the end of the queue, with a quantum of 1 ms or more, one request in two waits at least a third of a round.',
      when: ({ knobs }) => knobs.wake === 'tail' && knobs.quantum >= 1 && knobs.quantum * knobs.threads < 100,
      holds: (run) => run.figure('p50') > run.figure('turn') / 3,
    },
    {
      says: 'A request that runs at once does not feel the quantum: 99 in 100 are answered within 6 ms.',
      when: ({ knobs }) => knobs.wake === 'first',
      holds: (run) => run.figure('p99') < 6,
    },
    {
      says: 'Turns as short as the switch: half of the core or less does work.',
      when: ({ knobs }) => knobs.quantum * 1000 <= knobs.cost,
      holds: (run) => run.figure('usefulShare') < 53,
    },
  ],
  why(run) {
    const { quantum, cost, threads, wake } = run.knobs
    const [useful, p99, rate, turn] = ['usefulShare', 'p99', 'switchRate', 'turn'].map((name) => run.figure(name))
    return `Every ${quantum} ms of work is followed by ${cost} µs of switching: ${Math.round(rate!)} switches a second left ${useful!.toFixed(1)} % for work, by the formula ${run.figure('formula').toFixed(1)} %. ${
      wake === 'first'
        ? `A request took the core from whoever had it, so 99 in 100 were answered within ${p99!.toFixed(1)} ms whatever the quantum; a round of all threads takes ${turn!.toFixed(1)} ms.`
        : `A request stood behind ${threads} turns of ${(quantum + cost / 1000).toFixed(2)} ms, a round of ${turn!.toFixed(1)} ms, and 99 in 100 were answered within ${p99!.toFixed(1)} ms.`
    } ${quantum * 1000 < 5 * cost ? 'Turns this short buy little response any more: the switches themselves are the wait.' : 'A shorter quantum would cut the round and add to the switches.'}`
  },
  async run({ quantum, cost, threads, wake }, bench) {
    const settings = { quantumMs: quantum, costMs: cost / 1000, threads, wake }
    const slices: Slice[] = []
    const own = share(settings, bench.random('requests'), (slice) => {
      if (slices.length < mostMarks && slice.from < shownMs) slices.push(slice)
    })
    bench.figure('formula', (100 * quantum) / (quantum + cost / 1000))
    bench.figure('turn', threads * (quantum + cost / 1000))
    for (const [index, { thread, from, to }] of slices.entries()) {
      if (typeof thread === 'number')
        bench.mark({
          lane: 'compute',
          from,
          to,
          label: String(thread + 1),
          tone: thread % 2 === 0 ? 'plain' : 'second',
        })
      else bench.mark({ lane: thread, from, to, tone: thread === 'switch' ? 'bad' : 'signal' })
      await bench.turn((0.8 * (index + 1)) / slices.length)
    }
    for (const [index, quantumMs] of quanta.entries()) {
      const outcome = share({ ...settings, quantumMs }, bench.random('requests'))
      bench.point('useful', quantumMs, outcome.usefulMs / seconds / 10)
      bench.point('response', quantumMs, percentile(outcome.waits, 99))
      await bench.turn(0.8 + (0.2 * (index + 1)) / quanta.length)
    }
    bench.figure('usefulShare', own.usefulMs / seconds / 10)
    bench.figure('p50', percentile(own.waits, 50))
    bench.figure('p99', percentile(own.waits, 99))
    bench.figure('most', percentile(own.waits, 100))
    bench.figure('switchRate', own.switches / seconds)
    bench.figure('lostMs', own.spentMs / seconds)
    bench.figure('answered', own.waits.length)
  },
})
