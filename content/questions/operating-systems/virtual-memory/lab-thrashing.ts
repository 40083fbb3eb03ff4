/** More processes keep the processor busier, until their working sets no longer fit: then all of them wait for the paging device. */

import {
  type Bench,
  defineLab,
  exponential,
  number,
  pick,
  type Process,
  Servers,
  type Simulation,
  theory,
} from '@viva/lab'

const mostProcesses = 16
const seconds = 3
/** For each point of the curve. */
const sweepSeconds = 2
/** A process computes for 20 ms and waits 40 ms for its own input and output, on the mean. */
const [computeMs, outsideMs] = [20, 40]
/** How long it stays in one page before it goes to another. */
const visitMs = 0.2
const quantumMs = 10
/**
 * What the paging device allows, in percent: with F of W pages resident and references to all of them alike, a visit faults with
 * 1 − F / W, so a process computes `visitMs` / (1 − F / W) for each fault.
 */
function ceiling(processes: number, pages: number, frames: number, faultMs: number): number {
  const missing = 1 - Math.min(1, Math.floor(frames / processes) / pages)
  return missing === 0 ? 100 : Math.min(100, (100 * visitMs) / missing / faultMs)
}
const [tlbEntries, pageKiB] = [64, 4]

/** The frames of one process, least recently used first. */
class Memory {
  readonly #resident = new Map<number, true>()
  readonly #frames: number
  constructor(frames: number) {
    this.#frames = frames
  }
  /** False when it has to be read in; it then has a frame. */
  touch(page: number): boolean {
    const isHit = this.#resident.delete(page)
    if (!isHit && this.#resident.size === this.#frames) this.#resident.delete(this.#resident.keys().next().value!)
    this.#resident.set(page, true)
    return isHit
  }
}

type System = { cpu: Servers; disk: Servers; outside: number; busyMs: number; pagingMs: number; faults: number }

function start(sim: Simulation, count: number, pages: number, frames: number, faultMs: number): System {
  const share = Math.max(1, Math.floor(frames / count))
  const system: System = {
    cpu: new Servers(1),
    disk: new Servers(1),
    outside: 0,
    busyMs: 0,
    pagingMs: 0,
    faults: 0,
  }
  const { cpu, disk } = system
  const [compute, outside] = [exponential(computeMs), exponential(outsideMs)]
  function* process(id: number): Process {
    const chance = sim.random(`process ${id}`)
    const draw = (): number => pick(chance, pages)
    const memory = new Memory(share)
    // It has touched its set already: what comes is not a cold start.
    for (let i = 0; i < pages; i++) memory.touch(i)
    let [page, leftMs] = [draw(), compute.draw(chance)]
    for (;;) {
      yield cpu.take()
      let [ranMs, isFault] = [0, false]
      while (ranMs < quantumMs && leftMs > 0) {
        // A set that is resident as a whole stays so.
        if (share < pages && !memory.touch(page)) {
          isFault = true
          break
        }
        const stay = Math.min(visitMs, leftMs)
        ranMs += stay
        leftMs -= stay
        page = draw()
      }
      yield ranMs
      system.busyMs += ranMs
      cpu.give()
      if (isFault) {
        system.faults++
        yield disk.take()
        yield faultMs
        system.pagingMs += faultMs
        disk.give()
      } else if (leftMs <= 0) {
        system.outside++
        yield outside.draw(chance)
        system.outside--
        leftMs = compute.draw(chance)
      }
    }
  }
  for (let id = 0; id < count; id++) sim.start(process(id))
  return system
}

/** Percent of the time in which the processor computed. */
function utilisation(bench: Bench, count: number, pages: number, frames: number, faultMs: number): number {
  const sim = bench.newSimulation()
  const system = start(sim, count, pages, frames, faultMs)
  sim.runUntil(sweepSeconds * 1000)
  return system.busyMs / sweepSeconds / 10
}

export default defineLab({
  kind: 'simulation',
  title: 'Thrashing',
  task: 'Add processes and watch the processor’s use. Find the number at which it collapses, then move that point with memory.',
  knobs: {
    processes: number({ label: 'Processes', unit: 'processes', min: 1, max: mostProcesses, value: 10 }),
    pages: number({
      label: 'Working set',
      unit: 'pages each',
      min: 20,
      max: 120,
      step: 10,
      value: 50,
      hint: 'Pages that a process keeps coming back to.',
    }),
    frames: number({
      label: 'Memory',
      unit: 'frames',
      min: 100,
      max: 1000,
      step: 50,
      value: 400,
      hint: 'Shared out equally.',
    }),
    faultMs: number({ label: 'Reading a page', unit: 'ms', min: 0.1, max: 10, step: 0.1, value: 4 }),
  },
  presets: [
    { name: 'Two too many', knobs: {}, look: 'Ten sets of 50 in 400 frames: the processor is mostly idle.' },
    { name: 'All fit', knobs: { processes: 8 }, look: 'Eight sets fill memory exactly, and no page faults.' },
    { name: 'More memory', knobs: { frames: 550 }, look: 'The same ten processes; the cliff has moved to 11.' },
    { name: 'Smaller sets', knobs: { pages: 30 }, look: 'Less data does what more memory does.' },
    { name: 'A fast device', knobs: { faultMs: 0.1 }, look: 'Pages read in 0.1 ms: a slope instead of a cliff.' },
  ],
  predict: {
    ask: 'With these knobs, how much of the time does the processor compute?',
    kind: 'number',
    quantity: { label: 'Processor computes', unit: '%', digits: 0 },
    min: 0,
    max: 100,
    slack: 8,
    share: 0.1,
    actual: (run) => run.figure('use'),
  },
  series: {
    use: { label: 'Processor computes', unit: '%', tone: 'signal' },
    cpuNow: { label: 'Processor computes', unit: '%', tone: 'ok' },
    pagingNow: { label: 'Paging device busy', unit: '%', tone: 'bad' },
  },
  charts: [
    {
      title: 'Use of the processor against the number of processes',
      x: { label: 'Processes', range: [1, mostProcesses], digits: 0 },
      y: { label: 'Computes', unit: '%', range: [0, 100] },
      lines: ['use'],
      // All processes outside at once is the only time the processor rests: Erlang's loss formula (machine repair).
      theory: () => ({
        label: 'if memory had no end',
        points: Array.from({ length: mostProcesses }, (_, i) => [
          i + 1,
          100 * (1 - theory.erlangB(outsideMs / computeMs, i + 1)),
        ]).flat(),
      }),
    },
    {
      title: 'With the number chosen, over time',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Busy', unit: '%', range: [0, 100] },
      lines: ['cpuNow', 'pagingNow'],
    },
  ],
  figures: {
    use: { label: 'Processor computes', unit: '%', digits: 0 },
    paging: { label: 'Paging device busy', unit: '%', digits: 0 },
    faultRate: { label: 'Faults', unit: '/s', digits: 0 },
    needed: { label: 'Sum of the working sets', unit: 'pages', digits: 0 },
    fitting: { label: 'Processes that fit', digits: 0 },
    best: { label: 'Most is computed with', unit: 'processes', digits: 0 },
    bestUse: { label: 'and then', unit: '%', digits: 0 },
    unlimited: { label: 'Theory, memory without end', unit: '%', digits: 0 },
    ceiling: { label: 'What faults allow', unit: '%', digits: 0 },
    tlbReach: { label: 'TLB reach, 64 entries of 4 KiB', unit: 'KiB', digits: 0 },
    setKiB: { label: 'One working set', unit: 'KiB', digits: 0 },
    ready: { label: 'Ready', hidden: true },
    busy: { label: 'Computing', hidden: true },
    outside: { label: 'Outside', hidden: true },
    waiting: { label: 'Wait for a page', hidden: true },
    reading: { label: 'Reading', hidden: true },
    one: { label: 'One', hidden: true },
    all: { label: 'All', hidden: true },
    faults: { label: 'Faults', hidden: true },
  },
  diagram: {
    kind: 'flow',
    nodes: [
      { id: 'ready', kind: 'queue', label: 'Ready', value: 'ready', of: 'all' },
      { id: 'cpu', kind: 'servers', label: 'Processor', value: 'busy', of: 'one' },
      { id: 'outside', kind: 'state', label: 'Own I/O', value: 'outside' },
      { id: 'waiting', kind: 'queue', label: 'Wait for a page', value: 'waiting', of: 'all', at: [1, 1] },
      { id: 'disk', kind: 'servers', label: 'Paging device', value: 'reading', of: 'one', at: [0, 1] },
    ],
    edges: [
      { from: 'ready', to: 'cpu' },
      { from: 'cpu', to: 'outside' },
      { from: 'cpu', to: 'waiting', count: 'faults', tone: 'bad' },
      { from: 'waiting', to: 'disk', count: 'faults', tone: 'bad' },
      { from: 'disk', to: 'ready', count: 'faults' },
    ],
  },
  claims: [
    {
      says: 'While the working sets fit, nothing faults.',
      when: (run) => run.figure('needed') <= run.knobs.frames,
      holds: (run) => run.figure('faults') === 0,
    },
    {
      says: 'While they fit, the processor is as busy as theory says for memory without end (within 12 points).',
      when: (run) => run.figure('needed') <= run.knobs.frames,
      holds: (run) => Math.abs(run.figure('use') - run.figure('unlimited')) < 12,
    },
    {
      says: 'A fifth too much, on a device of 4 ms or more: the processor computes less than 40 % of the time.',
      when: (run) => run.figure('needed') >= 1.2 * run.knobs.frames && run.knobs.faultMs >= 4,
      holds: (run) => run.figure('use') < 40,
    },
    {
      says: 'Then the paging device hardly rests: it is what everybody waits for.',
      when: (run) =>
        run.figure('needed') >= 1.2 * run.knobs.frames && run.knobs.faultMs >= 4 && run.knobs.processes >= 4,
      holds: (run) => run.figure('paging') > 85,
    },
    {
      says: 'The processor computes no more than the faults allow: time between two of them over time to serve one.',
      when: (run) => run.figure('needed') > run.knobs.frames,
      holds: (run) => run.figure('use') < run.figure('ceiling') * 1.15 + 2,
    },
    {
      says: 'Most is computed with at most one process more than fits, on a device of 2 ms or more.',
      when: ({ knobs }) => knobs.faultMs >= 2 && knobs.frames >= 2 * knobs.pages,
      holds: (run) => run.figure('best') <= run.figure('fitting') + 1,
    },
  ],
  why(run) {
    const { processes, pages, frames, faultMs } = run.knobs
    const [needed, use, best, bestUse] = ['needed', 'use', 'best', 'bestUse'].map((name) =>
      Math.round(run.figure(name)),
    )
    const sets = `${processes} working set${processes === 1 ? '' : 's'} of ${pages} pages are ${needed} pages, memory has ${frames} frames.`
    if (needed! <= frames)
      return `${sets} All fit, so nothing faults, and the processor is idle only while all ${processes} wait for their own I/O: ${use} % computing, ${Math.round(run.figure('unlimited'))} % in theory. Add processes until ${run.figure('fitting')}, and one more.`
    return `${sets} Each process holds ${Math.floor(frames / processes)} of its ${pages}, and each fault evicts a page that is about to be needed. At ${Math.round(run.figure('faultRate'))} faults a second of ${faultMs} ms the paging device is busy for ${Math.round(run.figure('paging'))} % and the processor for ${use} %. ${bestUse! > use! + 5 ? `With ${best} processes it would be ${bestUse} %: fewer get more done.` : 'The device is fast enough to hide it.'}`
  },
  async run({ processes, pages, frames, faultMs }, bench) {
    const sim = bench.simulation
    const system = start(sim, processes, pages, frames, faultMs)
    bench.figure('one', 1)
    bench.figure('all', processes)
    bench.figure('needed', processes * pages)
    bench.figure('fitting', Math.floor(frames / pages))
    bench.figure('unlimited', 100 * (1 - theory.erlangB(outsideMs / computeMs, processes)))
    bench.figure('ceiling', ceiling(processes, pages, frames, faultMs))
    bench.figure('tlbReach', tlbEntries * pageKiB)
    bench.figure('setKiB', pages * pageKiB)
    const { cpu, disk } = system
    const everyMs = 200
    let [busyMs, pagingMs] = [0, 0]
    const close = (): void => {
      const second = sim.now / 1000
      bench.point('cpuNow', second, Math.min(100, (100 * (system.busyMs - busyMs)) / everyMs))
      bench.point('pagingNow', second, Math.min(100, (100 * (system.pagingMs - pagingMs)) / everyMs))
      busyMs = system.busyMs
      pagingMs = system.pagingMs
      sim.after(everyMs, close)
    }
    sim.after(everyMs, close)
    bench.beforeTurn(() => {
      bench.figure('ready', cpu.waiting)
      bench.figure('busy', cpu.busy)
      bench.figure('waiting', disk.waiting)
      bench.figure('reading', disk.busy)
      bench.figure('outside', system.outside)
      bench.figure('faults', system.faults)
      bench.figure('use', sim.now === 0 ? 0 : (100 * system.busyMs) / sim.now)
      bench.figure('paging', sim.now === 0 ? 0 : Math.min(100, (100 * system.pagingMs) / sim.now))
      bench.figure('faultRate', sim.now === 0 ? 0 : (1000 * system.faults) / sim.now)
    })
    await bench.simulate(seconds * 1000, { to: 0.8 })
    let [best, bestUse] = [0, -1]
    for (let count = 1; count <= mostProcesses; count++) {
      const use = utilisation(bench, count, pages, frames, faultMs)
      bench.point('use', count, use)
      if (use > bestUse) [best, bestUse] = [count, use]
      await bench.turn(0.8 + (0.2 * count) / mostProcesses)
    }
    bench.figure('best', best)
    bench.figure('bestUse', bestUse)
  },
})
