/** Page replacement on one string of references: FIFO, LRU, clock and OPT, with every number of frames. */

import { type Cell, choice, defineLab, number, type Points, type Random, pick, shuffled } from '@viva/lab'

const belady = [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5]
const mostFrames = 12
/** Figures of the model, as in the answer: memory, and a page read from flash. */
const [memoryUs, faultUs] = [0.1, 100]
const policies = ['fifo', 'lru', 'clock', 'opt'] as const
type Policy = (typeof policies)[number]
const names: Record<Policy, string> = { fifo: 'FIFO', lru: 'LRU', clock: 'clock', opt: 'OPT' }

/** What memory holds after each reference: the page of each frame, the frame that was used, and whether it was a fault. */
type Moment = { page: number; frame: number; isFault: boolean; pages: number[]; notes: string[] }

function replay(trace: readonly number[], policy: Policy, frames: number, seen?: (moment: Moment) => void): number {
  const pages: number[] = []
  const loadedAt: number[] = []
  const usedAt: number[] = []
  const used: boolean[] = []
  let [hand, faults] = [0, 0]
  const next = (page: number, now: number): number => {
    const at = trace.indexOf(page, now + 1)
    return at === -1 ? Infinity : at
  }
  const victim = (now: number): number => {
    if (pages.length < frames) return pages.length
    const score = (frame: number): number =>
      policy === 'fifo' ? -loadedAt[frame]! : policy === 'lru' ? -usedAt[frame]! : next(pages[frame]!, now)
    let worst = 0
    for (let frame = 1; frame < frames; frame++) if (score(frame) > score(worst)) worst = frame
    return worst
  }
  for (const [now, page] of trace.entries()) {
    let frame = pages.indexOf(page)
    const isFault = frame === -1
    if (isFault) {
      faults++
      if (policy === 'clock') {
        while (used[hand]) {
          used[hand] = false
          hand = (hand + 1) % frames
        }
        frame = hand
        hand = (hand + 1) % frames
      } else frame = victim(now)
      pages[frame] = page
      loadedAt[frame] = now
    }
    usedAt[frame] = now
    used[frame] = true
    seen?.({
      page,
      frame,
      isFault,
      pages,
      notes: pages.map((held, at) =>
        policy === 'fifo'
          ? `${now - loadedAt[at]!}`
          : policy === 'lru'
            ? `${now - usedAt[at]!}`
            : policy === 'clock'
              ? `${used[at] ? 1 : 0}${at === hand ? '◂' : ''}`
              : Number.isFinite(next(held, now))
                ? `${next(held, now) - now}`
                : '∞',
      ),
    })
  }
  return faults
}

/** Phases of 40 references, nine tenths of them to four pages: what programs do. */
function local(random: Random, pages: number): number[] {
  const trace: number[] = []
  const all = Array.from({ length: pages }, (_, page) => page + 1)
  for (let phase = 0; phase < 5; phase++) {
    const hot = shuffled(random, all).slice(0, 4)
    for (let i = 0; i < 40; i++) trace.push(random() < 0.9 ? hot[pick(random, 4)]! : all[pick(random, pages)]!)
  }
  return trace
}

const at = (points: Points | undefined, frames: number): number => points?.[2 * (frames - 1) + 1] ?? Number.NaN
const falls = (points: Points | undefined): boolean => {
  for (let frames = 2; frames <= mostFrames; frames++) if (!(at(points, frames) <= at(points, frames - 1))) return false
  return true
}

