/** A dependency that hangs now and then beside one that is well, behind one pool: what a circuit breaker saves, and what it costs. */

import { type Breaker, breaker, consecutiveFailures, failureRate } from '@viva/sluice'
import { choice, defineLab, erlang, exponential, number, type Process, Servers } from '@viva/lab'

const seconds = 60
/** Calls a second, to each of the two. */
const rate = 40
const slots = 20
const workMs = 50
/** For a place in the pool, and again for the answer. */
const timeoutMs = 1000
/** Well for so long, before and between outages. */
const wellS = 10

export default defineLab({
  kind: 'simulation',
  title: 'A breaker before a flapping dependency',
  task: 'Watch what happens to B, which is well, while A hangs: they share 20 slots. Then put a breaker before A, and set how long it stays open.',
  knobs: {
    trip: choice({
      label: 'Breaker',
      options: {
        none: 'none',
        row: 'opens at 5 failures in a row',
        share: 'opens at 50 % failed in 5 s',
      },
      value: 'none',
    }),
    openS: number({
      label: 'Stays open',
      unit: 's',
      min: 0.5,
      max: 20,
      step: 0.5,
      value: 2,
      hint: 'Then one call is let through to try.',
    }),
    outageS: number({
      label: 'Outage',
      unit: 's',
      min: 2,
      max: 15,
      value: 8,
      hint: 'With 10 s in which A is well before each.',
    }),
    hangs: number({ label: 'Hang in an outage', unit: '%', min: 20, max: 100, step: 10, value: 100 }),
  },
  presets: [
    { name: 'No breaker', knobs: {}, look: 'A hangs, and B’s calls find no slot.' },
    { name: 'Breaker', knobs: { trip: 'share' }, look: 'B does not notice the outages; the state follows A.' },
    {
      name: 'Open for too long',
      knobs: { trip: 'share', openS: 15 },
      look: 'A is well again, and nobody asks it.',
    },
    {
      name: 'A third hangs',
      knobs: { trip: 'share', hangs: 30 },
      look: 'Below 50 % it never opens, and A’s good calls go through.',
    },
    {
      name: 'A third hangs, counted in a row',
      knobs: { trip: 'row', hangs: 30, openS: 5 },
      look: 'What is counted in a row opens by chance, or never.',
    },
  ],
  predict: {
    ask: 'B gets 40 calls a second and is never ill. How many of them are answered each second while A is ill (from 2 s into the first outage to its end)?',
    kind: 'number',
    quantity: { label: 'B answered', unit: '/s', digits: 0 },
    min: 0,
    max: 40,
    slack: 4,
    share: 0.15,
    actual: (run) => (run.knobs.outageS > 3 ? run.figure('bInOutage') : undefined),
  },
  series: {
    a: { label: 'A answered', unit: '/s', tone: 'signal' },
    b: { label: 'B answered', unit: '/s', tone: 'ok' },
    busy: { label: 'Slots in use', unit: 'slots', as: 'line', tone: 'plain' },
    held: { label: 'Held by calls to A', unit: 'slots', as: 'line', tone: 'bad' },
  },
  charts: [
    {
      title: 'Answered',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Per second' },
      lines: ['a', 'b'],
    },
    {
      title: 'The shared pool',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Slots' },
      lines: ['busy', 'held'],
      theory: ({ hangs }) => {
        const wanted = (rate * hangs) / 100
        return {
          label: `Little: ${wanted} hang a second × 1 s want ${wanted} of ${slots} slots`,
          points: [0, wanted, seconds, wanted],
        }
      },
    },
  ],
  figures: {
    state: { label: 'Breaker' },
    bInOutage: { label: 'B answered, first outage', unit: '/s', digits: 1 },
    aAnswered: { label: 'A answered', digits: 0 },
    bAnswered: { label: 'B answered', digits: 0 },
    hung: { label: 'Calls that hung', digits: 0 },
    refused: { label: 'Refused by the breaker', digits: 0 },
    needless: { label: 'of them while A was well', digits: 0 },
    noSlot: { label: 'No slot in time', digits: 0 },
    opened: { label: 'Opened', unit: 'times', digits: 0 },
    delay: { label: 'Longest until A was asked again', unit: 's', digits: 2 },
    bCalls: { label: 'Calls to B', digits: 0, hidden: true },
    aCalls: { label: 'Calls to A', digits: 0, hidden: true },
    busySlots: { label: 'Busy', hidden: true },
    probesHung: { label: 'Hung', hidden: true },
    firstOpen: { label: 'Opened first after', unit: 's', hidden: true },
  },
  diagram: {
    kind: 'lanes',
    lanes: [
      { id: 'a', label: 'A' },
      { id: 'breaker', label: 'Breaker' },
      { id: 'pool', label: 'Pool full' },
    ],
    x: { label: 'Time', unit: 's' },
  },
  claims: [
    {
      says: 'Without a breaker the hanging dependency takes the pool, and the healthy one loses most of its calls.',
      when: ({ knobs }) => knobs.trip === 'none' && knobs.hangs >= 90 && knobs.outageS >= 6,
      holds: (run) => run.figure('bInOutage') < 0.6 * rate,
    },
    {
      says: 'With a breaker B keeps its calls through the outage of A.',
      when: ({ knobs }) => knobs.trip !== 'none' && knobs.hangs >= 90 && knobs.outageS >= 6 && knobs.openS >= 1,
      holds: (run) => run.figure('bInOutage') > 0.75 * rate,
    },
    {
      says: 'It opens within 2 s of the first outage, as soon as the first calls have timed out.',
      when: ({ knobs }) => knobs.trip === 'row' && knobs.hangs === 100,
      holds: (run) => run.figure('firstOpen') > 1 && run.figure('firstOpen') < 2,
    },
    {
      says: 'A is asked again at the latest an open time after its recovery, and a timeout if the probe hung.',
      when: ({ knobs }) => knobs.trip === 'share' && knobs.hangs === 100 && knobs.openS <= wellS - 2,
      holds: (run) => run.figure('delay') <= run.knobs.openS + timeoutMs / 1000 + 0.5,
    },
    {
      says: 'The price: good calls are refused after A has recovered.',
      when: ({ knobs }) => knobs.trip !== 'none' && knobs.hangs === 100 && knobs.openS >= 3 && knobs.outageS >= 6,
      holds: (run) => run.figure('needless') > 0,
    },
    {
      says: 'A rate below its threshold never opens it.',
      when: ({ knobs }) => knobs.trip === 'share' && knobs.hangs <= 30,
      holds: (run) => run.figure('opened') === 0 && run.figure('refused') === 0,
    },
  ],
  why(run) {
    const { trip, hangs, openS } = run.knobs
    const hanging = (rate * hangs) / 100
    const b = run.figure('bInOutage').toFixed(0)
    if (trip === 'none')
      return `${hanging} calls to A hang each second and each holds a slot for 1 s, so A alone wants ${hanging} of the ${slots} slots. ${hanging >= slots ? `None is left in time for B, which got ${b} of ${rate} a second through although it is well.` : `That leaves ${slots - hanging}, and B needs only ${(rate * workMs) / 1000}: it got ${b} of ${rate} a second.`} ${run.figure('noSlot')} calls gave up before they had a slot.`
    if (run.figure('opened') === 0)
      return `With ${hangs} % hanging the breaker never saw what would open it${trip === 'share' ? ' (50 % of the calls in 5 s)' : ' (five failures in a row)'}, so it refused nothing, and A’s good calls went through. Its ${run.figure('hung')} hanging calls still held their slots; B got ${b} of ${rate} a second.`
    return `It opened ${run.figure('opened')} times and refused ${run.figure('refused')} calls in no time, so only ${run.figure('hung')} hung and B kept ${b} of ${rate} a second. The price: ${run.figure('needless')} of those refused would have found A well. Nobody knows of a recovery before the next probe, here up to ${run.figure('delay').toFixed(1)} s later with ${openS} s open${hangs < 100 ? `; and while open it also refuses the ${100 - hangs} % that would have worked` : ''}.`
  },
  async run({ trip, openS, outageS, hangs }, bench) {
    const sim = bench.simulation
    const cycleMs = (wellS + outageS) * 1000
    const isIll = (): boolean => sim.now % cycleMs >= wellS * 1000
    let stateSince = 0
    const tones = { closed: 'ok', open: 'bad', 'half-open': 'signal' } as const
    const markState = (state: 'closed' | 'open' | 'half-open'): void => {
      bench.mark({ lane: 'breaker', from: stateSince / 1000, to: sim.now / 1000, label: state, tone: tones[state] })
      stateSince = sim.now
    }
    const guard: Breaker | undefined =
      trip === 'none'
        ? undefined
        : breaker({
            trip: trip === 'row' ? consecutiveFailures(5) : failureRate({ share: 0.5, windowMs: 5000, minCalls: 20 }),
            openMs: openS * 1000,
            onChange: (state, before) => {
              markState(before)
              if (state === 'open') firstOpen ??= sim.now / 1000 - wellS
              bench.figure('state', state)
            },
            clock: sim.clock,
          })
    const pool = new Servers(slots)
    const [aAnswered, bAnswered, hung, refused, needless, noSlot, aCalls, bCalls] = [
      'aAnswered',
      'bAnswered',
      'hung',
      'refused',
      'needless',
      'noSlot',
      'aCalls',
      'bCalls',
    ].map((name) => bench.counter(name))
    const rates = { a: bench.rate('a'), b: bench.rate('b') }
    const chance = { a: sim.random('service a'), b: sim.random('service b'), hangs: sim.random('hangs') }
    const work = erlang(4, workMs)
    let [held, bInOutage, delay] = [0, 0, 0]
    let firstOpen: number | undefined
    /** Since when A is well without having answered. */
    let recoveredAt: number | undefined
    let fullSince: number | undefined
    bench.figure('state', trip === 'none' ? 'none' : 'closed')
    bench.figure('firstOpen', -1)

    const poolChanged = (): void => {
      const isFull = pool.waiting > 0
      if (isFull) fullSince ??= sim.now
      else if (fullSince !== undefined) {
        if (sim.now - fullSince > 200)
          bench.mark({ lane: 'pool', from: fullSince / 1000, to: sim.now / 1000, tone: 'bad' })
        fullSince = undefined
      }
    }
    /** Takes a slot and holds it until the answer or the timeout; tells how it ended. */
    function* call(to: 'a' | 'b', ended: (isAnswered: boolean) => void): Process {
      const askedAt = sim.now
      yield pool.take()
      poolChanged()
      if (sim.now - askedAt >= timeoutMs) {
        noSlot!.add()
        pool.give()
        return ended(false)
      }
      const isHanging = to === 'a' && isIll() && chance.hangs() * 100 < hangs
      if (to === 'a') held++
      yield isHanging ? timeoutMs : Math.min(timeoutMs, work.draw(chance[to]))
      if (to === 'a') held--
      pool.give()
      poolChanged()
      if (isHanging) hung!.add()
      ended(!isHanging)
    }
    function onAnswer(to: 'a' | 'b'): void {
      rates[to].add()
      if (to === 'a') {
        aAnswered!.add()
        if (recoveredAt !== undefined && !isIll()) {
          delay = Math.max(delay, (sim.now - recoveredAt) / 1000)
          recoveredAt = undefined
        }
        return
      }
      bAnswered!.add()
      if (sim.now >= (wellS + 2) * 1000 && sim.now < cycleMs) bInOutage++
    }
    function* callers(to: 'a' | 'b'): Process {
      const gaps = exponential(1000 / rate)
      const chance = sim.random(`arrivals ${to}`)
      for (;;) {
        yield gaps.draw(chance)
        ;(to === 'a' ? aCalls : bCalls)!.add()
        if (to === 'b' || guard === undefined) {
          sim.start(call(to, (isAnswered) => isAnswered && onAnswer(to)))
          continue
        }
        const before = guard.stats().refused
        const outcome = guard.run(
          () =>
            new Promise<void>((resolve, reject) => {
              sim.start(call('a', (isAnswered) => (isAnswered ? resolve() : reject(new Error('timed out')))))
            }),
        )
        outcome.then(
          () => onAnswer('a'),
          () => {},
        )
        if (guard.stats().refused > before) {
          refused!.add()
          if (!isIll()) needless!.add()
        }
      }
    }
    function* health(): Process {
      for (;;) {
        const from = sim.now / 1000
        yield wellS * 1000
        bench.mark({ lane: 'a', from, to: sim.now / 1000, label: 'well', tone: 'ok' })
        yield outageS * 1000
        bench.mark({ lane: 'a', from: from + wellS, to: sim.now / 1000, label: 'hangs', tone: 'bad' })
        recoveredAt ??= sim.now
      }
    }
    function* watch(): Process {
      for (;;) {
        bench.point('busy', sim.now / 1000, pool.busy)
        bench.point('held', sim.now / 1000, held)
        yield 250
      }
    }
    bench.beforeTurn(() => {
      bench.figure('busySlots', pool.busy)
      bench.figure('opened', guard?.stats().opened ?? 0)
      bench.figure('delay', delay)
      if (firstOpen !== undefined) bench.figure('firstOpen', firstOpen)
      const spanS = (Math.min(sim.now, cycleMs) - (wellS + 2) * 1000) / 1000
      bench.figure('bInOutage', spanS > 0 ? bInOutage / spanS : 0)
    })
    sim.start(callers('a'))
    sim.start(callers('b'))
    sim.start(health())
    sim.start(watch())
    await bench.simulate(seconds * 1000)
    if (guard !== undefined) markState(guard.state)
    const from = Math.floor((seconds * 1000) / cycleMs) * (cycleMs / 1000)
    bench.mark({ lane: 'a', from, to: Math.min(seconds, from + wellS), label: 'well', tone: 'ok' })
    if (from + wellS < seconds) bench.mark({ lane: 'a', from: from + wellS, to: seconds, label: 'hangs', tone: 'bad' })
  },
})
