/** Payments whose requests and replies get lost: what retries charge twice, without a key and with one, used rightly and wrongly. */

import { choice, defineLab, exponential, number, type Process, uniform } from '@viva/lab'
import { type Idempotency, idempotency, memoryStore } from '@viva/sluice'

const seconds = 60
/** Presses of "Pay" a second. */
const rate = 20
const [leastMs, mostMs] = [100, 400]
/** A client whose attempt timed out waits for so long. */
const backoffMs = 100

/** Charges of one intent when each attempt is done and each reply is lost with `p`. */
const expected = (p: number, attempts: number): number => {
  let [sum, share] = [0, 1]
  for (let attempt = 1; attempt <= attempts; attempt++) {
    sum += share
    share *= p
  }
  return sum
}

export default defineLab({
  kind: 'simulation',
  title: 'Charged how many times?',
  task: 'Run it and count the cards that are charged twice. Then choose what the server does with a key, and make the timeout shorter than the work.',
  knobs: {
    keys: choice({
      label: 'Key',
      options: {
        none: 'none',
        lookup: 'looked up, then stored after the work',
        claim: 'claimed before the work',
        fresh: 'claimed, but new for each attempt',
      },
      value: 'none',
    }),
    lost: number({ label: 'Replies lost', unit: '%', min: 0, max: 50, step: 5, value: 10 }),
    timeout: number({
      label: 'Client’s timeout',
      unit: 'ms',
      min: 100,
      max: 1000,
      step: 50,
      value: 1000,
      hint: 'A charge takes 100 to 400 ms.',
    }),
    attempts: number({ label: 'Attempts', unit: 'at most', min: 1, max: 6, value: 4 }),
  },
  presets: [
    { name: 'No key', knobs: {}, look: 'One payment in ten is charged again: that many replies were lost.' },
    { name: 'Claimed', knobs: { keys: 'claim' }, look: 'The same losses and retries, and no card is charged twice.' },
    {
      name: 'Look up, short timeout',
      knobs: { keys: 'lookup', timeout: 200 },
      look: 'The retry comes while the first still works, and finds nothing.',
    },
    {
      name: 'A new key each time',
      knobs: { keys: 'fresh' },
      look: 'The server does all rightly, and it is as if there were no key.',
    },
    {
      name: 'No retries',
      knobs: { attempts: 1 },
      look: 'Nothing is charged twice, and one client in ten does not know whether it was charged.',
    },
  ],
  predict: {
    ask: 'Of 1,000 payments, how many are charged at least twice?',
    kind: 'number',
    quantity: { label: 'Charged again', unit: 'of 1,000', digits: 0 },
    min: 0,
    max: 1000,
    slack: 15,
    share: 0.2,
    actual: (run) => run.figure('twicePer1000'),
  },
  series: {
    extra: { label: 'Charged too much, so far', unit: 'charges', tone: 'bad' },
    times: { label: 'Payments', as: 'bars', tone: 'signal' },
  },
  charts: [
    {
      title: 'Charges too many',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Charges' },
      lines: ['extra'],
      theory: ({ keys, lost, timeout, attempts }) => {
        if (keys === 'claim' || (keys === 'lookup' && timeout >= mostMs))
          return { label: 'none', points: [0, 0, seconds, 0] }
        if (keys === 'lookup' || timeout < mostMs) return undefined
        const per = expected(lost / 100, attempts) - 1
        return {
          label: `1 + p + p² … = ${(1 + per).toFixed(3)} charges a payment`,
          points: [0, 0, seconds, per * rate * seconds],
        }
      },
    },
    {
      title: 'How many times each was charged',
      x: { label: 'Charges', names: ['0', '1', '2', '3', '4', '5', '6'] },
      y: { label: 'Payments' },
      lines: ['times'],
    },
  ],
  figures: {
    intents: { label: 'Payments', digits: 0 },
    sent: { label: 'Attempts', digits: 0 },
    charges: { label: 'Charges', digits: 0 },
    extraCharges: { label: 'Charges too many', digits: 0 },
    twicePer1000: { label: 'Charged again', unit: 'of 1,000', digits: 0 },
    replays: { label: 'Answered from memory', digits: 0 },
    repliesLost: { label: 'Replies lost', digits: 0 },
    confirmed: { label: 'Clients who know', digits: 0 },
    unknown: { label: 'Gave up, though charged', digits: 0 },
    most: { label: 'Most charges of one payment', digits: 0 },
    working: { label: 'Working', hidden: true },
    timedOut: { label: 'Timed out', hidden: true },
  },
  diagram: {
    kind: 'flow',
    nodes: [
      { id: 'clients', kind: 'source', label: 'Clients', value: 'intents' },
      { id: 'server', kind: 'servers', label: 'Server', value: 'working' },
      { id: 'card', kind: 'state', label: 'Charges', value: 'charges' },
      { id: 'confirmed', kind: 'sink', label: 'Told', value: 'confirmed', at: [3, 0] },
      { id: 'lost', kind: 'loss', label: 'Reply lost', value: 'repliesLost', at: [2, 1] },
      { id: 'unknown', kind: 'loss', label: 'Charged, not told', value: 'unknown', at: [3, 1] },
    ],
    edges: [
      { from: 'clients', to: 'server', count: 'sent' },
      { from: 'server', to: 'card', count: 'charges', tone: 'signal' },
      { from: 'card', to: 'confirmed', count: 'confirmed', tone: 'ok' },
      { from: 'card', to: 'lost', count: 'repliesLost', tone: 'bad' },
      { from: 'card', to: 'unknown', count: 'unknown', tone: 'bad' },
    ],
  },
  claims: [
    {
      says: 'A key that is claimed before the work: nothing is charged twice, whatever is lost and however often it is retried.',
      when: ({ knobs }) => knobs.keys === 'claim',
      holds: (run) => run.figure('extraCharges') === 0 && run.figure('most') === 1,
    },
    {
      says: 'Without a key lost replies become charges: p + p² + … for each payment.',
      when: ({ knobs }) => knobs.keys === 'none' && knobs.timeout > mostMs && knobs.lost >= 10 && knobs.attempts > 1,
      holds: (run) => {
        const { lost, attempts } = run.knobs
        const theory = (expected(lost / 100, attempts) - 1) * run.figure('intents')
        return Math.abs(run.figure('extraCharges') / theory - 1) < 0.4
      },
    },
    {
      says: 'A key that is new for each attempt is no key: cards are charged twice.',
      when: ({ knobs }) => knobs.keys === 'fresh' && knobs.lost >= 5 && knobs.attempts > 1,
      holds: (run) => run.figure('extraCharges') > 0 && run.figure('replays') === 0,
    },
    {
      says: 'A key that is looked up first does not see a retry that comes while the first is at work.',
      when: ({ knobs }) => knobs.keys === 'lookup' && knobs.timeout <= 200 && knobs.attempts > 1,
      holds: (run) => run.figure('extraCharges') > 0,
    },
    {
      says: 'Looking it up is enough only while no retry comes before the work is done.',
      when: ({ knobs }) => knobs.keys === 'lookup' && knobs.timeout >= mostMs,
      holds: (run) => run.figure('extraCharges') === 0,
    },
    {
      says: 'Without retries nothing is charged twice, and clients are left who do not know that they were charged.',
      when: ({ knobs }) => knobs.attempts === 1 && knobs.lost >= 5,
      holds: (run) => run.figure('extraCharges') === 0 && run.figure('unknown') > 0,
    },
  ],
  why(run) {
    const { keys, lost, timeout, attempts } = run.knobs
    const extra = run.figure('extraCharges')
    const early =
      timeout < mostMs
        ? ` At ${timeout} ms clients also send again while the first attempt still works, with no reply lost at all.`
        : ''
    if (attempts === 1)
      return `Nobody sent twice, so nothing could be charged twice. But ${run.figure('unknown')} of ${run.figure('intents')} clients were charged and never told: not retrying risks the opposite error.`
    if (keys === 'claim')
      return `${run.figure('repliesLost')} replies were lost and ${run.figure('sent') - run.figure('intents')} attempts were repeats, yet ${run.figure('charges')} charges served ${run.figure('intents')} payments. The first attempt claims the key before it works; a repeat waits for it or gets its answer from memory, ${run.figure('replays')} times. ${run.figure('unknown')} clients still gave up without an answer: a key makes retries harmless, it does not make networks reliable.`
    if (keys === 'fresh')
      return `Each attempt brought a key that the server had never seen, so all ${run.figure('sent')} attempts were worked on and ${extra} charges were too many. ${run.figure('replays')} answers came from memory: zero replays beside timeouts is how production shows this mistake.${early}`
    if (keys === 'lookup')
      return extra === 0
        ? `With a timeout of ${timeout} ms every retry came after the work was done and stored, so looking the key up was enough: ${run.figure('replays')} answers came from memory. That is luck of the timing: try 200 ms.`
        : `The key is stored only after the work of up to ${mostMs} ms, and at a timeout of ${timeout} ms the retry looks before that: it finds nothing, and ${extra} charges were too many. Between looking and storing there must be no gap: an atomic claim, such as a unique index.`
    return `The client cannot tell a lost reply from a lost request, so it sent ${run.figure('sent') - run.figure('intents')} attempts again and the server charged ${extra} times too often. With ${lost} % lost that is p + p² + … = ${((expected(lost / 100, attempts) - 1) * 1000).toFixed(0)} for 1,000 payments.${early}`
  },
  async run({ keys, lost, timeout, attempts }, bench) {
    const sim = bench.simulation
    const once: Idempotency = idempotency({ store: memoryStore({ clock: sim.clock }) })
    const stored = new Set<number>()
    const work = uniform(leastMs, mostMs)
    const [chance, fate] = [sim.random('service'), sim.random('losses')]
    const [intents, sent, charges, extraCharges, replays, repliesLost, confirmed, unknown, timedOut] = [
      'intents',
      'sent',
      'charges',
      'extraCharges',
      'replays',
      'repliesLost',
      'confirmed',
      'unknown',
      'timedOut',
    ].map((name) => bench.counter(name))
    /** How many payments were charged so many times. */
    const times = [0, 0, 0, 0, 0, 0, 0]
    let [working, twice] = [0, 0]
    type Intent = { id: number; charged: number }

    const chargeOnce = (intent: Intent): void => {
      charges!.add()
      times[intent.charged]!--
      times[++intent.charged]!++
      if (intent.charged === 2) twice++
      if (intent.charged > 1) {
        extraCharges!.add()
        bench.point('extra', sim.now / 1000, extraCharges!.count)
      }
    }
    function* charge(intent: Intent, done: () => void): Process {
      bench.figure('working', ++working)
      yield work.draw(chance)
      bench.figure('working', --working)
      chargeOnce(intent)
      done()
    }
    /** The server: calls `reply` when it has an answer. */
    function serve(intent: Intent, attempt: number, reply: () => void): void {
      if (keys === 'none') return sim.start(charge(intent, reply))
      if (keys === 'lookup') {
        if (stored.has(intent.id)) {
          replays!.add()
          return reply()
        }
        return sim.start(
          charge(intent, () => {
            stored.add(intent.id)
            reply()
          }),
        )
      }
      const key = keys === 'fresh' ? `${intent.id}-${attempt}` : `${intent.id}`
      let isFirst = false
      const answered = once.run(key, `pay ${intent.id}`, () => {
        isFirst = true
        return new Promise<void>((resolve) => sim.start(charge(intent, resolve)))
      })
      void answered.then(() => {
        if (!isFirst) replays!.add()
        reply()
      })
    }
    function send(intent: Intent, attempt: number): void {
      let isOver = false
      sent!.add()
      serve(intent, attempt, () => {
        if (fate() * 100 < lost) {
          repliesLost!.add()
          return
        }
        // Who has given up the attempt hears no late answer.
        if (isOver) return
        isOver = true
        confirmed!.add()
      })
      sim.after(timeout, () => {
        if (isOver) return
        isOver = true
        timedOut!.add()
        if (attempt < attempts) sim.after(backoffMs, () => send(intent, attempt + 1))
        // Its work may still end; by then it has.
        else sim.after(mostMs * 2, () => intent.charged > 0 && unknown!.add())
      })
    }
    function* clients(): Process {
      const gaps = exponential(1000 / rate)
      const chance = sim.random('arrivals')
      for (let id = 0; sim.now < seconds * 1000; id++) {
        yield gaps.draw(chance)
        intents!.add()
        times[0]!++
        send({ id, charged: 0 }, 1)
      }
    }
    bench.point('extra', 0, 0)
    bench.beforeTurn(() => {
      bench.figure('twicePer1000', intents!.count === 0 ? 0 : (1000 * twice) / intents!.count)
      bench.figure(
        'most',
        times.findLastIndex((count) => count > 0),
      )
    })
    sim.start(clients())
    // What began in the last second has its attempts left.
    await bench.simulate((seconds + 10) * 1000)
    bench.point('extra', seconds, extraCharges!.count)
    for (const [count, payments] of times.entries()) bench.point('times', count, payments)
  },
})