export default defineLab({
  kind: 'simulation',
  title: 'Which page to evict',
  task: 'Run FIFO with three frames, then give it a fourth. Then change the policy and the string, and compare the faults.',
  knobs: {
    policy: choice({
      label: 'Policy',
      options: {
        fifo: 'FIFO: the oldest goes',
        lru: 'LRU: least recently used',
        clock: 'clock: a second chance',
        opt: 'OPT: knows the future',
      },
      value: 'fifo',
    }),
    frames: number({ label: 'Frames', unit: 'frames', min: 1, max: 10, value: 3 }),
    trace: choice({
      label: 'References',
      options: { belady: '1 2 3 4 1 2 5 1 2 3 4 5', loop: 'a loop over all pages', local: 'phases of locality' },
      value: 'belady',
    }),
    pages: number({
      label: 'Pages',
      unit: 'pages',
      min: 4,
      max: 12,
      value: 8,
      hint: 'For the loop and for locality; the string of numbers has 5.',
    }),
  },
  presets: [
    { name: 'FIFO, 3 frames', knobs: {}, look: 'Nine faults in twelve references.' },
    { name: 'FIFO, 4 frames', knobs: { frames: 4 }, look: 'More memory, ten faults: Belády’s anomaly.' },
    { name: 'The best there could be', knobs: { policy: 'opt' }, look: 'Seven faults; five are first touches.' },
    {
      name: 'A loop one page too long',
      knobs: { policy: 'lru', frames: 7, trace: 'loop' },
      look: 'LRU evicts what is needed next: not one hit.',
    },
    {
      name: 'Locality',
      knobs: { policy: 'clock', frames: 5, trace: 'local', pages: 12 },
      look: 'Clock, with one bit a page, stays close to LRU.',
    },
  ],
  predict: {
    ask: 'Give this policy one frame more than the knob says. Compared with now, the faults will be …?',
    kind: 'choice',
    options: [
      { value: 'fewer', label: 'fewer' },
      { value: 'same', label: 'as many' },
      { value: 'more', label: 'more' },
    ],
    actual: (run) => run.word('oneMore'),
  },
  series: {
    fifo: { label: 'FIFO', unit: 'faults', tone: 'bad' },
    lru: { label: 'LRU', unit: 'faults', tone: 'signal' },
    clock: { label: 'Clock', unit: 'faults', tone: 'second' },
    opt: { label: 'OPT', unit: 'faults', tone: 'ok' },
    soFar: { label: 'Faults so far', as: 'steps', tone: 'bad' },
    cold: { label: 'First touches so far', as: 'steps', tone: 'plain' },
  },
  charts: [
    {
      title: 'Faults against frames',
      x: { label: 'Frames', range: [1, mostFrames], digits: 0 },
      y: { label: 'Faults' },
      lines: [...policies],
      theory: ({ trace, pages }) => {
        if (trace === 'local') return undefined
        const distinct = trace === 'belady' ? 5 : pages
        return { label: `first touches: ${distinct}`, points: [1, distinct, mostFrames, distinct] }
      },
    },
    {
      title: 'This policy, reference by reference',
      x: { label: 'References' },
      y: { label: 'Faults' },
      lines: ['soFar', 'cold'],
    },
  ],
  figures: {
    references: { label: 'References', digits: 0 },
    faults: { label: 'Faults', digits: 0 },
    faultsMore: { label: 'with one frame more', digits: 0 },
    oneMore: { label: 'One frame more gives' },
    optFaults: { label: 'OPT, same frames', digits: 0 },
    distinct: { label: 'Different pages', digits: 0 },
    hitRate: { label: 'Hits', unit: '%', digits: 1 },
    accessUs: { label: 'Mean access (0.1 µs, fault 100 µs)', unit: 'µs', digits: 1 },
  },
  diagram: {
    kind: 'cells',
    rows: [
      { id: 'string', label: 'References' },
      { id: 'outcome', label: 'Fault' },
      { id: 'memory', label: 'Frames' },
      { id: 'notes', label: 'Age, bit or next use' },
    ],
  },
  claims: [
    {
      says: 'Belády’s anomaly: on his string FIFO has 9 faults with 3 frames and 10 with 4.',
      when: ({ knobs }) => knobs.trace === 'belady',
      holds: (run) => at(run.series['fifo'], 3) === 9 && at(run.series['fifo'], 4) === 10,
    },
    {
      says: 'LRU and OPT are stack algorithms: one frame more never gives more faults.',
      holds: (run) => falls(run.series['lru']) && falls(run.series['opt']),
    },
    {
      says: 'Nobody has fewer faults than OPT, with any number of frames.',
      holds: (run) =>
        policies.every((policy) =>
          Array.from({ length: mostFrames }, (_, i) => i + 1).every(
            (frames) => at(run.series[policy], frames) >= at(run.series['opt'], frames),
          ),
        ),
    },
    {
      says: 'A loop that is longer than memory gives FIFO, LRU and clock not one hit.',
      when: ({ knobs }) => knobs.trace === 'loop' && knobs.frames < knobs.pages && knobs.policy !== 'opt',
      holds: (run) => run.figure('faults') === run.figure('references'),
    },
    {
      says: 'When every page has its frame, only first touches fault.',
      when: (run) => run.knobs.frames >= run.figure('distinct'),
      holds: (run) => run.figure('faults') === run.figure('distinct'),
    },
    {
      says: 'On local references clock stays within half as many faults again as LRU.',
      when: ({ knobs }) => knobs.trace === 'local',
      holds: (run) => at(run.series['clock'], run.knobs.frames) <= 1.5 * at(run.series['lru'], run.knobs.frames),
    },
  ],
  why(run) {
    const { policy, frames, trace, pages } = run.knobs
    const [faults, more, best, distinct] = ['faults', 'faultsMore', 'optFaults', 'distinct'].map((name) =>
      run.figure(name),
    )
    const first = `${names[policy]} with ${frames} frame${frames === 1 ? '' : 's'} faulted ${faults} times in ${run.figure('references')} references; ${distinct} of these were first touches, and OPT needed ${best}.`
    if (more! > faults!)
      return `${first} One frame more gives ${more}: ${names[policy]} does not keep with ${frames + 1} frames all that it keeps with ${frames}, so it can throw away just what comes next.`
    if (trace === 'loop' && frames < pages && policy !== 'opt')
      return `${first} In a loop over ${pages} pages the one that was used longest ago is the one needed next, and that is the one this policy evicts. One page less, or one frame more, and nearly all are hits.`
    if (frames >= distinct!) return `${first} Everything fits, so the policy never had to choose.`
    return `${first} One frame more gives ${more}. ${policy === 'opt' ? 'It evicts the page that is used furthest in the future, which no kernel can know.' : policy === 'lru' ? 'The recent past stood in for the future; what LRU holds in fewer frames it also holds in more, so it never gets worse.' : policy === 'clock' ? 'The accessed bit tells only used or not since the hand last came by, which is enough where references are local and too little where every bit is set.' : 'FIFO looks at arrival alone, so a page in constant use goes as soon as it is the oldest.'}`
  },
  async run({ policy, frames, trace, pages }, bench) {
    const references =
      trace === 'belady'
        ? belady
        : trace === 'loop'
          ? Array.from({ length: 10 * pages }, (_, i) => (i % pages) + 1)
          : local(bench.random('references'), pages)
    const moments: Moment[] = []
    replay(references, policy, frames, (moment) => moments.push({ ...moment, pages: [...moment.pages] }))
    bench.figure('references', references.length)
    const touched = new Set<number>()
    let faults = 0
    for (const [now, { page, frame, isFault, pages: held, notes }] of moments.entries()) {
      touched.add(page)
      if (isFault) faults++
      bench.point('soFar', now + 1, faults)
      bench.point('cold', now + 1, touched.size)
      bench.figure('faults', faults)
      bench.figure('distinct', touched.size)
      bench.figure('hitRate', (100 * (now + 1 - faults)) / (now + 1))
      bench.figure('accessUs', memoryUs + (faultUs * faults) / (now + 1))
      const from = Math.max(0, Math.min(now - 8, references.length - 16))
      const shown = references.slice(from, from + 16)
      bench.show(
        'string',
        shown.map((text, i): Cell => ({ text: String(text), tone: from + i === now ? 'signal' : 'plain' })),
      )
      bench.show(
        'outcome',
        shown.map((_, i): Cell => {
          if (from + i > now) return { text: '' }
          return moments[from + i]!.isFault ? { text: '×', tone: 'bad' } : { text: '·', tone: 'ok' }
        }),
      )
      bench.show(
        'memory',
        Array.from(
          { length: frames },
          (_, i): Cell => ({
            text: held[i] === undefined ? '' : String(held[i]),
            tone: i !== frame ? 'plain' : isFault ? 'bad' : 'ok',
          }),
        ),
      )
      bench.show(
        'notes',
        Array.from({ length: frames }, (_, i): Cell => ({ text: notes[i] ?? '' })),
      )
      await bench.turn((0.9 * (now + 1)) / moments.length)
    }
    for (let count = 1; count <= mostFrames; count++)
      for (const each of policies) bench.point(each, count, replay(references, each, count))
    const more = replay(references, policy, frames + 1)
    bench.figure('faultsMore', more)
    bench.figure('oneMore', more < faults ? 'fewer' : more > faults ? 'more' : 'same')
    bench.figure('optFaults', replay(references, 'opt', frames))
    await bench.turn(1)
  },
})
