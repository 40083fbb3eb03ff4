/** A queue between a producer and a consumer: what a bound does, and what each answer to a full queue costs. */

import { choice, defineLab, exponential, number, type Process, theory } from '@viva/lab'
import { channel, none } from '@viva/sluice'

const seconds = 60
/** A client that has waited for so long is gone; the consumer cannot know. */
const patienceMs = 1000

export default defineLab({
  kind: 'simulation',
  title: 'A queue under pressure',
  task: 'Turn arrivals above the consumer’s 100 a second and watch the depth. Then bound the queue, and choose what a full one does.',
  knobs: {
    arrivals: number({ label: 'Arrivals', unit: '/s', min: 20, max: 200, step: 5, value: 120 }),
    bound: number({
      label: 'Bound',
      unit: 'items',
      min: 5,
      max: 500,
      step: 5,
      value: 50,
      hint: 'Without effect when unbounded.',
    }),
    full: choice({
      label: 'When full',
      options: {
        unbounded: 'never full (no bound)',
        wait: 'the producer waits',
        'drop-newest': 'drop the newest',
        'drop-oldest': 'drop the oldest',
        latest: 'keep only the latest',
        fail: 'refuse, and say so',
      },
      value: 'unbounded',
    }),
  },
  presets: [
    { name: 'Overload, no bound', knobs: {}, look: 'Depth and wait grow for as long as it lasts.' },
    { name: 'Overload, bound of 50', knobs: { full: 'fail' }, look: 'The wait stays near bound ÷ 100 per second.' },
    {
      name: 'A bound that is too long',
      knobs: { full: 'fail', bound: 200 },
      look: 'The same losses, and nobody is answered in time.',
    },
    {
      name: 'The producer waits',
      knobs: { full: 'wait' },
      look: 'Nothing is lost; the producer runs at the consumer’s speed.',
    },
    {
      name: 'Below capacity',
      knobs: { arrivals: 80 },
      look: 'Theory’s line: 4 in the system at 80 % load, and no need of a bound.',
    },
  ],
  predict: {
    ask: 'The consumer finishes 100 a second. How many of the answers each second still find somebody waiting (within 1 s), over the last 10 seconds?',
    kind: 'number',
    quantity: { label: 'Goodput', unit: '/s', digits: 0 },
    min: 0,
    max: 200,
    slack: 8,
    share: 0.1,
    actual: (run) => run.figure('lateGoodput'),
  },
  series: {
    depth: { label: 'In the queue', unit: 'items', as: 'steps', tone: 'signal' },
    goodput: { label: 'Answered in time', unit: '/s', tone: 'ok' },
    lost: { label: 'Lost or refused', unit: '/s', tone: 'bad' },
  },
  charts: [
    {
      title: 'Depth of the queue',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Items' },
      lines: ['depth'],
      theory: ({ arrivals, full }) => {
        const mean = theory.mm1(arrivals, 100).waiting
        if (Number.isFinite(mean))
          return { label: `M/M/1: ${mean.toFixed(1)} wait on the mean`, points: [0, mean, seconds, mean] }
        if (full !== 'unbounded') return undefined
        return { label: `grows by ${arrivals - 100} a second`, points: [0, 0, seconds, (arrivals - 100) * seconds] }
      },
    },
    {
      title: 'What comes of it, each second',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Per second' },
      lines: ['goodput', 'lost'],
    },
  ],
  figures: {
    depth: { label: 'In the queue', unit: 'items', digits: 0 },
    mostDepth: { label: 'Deepest', unit: 'items', digits: 0 },
    waitP99: { label: 'Wait, 99th percentile', unit: 's', digits: 2 },
    served: { label: 'Served', digits: 0 },
    inTime: { label: 'in time', digits: 0 },
    late: { label: 'too late', digits: 0 },
    gone: { label: 'Lost or refused', digits: 0 },
    lateGoodput: { label: 'Goodput, last 10 s', unit: '/s', digits: 1 },
    little: { label: 'λ × W (Little)', unit: 'items', digits: 1 },
    meanDepth: { label: 'Mean depth L', unit: 'items', digits: 1 },
    offered: { label: 'Offered', digits: 0, hidden: true },
    busy: { label: 'Busy', hidden: true },
    one: { label: 'Consumers', hidden: true },
    capacity: { label: 'Capacity', hidden: true },
  },
  diagram: {
    kind: 'flow',
    nodes: [
      { id: 'producer', kind: 'source', label: 'Producer', value: 'offered' },
      { id: 'queue', kind: 'queue', label: 'Queue', value: 'depth', of: 'capacity' },
      { id: 'consumer', kind: 'servers', label: 'Consumer', value: 'busy', of: 'one' },
      { id: 'inTime', kind: 'sink', label: 'In time', value: 'inTime' },
      { id: 'gone', kind: 'loss', label: 'Lost or refused', value: 'gone', at: [1, 1] },
      { id: 'late', kind: 'loss', label: 'Too late', value: 'late', at: [3, 1] },
    ],
    edges: [
      { from: 'producer', to: 'queue', count: 'offered' },
      { from: 'queue', to: 'consumer', count: 'served' },
      { from: 'consumer', to: 'inTime', count: 'inTime', tone: 'ok' },
      { from: 'queue', to: 'gone', count: 'gone', tone: 'bad' },
      { from: 'consumer', to: 'late', count: 'late', tone: 'bad' },
    ],
  },
  claims: [
    {
      says: 'A bounded queue is never deeper than its bound.',
      when: ({ knobs }) => knobs.full !== 'unbounded',
      holds: (run) => run.figure('mostDepth') <= run.knobs.bound,
    },
    {
      says: 'When the producer waits, nothing is lost.',
      when: ({ knobs }) => knobs.full === 'wait' || knobs.full === 'unbounded',
      holds: (run) => run.figure('gone') === 0,
    },
    {
      says: 'Little’s law: the mean depth is throughput times mean wait, where nothing leaves in the middle.',
      // Where the producer waits, waiting begins before the queue; what is dropped from within has no wait.
      when: (run) => !['wait', 'latest', 'drop-oldest'].includes(run.knobs.full) && run.figure('meanDepth') > 1,
      // Those still in the queue at the end have not waited to their end.
      holds: (run) =>
        Math.abs(run.figure('little') / run.figure('meanDepth') - 1) < (run.knobs.full === 'unbounded' ? 1 : 0.1),
    },
    {
      says: 'Overload without a bound: goodput falls to nothing, though the consumer never rests.',
      when: ({ knobs }) => knobs.full === 'unbounded' && knobs.arrivals >= 120,
      holds: (run) => run.figure('lateGoodput') === 0,
    },
    {
      says: 'A bound of half a second’s work keeps goodput at the consumer’s capacity, however great the overload.',
      when: ({ knobs }) => knobs.full === 'fail' && knobs.bound <= 50 && knobs.bound >= 20 && knobs.arrivals >= 120,
      holds: (run) => run.figure('lateGoodput') > 90,
    },
    {
      says: 'A bound longer than the patience loses as many and answers nobody.',
      when: ({ knobs }) => knobs.full === 'fail' && knobs.bound >= 200 && knobs.arrivals >= 130,
      holds: (run) => run.figure('lateGoodput') < 5,
    },
  ],
  why(run) {
    const { arrivals, bound, full } = run.knobs
    if (arrivals < 100)
      return `${arrivals} a second against 100 leaves ${100 - arrivals} to drain bursts, so the queue never holds more than chance piles up (${run.figure('mostDepth')} at most). Waiting grows as 1 / (1 − load): try 95.`
    if (full === 'unbounded')
      return `The difference of ${arrivals - 100} a second has nowhere to go but the queue, and depth is wait: ${run.figure('depth')} items are ${(run.figure('depth') / 100).toFixed(1)} s. ${arrivals > 100 ? 'Once that is more than the second a client waits, every answer is work for nobody.' : 'At exactly the capacity chance alone makes it wander upwards.'}`
    if (full === 'wait')
      return `The producer was held to the consumer’s speed: what did not fit waited on its side, not in the queue, so memory and the wait in here stay bounded by ${bound} items. Whether that is right depends on whether the producer can wait.`
    const waitS = bound / 100
    return `A full queue of ${bound} is a wait of ${waitS.toFixed(2)} s, and it is full nearly always. ${full === 'fail' || full === 'drop-newest' ? (waitS < 1 ? 'That is below the client’s second, so what is let in is answered in time; the rest is lost at once and cheaply.' : 'That is more than the client’s second: the queue stores work that nobody waits for any more.') : 'Dropping from the front keeps what is fresh: those served have waited less than the queue is long.'}`
  },
  async run({ arrivals, bound, full }, bench) {
    const sim = bench.simulation
    const capacity = full === 'unbounded' ? 100_000 : bound
    const queue = channel<{ at: number }>({ capacity, onFull: full === 'unbounded' ? 'fail' : full })
    const depth = bench.level('depth')
    const goodput = bench.rate('goodput')
    const lost = bench.rate('lost')
    const [offered, served, inTime, late] = ['offered', 'served', 'inTime', 'late'].map((name) => bench.counter(name))
    const waits = bench.tally()
    let [gone, lateInTime] = [0, 0]
    bench.figure('one', 1)
    bench.figure('capacity', full === 'unbounded' ? 2000 : bound)
    /** What the queue itself let go of, and what it refused. */
    const countLost = (): void => {
      const { dropped, refused } = queue.stats()
      const now = dropped.newest + dropped.oldest + dropped.latest + refused
      lost.add(now - gone)
      gone = now
    }
    function* producer(): Process {
      const gaps = exponential(1000 / arrivals)
      const chance = sim.random('arrivals')
      for (;;) {
        yield gaps.draw(chance)
        offered!.add()
        const item = { at: sim.now }
        if (full === 'wait') {
          const waits = queue.send(item)
          if (waits !== undefined) yield waits
        } else queue.trySend(item)
        countLost()
        depth.set(queue.depth)
      }
    }
    function* consumer(): Process {
      const work = exponential(10)
      const chance = sim.random('service')
      for (;;) {
        bench.figure('busy', 0)
        const received = queue.receive()
        const item = received instanceof Promise ? yield received : received
        if (item === none) return
        depth.set(queue.depth)
        bench.figure('busy', 1)
        waits.record((sim.now - item.at) / 1000)
        yield work.draw(chance)
        served!.add()
        const isInTime = sim.now - item.at <= patienceMs
        if (isInTime) {
          inTime!.add()
          goodput.add()
          if (sim.now > (seconds - 10) * 1000) lateInTime++
        } else late!.add()
      }
    }
    bench.beforeTurn(() => {
      bench.figure('gone', gone)
      bench.figure('mostDepth', depth.max)
      bench.figure('waitP99', waits.percentile(99))
      bench.figure('meanDepth', depth.mean)
      bench.figure('little', sim.now === 0 ? 0 : (waits.count / (sim.now / 1000)) * waits.mean)
      bench.figure('lateGoodput', lateInTime / 10)
    })
    sim.start(producer())
    sim.start(consumer())
    await bench.simulate(seconds * 1000)
  },
})
