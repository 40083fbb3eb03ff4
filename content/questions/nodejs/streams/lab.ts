/** Three stages with different speeds: what lies in memory when each waits for the next, and when nobody waits. */

import { channel, none } from '@viva/sluice'
import { choice, defineLab, erlang, number, type Process } from '@viva/lab'

const fileMiB = 64
const chunkMiB = 1 / 16
const chunks = fileMiB / chunkMiB

/** What a stage may hold before it says "enough", in chunks of 64 KiB. */
const marks = { ignored: Infinity, one: 1, sixteen: 16, many: 256 } as const

const slowest = ({ read, parse, write }: { read: number; parse: number; write: number }): number =>
  Math.min(read, parse, write)

export default defineLab({
  kind: 'simulation',
  title: 'A pipeline of three speeds',
  task: 'Send a file of 64 MiB through three stages and watch the memory. Then let each stage wait for the next, and compare the time.',
  knobs: {
    read: number({ label: 'Read', unit: 'MiB/s', min: 5, max: 100, step: 5, value: 100 }),
    parse: number({ label: 'Transform', unit: 'MiB/s', min: 5, max: 100, step: 5, value: 40 }),
    write: number({ label: 'Write', unit: 'MiB/s', min: 5, max: 100, step: 5, value: 10 }),
    mark: choice({
      label: 'write() returns false',
      options: {
        ignored: 'and nobody listens',
        one: 'at 64 KiB, and one waits',
        sixteen: 'at 1 MiB, and one waits',
        many: 'at 16 MiB, and one waits',
      },
      value: 'ignored',
    }),
  },
  presets: [
    {
      name: 'Nobody waits',
      knobs: {},
      look: 'Most of the file lies in memory, and the last stage decides when it is done.',
    },
    { name: 'Each waits', knobs: { mark: 'one' }, look: 'A few chunks in memory, and the same time.' },
    {
      name: 'A larger mark',
      knobs: { mark: 'many' },
      look: 'A hundred times the memory, and not a second sooner.',
    },
    {
      name: 'The middle is slow',
      knobs: { parse: 10, write: 100 },
      look: 'The chunks lie before the slow stage, wherever it is.',
    },
    {
      name: 'A slow source',
      knobs: { read: 10, parse: 40, write: 100 },
      look: 'Nothing piles up where the source is slowest: nobody has to wait.',
    },
  ],
  predict: {
    ask: 'How much of the 64 MiB lies in memory, in buffers and in work, at the worst moment?',
    kind: 'number',
    quantity: { label: 'Most in memory', unit: 'MiB', digits: 1 },
    min: 0,
    max: fileMiB,
    slack: 1,
    share: 0.15,
    actual: (run) => run.figure('most'),
  },
  series: {
    held: { label: 'In memory', unit: 'MiB', as: 'steps', tone: 'bad' },
    beforeParse: { label: 'Before the transform', unit: 'MiB', as: 'steps', tone: 'signal' },
    beforeWrite: { label: 'Before the writer', unit: 'MiB', as: 'steps', tone: 'second' },
    written: { label: 'Written', unit: 'MiB', tone: 'ok' },
  },
  charts: [
    {
      title: 'In memory',
      x: { label: 'Time', unit: 's' },
      y: { label: 'MiB' },
      lines: ['held', 'beforeParse', 'beforeWrite'],
      theory: (knobs) => {
        if (knobs.mark !== 'ignored') return undefined
        const out = slowest(knobs)
        const readS = fileMiB / knobs.read
        const left = fileMiB - out * readS
        return {
          label: `grows by ${knobs.read - out} MiB/s while the file is read`,
          points: [0, 0, readS, left, fileMiB / out, 0],
        }
      },
    },
    { title: 'Written', x: { label: 'Time', unit: 's' }, y: { label: 'MiB' }, lines: ['written'] },
  ],
  figures: {
    most: { label: 'Most in memory', unit: 'MiB', digits: 2 },
    tookS: { label: 'Time', unit: 's', digits: 2 },
    bestS: { label: 'Size ÷ slowest stage', unit: 's', digits: 2 },
    speed: { label: 'Speed', unit: 'MiB/s', digits: 1 },
    paused: { label: 'Reader waited', unit: 's', digits: 2 },
    refused: { label: 'write() returned false', digits: 0 },
    beforeParse: { label: 'Before the transform', unit: 'MiB', hidden: true },
    beforeWrite: { label: 'Before the writer', unit: 'MiB', hidden: true },
    held: { label: 'In memory now', unit: 'MiB', hidden: true },
    read: { label: 'Chunks read', hidden: true },
    parsed: { label: 'Chunks transformed', hidden: true },
    writtenChunks: { label: 'Chunks written', hidden: true },
    scale: { label: 'Room', hidden: true },
  },
  diagram: {
    kind: 'flow',
    nodes: [
      { id: 'reader', kind: 'source', label: 'Reader', value: 'read' },
      { id: 'first', kind: 'queue', label: 'Buffer, MiB', value: 'beforeParse', of: 'scale' },
      { id: 'transform', kind: 'servers', label: 'Transform', value: 'parsed' },
      { id: 'second', kind: 'queue', label: 'Buffer, MiB', value: 'beforeWrite', of: 'scale' },
      { id: 'writer', kind: 'sink', label: 'Writer', value: 'writtenChunks' },
    ],
    edges: [
      { from: 'reader', to: 'first', count: 'read' },
      { from: 'first', to: 'transform', count: 'parsed' },
      { from: 'transform', to: 'second', count: 'parsed' },
      { from: 'second', to: 'writer', count: 'writtenChunks', tone: 'ok' },
    ],
  },
  claims: [
    {
      says: 'When each stage waits for the next, memory holds two full buffers and what the stages have in hand, never more.',
      when: ({ knobs }) => knobs.mark !== 'ignored',
      holds: (run) => run.figure('most') <= (2 * marks[run.knobs.mark] + 3) * chunkMiB + 1e-9,
    },
    {
      says: 'When nobody waits, memory grows at the difference of the speeds for as long as the file is read.',
      when: ({ knobs }) => knobs.mark === 'ignored' && slowest(knobs) <= knobs.read / 2,
      holds: (run) => {
        const theory = fileMiB * (1 - slowest(run.knobs) / run.knobs.read)
        return Math.abs(run.figure('most') / theory - 1) < 0.1
      },
    },
    {
      says: 'The slowest stage sets the time, whether the others wait or not.',
      // Where two stages are equally slow and the buffer is small, each waits for the other now and then.
      when: ({ knobs }) =>
        [knobs.read, knobs.parse, knobs.write].filter((speed) => speed < 1.5 * slowest(knobs)).length === 1,
      holds: (run) => Math.abs(run.figure('tookS') / run.figure('bestS') - 1) < 0.12,
    },
    {
      says: 'The signal reaches the source: the reader stands still for most of the time when the end is slow.',
      when: ({ knobs }) => (knobs.mark === 'one' || knobs.mark === 'sixteen') && knobs.write * 4 <= knobs.read,
      holds: (run) => run.figure('paused') > 0.5 * run.figure('tookS'),
    },
    {
      says: 'A source that is slowest needs no signal: hardly anything lies in memory.',
      when: ({ knobs }) => knobs.read * 2 <= Math.min(knobs.parse, knobs.write),
      holds: (run) => run.figure('most') < 2,
    },
  ],
  why(run) {
    const { read, parse, write, mark } = run.knobs
    const slow = slowest(run.knobs)
    const name = write === slow ? 'writer' : parse === slow ? 'transform' : 'reader'
    const took = run.figure('tookS').toFixed(1)
    const most = run.figure('most').toFixed(run.figure('most') < 10 ? 2 : 0)
    if (name === 'reader')
      return `The reader is the slowest with ${read} MiB/s, so the stages behind it are idle most of the time and no buffer fills: ${most} MiB at most. It took ${took} s, and waiting would change nothing.`
    if (mark === 'ignored')
      return `The reader brings ${read} MiB/s and the ${name} passes on ${slow}, so ${read - slow} MiB pile up each second until the file is read: ${most} of ${fileMiB} MiB at the worst. All that haste saved nothing: it took ${took} s, and ${fileMiB} ÷ ${slow} is ${run.figure('bestS').toFixed(1)} s. write() said "enough" ${run.figure('refused')} times.`
    return `Each full buffer makes the stage before it wait, back to the reader, which stood still for ${run.figure('paused').toFixed(1)} of ${took} s. So memory holds two buffers at most, ${most} MiB, and the time is still ${fileMiB} ÷ ${slow} = ${run.figure('bestS').toFixed(1)} s${mark === 'many' ? ': a larger mark buys memory use, no speed' : ''}.`
  },
  async run(knobs, bench) {
    const sim = bench.simulation
    const isIgnored = knobs.mark === 'ignored'
    // Room for the whole file stands for no bound at all.
    const capacity = isIgnored ? chunks : marks[knobs.mark]
    const first = channel<number>({ capacity, onFull: 'wait' })
    const second = channel<number>({ capacity, onFull: 'wait' })
    const [held, beforeParse, beforeWrite] = ['held', 'beforeParse', 'beforeWrite'].map((name) => bench.level(name))
    const [read, parsed, written, refused] = ['read', 'parsed', 'writtenChunks', 'refused'].map((name) =>
      bench.counter(name),
    )
    let pausedMs = 0
    let endedAt: number | undefined
    /** The mark by which write() would say "enough" when nobody listens: 64 KiB. */
    const counts = (depth: number): void => {
      if (depth >= (isIgnored ? 1 : capacity)) refused!.add()
    }
    const show = (): void => {
      beforeParse!.set(first.depth * chunkMiB)
      beforeWrite!.set(second.depth * chunkMiB)
    }
    const time = (stage: 'read' | 'parse' | 'write'): (() => number) => {
      const work = erlang(8, (1000 * chunkMiB) / knobs[stage])
      const chance = sim.random(stage)
      return () => work.draw(chance)
    }
    function* reader(): Process {
      const work = time('read')
      for (let chunk = 0; chunk < chunks; chunk++) {
        yield work()
        read!.add()
        held!.add(chunkMiB)
        const since = sim.now
        const waits = first.send(chunk)
        counts(first.depth)
        show()
        if (waits !== undefined) yield waits
        pausedMs += sim.now - since
      }
      first.close()
    }
    function* transform(): Process {
      const work = time('parse')
      for (;;) {
        const received = first.receive()
        const chunk = received instanceof Promise ? yield received : received
        if (chunk === none) break
        show()
        yield work()
        parsed!.add()
        const waits = second.send(chunk as number)
        counts(second.depth)
        show()
        if (waits !== undefined) yield waits
      }
      second.close()
    }
    function* writer(): Process {
      const work = time('write')
      for (;;) {
        const received = second.receive()
        const chunk = received instanceof Promise ? yield received : received
        if (chunk === none) break
        show()
        yield work()
        held!.add(-chunkMiB)
        written!.add()
        bench.point('written', sim.now / 1000, written!.count * chunkMiB)
      }
      endedAt = sim.now
    }
    const bestS = fileMiB / slowest(knobs)
    bench.figure('bestS', bestS)
    bench.figure('scale', isIgnored ? fileMiB : capacity * chunkMiB)
    bench.beforeTurn(() => {
      const tookS = (endedAt ?? sim.now) / 1000
      bench.figure('most', held!.max)
      bench.figure('tookS', tookS)
      bench.figure('speed', tookS === 0 ? 0 : (written!.count * chunkMiB) / tookS)
      bench.figure('paused', pausedMs / 1000)
    })
    sim.start(reader())
    sim.start(transform())
    sim.start(writer())
    // Its end is not known beforehand: in steps until it is there.
    const steps = 40
    for (let step = 0; step < steps && endedAt === undefined; step++)
      await bench.simulate((bestS * 1000 * (2 * (step + 1))) / steps, { from: step / steps, to: (step + 1) / steps })
  },
})
