/** An API with a pool of slots, and who is let in: everybody, a bounded line, what an adaptive limit allows, and the important first. */

import { choice, defineLab, erlang, exponential, number, onOff, type Process, Servers } from '@viva/lab'
import { gate, gradient, exponential as jitter, type Permit, retryBudget } from '@viva/sluice'

const seconds = 60
const spellAtS = 10
const slots = 20
const workMs = 200
const capacity = (slots * 1000) / workMs
/** How much longer a call takes in the slow spell. */
const slowdown = 3
const slowCapacity = capacity / slowdown
/** What was let in before the spell comes out in its first two seconds. */
const settleS = 2
/** A client that has waited for so long sends again, or gives up. */
const timeoutMs = 1000
const attempts = 3
/** 0.4 s of work while nothing is wrong. */
const lineBound = 40
/** Every tenth request. */
const importantShare = 0.1
/** Sluice's default: how much longer than without a queue a round trip may take before the limit falls. */
const tolerance = 1.5
const limitAtRest = tolerance * slots
/** Three timeouts and the waits between them: then each request's fate is known. */
const fateMs = 4000
const windowMs = 2000

/** What could be answered a second, at best. */
function best(load: number, spell: number): number[] {
  const [usual, slow] = [Math.min(load, capacity), Math.min(load, slowCapacity)]
  const end = spellAtS + spell
  if (spell === 0) return [0, usual, seconds, usual]
  return [0, usual, spellAtS, usual, spellAtS + 0.01, slow, end, slow, end + 0.01, usual, seconds, usual]
}

/** Whether a line without a bound, and without a budget, can no longer drain by itself. */
const collapses = (load: number, spell: number): boolean => load > 1.2 * capacity || (load >= 70 && spell >= 5)

