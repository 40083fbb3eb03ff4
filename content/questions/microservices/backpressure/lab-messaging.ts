/** A broker that pushes to eight consumers, one of them slow: what prefetch does to waits and throughput, and what a poison message does. */

import { choice, defineLab, erlang, exponential, number, type Process, Store } from '@viva/lab'

const seconds = 40
const arrivals = 250
const consumers = 8
const workMs = 20
/** Between an acknowledgement and the next message that it lets through. */
const roundTripMs = 15
const tries = 3

/** What a consumer can do in a second: it is busy, or it waits for its credit to come back. */
const perConsumer = (prefetch: number, ms: number): number =>
  Math.min(1000 / ms, (prefetch * 1000) / (ms + roundTripMs))
const capacityOf = ({ prefetch, slower }: { prefetch: number; slower: number }): number =>
  (consumers - 1) * perConsumer(prefetch, workMs) + perConsumer(prefetch, workMs * slower)

type Message = { at: number; isPoison: boolean; deliveries: number }
type Consumer = { inbox: Store<Message>; held: number; mostHeld: number; ms: number; isSlow: boolean }

export default defineLab({
  kind: 'simulation',
  title: 'Prefetch, a slow consumer, and poison',
  task: 'Find the prefetch that serves 250 messages a second and keeps the longest wait short. Then let in poison, which fails at each delivery.',
  knobs: {
    prefetch: number({
      label: 'Prefetch',
      unit: 'messages',
      min: 1,
      max: 200,
      value: 100,
      hint: 'How many a consumer may hold unacknowledged.',
    }),
    slower: number({
      label: 'Slow consumer',
      unit: '× slower',
      min: 1,
      max: 50,
      value: 10,
      hint: 'One of eight; the others take 20 ms.',
    }),
    poison: number({ label: 'Poison', unit: '%', min: 0, max: 5, step: 0.5, value: 0 }),
    failed: choice({
      label: 'What fails',
      options: { requeue: 'goes back to the head', dead: 'is dead-lettered after 3 tries' },
      value: 'requeue',
    }),
  },
  presets: [
    {
      name: 'Prefetch 100',
      knobs: {},
      look: 'The queue is empty, and a hundred messages wait behind the slow one.',
    },
    {
      name: 'Prefetch 1',
      knobs: { prefetch: 1 },
      look: 'Each consumer idles for a round trip after each message: the queue grows.',
    },
    { name: 'Prefetch 3', knobs: { prefetch: 3 }, look: 'Enough to cover the round trip, too few to hoard.' },
    {
      name: 'Poison, requeued',
      knobs: { prefetch: 5, poison: 2 },
      look: 'It comes back to the head of the queue until every consumer holds nothing else.',
    },
    {
      name: 'Poison, dead-lettered',
      knobs: { prefetch: 5, poison: 2, failed: 'dead' },
      look: 'Three tries cost a few percent, and the rest goes on.',
    },
  ],
  predict: {
    ask: 'How long is the longest wait, from publishing to done, of the messages that were done?',
    kind: 'number',
    quantity: { label: 'Longest wait', unit: 's', digits: 1 },
    min: 0,
    max: 40,
    slack: 0.5,
    share: 0.25,
    actual: (run) => run.figure('longest'),
  },
  series: {
    done: { label: 'Done', unit: '/s', tone: 'ok' },
    failures: { label: 'Failed deliveries', unit: '/s', tone: 'bad' },
    ready: { label: 'In the queue', unit: 'messages', tone: 'signal' },
    heldSlow: { label: 'Held by the slow one', unit: 'messages', tone: 'bad' },
  },
  charts: [
    {
      title: 'Done, each second',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Per second' },
      lines: ['done', 'failures'],
      theory: (knobs) => {
        const most = capacityOf(knobs)
        return {
          label: `prefetch ÷ (work + round trip), or 1 ÷ work: ${most.toFixed(0)} a second for all eight`,
          points: [0, most, seconds, most],
        }
      },
    },
    {
      title: 'Where messages wait',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Messages' },
      lines: ['ready', 'heldSlow'],
    },
  ],
  figures: {
    lateRate: { label: 'Done, last 10 s', unit: '/s', digits: 1 },
    longest: { label: 'Longest wait', unit: 's', digits: 2 },
    median: { label: 'Median wait', unit: 's', digits: 3 },
    p99: { label: '99th percentile', unit: 's', digits: 2 },
    mostReady: { label: 'Deepest queue', unit: 'messages', digits: 0 },
    mostHeld: { label: 'Most held by one', unit: 'messages', digits: 0 },
    doneCount: { label: 'Done', digits: 0 },
    doneSlow: { label: 'of them by the slow one', digits: 0 },
    deliveries: { label: 'Deliveries', digits: 0 },
    failedCount: { label: 'Failed deliveries', digits: 0 },
    dead: { label: 'Dead-lettered', digits: 0 },
    poisonIn: { label: 'Poison now in the system', digits: 0 },
    published: { label: 'Published', hidden: true },
    ready: { label: 'Ready', hidden: true },
    heldFast: { label: 'Held by the seven', hidden: true },
    heldSlow: { label: 'Held by the slow one', hidden: true },
    roomFast: { label: 'Credit of the seven', hidden: true },
    prefetch: { label: 'Credit of one', hidden: true },
    toFast: { label: 'To the seven', hidden: true },
    toSlow: { label: 'To the slow one', hidden: true },
    doneFast: { label: 'Done by the seven', hidden: true },
  },
  diagram: {
    kind: 'flow',
    nodes: [
      { id: 'publisher', kind: 'source', label: 'Publisher', value: 'published', at: [0, 0] },
      { id: 'queue', kind: 'queue', label: 'Queue', value: 'ready', at: [1, 0] },
      { id: 'fast', kind: 'servers', label: 'Seven, held', value: 'heldFast', of: 'roomFast', at: [2, 0] },
      { id: 'slow', kind: 'servers', label: 'The slow one, held', value: 'heldSlow', of: 'prefetch', at: [2, 1] },
      { id: 'done', kind: 'sink', label: 'Done', value: 'doneCount', at: [3, 0] },
      { id: 'dead', kind: 'loss', label: 'Dead letters', value: 'dead', at: [3, 1] },
    ],
    edges: [
      { from: 'publisher', to: 'queue', count: 'published' },
      { from: 'queue', to: 'fast', count: 'toFast' },
      { from: 'queue', to: 'slow', count: 'toSlow' },
      { from: 'fast', to: 'done', count: 'doneFast', tone: 'ok' },
      { from: 'slow', to: 'done', count: 'doneSlow', tone: 'ok' },
      { from: 'fast', to: 'dead', count: 'dead', tone: 'bad' },
    ],
  },
  claims: [
    {
      says: 'No consumer ever holds more than its prefetch.',
      holds: (run) => run.figure('mostHeld') <= run.knobs.prefetch,
    },
    {
      says: 'With a prefetch of 1 a consumer idles for the round trip, and all do what theory says: less than comes.',
      when: ({ knobs }) => knobs.prefetch === 1 && knobs.poison === 0 && knobs.slower >= 5,
      holds: (run) =>
        Math.abs(run.figure('lateRate') / capacityOf(run.knobs) - 1) < 0.06 && run.figure('mostReady') > 500,
    },
    {
      says: 'A great prefetch hides the backlog: the queue stays nearly empty while messages wait behind the slow one.',
      when: ({ knobs }) => knobs.prefetch >= 50 && knobs.slower >= 10 && knobs.poison === 0,
      holds: (run) => {
        const { prefetch, slower } = run.knobs
        const whole = Math.min((prefetch * slower * workMs) / 1000, seconds)
        return run.figure('mostReady') < 100 && run.figure('longest') > 0.6 * whole
      },
    },
    {
      says: 'A few messages of credit are enough: all that comes is done, and nobody waits behind more than those few.',
      when: ({ knobs }) => knobs.prefetch >= 3 && knobs.prefetch <= 5 && knobs.slower <= 15 && knobs.poison === 0,
      holds: (run) =>
        Math.abs(run.figure('lateRate') / arrivals - 1) < 0.08 &&
        run.figure('longest') < (2.5 * run.knobs.prefetch * run.knobs.slower * workMs) / 1000,
    },
    {
      says: 'Poison that is requeued for ever fills every place, and good messages are starved.',
      when: ({ knobs }) =>
        knobs.failed === 'requeue' &&
        knobs.poison >= 2 &&
        knobs.prefetch >= 2 &&
        knobs.prefetch <= 5 &&
        knobs.slower <= 15,
      holds: (run) => run.figure('lateRate') < 0.3 * arrivals,
    },
    {
      says: 'With a limit of three tries the same poison costs a few percent, and the good ones get through.',
      when: ({ knobs }) =>
        knobs.failed === 'dead' && knobs.poison > 0 && knobs.poison <= 5 && knobs.prefetch >= 3 && knobs.slower <= 15,
      holds: (run) => run.figure('lateRate') > 0.85 * arrivals * (1 - run.knobs.poison / 100) && run.figure('dead') > 0,
    },
  ],
  why(run) {
    const { prefetch, slower, poison, failed } = run.knobs
    const rate = run.figure('lateRate').toFixed(0)
    const most = capacityOf(run.knobs)
    if (poison > 0 && failed === 'requeue')
      return `About ${((arrivals * poison) / 100).toFixed(1)} poison messages came each second and none ever left: ${run.figure('poisonIn')} are in the system now. Each goes back to the head of the queue and is the next to be delivered, so ${run.figure('failedCount')} of ${run.figure('deliveries')} deliveries failed. Good messages got ${rate} a second of what the ${consumers * prefetch} places were worth.`
    const dead =
      poison > 0
        ? ` Poison cost ${run.figure('failedCount')} of ${run.figure('deliveries')} deliveries: after ${tries} tries it lies among ${run.figure('dead')} dead letters, where somebody can look at it.`
        : ''
    if (most < arrivals)
      return `A consumer with ${prefetch} of credit does ${prefetch} in ${workMs} ms of work and ${roundTripMs} ms of round trip, so all eight do ${most.toFixed(0)} a second and ${arrivals} come. The queue grew to ${run.figure('mostReady')}, although nobody was busy all the time. More credit covers the round trip.${dead}`
    const behind = (prefetch * slower * workMs) / 1000
    return `The slow one needs ${slower * workMs} ms each and may hold ${prefetch}: whoever comes last in there waits up to ${behind.toFixed(1)} s, and the longest wait was ${run.figure('longest').toFixed(1)} s. The median was ${(run.figure('median') * 1000).toFixed(0)} ms, since the other seven did ${run.figure('doneFast')} of ${run.figure('doneCount')}. ${prefetch > 10 ? 'The queue looks empty; the backlog is in the consumer’s own buffer.' : 'Little credit keeps messages in the queue, where whoever is free takes them.'}${dead}`
  },
  async run({ prefetch, slower, poison, failed }, bench) {
    const sim = bench.simulation
    /** Back at the head: the last of this is the next. */
    const returned: Message[] = []
    const queue = new Store<Message>()
    const all: Consumer[] = Array.from({ length: consumers }, (_, i) => ({
      inbox: new Store<Message>(),
      held: 0,
      mostHeld: 0,
      ms: i === 0 ? workMs * slower : workMs,
      isSlow: i === 0,
    }))
    const [done, failures] = [bench.rate('done'), bench.rate('failures')]
    const [published, doneCount, doneSlow, doneFast, deliveries, failedCount, dead, toFast, toSlow] = [
      'published',
      'doneCount',
      'doneSlow',
      'doneFast',
      'deliveries',
      'failedCount',
      'dead',
      'toFast',
      'toSlow',
    ].map((name) => bench.counter(name))
    const waits = bench.tally()
    let [next, mostReady, late, poisonIn] = [0, 0, 0, 0]
    const ready = (): number => returned.length + queue.length

    /** Hands out in turn while somebody has credit. */
    function dispatch(): void {
      for (let passed = 0; passed < consumers && ready() > 0; next = (next + 1) % consumers) {
        const consumer = all[next]!
        if (consumer.held >= prefetch) {
          passed++
          continue
        }
        passed = 0
        const message = returned.pop() ?? queue.tryGet()!
        message.deliveries++
        deliveries!.add()
        ;(consumer.isSlow ? toSlow : toFast)!.add()
        consumer.mostHeld = Math.max(consumer.mostHeld, ++consumer.held)
        sim.after(roundTripMs / 2, () => consumer.inbox.tryPut(message))
      }
      mostReady = Math.max(mostReady, ready())
    }
    function onEnd(consumer: Consumer, message: Message): void {
      consumer.held--
      if (message.isPoison) {
        failedCount!.add()
        failures.add()
        if (failed === 'requeue' || message.deliveries < tries) returned.push(message)
        else {
          dead!.add()
          poisonIn--
        }
      }
      dispatch()
    }
    function* consume(consumer: Consumer, name: string): Process {
      const work = erlang(4, consumer.ms)
      const chance = sim.random(name)
      for (;;) {
        const message: Message = yield consumer.inbox.get()
        yield work.draw(chance)
        if (!message.isPoison) {
          done.add()
          doneCount!.add()
          ;(consumer.isSlow ? doneSlow : doneFast)!.add()
          waits.record((sim.now - message.at) / 1000)
          if (sim.now > (seconds - 10) * 1000) late++
        }
        sim.after(roundTripMs / 2, () => onEnd(consumer, message))
      }
    }
    function* publisher(): Process {
      const gaps = exponential(1000 / arrivals)
      const [chance, fate] = [sim.random('arrivals'), sim.random('poison')]
      for (;;) {
        yield gaps.draw(chance)
        published!.add()
        const isPoison = fate() * 100 < poison
        if (isPoison) poisonIn++
        queue.tryPut({ at: sim.now, isPoison, deliveries: 0 })
        dispatch()
      }
    }
    const heldFast = (): number => all.reduce((sum, { held, isSlow }) => sum + (isSlow ? 0 : held), 0)
    function* watch(): Process {
      for (;;) {
        bench.point('ready', sim.now / 1000, ready())
        bench.point('heldSlow', sim.now / 1000, all[0]!.held)
        yield 250
      }
    }
    bench.figure('prefetch', prefetch)
    bench.figure('roomFast', prefetch * (consumers - 1))
    bench.beforeTurn(() => {
      bench.figure('ready', ready())
      bench.figure('heldFast', heldFast())
      bench.figure('heldSlow', all[0]!.held)
      bench.figure('mostReady', mostReady)
      bench.figure('mostHeld', Math.max(...all.map(({ mostHeld }) => mostHeld)))
      bench.figure('longest', waits.max)
      bench.figure('median', waits.percentile(50))
      bench.figure('p99', waits.percentile(99))
      bench.figure('lateRate', late / 10)
      bench.figure('poisonIn', poisonIn)
    })
    for (const [i, consumer] of all.entries()) sim.start(consume(consumer, `consumer ${i}`))
    sim.start(publisher())
    sim.start(watch())
    await bench.simulate(seconds * 1000)
  },
})
