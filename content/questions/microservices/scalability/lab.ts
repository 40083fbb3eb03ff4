/** More machines or a larger one, before something that all share: what the second, the tenth and the thirtieth bring. */

import { defineLab, exponential, number, type Process, Servers, theory } from '@viva/lab'

/** A request takes so long on one machine, all in all. */
const requestMs = 10
const rateOfOne = 1000 / requestMs
/** Each size runs for so long, after a warm-up. */
const seconds = 8
const warmUpMs = 1000
const sizes = [1, 2, 4, 8, 12, 16, 24, 32]

export default defineLab({
  kind: 'simulation',
  title: 'Sixteen times the machine',
  task: 'Set what share of each request all machines queue for, then compare more machines with one faster machine. Add a cost of coordination, and find where more becomes less.',
  knobs: {
    shared: number({
      label: 'Shared part of a request',
      unit: '%',
      min: 0,
      max: 30,
      step: 1,
      value: 5,
      hint: 'One at a time, for all: a lock, a primary database.',
    }),
    coordination: number({
      label: 'Coordination with each other machine',
      unit: '% of a request',
      min: 0,
      max: 1,
      step: 0.05,
      value: 0,
      hint: 'More work for the shared part: every request tells each other machine.',
    }),
    size: number({
      label: 'Grow to',
      unit: 'times',
      min: 2,
      max: 32,
      value: 16,
    }),
  },
  presets: [
    {
      name: 'A twentieth is shared',
      knobs: {},
      look: 'The limit is 1 / 5 % = 20 times, however many machines.',
    },
    {
      name: 'Nothing shared',
      knobs: { shared: 0 },
      look: 'A straight line: each machine brings what the first brought.',
    },
    {
      name: 'Coordination as well',
      knobs: { shared: 2, coordination: 0.5, size: 32 },
      look: 'A peak, then more machines do less.',
    },
    {
      name: 'A fifth is shared',
      knobs: { shared: 20 },
      look: 'Five times at best, and it is reached early.',
    },
    {
      name: 'The bottleneck relieved',
      knobs: { shared: 1 },
      look: 'Replicas or a cache take most of the shared part away; compare 16 with before.',
    },
  ],
  predict: {
    ask: 'How many times the throughput of one machine do so many machines reach?',
    kind: 'number',
    quantity: { label: 'Throughput', unit: 'times', digits: 1 },
    min: 0,
    max: 32,
    slack: 0.7,
    share: 0.1,
    actual: (run) => run.figure('out'),
  },
  series: {
    outs: { label: 'More machines', unit: 'times', tone: 'signal' },
    ups: { label: 'One faster machine', unit: 'times', tone: 'second' },
    ideal: { label: 'In proportion', unit: 'times', tone: 'plain' },
    busy: { label: 'Shared part is busy', unit: '%', tone: 'bad' },
  },
  charts: [
    {
      title: 'Throughput, in times of one machine',
      x: { label: 'Machines, or size', range: [1, 32] },
      y: { label: 'Times' },
      lines: ['outs', 'ups', 'ideal'],
      theory: ({ shared, coordination }) => ({
        label: `universal scalability law, σ = ${shared} %, κ = ${coordination} %`,
        points: Array.from({ length: 32 }, (_, i) => [i + 1, law(i + 1, shared, coordination)]).flat(),
      }),
    },
    {
      title: 'How busy the shared part is, with more machines',
      x: { label: 'Machines', range: [1, 32] },
      y: { label: '%', range: [0, 100] },
      lines: ['busy'],
    },
  ],
  figures: {
    out: { label: 'More machines', unit: 'times', digits: 1 },
    up: { label: 'One faster machine', unit: 'times', digits: 1 },
    law: { label: 'Universal scalability law', unit: 'times', digits: 1 },
    limit: { label: 'Shared part alone would allow', unit: 'times', digits: 1 },
    efficiency: {
      label: 'Each machine yields',
      unit: '% of the first',
      digits: 0,
    },
    busyShare: { label: 'Shared part is busy', unit: '%', digits: 0 },
    best: { label: 'Most throughput at', unit: 'machines', digits: 0 },
    atMost: { label: 'Measured at 32 machines', unit: 'times', digits: 1 },
    peak: { label: 'Highest measured', unit: 'times', digits: 1, hidden: true },
    served: { label: 'Served', digits: 0, hidden: true },
    machines: { label: 'Machines', digits: 0, hidden: true },
    working: { label: 'Working', digits: 0, hidden: true },
    queue: { label: 'Waiting', digits: 0, hidden: true },
    inShared: { label: 'In the shared part', hidden: true },
    one: { label: 'One', hidden: true },
  },
  diagram: {
    kind: 'flow',
    nodes: [
      {
        id: 'machines',
        kind: 'servers',
        label: 'Machines',
        value: 'working',
        of: 'machines',
      },
      {
        id: 'queue',
        kind: 'queue',
        label: 'Waiting',
        value: 'queue',
        of: 'machines',
      },
      {
        id: 'shared',
        kind: 'servers',
        label: 'Shared part',
        value: 'inShared',
        of: 'one',
      },
      { id: 'done', kind: 'sink', label: 'Served', value: 'served' },
    ],
    edges: [
      { from: 'machines', to: 'queue', count: 'served' },
      { from: 'queue', to: 'shared', count: 'served' },
      { from: 'shared', to: 'done', count: 'served', tone: 'ok' },
    ],
  },
  claims: [
    {
      says: 'No number of machines does more than the shared part allows.',
      holds: (run) => run.figure('out') <= run.figure('limit') * 1.08,
    },
    {
      says: 'Nor more than so many times one.',
      holds: (run) => run.figure('out') <= run.knobs.size * 1.08,
    },
    {
      says: 'The universal scalability law is the worst case, in which all queue at once: measured is never below it.',
      holds: (run) => run.figure('out') >= run.figure('law') * 0.95,
    },
    {
      says: 'A faster machine that waits for the shared part follows Amdahl’s law.',
      holds: (run) => Math.abs(run.figure('up') / law(run.knobs.size, run.knobs.shared, 0) - 1) < 0.12,
    },
    {
      says: 'With nothing shared and no coordination, growth is in proportion.',
      when: ({ knobs }) => knobs.shared === 0 && knobs.coordination === 0,
      holds: (run) => Math.abs(run.figure('out') / run.knobs.size - 1) < 0.08,
    },
    {
      says: 'A shared part of a fifth or more caps throughput at five times or less, and 16 machines reach the cap.',
      when: ({ knobs }) => knobs.shared >= 20 && knobs.coordination === 0 && knobs.size >= 16,
      holds: (run) => Math.abs(run.figure('out') / run.figure('limit') - 1) < 0.08,
    },
    {
      says: 'With coordination there is a peak, and 32 machines do less than fewer do.',
      when: ({ knobs }) => knobs.coordination >= 0.5 && knobs.shared >= 2,
      holds: (run) => run.figure('best') < 32 && run.figure('atMost') < 0.95 * run.figure('peak'),
    },
  ],
  why(run) {
    const { shared, coordination, size } = run.knobs
    const [out, up] = [run.figure('out').toFixed(1), run.figure('up').toFixed(1)]
    if (shared === 0 && coordination === 0)
      return `Machines that share nothing do not notice each other: ${size} of them did ${out} times what one does. Few systems are like that; one lock that takes 1 % of each request would cap it at 100 times.`
    const amdahl = `One machine ${size} times as fast still waits for the shared part at its old speed, so it does ${up} times as much (Amdahl).`
    if (coordination > 0)
      return `With ${size} machines each request carries ${shared} % of shared work and ${(coordination * (size - 1)).toFixed(1)} % for telling the others, so the shared part allows ${run.figure('limit').toFixed(1)} times and ${out} was reached. That cost grows with every machine, so there is a peak: the most was measured at ${run.figure('best')} machines, and 32 do ${run.figure('atMost').toFixed(1)} times. ${amdahl}`
    return `${shared} % of each request goes through one at a time, so no number of machines does more than 1 / ${shared} % = ${run.figure('limit').toFixed(1)} times. ${size} machines did ${out} times as much, with the shared part busy ${run.figure('busyShare').toFixed(0)} % of the time. ${amdahl} Before you add more, make the shared part smaller.`
  },
  async run({ shared, coordination, size }, bench) {
    const others = sizes.filter((step) => step !== size)
    // The size in question last, so that its picture stands at the end.
    const plan = [
      ...others.map((step) => ({ step, isFaster: true })),
      { step: size, isFaster: true },
      ...others.map((step) => ({ step, isFaster: false })),
      { step: size, isFaster: false },
    ]
    const found: {
      step: number
      isFaster: boolean
      rate: number
      busy: number
    }[] = []
    bench.figure('one', 1)
    for (const [index, { step, isFaster }] of plan.entries()) {
      const sim = bench.newSimulation()
      const machines = isFaster ? 1 : step
      const own = ((1 - shared / 100) * requestMs) / (isFaster ? step : 1)
      const common = ((shared + coordination * (machines - 1)) / 100) * requestMs
      const part = new Servers(1)
      let [served, working, busyMs] = [0, 0, 0]
      function* machine(id: number): Process {
        const [ownWork, commonWork] = [exponential(own), exponential(Math.max(common, 1e-9))]
        const [chance, sharedChance] = [sim.random(`own ${id}`), sim.random(`shared ${id}`)]
        for (;;) {
          working++
          yield ownWork.draw(chance)
          working--
          if (common > 0) {
            yield part.take()
            const ms = commonWork.draw(sharedChance)
            yield ms
            part.give()
            if (sim.now >= warmUpMs) busyMs += ms
          }
          if (sim.now >= warmUpMs) served++
        }
      }
      for (let id = 0; id < machines; id++) sim.start(machine(id))
      bench.beforeTurn(() => {
        bench.figure('machines', machines)
        bench.figure('working', working)
        bench.figure('queue', part.waiting)
        bench.figure('inShared', part.busy)
        bench.figure('served', served)
      })
      await bench.simulate(warmUpMs + seconds * 1000, {
        from: index / plan.length,
        to: (index + 1) / plan.length,
      })
      found.push({
        step,
        isFaster,
        rate: served / seconds,
        busy: busyMs / (seconds * 10),
      })
      // Points are added in growing x, so the size in question waits for its place.
      const isLast = index === others.length || index === plan.length - 1
      if (!isLast) continue
      for (const one of found.filter((other) => other.isFaster === isFaster).toSorted((a, b) => a.step - b.step)) {
        bench.point(isFaster ? 'ups' : 'outs', one.step, one.rate / rateOfOne)
        if (isFaster) continue
        bench.point('busy', one.step, one.busy)
        bench.point('ideal', one.step, one.step)
      }
    }
    const times = (step: number, isFaster: boolean): number =>
      found.find((one) => one.step === step && one.isFaster === isFaster)!.rate / rateOfOne
    const best = sizes.toSorted((a, b) => times(b, false) - times(a, false))[0]!
    const each = shared + coordination * (size - 1)
    bench.figure('out', times(size, false))
    bench.figure('up', times(size, true))
    bench.figure('law', law(size, shared, coordination))
    bench.figure('limit', each === 0 ? size : 100 / each)
    bench.figure('efficiency', (100 * times(size, false)) / size)
    bench.figure('busyShare', found.at(-1)!.busy)
    bench.figure('best', best)
    bench.figure('peak', times(best, false))
    bench.figure('atMost', times(32, false))
  },
})

/** In times of one; the knobs are percentages. */
function law(machines: number, shared: number, coordination: number): number {
  return theory.scalability(machines, shared / 100, coordination / 100)
}
