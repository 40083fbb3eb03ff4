/** An API that a burst has overloaded: retries keep it down after the burst, a retry budget or an adaptive limit lets it come back. */

import { choice, defineLab, erlang, exponential, number, type Process, Servers } from '@viva/lab'
import { gate, gradient, type Permit, exponential as jitter, retryBudget } from '@viva/sluice'

const seconds = 80
const burstAtS = 10
const burstRate = 250
const workers = 10
const workMs = 100
const capacity = (workers * 1000) / workMs
/** A client that has waited for so long sends again, or gives up. The server cannot know. */
const timeoutMs = 1000
/** Retries for each first attempt, and how many can be saved up. */
const ratio = 0.1
const savedUp = 10

/** How long the backlog of the burst takes to drain if nothing is retried. */
const drainS = (burst: number, load: number): number => (burst * (burstRate - capacity)) / (capacity - load)

export default defineLab({
  kind: 'simulation',
  title: 'An outage that outlives its cause',
  task: 'Run it, and see what the API does after the burst at 10 s, when the load fits again. Then choose a cure, or allow fewer attempts.',
  knobs: {
    arrivals: number({
      label: 'Requests',
      unit: '/s',
      min: 20,
      max: 95,
      step: 5,
      value: 75,
      hint: 'First attempts. The API can do 100 a second.',
    }),
    attempts: number({ label: 'Attempts', unit: 'at most', min: 1, max: 5, value: 3 }),
    burst: number({
      label: 'Burst',
      unit: 's',
      min: 0,
      max: 5,
      step: 0.5,
      value: 3,
      hint: '250 requests a second, from 10 s on.',
    }),
    cure: choice({
      label: 'Cure',
      options: {
        none: 'none',
        budget: 'retry budget of 10 %',
        limit: 'adaptive limit at the API',
        both: 'both',
      },
      value: 'none',
    }),
  },
  presets: [
    { name: 'Collapse', knobs: {}, look: 'The burst ends at 13 s. Goodput does not come back.' },
    {
      name: 'No retries',
      knobs: { attempts: 1 },
      look: 'The same backlog drains, and goodput returns once waits are below 1 s.',
    },
    {
      name: 'Retry budget',
      knobs: { cure: 'budget' },
      look: 'Retries add a tenth at most: it recovers, as slowly as the backlog drains.',
    },
    {
      name: 'Adaptive limit',
      knobs: { cure: 'limit' },
      look: 'What does not fit is refused at once, so goodput never falls.',
    },
    {
      name: 'Little load',
      knobs: { arrivals: 20, burst: 1 },
      look: '20 × 3 attempts fit into 100: the same retries cannot keep it down.',
    },
  ],
  predict: {
    ask: 'The burst is over by 15 s at the latest, and the API can do 100 a second again. How many requests a second are answered in time (within 1 s) over the last 10 seconds?',
    kind: 'number',
    quantity: { label: 'Goodput', unit: '/s', digits: 0 },
    min: 0,
    max: 100,
    slack: 5,
    share: 0.1,
    actual: (run) => run.figure('lateGoodput'),
  },
  series: {
    goodput: { label: 'Answered in time', unit: '/s', tone: 'ok' },
    load: { label: 'Attempts sent', unit: '/s', tone: 'signal' },
    waiting: { label: 'In line', unit: 'calls', tone: 'bad' },
  },
  charts: [
    {
      title: 'What is sent, and what comes of it',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Per second' },
      lines: ['load', 'goodput'],
      theory: ({ arrivals, attempts, cure }) =>
        cure === 'none'
          ? {
              label: `if all time out: ${arrivals} × ${attempts} = ${arrivals * attempts} a second`,
              points: [0, arrivals * attempts, seconds, arrivals * attempts],
            }
          : { label: 'the API’s capacity', points: [0, capacity, seconds, capacity] },
    },
    {
      title: 'In line at the API',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Calls' },
      lines: ['waiting'],
    },
  ],
  figures: {
    lateGoodput: { label: 'Goodput, last 10 s', unit: '/s', digits: 1 },
    burstGoodput: { label: 'Goodput, 10 to 20 s', unit: '/s', digits: 1 },
    amplification: { label: 'Attempts per request', digits: 2 },
    first: { label: 'Requests', digits: 0 },
    retried: { label: 'Retries', digits: 0 },
    inTime: { label: 'Answered in time', digits: 0 },
    late: { label: 'Work for clients who had left', digits: 0 },
    refused: { label: 'Refused at once', digits: 0 },
    gaveUp: { label: 'Requests given up', digits: 0 },
    limit: { label: 'Limit now', unit: 'calls' },
    mostWaiting: { label: 'Longest line', unit: 'calls', digits: 0 },
    waiting: { label: 'In line', hidden: true },
    busy: { label: 'Busy', hidden: true },
    workers: { label: 'Workers', hidden: true },
    sent: { label: 'Sent', hidden: true },
    begun: { label: 'Begun', hidden: true },
  },
  diagram: {
    kind: 'flow',
    nodes: [
      { id: 'clients', kind: 'source', label: 'Clients', value: 'sent' },
      { id: 'line', kind: 'queue', label: 'In line', value: 'waiting' },
      { id: 'api', kind: 'servers', label: 'API', value: 'busy', of: 'workers' },
      { id: 'inTime', kind: 'sink', label: 'In time', value: 'inTime' },
      { id: 'gaveUp', kind: 'loss', label: 'Given up', value: 'gaveUp', at: [0, 1] },
      { id: 'refused', kind: 'loss', label: 'Refused', value: 'refused', at: [1, 1] },
      { id: 'late', kind: 'loss', label: 'Nobody waits', value: 'late', at: [3, 1] },
    ],
    edges: [
      { from: 'clients', to: 'line', count: 'sent' },
      { from: 'line', to: 'api', count: 'begun' },
      { from: 'api', to: 'inTime', count: 'inTime', tone: 'ok' },
      { from: 'clients', to: 'gaveUp', count: 'gaveUp', tone: 'bad' },
      { from: 'line', to: 'refused', count: 'refused', tone: 'bad' },
      { from: 'api', to: 'late', count: 'late', tone: 'bad' },
    ],
  },
  claims: [
    {
      says: 'Metastable: if load × attempts exceeds the capacity, goodput stays at zero long after the burst.',
      when: ({ knobs }) => knobs.cure === 'none' && knobs.burst >= 2 && knobs.arrivals * knobs.attempts >= 130,
      holds: (run) => run.figure('lateGoodput') < 1,
    },
    {
      says: 'The same burst without retries drains away, and goodput returns to the load.',
      when: ({ knobs }) =>
        knobs.cure === 'none' &&
        knobs.attempts === 1 &&
        drainS(knobs.burst, knobs.arrivals) < 30 &&
        knobs.arrivals <= 85,
      holds: (run) => run.figure('lateGoodput') > 0.9 * run.knobs.arrivals,
    },
    {
      says: 'With a budget of 10 % goodput comes back, however many attempts are allowed.',
      when: ({ knobs }) =>
        knobs.cure === 'budget' && knobs.arrivals <= 75 && drainS(knobs.burst, 1.1 * knobs.arrivals + 1) < 35,
      holds: (run) => run.figure('lateGoodput') > 0.85 * run.knobs.arrivals,
    },
    {
      says: 'The budget is kept: retries are a tenth of the requests, one a second, and the ten saved up, at most.',
      when: ({ knobs }) => knobs.cure === 'budget' || knobs.cure === 'both',
      holds: (run) => run.figure('retried') <= ratio * run.figure('first') + seconds + savedUp + 1,
    },
    {
      says: 'With an adaptive limit goodput stays high even during the burst, and nearly nobody is served too late.',
      when: ({ knobs }) =>
        (knobs.cure === 'limit' || knobs.cure === 'both') && knobs.arrivals >= 40 && knobs.arrivals <= 80,
      holds: (run) =>
        run.figure('burstGoodput') > 0.75 * run.knobs.arrivals &&
        run.figure('lateGoodput') > 0.85 * run.knobs.arrivals &&
        run.figure('late') < 0.03 * run.figure('inTime'),
    },
    {
      says: 'Nobody sends more often than the attempts allow.',
      holds: (run) => run.figure('sent') <= run.figure('first') * run.knobs.attempts,
    },
  ],
  why(run) {
    const { arrivals, attempts, burst, cure } = run.knobs
    const goodput = run.figure('lateGoodput').toFixed(0)
    const late = run.figure('late')
    if (cure === 'limit' || cure === 'both')
      return `The limit follows the round trips it measures: it stands at ${run.figure('limit')}, near the ${workers} workers, and refused ${run.figure('refused')} calls in no time instead of letting them wait. So those let in were answered within the second, and only ${late} answers found nobody. A refused client comes back later; the line that would keep the API down never forms.`
    if (cure === 'budget')
      return `Each request earned a tenth of a retry, so ${run.figure('first')} requests made ${run.figure('retried')} retries and the load stayed near ${(arrivals * 1.1).toFixed(0)} a second. ${run.figure('lateGoodput') > 0.85 * arrivals ? `What is left of the ${capacity} drained the line of ${run.figure('mostWaiting')}, and goodput is back at ${goodput}.` : `That leaves little of the ${capacity} to drain a line of ${run.figure('mostWaiting')}: goodput is ${goodput}. A limit would not let it form.`}`
    if (burst === 0)
      return `There was no burst, so what decides is chance: ${arrivals} a second against ${capacity} make a line of ${run.figure('mostWaiting')} at most. ${run.figure('lateGoodput') < arrivals / 2 ? 'That was long enough for timeouts, and their retries did the rest.' : 'Nothing timed out for long, and retries had nothing to multiply.'}`
    if (run.figure('lateGoodput') < arrivals / 2)
      return `The burst left a line longer than a second, so every call timed out and was sent again: ${arrivals} × ${attempts} = ${arrivals * attempts} a second against ${capacity}. ${arrivals * attempts > capacity ? 'The line grows from the retries alone, with the burst long over.' : 'The line shrinks, but too slowly.'} The API did ${late} calls for clients who had left; only less load, or fewer retries, ends it.`
    return `Even if all timed out, ${arrivals} × ${attempts} = ${arrivals * attempts} a second is what the API would get. ${arrivals * attempts < capacity ? `That is below ${capacity}, so the line of ${run.figure('mostWaiting')} had to drain.` : `The burst was too short to make every call time out, so the loop did not close.`} Goodput is ${goodput} again.`
  },
  async run({ arrivals, attempts, burst, cure }, bench) {
    const sim = bench.simulation
    // Nothing in here waits for a promise, so the simulation need not let any settle.
    const clock = {
      now: () => sim.now,
      schedule: (delayMs: number, run: () => void) => {
        let isOff = false
        sim.after(delayMs, () => isOff || run())
        return () => void (isOff = true)
      },
    }
    const isLimited = cure === 'limit' || cure === 'both'
    const admission = isLimited
      ? gate({ limit: gradient({ initial: workers, min: 2, max: 200, tolerance: 2 }), queue: { capacity: 0 }, clock })
      : undefined
    const budget =
      cure === 'budget' || cure === 'both' ? retryBudget({ ratio, minPerSecond: 1, burst: savedUp, clock }) : undefined
    const backoff = jitter({ baseMs: 200, maxMs: 5000 })
    const api = new Servers(workers)
    const goodput = bench.rate('goodput')
    const load = bench.rate('load')
    const [first, retried, sent, begun, inTime, late, refused, gaveUp] = [
      'first',
      'retried',
      'sent',
      'begun',
      'inTime',
      'late',
      'refused',
      'gaveUp',
    ].map((name) => bench.counter(name))
    const [chance, spread] = [sim.random('service'), sim.random('backoff')]
    const work = erlang(4, workMs)
    let [mostWaiting, lateInTime, burstInTime] = [0, 0, 0]
    bench.figure('workers', workers)
    bench.figure('limit', isLimited ? workers : 'none')

    function send(attempt: number): void {
      sent!.add()
      load.add()
      let permit: Permit | undefined
      if (admission !== undefined && (permit = admission.tryAcquire()) === undefined) {
        refused!.add()
        failed(attempt)
        return
      }
      const call = { isAnswered: false, sentAt: sim.now, permit }
      sim.start(serve(call))
      sim.after(timeoutMs, () => {
        if (!call.isAnswered) failed(attempt)
      })
    }
    function failed(attempt: number): void {
      if (attempt === attempts || (budget !== undefined && !budget.withdraw())) {
        gaveUp!.add()
        return
      }
      sim.after(backoff(attempt, 0, spread), () => {
        retried!.add()
        send(attempt + 1)
      })
    }
    function* serve(call: { isAnswered: boolean; sentAt: number; permit: Permit | undefined }): Process {
      mostWaiting = Math.max(mostWaiting, api.waiting + (api.busy === workers ? 1 : 0))
      yield api.take()
      begun!.add()
      yield work.draw(chance)
      api.give()
      call.permit?.release()
      if (sim.now - call.sentAt >= timeoutMs) {
        late!.add()
        return
      }
      call.isAnswered = true
      inTime!.add()
      goodput.add()
      if (sim.now > (seconds - 10) * 1000) lateInTime++
      if (sim.now > burstAtS * 1000 && sim.now <= (burstAtS + 10) * 1000) burstInTime++
    }
    function* clients(): Process {
      const chance = sim.random('arrivals')
      for (;;) {
        const isBurst = sim.now >= burstAtS * 1000 && sim.now < (burstAtS + burst) * 1000
        yield exponential(1000 / (isBurst ? burstRate : arrivals)).draw(chance)
        first!.add()
        budget?.deposit()
        send(1)
      }
    }
    function* watch(): Process {
      for (;;) {
        bench.point('waiting', sim.now / 1000, api.waiting)
        yield 250
      }
    }
    bench.beforeTurn(() => {
      bench.figure('busy', api.busy)
      bench.figure('waiting', api.waiting)
      bench.figure('mostWaiting', mostWaiting)
      bench.figure('lateGoodput', lateInTime / 10)
      bench.figure('burstGoodput', burstInTime / 10)
      bench.figure('amplification', first!.count === 0 ? 1 : sent!.count / first!.count)
      if (admission !== undefined) bench.figure('limit', admission.limit.value)
    })
    sim.start(clients())
    sim.start(watch())
    await bench.simulate(seconds * 1000)
  },
})
