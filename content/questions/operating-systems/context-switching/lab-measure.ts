/** Four ways to hand work over, measured here: a call, a turn of the microtask queue, a turn of the event loop, and another thread. */

import { choice, defineLab, number } from '@viva/lab'

const ways = ['call', 'microtask', 'macrotask', 'thread'] as const
type Way = (typeof ways)[number]
const nameOf: Record<Way, string> = {
  call: 'function call',
  microtask: 'microtask',
  macrotask: 'event-loop turn',
  thread: 'another thread',
}

/** Seen from outside, so that a call is made and not computed away. */
let seen = 0
function step(value: number): number {
  seen = (seen * 3 + value) | 0
  return seen
}

/** What a host may have of threads; its types differ between browsers and Node. */
type Thread = { post(value: unknown): void; next(): Promise<unknown>; end(): void }

/** What both hosts' workers have, told as they tell it: their types differ. */
type EchoWorker = { postMessage(value: unknown): void; terminate(): unknown }
type NodeWorker = EchoWorker & { on(event: string, run: (value: unknown) => void): void }
type WebWorker = EchoWorker & { onmessage: ((event: { data: unknown }) => void) | null; onerror: (() => void) | null }
declare const Worker: (new (url: URL, options: { type: 'module' }) => WebWorker) | undefined

/** A thread, or undefined where this host gives none. */
async function openThread(): Promise<Thread | undefined> {
  const waiting: ((value: unknown) => void)[] = []
  const take = (value: unknown): void => waiting.shift()?.(value)
  const threadOf = (worker: EchoWorker): Thread => ({
    post: (value) => worker.postMessage(value),
    next: () => new Promise((resolve) => waiting.push(resolve)),
    end: () => void worker.terminate(),
  })
  const host = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
  const threads = host.process?.getBuiltinModule?.('node:worker_threads') as
    | { Worker: new (url: URL) => NodeWorker }
    | undefined
  if (threads !== undefined) {
    const worker = new threads.Worker(new URL('./echo.ts', import.meta.url))
    worker.on('message', take)
    worker.on('error', () => take(undefined))
    return threadOf(worker)
  }
  if (typeof Worker === 'undefined') return undefined
  const worker = new Worker(new URL('./echo.ts', import.meta.url), { type: 'module' })
  worker.onmessage = ({ data }) => take(data)
  // It could not be loaded: whoever waits is told so.
  worker.onerror = () => take(undefined)
  return threadOf(worker)
}

/** True where this thread may sleep on shared memory (a page's main thread may not, and memory is shared only where the page is isolated). */
function canSleep(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0)
    return true
  } catch {
    return false
  }
}

