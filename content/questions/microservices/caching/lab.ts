/** A cache before a database: its hit rate under skewed demand, and the stampede when it starts empty. */

import { defineLab, exp, exponential, number, onOff, type Process, Servers, Signal, zipf } from '@viva/lab'

const seconds = 60
const keys = 1000
const perSecond = 400
/** The database: so many queries at once, each so long on the mean. */
const connections = 20
const queryMs = 200
/** At this second the cache restarts, empty. */
const flushS = 30
/** What `flushS` finds is measured from here. */
const warmS = 15

export default defineLab({
  kind: 'simulation',
  title: 'A cache, full and empty',
  task: 'Choose a size and watch the hit rate of 400 reads a second. At 30 s the cache restarts empty: see what reaches the database, with and without one load per key.',
  knobs: {
    size: number({
      label: 'Room for',
      unit: 'of 1,000 keys',
      min: 10,
      max: 1000,
      step: 10,
      value: 500,
    }),
    skew: number({
      label: 'Skew of demand',
      min: 0,
      max: 1.4,
      step: 0.1,
      value: 1,
      hint: 'Zipf: the r-th key is asked for in proportion to 1 / r^skew; 0: all alike.',
    }),
    ttlS: number({
      label: 'Entries live for',
      unit: 's',
      min: 1,
      max: 60,
      value: 60,
    }),
    isShared: onOff({
      label: 'One load per key',
      value: false,
      hint: 'Single-flight: who misses while the key is being loaded waits for that load.',
    }),
  },
  presets: [
    {
      name: 'Every miss loads',
      knobs: {},
      look: 'After 30 s many of the queries that wait are for a key that is already being loaded.',
    },
    {
      name: 'One load per key',
      knobs: { isShared: true },
      look: 'The same restart; waiting is bounded by the number of keys.',
    },
    {
      name: 'A tenth of the keys',
      knobs: { size: 100, skew: 1.2, isShared: true },
      look: 'Under skew a tenth of the room gives far more than a tenth of the hits.',
    },
    {
      name: 'No skew',
      knobs: { size: 500, skew: 0, isShared: true },
      look: 'Half the keys, half the hits: a cache lives off repetition.',
    },
    {
      name: 'Short life',
      knobs: { ttlS: 2, size: 1000, isShared: true },
      look: 'Room for all, yet rare keys are gone before they are asked for again.',
    },
  ],
  predict: {
    ask: 'What share of reads is answered from the cache, from 15 s to 30 s?',
    kind: 'number',
    quantity: { label: 'Hit rate', unit: '%', digits: 0 },
    min: 0,
    max: 100,
    slack: 4,
    share: 0.06,
    actual: (run) => run.figure('hitRate'),
  },
  series: {
    hits: { label: 'Hit rate', unit: '%', tone: 'ok' },
    waiting: {
      label: 'Waiting for the database',
      unit: 'queries',
      as: 'steps',
      tone: 'bad',
    },
    twice: {
      label: 'of a key that is already being loaded',
      unit: 'queries',
      as: 'steps',
      tone: 'signal',
    },
  },
  charts: [
    {
      title: 'Hit rate, each second',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: '%', range: [0, 100] },
      lines: ['hits'],
      theory: ({ size, skew, ttlS }) => {
        const rate = 100 * expected(size, skew, ttlS)
        return {
          label: ttlS >= flushS ? `LRU by Che: ${rate.toFixed(0)} %` : `at most ${rate.toFixed(0)} %`,
          points: [0, rate, seconds, rate],
        }
      },
    },
    {
      title: 'Queries that wait for a connection',
      x: { label: 'Time', unit: 's', range: [0, seconds] },
      y: { label: 'Queries' },
      lines: ['waiting', 'twice'],
    },
  ],
  figures: {
    hitRate: { label: 'Hit rate, 15 to 30 s', unit: '%', digits: 1 },
    loads: { label: 'Loads', digits: 0 },
    needless: { label: 'of a key already being loaded', digits: 0 },
    mostWaiting: { label: 'Queue, at its longest', unit: 'queries', digits: 0 },
    mostAfter: {
      label: 'Queue after the restart, at its longest',
      unit: 'queries',
      digits: 0,
    },
    needlessAfter: {
      label: 'Needless loads, 10 s after the restart',
      digits: 0,
    },
    p50: { label: 'Read, median', unit: 'ms', digits: 0 },
    p99: { label: 'Read, 99th percentile', unit: 'ms', digits: 0 },
    reads: { label: 'Reads', digits: 0, hidden: true },
    hitCount: { label: 'From the cache', digits: 0, hidden: true },
    queue: { label: 'Waiting', digits: 0, hidden: true },
    busy: { label: 'Busy', hidden: true },
    connections: { label: 'Connections', hidden: true },
    loaded: { label: 'Loaded', hidden: true },
    entries: { label: 'Entries', hidden: true },
    room: { label: 'Room', hidden: true },
  },
  diagram: {
    kind: 'flow',
    nodes: [
      { id: 'clients', kind: 'source', label: 'Reads', value: 'reads' },
      {
        id: 'cache',
        kind: 'queue',
        label: 'Cache',
        value: 'entries',
        of: 'room',
      },
      { id: 'hit', kind: 'sink', label: 'From the cache', value: 'hitCount' },
      {
        id: 'queue',
        kind: 'queue',
        label: 'Waiting',
        value: 'queue',
        at: [1, 1],
      },
      {
        id: 'database',
        kind: 'servers',
        label: 'Database',
        value: 'busy',
        of: 'connections',
        at: [2, 1],
      },
    ],
    edges: [
      { from: 'clients', to: 'cache', count: 'reads' },
      { from: 'cache', to: 'hit', count: 'hitCount', tone: 'ok' },
      { from: 'cache', to: 'queue', count: 'loads', tone: 'bad' },
      { from: 'queue', to: 'database', count: 'loaded' },
    ],
  },
  claims: [
    {
      says: 'The hit rate of an LRU cache under Zipf demand is what Che’s approximation says.',
      when: ({ knobs }) =>
        knobs.ttlS >= flushS &&
        knobs.isShared &&
        knobs.size >= 100 &&
        knobs.size <= 500 &&
        (knobs.skew >= 0.8 || knobs.size === 100),
      holds: (run) =>
        Math.abs(run.figure('hitRate') - 100 * expected(run.knobs.size, run.knobs.skew, run.knobs.ttlS)) < 5,
    },
    {
      says: 'A tenth of the keys gives more than half of the hits once the skew is 1 or more.',
      when: ({ knobs }) => knobs.ttlS >= flushS && knobs.isShared && knobs.size >= 100 && knobs.skew >= 1,
      holds: (run) => run.figure('hitRate') > 50,
    },
    {
      says: 'Neither room nor life can be exceeded: the hit rate stays below the lower of the two bounds.',
      holds: (run) => run.figure('hitRate') < 100 * expected(run.knobs.size, run.knobs.skew, run.knobs.ttlS) + 4,
    },
    {
      says: 'With one load per key no key is ever loaded twice at the same time.',
      when: ({ knobs }) => knobs.isShared,
      holds: (run) => run.figure('needless') === 0 && run.figure('mostWaiting') <= keys - connections,
    },
    {
      says: 'Without it the restart sends the same keys to the database again and again.',
      when: ({ knobs }) => !knobs.isShared && knobs.skew >= 0.8 && knobs.skew <= 1.2 && knobs.size >= 200,
      holds: (run) => run.figure('needlessAfter') > 60 && run.figure('mostAfter') > 40,
    },
  ],
  why(run) {
    const { size, skew, ttlS, isShared } = run.knobs
    const rate = run.figure('hitRate').toFixed(0)
    const first = `${size / 10} % of the keys fit, and ${rate} % of the reads were hits: ${skew >= 0.6 ? 'a few keys get most of the reads, and those are the ones that stay' : 'without much skew a cache keeps what is no more likely to be asked for than the rest'}${ttlS < 20 ? `; but a key that is asked for less than once in ${ttlS} s has expired by then` : ''}.`
    const after = run.figure('mostAfter')
    const misses = Math.round((perSecond * (100 - run.figure('hitRate'))) / 100)
    const capacity = (connections * 1000) / queryMs
    const second =
      misses > capacity
        ? `That leaves ${misses} misses a second for a database that does ${capacity}, so queries wait even before the restart${isShared ? `; no key waits twice, and at most ${run.figure('mostWaiting')} did` : ', and the longer they wait, the more reads miss the same key'}.`
        : `At 30 s all ${perSecond} reads a second miss, against ${capacity} queries a second. ${isShared ? `Each key is loaded once, so at most ${after} queries waited and the popular keys were back first` : `Until a key is back every read of it is one more query: ${run.figure('needlessAfter')} loads in ten seconds were of keys already on their way, and ${after} queries waited`}.`
    return `${first} ${second}`
  },
  async run({ size, skew, ttlS, isShared }, bench) {
    const sim = bench.simulation
    const demand = zipf(keys, skew)
    const database = new Servers(connections)
    /** In the order of use; the value is when the entry expires. */
    let cache = new Map<number, number>()
    const loading = new Map<number, { signal: Signal; count: number }>()
    const [reads, hitCount, loads, loaded] = ['reads', 'hitCount', 'loads', 'loaded'].map((name) => bench.counter(name))
    const times = bench.tally()
    const work = exponential(queryMs)
    const [arrivals, choices, service] = [sim.random('arrivals'), sim.random('keys'), sim.random('service')]
    const [waiting, twice] = [bench.level('waiting'), bench.level('twice')]
    let [inSecond, hitsInSecond, warmReads, warmHits, needless, needlessAfter, mostAfter] = [0, 0, 0, 0, 0, 0, 0]
    bench.figure('connections', connections)
    bench.figure('room', size)
    const store = (key: number): void => {
      cache.delete(key)
      cache.set(key, sim.now + ttlS * 1000)
      if (cache.size > size) cache.delete(cache.keys().next().value!)
    }
    const isHit = (key: number): boolean => {
      const expires = cache.get(key)
      if (expires === undefined) return false
      cache.delete(key)
      if (expires <= sim.now) return false
      cache.set(key, expires)
      return true
    }
    const follow = (): void => {
      const now = database.waiting
      if (now === waiting.value) return
      waiting.set(now)
      if (sim.now >= flushS * 1000 && now > mostAfter) mostAfter = now
    }
    function* load(key: number, at: number): Process {
      let current = loading.get(key)
      if (current !== undefined && isShared) {
        yield current.signal
        times.record(sim.now - at)
        return
      }
      loads!.add()
      const isNeedless = current !== undefined
      if (current === undefined) loading.set(key, (current = { signal: new Signal(), count: 0 }))
      current.count++
      if (isNeedless) {
        needless++
        if (sim.now >= flushS * 1000 && sim.now < (flushS + 10) * 1000) needlessAfter++
        twice.add(1)
      }
      const place = database.take()
      yield place
      follow()
      yield work.draw(service)
      database.give()
      follow()
      loaded!.add()
      if (isNeedless) twice.add(-1)
      store(key)
      if (--current.count === 0) loading.delete(key)
      current.signal.fire()
      times.record(sim.now - at)
    }
    function* clients(): Process {
      const gaps = exponential(1000 / perSecond)
      for (;;) {
        yield gaps.draw(arrivals)
        const key = demand.draw(choices)
        const hit = isHit(key)
        reads!.add()
        inSecond++
        const isWarm = sim.now >= warmS * 1000 && sim.now < flushS * 1000
        if (isWarm) warmReads++
        if (!hit) {
          sim.start(load(key, sim.now))
          continue
        }
        hitCount!.add()
        hitsInSecond++
        if (isWarm) warmHits++
        times.record(0)
      }
    }
    function* everySecond(): Process {
      for (;;) {
        yield 1000
        follow()
        bench.point('hits', sim.now / 1000, inSecond === 0 ? 0 : (100 * hitsInSecond) / inSecond)
        inSecond = hitsInSecond = 0
      }
    }
    sim.after(flushS * 1000, () => {
      cache = new Map()
    })
    bench.beforeTurn(() => {
      follow()
      bench.figure('hitRate', warmReads === 0 ? 0 : (100 * warmHits) / warmReads)
      bench.figure('needless', needless)
      bench.figure('needlessAfter', needlessAfter)
      bench.figure('mostWaiting', waiting.max)
      bench.figure('mostAfter', mostAfter)
      bench.figure('p50', times.percentile(50))
      bench.figure('p99', times.percentile(99))
      bench.figure('queue', database.waiting)
      bench.figure('busy', database.busy)
      bench.figure('entries', cache.size)
    })
    sim.start(clients())
    sim.start(everySecond())
    await bench.simulate(seconds * 1000)
  },
})

/**
 * The lower of two hit rates: of an LRU cache by Che's approximation (Che, Tung, Wang 2002: an entry stays for the time in which `size`
 * different keys are asked for), and of entries that expire after `ttlS` however much room there is (a miss, then λ × TTL hits).
 */
function expected(size: number, skew: number, ttlS: number): number {
  const { shares } = zipf(keys, skew)
  const different = (requests: number): number => shares.reduce((sum, share) => sum + 1 - exp(-share * requests), 0)
  let [low, high] = [0, 1e7]
  if (size < keys)
    for (let i = 0; i < 40; i++) {
      const middle = (low + high) / 2
      if (different(middle) < size) low = middle
      else high = middle
    }
  const lru = size >= keys ? 1 : shares.reduce((sum, share) => sum + share * (1 - exp(-share * high)), 0)
  const living = shares.reduce((sum, share) => {
    const hits = share * perSecond * ttlS
    return sum + (share * hits) / (1 + hits)
  }, 0)
  return ttlS >= flushS ? lru : Math.min(lru, living)
}