export default defineLab({
  kind: 'simulation',
  title: 'Who gets an answer when not all can',
  task: 'Run it. From 10 to 15 s calls take three times as long; then all is well again, except the API. Switch on one cure after the other.',
  knobs: {
    load: number({
      label: 'Requests',
      unit: '/s',
      min: 20,
      max: 200,
      step: 10,
      value: 80,
      hint: '20 slots of 0.2 s can do 100 a second.',
    }),
    spell: number({
      label: 'Slow spell',
      unit: 's',
      min: 0,
      max: 10,
      value: 5,
      hint: 'From 10 s on each call takes three times as long.',
    }),
    budget: onOff({
      label: 'Retry budget',
      value: false,
      hint: 'Of three attempts, retries may make up a tenth.',
    }),
    admission: choice({
      label: 'Let in',
      options: {
        none: 'everybody, to wait in line',
        line: '20, and 40 in line',
        limit: 'as many as an adaptive limit says',
      },
      value: 'none',
    }),
    priority: onOff({ label: 'Important first', value: false, hint: 'One request in ten is important.' }),
  },
  presets: [
    { name: 'Collapse', knobs: {}, look: 'The spell ends at 15 s. The outage does not.' },
    { name: 'Retry budget', knobs: { budget: true }, look: 'It comes back, as slowly as the line drains.' },
    {
      name: 'Bounded line',
      knobs: { budget: true, admission: 'line' },
      look: 'Back at once; but in the spell 40 in line are a wait of 1.2 s, and nearly all answers are too late.',
    },
    {
      name: 'Adaptive limit',
      knobs: { budget: true, admission: 'limit' },
      look: 'Nobody told it of the 20 slots, and learning costs some refusals at first. In the spell most of what the slots can do is in time.',
    },
    {
      name: 'Important first',
      knobs: { load: 180, budget: true, admission: 'limit', priority: true },
      look: 'Nearly twice the capacity, and a slow spell: the important tenth loses next to nothing.',
    },
    {
      name: 'Important first, nothing else',
      knobs: { priority: true },
      look: 'Who is served changes. How many does not: the rest stays down.',
    },
  ],
  predict: {
    ask: 'How many requests a second are answered in time (within 1 s), from 0 to 60 s? The slow spell begins at 10 s.',
    kind: 'curve',
    chart: 0,
    series: 'goodput',
    x: [0, seconds],
    y: [0, 120],
  },
  series: {
    goodput: { label: 'Answered in time', unit: '/s', tone: 'ok' },
    wasted: { label: 'Done for nobody', unit: '/s', tone: 'bad' },
    important: { label: 'Important', unit: '%', tone: 'signal' },
    ordinary: { label: 'Ordinary', unit: '%', tone: 'plain' },
    limit: { label: 'Limit', unit: 'calls', tone: 'signal', as: 'steps' },
    inside: { label: 'In the service', unit: 'calls', tone: 'plain', as: 'steps' },
  },
  charts: [
    {
      title: 'What the slots do, each second',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Per second' },
      lines: ['goodput', 'wasted'],
      theory: ({ load, spell }) => ({ label: 'the most that could be in time', points: best(load, spell) }),
    },
    {
      title: 'Of the requests sent at that time, answered in the end',
      x: { label: 'Sent at', unit: 's', range: [0, seconds] },
      y: { label: 'Answered', unit: '%', range: [0, 100] },
      lines: ['important', 'ordinary'],
    },
    {
      title: 'Let in at once',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Calls' },
      lines: ['limit', 'inside'],
      theory: ({ admission }) =>
        admission === 'limit'
          ? {
              label: `${slots} slots × tolerance ${tolerance} = ${limitAtRest}`,
              points: [0, limitAtRest, seconds, limitAtRest],
            }
          : { label: `${slots} slots`, points: [0, slots, seconds, slots] },
    },
  ],
  figures: {
    lateGoodput: { label: 'Goodput, last 10 s', unit: '/s', digits: 1 },
    spellGoodput: { label: 'Goodput in the slow spell, from its third second', unit: '/s', digits: 1 },
    back: { label: 'Seconds from the spell until four fifths of the best', digits: 0 },
    wastedShare: { label: 'Work done for nobody', unit: '%', digits: 1 },
    importantServed: { label: 'Important, answered', unit: '%', digits: 1 },
    ordinaryServed: { label: 'Ordinary, answered', unit: '%', digits: 1 },
    amplification: { label: 'Attempts per request', digits: 2 },
    limit: { label: 'Limit now', unit: 'calls', digits: 0 },
    mostWaiting: { label: 'Longest line', unit: 'calls', digits: 0 },
    requests: { label: 'Requests', digits: 0 },
    answered: { label: 'answered', digits: 0 },
    gaveUp: { label: 'given up', digits: 0 },
    refused: { label: 'Attempts refused at once', digits: 0 },
    late: { label: 'Calls done for clients who had left', digits: 0 },
    important: { label: 'Important', hidden: true },
    ordinary: { label: 'Ordinary', hidden: true },
    waiting: { label: 'Waiting', hidden: true },
    busy: { label: 'Busy', hidden: true },
    slots: { label: 'Slots', hidden: true },
    begun: { label: 'Begun', hidden: true },
  },
  diagram: {
    kind: 'flow',
    nodes: [
      { id: 'important', kind: 'source', label: 'Important', value: 'important', at: [0, 0] },
      { id: 'ordinary', kind: 'source', label: 'Ordinary', value: 'ordinary', at: [0, 1] },
      { id: 'line', kind: 'queue', label: 'In line', value: 'waiting', at: [1, 0] },
      { id: 'refused', kind: 'loss', label: 'Refused', value: 'refused', at: [1, 1] },
      { id: 'slots', kind: 'servers', label: 'Slots', value: 'busy', of: 'slots', at: [2, 0] },
      { id: 'limit', kind: 'state', label: 'Limit', value: 'limit', at: [2, 1] },
      { id: 'inTime', kind: 'sink', label: 'In time', value: 'answered', at: [3, 0] },
      { id: 'late', kind: 'loss', label: 'Nobody waits', value: 'late', at: [3, 1] },
    ],
    edges: [
      { from: 'important', to: 'line', count: 'important' },
      { from: 'ordinary', to: 'line', count: 'ordinary' },
      { from: 'line', to: 'refused', count: 'refused', tone: 'bad' },
      { from: 'line', to: 'slots', count: 'begun' },
      { from: 'slots', to: 'inTime', count: 'answered', tone: 'ok' },
      { from: 'slots', to: 'late', count: 'late', tone: 'bad' },
    ],
  },
  claims: [
    {
      says: 'Metastable: where everybody is let in, a spell of 5 s at 70 a second is enough to hold goodput at 0 for the rest of the minute.',
      when: ({ knobs }) =>
        knobs.admission === 'none' && !knobs.priority && !knobs.budget && collapses(knobs.load, knobs.spell),
      holds: (run) => run.figure('lateGoodput') < 1,
    },
    {
      says: 'A retry budget alone brings it back from a spell of up to 5 s at up to 80 a second; it cannot where the load itself does not fit.',
      when: ({ knobs }) =>
        knobs.admission === 'none' &&
        knobs.budget &&
        !knobs.priority &&
        ((knobs.load <= 80 && knobs.spell <= 5) || knobs.load >= 130),
      holds: (run) =>
        run.knobs.load <= 80
          ? run.figure('lateGoodput') > 0.75 * run.knobs.load
          : run.figure('lateGoodput') < 0.02 * run.knobs.load,
    },
    {
      says: 'With a bounded line or an adaptive limit, goodput ends within three tenths of the best, whatever the load and the spell.',
      when: ({ knobs }) => knobs.admission !== 'none',
      holds: (run) => run.figure('lateGoodput') > 0.7 * Math.min(run.knobs.load, capacity),
    },
    {
      says: 'A bound is a wait: in a spell of 5 s or more, of the 33 a second that the slots can do, a line of 40 leaves fewer than 3 in time; with the adaptive limit more than 10 are.',
      when: ({ knobs }) => knobs.admission !== 'none' && !knobs.priority && knobs.spell >= 5 && knobs.load >= 80,
      holds: (run) =>
        run.knobs.admission === 'line' ? run.figure('spellGoodput') < 3 : run.figure('spellGoodput') > 10,
    },
    {
      says: 'An adaptive limit leaves under 15 % of the work done for nobody. In the collapse it is more than three quarters.',
      when: ({ knobs }) =>
        knobs.admission === 'limit' ||
        (knobs.admission === 'none' && !knobs.budget && !knobs.priority && collapses(knobs.load, knobs.spell)),
      holds: (run) =>
        run.knobs.admission === 'limit' ? run.figure('wastedShare') < 15 : run.figure('wastedShare') > 75,
    },
    {
      says: 'Under a load of 100 a second or more the limit ends between 15 and 45: it has found the 20 slots.',
      when: ({ knobs }) => knobs.admission === 'limit' && knobs.load >= 100,
      holds: (run) => run.figure('limit') >= 15 && run.figure('limit') <= 45,
    },
    {
      says: 'Important first: 95 of 100 important requests are answered, at twice the capacity and through the longest spell; 88 where they share a retry budget with the others.',
      when: ({ knobs }) => knobs.priority,
      holds: (run) => run.figure('importantServed') >= (run.knobs.budget ? 88 : 95),
    },
    {
      says: 'Priorities add no capacity: with nothing else, the collapse leaves the ordinary nine tenths next to nothing.',
      when: ({ knobs }) =>
        knobs.priority && knobs.admission === 'none' && !knobs.budget && collapses(knobs.load, knobs.spell),
      holds: (run) => run.figure('lateGoodput') < 0.2 * run.knobs.load,
    },
  ],
  why(run) {
    const { load, spell, budget, admission, priority } = run.knobs
    const { back } = run.figures
    const [late, wasted, waiting, refused] = ['lateGoodput', 'wastedShare', 'mostWaiting', 'refused'].map((name) =>
      Math.round(run.figure(name)),
    )
    const [vip, rest] = ['importantServed', 'ordinaryServed'].map((name) => run.figure(name).toFixed(1))
    const whom = priority
      ? ` The line serves the important first, so ${vip} % of them were answered and ${rest} % of the others: a priority moves answers, it makes none.`
      : ''
    const outlook = spell === 0 ? '' : typeof back === 'number' ? `, ${back} s after the spell` : ''
    if (admission === 'limit')
      return `The gate was never told of the ${slots} slots. It compares round trips with those it sees when it lets in half as many, and so holds ${run.figure('limit')} calls in the service and as many again in line. Whoever finds no room is refused in no time, ${refused!.toLocaleString('en-US')} attempts in all, instead of after a second: ${wasted} % of the work was for nobody, and goodput ended at ${late} a second.${whom}`
    if (admission === 'line')
      return `At most ${lineBound} wait. That is 0.4 s of work at ${capacity} a second: whoever is let in is answered, so goodput is at ${late} a second${outlook}. ${spell > 0 ? `In the spell the same ${lineBound} were ${(lineBound / slowCapacity).toFixed(1)} s of work, longer than anybody waits, and goodput was ${run.figure('spellGoodput').toFixed(0)} of ${Math.min(load, slowCapacity).toFixed(0)} a second: a bound in calls is right for one speed only.` : 'Let calls get slower for a while, and the same bound is too long.'}${whom}`
    if (late! < 0.5 * Math.min(load, capacity))
      return `The line grew to ${waiting!.toLocaleString('en-US')} calls, ${(waiting! / capacity).toFixed(0)} s of work, and every client leaves after one. So the slots were busy throughout, ${wasted} % of it for nobody. ${load > capacity ? `${load} a second never fit into ${capacity}, with retries or without: somebody has to be refused.` : budget ? `The budget keeps retries to a tenth; ${capacity} a second less ${(1.1 * load).toFixed(0)} is all that drains the line.` : `Each timeout sends up to ${attempts} attempts, and ${load} × ${attempts} = ${load * attempts} a second keep the line there although its cause is gone.`}${whom}`
    if (load < slowCapacity)
      return `Even in the spell the slots can do ${Math.floor(slowCapacity)} a second, and ${load} come: at most ${waiting} waited, and ${wasted} % of the work was for nobody. Whoever has that much room needs no cure.${whom}`
    return `${spell === 0 ? `Nothing disturbs it: ${load} a second fit into ${capacity}.` : `The spell left a line of ${waiting!.toLocaleString('en-US')} calls. ${budget ? `With the budget ${(1.1 * load).toFixed(0)} a second came at most` : `${load} a second, sent up to ${attempts} times, were not enough to hold it there`}, so it drained, and goodput was back${typeof back === 'number' ? ` ${back} s after the spell` : ''}. Until then every answer came to clients who had left: ${wasted} % of the work.`}${whom}`
  },
  async run({ load, spell, budget, admission, priority }, bench) {
    const sim = bench.simulation
    const { clock } = sim
    const priorities = { levels: priority ? 2 : 1 }
    const door =
      admission === 'limit'
        ? gate({ limit: gradient({ tolerance }), priority: priorities, clock })
        : gate({
            limit: slots,
            queue: { capacity: admission === 'line' ? lineBound : Infinity, order: 'fifo' },
            priority: priorities,
            clock,
          })
    const purse = budget ? retryBudget({ ratio: 0.1, clock }) : undefined
    const backoff = jitter({ baseMs: 200, maxMs: 2000 })
    const pool = new Servers(slots)
    const goodput = bench.rate('goodput', windowMs)
    const wasted = bench.rate('wasted', windowMs)
    const names = ['requests', 'answered', 'gaveUp', 'refused', 'late', 'important', 'ordinary', 'begun']
    const [requests, answered, gaveUp, refused, late, important, ordinary, begun] = names.map((name) =>
      bench.counter(name),
    )
    const chance = { work: sim.random('service'), spread: sim.random('backoff'), rank: sim.random('rank') }
    const work = erlang(16, workMs)
    const isSlow = (): boolean => sim.now >= spellAtS * 1000 && sim.now < (spellAtS + spell) * 1000
    let [sent, mostWaiting, lateInTime, inSpell] = [0, 0, 0, 0]
    bench.figure('slots', slots)

    /** Of those who came in one window, how many there were and how many were answered: important and ordinary. */
    type Cohort = { came: [number, number]; served: [number, number] }
    const cohorts: Cohort[] = []
    type Request = { rank: 0 | 1; cohort: Cohort }

    function send(request: Request, attempt: number): void {
      sent++
      let isOver = false
      const fail = (): void => {
        if (isOver) return
        isOver = true
        if (attempt === attempts || (purse !== undefined && !purse.withdraw())) {
          gaveUp!.add()
          return
        }
        sim.after(backoff(attempt, 0, chance.spread), () => send(request, attempt + 1))
      }
      const answer = (): boolean => {
        if (isOver) return false
        isOver = true
        request.cohort.served[request.rank]++
        return true
      }
      sim.after(timeoutMs, fail)
      void door.acquire(priority ? { priority: request.rank } : {}).then(
        (permit) => sim.start(serve(permit, answer)),
        () => {
          refused!.add()
          fail()
        },
      )
      mostWaiting = Math.max(mostWaiting, door.waiting)
    }
    /** The client may have left: neither the gate nor the service can know. */
    function* serve(permit: Permit, answer: () => boolean): Process {
      yield pool.take()
      begun!.add()
      const began = isSlow()
      yield work.draw(chance.work) * (began ? slowdown : 1)
      pool.give()
      permit.release()
      if (!answer()) {
        late!.add()
        wasted.add()
        return
      }
      answered!.add()
      goodput.add()
      if (sim.now > (seconds - 10) * 1000) lateInTime++
      if (isSlow() && sim.now >= (spellAtS + settleS) * 1000) inSpell++
    }
    function* clients(): Process {
      const [gaps, arrivals] = [exponential(1000 / load), sim.random('arrivals')]
      for (;;) {
        yield gaps.draw(arrivals)
        const cohort = (cohorts[Math.floor(sim.now / windowMs)] ??= { came: [0, 0], served: [0, 0] })
        const rank = chance.rank() < importantShare ? 0 : 1
        cohort.came[rank]++
        requests!.add()
        ;(rank === 0 ? important : ordinary)!.add()
        purse?.deposit()
        send({ rank, cohort }, 1)
      }
    }
    function* watch(): Process {
      for (let step = 1; ; step++) {
        yield 250
        bench.point('limit', sim.now / 1000, door.limit.estimate ?? door.limit.value)
        bench.point('inside', sim.now / 1000, door.inFlight)
        const window = (sim.now - fateMs) / windowMs - 1
        if (Number.isInteger(window) && window >= 0) drawFate(window)
      }
    }
    function drawFate(window: number): void {
      const cohort = cohorts[window]
      if (cohort === undefined) return
      for (const [rank, name] of ['important', 'ordinary'].entries())
        if (cohort.came[rank]! > 0)
          bench.point(name, ((window + 0.5) * windowMs) / 1000, (100 * cohort.served[rank]!) / cohort.came[rank]!)
    }
    const decided = (): Cohort[] => cohorts.slice(0, Math.max(0, Math.floor((sim.now - fateMs) / windowMs)))
    const share = (all: Cohort[], ranks: (0 | 1)[]): number => {
      let [came, served] = [0, 0]
      for (const cohort of all)
        for (const rank of ranks) {
          came += cohort.came[rank]
          served += cohort.served[rank]
        }
      return came === 0 ? 1 : served / came
    }
    /** Seconds from the end of the spell until those who come are answered as well as they could be, and stay so. */
    function back(): number | string {
      const enough = 0.8 * Math.min(1, capacity / load)
      const from = Math.ceil(((spellAtS + spell) * 1000) / windowMs)
      const known = decided()
      const lastBad = known.findLastIndex((cohort, window) => window >= from && share([cohort], [0, 1]) < enough)
      if (known.length <= from) return '–'
      if (lastBad === known.length - 1) return 'not at all'
      return lastBad === -1 ? 0 : ((lastBad + 1) * windowMs) / 1000 - spellAtS - spell
    }
    bench.beforeTurn(() => {
      const done = answered!.count + late!.count
      bench.figure('busy', pool.busy)
      bench.figure('waiting', door.waiting)
      bench.figure('limit', door.limit.estimate ?? door.limit.value)
      bench.figure('mostWaiting', mostWaiting)
      bench.figure('lateGoodput', lateInTime / 10)
      bench.figure('spellGoodput', spell <= settleS ? 0 : inSpell / (spell - settleS))
      bench.figure('wastedShare', done === 0 ? 0 : (100 * late!.count) / done)
      bench.figure('amplification', requests!.count === 0 ? 1 : sent / requests!.count)
      bench.figure('importantServed', 100 * share(decided(), [0]))
      bench.figure('ordinaryServed', 100 * share(decided(), [1]))
      bench.figure('back', back())
    })
    sim.start(clients())
    sim.start(watch())
    await bench.simulate(seconds * 1000)
  },
})