export default defineLab({
  kind: 'measurement',
  title: 'What a hand-off costs here',
  task: 'Measure on your own machine how long it takes to hand an item over: by a call, through two queues of the event loop, and to another thread. Then hand over batches.',
  knobs: {
    batch: number({
      label: 'Items in a hand-off',
      unit: 'items',
      min: 1,
      max: 100,
      value: 1,
      hint: 'The cost of a hand-off is shared by the items in it.',
    }),
    thread: choice({
      label: 'The other thread is woken by',
      options: { message: 'a message', shared: 'shared memory (Atomics), where allowed' },
      value: 'message',
    }),
    repeats: number({ label: 'Repeats', min: 5, max: 25, step: 2, value: 9, hint: 'The median of them counts.' }),
  },
  presets: [
    {
      name: 'One by one',
      knobs: {},
      look: 'A queue of the engine is near; one of the host is hundreds of calls away, a thread thousands.',
    },
    {
      name: 'Through shared memory',
      knobs: { thread: 'shared' },
      look: 'No event loop on either side: sleep and wake are what is left.',
    },
    {
      name: 'In batches of 100',
      knobs: { batch: 100 },
      look: 'The dear hand-offs fall to a small part for each item, the call does not.',
    },
  ],
  predict: {
    ask: 'How many function calls fit into one round trip to another thread and back?',
    kind: 'choice',
    options: [
      { value: 'tens', label: 'fewer than 100' },
      { value: 'hundreds', label: '100 to 1,000' },
      { value: 'thousands', label: '1,000 to 100,000' },
      { value: 'more', label: 'more than 100,000' },
    ],
    actual(run) {
      const calls = run.figure('calls')
      if (!Number.isFinite(calls)) return undefined
      return calls < 100 ? 'tens' : calls < 1000 ? 'hundreds' : calls <= 100_000 ? 'thousands' : 'more'
    },
  },
  series: {
    ns: { label: 'For an item', unit: 'ns', as: 'bars', tone: 'signal' },
    repeats: { label: 'Each repeat', unit: 'ns', as: 'dots', tone: 'second' },
  },
  charts: [
    {
      title: 'Time for an item, by the way it is handed over',
      x: { label: 'Way', names: ways.map((way) => nameOf[way]) },
      y: { label: 'Nanoseconds', log: true },
      lines: ['ns'],
    },
    {
      title: 'Repeats of the last way: how steady the figure is',
      x: { label: 'Repeat' },
      y: { label: 'Nanoseconds', log: true },
      lines: ['repeats'],
    },
  ],
  figures: {
    call: { label: 'Function call', unit: 'ns for an item', digits: 1 },
    microtask: { label: 'Microtask', unit: 'ns for an item', digits: 1 },
    macrotask: { label: 'Event-loop turn', unit: 'ns for an item', digits: 0 },
    thread: { label: 'Another thread and back', unit: 'ns for an item', digits: 0 },
    how: { label: 'The other thread' },
    roundTrip: { label: 'A round trip for one item', unit: 'µs', digits: 1 },
    calls: { label: 'Calls in a round trip', digits: 0 },
    share: { label: 'Of a core at 10,000 round trips a second', unit: '%', digits: 1 },
  },
  tables: { measured: { title: 'Measured', columns: ['Way', 'Median, ns an item', 'Middle half from', 'to'] } },
  claims: [
    {
      says: 'A microtask costs at least three times a call.',
      when: ({ knobs }) => knobs.batch === 1,
      holds: (run) => run.figure('microtask') > 3 * run.figure('call'),
    },
    {
      says: 'A turn of the event loop costs at least three times a microtask.',
      when: ({ knobs }) => knobs.batch === 1,
      holds: (run) => run.figure('macrotask') > 3 * run.figure('microtask'),
    },
    {
      says: 'A round trip to another thread costs at least a hundred calls.',
      when: (run) => run.word('how') !== 'not available here',
      holds: (run) => run.figure('calls') > 100,
    },
    {
      says: 'In batches of 50 or more, an item costs less than a fifth of a round trip of its own.',
      when: (run) => run.knobs.batch >= 50 && run.word('how') !== 'not available here',
      holds: (run) => run.figure('thread') * 5 < run.figure('roundTrip') * 1000,
    },
  ],
  why(run) {
    const { batch } = run.knobs
    const ns = (name: string): string =>
      run.figure(name) < 100 ? run.figure(name).toFixed(1) : run.figure(name).toFixed(0)
    const queues = `A call stays in the registers: ${ns('call')} ns. A microtask goes through a queue of the engine (${ns('microtask')} ns for an item), an event-loop turn through one of the host (${ns('macrotask')} ns)${batch > 1 ? `, each shared by ${batch} items` : ''}. `
    if (run.word('how') === 'not available here')
      return `${queues}This host gives no thread to hand over to, so the last step could not be measured.`
    return `${queues}Another thread has to be woken by the kernel and to wake this one in turn, two switches if they share a core and two wake-ups if not: ${run.figure('roundTrip').toFixed(1)} µs, as long as ${run.figure('calls').toFixed(0)} calls. That is the direct cost; cold caches come on top, and depend on what each side touches.`
  },
  async run({ batch, thread, repeats }, bench) {
    const found: Partial<Record<Way, number>> = {}
    const items = (): void => {
      for (let i = 0; i < batch; i++) step(i)
    }
    const note = async (way: Way, work: (times: number) => void | Promise<void>): Promise<void> => {
      bench.status(`Measuring: ${nameOf[way]}`)
      bench.series.delete('repeats')
      const at = ways.indexOf(way)
      const { medianNs, lowNs, highNs } = await bench.measure(work, {
        repeats,
        from: at / ways.length,
        to: (at + 1) / ways.length,
        onBatch: (value, repeat) => bench.point('repeats', repeat + 1, value / batch),
      })
      found[way] = medianNs
      const [median, low, high] = [medianNs, lowNs, highNs].map((value) => value / batch)
      bench.figure(way, median!)
      bench.point('ns', at, median!)
      bench.row('measured', [nameOf[way], ...[median!, low!, high!].map((value) => Math.round(value * 10) / 10)])
    }
    await note('call', (times) => {
      for (let i = 0; i < times; i++) items()
    })
    const settled = Promise.resolve()
    await note('microtask', async (times) => {
      for (let i = 0; i < times; i++) {
        await settled
        items()
      }
    })
    const { port1, port2 } = new MessageChannel()
    await note(
      'macrotask',
      (times) =>
        new Promise<void>((resolve) => {
          let left = times
          port1.onmessage = () => {
            items()
            if (--left === 0) resolve()
            else port2.postMessage(0)
          }
          port2.postMessage(0)
        }),
    )
    port1.close()
    port2.close()
    let how = 'not available here'
    let single: number | undefined
    /** By batches, and one by one to compare with. */
    const both = async (handOver: (times: number, work: () => void) => void | Promise<void>): Promise<void> => {
      await note('thread', (times) => handOver(times, items))
      single =
        batch === 1
          ? found.thread
          : (await bench.measure((times) => handOver(times, () => step(1)), { repeats, from: 1 })).medianNs
    }
    const other = await openThread()
    if (other !== undefined) {
      try {
        if (thread === 'shared' && canSleep()) {
          const turn = new Int32Array(new SharedArrayBuffer(8))
          const ready = other.next()
          other.post(turn.buffer)
          if ((await ready) === 'ready') {
            how = 'woken through shared memory'
            await both((times, work) => {
              for (let i = 0; i < times; i++) {
                work()
                Atomics.store(turn, 0, 1)
                Atomics.notify(turn, 0)
                if (Atomics.wait(turn, 0, 1, 2000) === 'timed-out') throw new Error('the other thread did not answer')
              }
            })
            Atomics.store(turn, 1, 1)
            Atomics.store(turn, 0, 1)
            Atomics.notify(turn, 0)
          }
        } else {
          const ready = other.next()
          other.post('ping')
          if ((await ready) === 'ping') {
            how = thread === 'shared' ? 'woken by a message (no shared memory here)' : 'woken by a message'
            await both(async (times, work) => {
              for (let i = 0; i < times; i++) {
                work()
                const answer = other.next()
                other.post('ping')
                await answer
              }
            })
          }
        }
      } finally {
        other.end()
      }
    }
    bench.figure('how', how)
    const oneCall = found.call! / batch
    const roundTripNs = single ?? Number.NaN
    bench.figure('roundTrip', roundTripNs / 1000)
    bench.figure('calls', roundTripNs / oneCall)
    bench.figure('share', Math.min(100, (roundTripNs * 10_000) / 1e7))
  },
})
