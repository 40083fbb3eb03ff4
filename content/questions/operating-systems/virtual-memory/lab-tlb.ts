/** How much memory a TLB of two levels covers, and what an access costs beyond that: page size, order of accesses, replacement, sets. */

import { type Cell, choice, defineLab, exp, number, pick, type Random } from '@viva/lab'

const KiB = 1024
const [MiB, GiB] = [KiB ** 2, KiB ** 3]
/** What is in the first-level data cache: Intel's Optimization Reference Manual (248966), Skylake. All data is there; only translation costs. */
const dataCycles = 4
/** More when the second level has the translation: Intel's top-down metric `tma_dtlb_load` for Skylake (7 from Ice Lake on). */
const secondCycles = 9
const columnBytes = 64 * KiB
const lineBytes = 64

const pageSizes = { '4k': 4 * KiB, '2m': 2 * MiB, '1g': GiB }
type PageSize = keyof typeof pageSizes
const pageNames: Record<PageSize, string> = { '4k': '4 KiB', '2m': '2 MiB', '1g': '1 GiB' }
const sizes = {
  '128k': 128 * KiB,
  '256k': 256 * KiB,
  '1m': MiB,
  '4m': 4 * MiB,
  '6m': 6 * MiB,
  '16m': 16 * MiB,
  '128m': 128 * MiB,
  '1g': GiB,
  '3g': 3 * GiB,
  '16g': 16 * GiB,
  '128g': 128 * GiB,
}

type Geometry = { entries: number; ways: number }
const anywhere = (entries: number): Geometry => ({ entries, ways: entries })
type TlbName = 'plain' | 'skylake' | 'one' | 'small'
/** One level or two. Skylake: the same manual, table of TLB parameters; there the sizes have entries of their own in the first level. */
const tlbs: Record<TlbName, (page: PageSize) => Geometry[]> = {
  plain: () => [anywhere(64), anywhere(1536)],
  skylake: (page) =>
    page === '1g'
      ? [anywhere(4), { entries: 16, ways: 4 }]
      : [
          { entries: page === '4k' ? 64 : 32, ways: 4 },
          { entries: 1536, ways: 12 },
        ],
  one: () => [anywhere(64)],
  small: () => [anywhere(16), anywhere(128)],
}
type Rule = 'lru' | 'random'
type Pattern = 'page' | 'line' | 'column' | 'random'

/** One set: pages in places, and the order in which they were used, as a ring through place 0 whose `older` is the newest. */
class TlbSet {
  readonly #places = new Map<number, number>()
  readonly #pages: number[] = [-1]
  readonly #older: number[] = [0]
  readonly #newer: number[] = [0]
  readonly #ways: number

  constructor(ways: number) {
    this.#ways = ways
  }

  has(page: number): boolean {
    const place = this.#places.get(page)
    if (place === undefined) return false
    this.#unlink(place)
    this.#linkNewest(place)
    return true
  }

  /** Gives the page that had to go: any, by chance, or without it the one used longest ago. */
  add(page: number, chance: Random | undefined): number | undefined {
    let [place, gone]: [number, number | undefined] = [this.#pages.length, undefined]
    if (place > this.#ways) {
      place = chance === undefined ? this.#newer[0]! : 1 + pick(chance, this.#ways)
      gone = this.#pages[place]!
      this.#places.delete(gone)
      this.#unlink(place)
    }
    this.#pages[place] = page
    this.#places.set(page, place)
    this.#linkNewest(place)
    return gone
  }

  #unlink(place: number): void {
    const [older, newer] = [this.#older[place]!, this.#newer[place]!]
    this.#newer[older] = newer
    this.#older[newer] = older
  }

  #linkNewest(place: number): void {
    const newest = this.#older[0]!
    this.#older[place] = newest
    this.#newer[place] = 0
    this.#newer[newest] = place
    this.#older[0] = place
  }
}

/** A page's set is its number modulo the sets. */
class Level {
  readonly #sets: TlbSet[]
  readonly #chance: Random | undefined

  constructor({ entries, ways }: Geometry, chance: Random | undefined) {
    this.#sets = Array.from({ length: entries / ways }, () => new TlbSet(ways))
    this.#chance = chance
  }

  has(page: number): boolean {
    return this.#sets[page % this.#sets.length]!.has(page)
  }

  add(page: number): number | undefined {
    return this.#sets[page % this.#sets.length]!.add(page, this.#chance)
  }
}

/** Where a translation was found: 0 for the first level, 1 for the second, 2 for the page table. */
type Found = 0 | 1 | 2

class Tlb {
  readonly #levels: Level[]
  /** What the last walk pushed out of the last level. */
  gone: number | undefined

  constructor(geometry: Geometry[], chance: Random | undefined) {
    this.#levels = geometry.map((level) => new Level(level, chance))
  }

  translate(page: number): Found {
    const [first, second] = this.#levels
    this.gone = undefined
    if (first!.has(page)) return 0
    if (second?.has(page)) {
      first!.add(page)
      return 1
    }
    const [fromFirst, fromSecond] = [first!.add(page), second?.add(page)]
    this.gone = second ? fromSecond : fromFirst
    return 2
  }
}

/** The pages that an order touches: how many, how far apart, and how many accesses in a row stay in one. */
function course(pattern: Pattern, pageBytes: number, pages: number): { touched: number; step: number; stay: number } {
  const stride = pattern === 'line' ? lineBytes : pattern === 'column' ? columnBytes : pageBytes
  const step = Math.max(1, stride / pageBytes)
  return { touched: Math.ceil(pages / step), step, stay: Math.max(1, pageBytes / stride) }
}

/** Accesses by where their translation was found. */
type Counts = [first: number, second: number, walked: number]
const shareOf = (counts: Counts, found: Found): number => counts[found] / (counts[0] + counts[1] + counts[2])

type Setting = { geometry: Geometry[]; rule: Rule; pattern: Pattern; pageBytes: number; pages: number }

/** No sweep over more pages is walked whole: with so many, nothing survives until it is needed again. */
const mostPages = 4096

/** A TLB that has seen its working set several times, and the page of each visit from now on. */
function warm({ geometry, rule, pattern, pageBytes, pages }: Setting, chance: (name: string) => Random) {
  const tlb = new Tlb(geometry, rule === 'random' ? chance('victims') : undefined)
  const { touched, step, stay } = course(pattern, pageBytes, pages)
  const where = chance('accesses')
  let at = 0
  const next = (): number => {
    const page = pattern === 'random' ? pick(where, touched) : step * at
    at = at + 1 === touched ? 0 : at + 1
    return page
  }
  const pass = Math.min(touched, mostPages)
  for (let i = 0; i < pass; i++) tlb.translate(step * i)
  at = pass % touched
  // A random victim needs some passes until as many come back as go.
  const passes = rule === 'random' || pattern === 'random' ? 4 : 1
  for (let i = 0; i < passes * pass; i++) tlb.translate(next())
  return { tlb, next, stay, touched, pass }
}

function measure(setting: Setting, chance: (name: string) => Random): Counts {
  const { tlb, next, stay, pass } = warm(setting, chance)
  const counts: Counts = [0, 0, 0]
  const isChance = setting.rule === 'random' || setting.pattern === 'random'
  const visits = isChance ? Math.max(2000, 2 * pass) : pass
  for (let visit = 0; visit < visits; visit++) {
    counts[tlb.translate(next())]++
    counts[0] += stay - 1
  }
  return counts
}

function cyclesOf(counts: Counts, levels: number, walk: number): number {
  const beyond = levels === 1 ? 0 : secondCycles
  return dataCycles + shareOf(counts, 1) * secondCycles + shareOf(counts, 2) * (beyond + walk)
}

/**
 * Cycles an access by theory, for TLBs without sets. In order with LRU: all or nothing. At random: what is held over what there is. In order with
 * random victims: a page outlives the m · n victims of a round with e^(−m · n / E), so the share missed is the m that is 1 − e^(−m · n / E).
 */
function expected(pattern: Pattern, rule: Rule, geometry: Geometry[], pages: number, pageBytes: number, walk: number) {
  const { touched, stay } = course(pattern, pageBytes, pages)
  const missed = ({ entries }: Geometry): number => {
    if (touched <= entries) return 0
    if (pattern === 'random') return 1 - entries / touched
    if (rule === 'lru') return 1
    let [low, high] = [1e-9, 1]
    for (let halving = 0; halving < 40; halving++) {
      const middle = (low + high) / 2
      if (1 - exp((-middle * touched) / entries) > middle) low = middle
      else high = middle
    }
    return low
  }
  const first = missed(geometry[0]!) / stay
  const last = geometry.length === 1 ? first : Math.min(first, missed(geometry[1]!) / stay)
  return cyclesOf([1 - first, first - last, last], geometry.length, walk)
}

const [fromBytes, toBytes] = [64 * KiB, 256 * GiB]
/** Two sizes an octave, and those at which a level is just full and one page over. */
function sweep(geometry: Geometry[], pattern: Pattern, pageBytes: number): number[] {
  const all = new Set<number>()
  for (let octave = 0; fromBytes * 2 ** octave <= toBytes; octave += 0.5)
    all.add(Math.max(1, Math.round((fromBytes * 2 ** octave) / pageBytes)))
  const { step } = course(pattern, pageBytes, 1)
  for (const { entries } of geometry) for (const pages of [entries * step, entries * step + 1]) all.add(pages)
  return [...all].filter((pages) => pages * pageBytes <= toBytes).sort((a, b) => a - b)
}

function written(bytes: number): string {
  const [unit, name] = bytes >= GiB ? [GiB, 'GiB'] : bytes >= MiB ? [MiB, 'MiB'] : [KiB, 'KiB']
  return `${Number((bytes / unit).toFixed(bytes % unit === 0 ? 0 : 2))} ${name}`
}

const lastOf = (geometry: Geometry[]): Geometry => geometry.at(-1)!
/** Accesses that are shown: half of them made, half to come. Five fit beside each other on a phone. */
const shown = 10
const beats = 40

export default defineLab({
  kind: 'simulation',
  title: 'How far a TLB reaches',
  task: 'Sweep 6 MiB and one page: 1,537 pages for 1,536 entries. Then take the page away, or change one other thing.',
  knobs: {
    size: choice({
      label: 'Working set',
      options: {
        '128k': '128 KiB',
        '256k': '256 KiB',
        '1m': '1 MiB',
        '4m': '4 MiB',
        '6m': '6 MiB',
        '16m': '16 MiB',
        '128m': '128 MiB',
        '1g': '1 GiB',
        '3g': '3 GiB',
        '16g': '16 GiB',
        '128g': '128 GiB',
      },
      value: '6m',
    }),
    extra: number({ label: 'and more', unit: 'pages', min: 0, max: 64, value: 1 }),
    page: choice({ label: 'Page size', options: { '4k': '4 KiB', '2m': '2 MiB', '1g': '1 GiB' }, value: '4k' }),
    pattern: choice({
      label: 'Accesses',
      options: {
        page: 'in order, one a page',
        line: 'in order, every 64 bytes',
        column: 'down a column: every 64 KiB',
        random: 'at random',
      },
      value: 'page',
      hint: 'In order: over and over again from the start.',
    }),
    tlb: choice({
      label: 'TLB',
      options: {
        plain: '64 and 1,536 entries',
        skylake: '64 and 1,536 in sets (Skylake)',
        one: '64 entries, one level',
        small: '16 and 128 entries',
      },
      value: 'plain',
      hint: 'Skylake: sets of 4 and 12; the first level has 32 entries for 2 MiB and 4 for 1 GiB, the second 16 for 1 GiB.',
    }),
    rule: choice({
      label: 'Thrown out',
      options: { lru: 'used longest ago (LRU)', random: 'any, at random' },
      value: 'lru',
    }),
    walk: number({
      label: 'Page walk',
      unit: 'cycles',
      min: 10,
      max: 300,
      step: 10,
      value: 30,
      hint: 'An assumption: the last table is in a cache. In memory it is hundreds.',
    }),
  },
  presets: [
    { name: 'One page too many', knobs: {}, look: 'Each walk throws out the page that is asked for next.' },
    { name: 'One page less', knobs: { extra: 0 }, look: 'No walk at all; but the first level never hits.' },
    { name: 'Huge pages', knobs: { page: '2m' }, look: 'The same bytes in 4 entries. See how far the cliff moves.' },
    {
      name: 'Random victims',
      knobs: { rule: 'random' },
      look: 'A rule that looks worse: one page costs next to nothing.',
    },
    { name: 'In sets', knobs: { tlb: 'skylake' }, look: 'One set of 128 is overfull, and only its 13 pages walk.' },
    {
      name: 'Every 64 bytes',
      knobs: { size: '16m', pattern: 'line' },
      look: 'One access in 64 walks: the others share its page.',
    },
    {
      name: 'Down a column',
      knobs: { size: '1m', extra: 0, pattern: 'column', tlb: 'skylake' },
      look: '16 pages, 64 entries, and no hit in the first level: all 16 belong to one set of 4.',
    },
    {
      name: 'At random in 1 GiB',
      knobs: { size: '1g', extra: 0, pattern: 'random', walk: 200 },
      look: 'Hits are what is held over what there is: a slope. Then take 2 MiB pages.',
    },
  ],
  predict: {
    ask: 'When it has been running for a while: of 100 accesses, how many have to walk the page table?',
    kind: 'number',
    quantity: { label: 'Walks', unit: 'of 100', digits: 0 },
    min: 0,
    max: 100,
    share: 0.1,
    slack: 3,
    actual: (run) => run.figure('walks'),
  },
  series: {
    '4k': { label: '4 KiB pages', unit: 'cycles', tone: 'bad' },
    '2m': { label: '2 MiB pages', unit: 'cycles', tone: 'signal' },
    '1g': { label: '1 GiB pages', unit: 'cycles', tone: 'ok' },
    found: { label: 'Accesses', unit: '%', as: 'bars' },
    lru: { label: 'LRU', unit: '%', tone: 'bad' },
    random: { label: 'Random victims', unit: '%', tone: 'ok' },
  },
  charts: [
    {
      title: 'What an access costs, against the working set',
      x: { label: 'Working set', unit: 'MiB', log: true, range: [fromBytes / MiB, toBytes / MiB] },
      y: { label: 'Cycles' },
      lines: ['4k', '2m', '1g'],
      theory: ({ page, pattern, tlb, rule, walk }) => {
        if (tlb === 'skylake') return undefined
        const [geometry, pageBytes] = [tlbs[tlb](page), pageSizes[page]]
        return {
          label: `theory, ${pageNames[page]} pages`,
          points: sweep(geometry, pattern, pageBytes).flatMap((pages) => [
            (pages * pageBytes) / MiB,
            expected(pattern, rule, geometry, pages, pageBytes, walk),
          ]),
        }
      },
    },
    {
      title: 'At the edge: walks in order, one access a page',
      x: { label: 'Pages more than entries', range: [-8, 64], digits: 0 },
      y: { label: 'Walks', unit: '%', range: [0, 100] },
      lines: ['lru', 'random'],
    },
    {
      title: 'Where translations were found, with these knobs',
      x: { label: '', names: ['first level', 'second level', 'page walk'] },
      y: { label: 'Accesses', unit: '%', range: [0, 100] },
      lines: ['found'],
    },
  ],
  figures: {
    walks: { label: 'Page walks', unit: 'of 100', digits: 2 },
    firstHits: { label: 'First level', unit: 'of 100', digits: 2 },
    secondHits: { label: 'Second level', unit: 'of 100', digits: 2 },
    cycles: { label: 'Mean access', unit: 'cycles', digits: 1 },
    theory: { label: 'by theory', unit: 'cycles', digits: 1 },
    touched: { label: 'Pages touched', digits: 0 },
    entries: { label: 'Entries in the last level', digits: 0 },
    reach: { label: 'They reach', digits: 0 },
    free: { label: 'Largest working set without a walk', digits: 0 },
    edgeLru: { label: 'One page over, in order: LRU walks', unit: 'of 100', digits: 2 },
    edgeRandom: { label: 'random victims walk', unit: 'of 100', digits: 2 },
    free4k: { label: 'Free of walks, 4 KiB', hidden: true },
    free2m: { label: 'Free of walks, 2 MiB', hidden: true },
    free1g: { label: 'Free of walks, 1 GiB', hidden: true },
  },
  diagram: {
    kind: 'cells',
    rows: [
      { id: 'asked', label: 'Asked for, and next' },
      { id: 'found', label: 'Found in' },
      { id: 'gone', label: 'Threw out' },
    ],
  },
  claims: [
    {
      says: 'What the last level has room for costs no walk, whatever the order and the rule (no sets).',
      when: (run) => run.knobs.tlb !== 'skylake' && run.figure('touched') <= run.figure('entries'),
      holds: (run) => run.figure('walks') === 0,
    },
    {
      says: 'LRU, in order, one page too many: not one hit in any level.',
      when: (run) =>
        run.knobs.tlb !== 'skylake' &&
        run.knobs.rule === 'lru' &&
        ['page', 'column'].includes(run.knobs.pattern) &&
        course(run.knobs.pattern, pageSizes[run.knobs.page], 1).stay === 1 &&
        run.figure('touched') > run.figure('entries'),
      holds: (run) => run.figure('walks') === 100,
    },
    {
      says: 'Random victims degrade gently: one page too many costs LRU every hit, them under 6 % (no sets).',
      when: ({ knobs }) => knobs.tlb !== 'skylake',
      holds: (run) => run.figure('edgeLru') === 100 && run.figure('edgeRandom') < 6,
    },
    {
      says: 'Sets confine the damage: one page too many makes only its own set walk, 13 pages of 1,537, or 5 of 17.',
      when: ({ knobs }) => knobs.tlb === 'skylake',
      holds: (run) => {
        const { entries, ways } = lastOf(tlbs.skylake(run.knobs.page))
        return Math.abs(run.figure('edgeLru') - (100 * (ways + 1)) / (entries + 1)) < 1e-9
      },
    },
    {
      says: 'The cliff stands at entries × page size, so each page size moves it 512 times as far out (no sets).',
      when: ({ knobs }) => knobs.tlb !== 'skylake' && knobs.pattern !== 'column',
      holds: (run) =>
        run.figure('free2m') === 512 * run.figure('free4k') &&
        run.figure('free1g') === Math.min(512 * run.figure('free2m'), toBytes),
    },
    {
      says: 'At random the share of walks is 1 − entries / pages, within 4 points.',
      when: (run) => run.knobs.pattern === 'random' && run.figure('touched') > run.figure('entries'),
      holds: (run) => Math.abs(run.figure('walks') - 100 * (1 - run.figure('entries') / run.figure('touched'))) < 4,
    },
    {
      says: 'Without sets the mean access is what theory says, within a tenth and half a cycle.',
      when: ({ knobs }) => knobs.tlb !== 'skylake',
      holds: (run) => Math.abs(run.figure('cycles') - run.figure('theory')) <= 0.1 * run.figure('theory') + 0.5,
    },
    {
      says: 'A column whose rows are 64 KiB apart puts all its 4 KiB pages into one set of 4: from the fifth row on the first level never hits.',
      when: (run) =>
        run.knobs.tlb === 'skylake' &&
        run.knobs.pattern === 'column' &&
        run.knobs.page === '4k' &&
        run.knobs.rule === 'lru' &&
        run.figure('touched') > 4,
      holds: (run) => run.figure('firstHits') === 0,
    },
    {
      says: 'Every 64 bytes in order, at most one access in 64 walks, however large the working set.',
      when: ({ knobs }) => knobs.pattern === 'line',
      holds: (run) => run.figure('walks') <= 100 / 64,
    },
  ],
  why(run) {
    const { size, extra, page, pattern, tlb, rule, walk } = run.knobs
    const [walks, cycles, touched, entries] = ['walks', 'cycles', 'touched', 'entries'].map((name) => run.figure(name))
    const whole = `${written(sizes[size])}${extra === 0 ? '' : ` and ${extra} page${extra === 1 ? '' : 's'} more`}`
    const count = (number: number): string => number.toLocaleString('en-US')
    const begin = `${whole} ${pattern === 'column' ? 'with an access every 64 KiB touch' : 'are'} ${count(touched!)} page${touched === 1 ? '' : 's'} of ${pageNames[page]}; the last level has ${count(entries!)} entries, which reach ${run.word('reach')}.`
    const mean = `An access takes ${cycles!.toFixed(1)} cycles on the mean, ${dataCycles} of them for the data.`
    if (tlb === 'skylake' && pattern === 'column' && page === '4k' && touched! > 4 && rule === 'lru')
      return `${begin} But rows 16 pages apart all fall into one of the 16 sets of the first level, which holds 4 of them: it is as if it had 4 entries, and it hits ${run.figure('firstHits').toFixed(0)} times in 100. ${mean} Rows one page longer would spread over all sets.`
    if (walks === 0)
      return `${begin} All fit, so after the first touch nothing walks. ${run.figure('firstHits') === 0 ? `The first level still never hits: in order, each entry goes just before it is needed, and every access pays ${secondCycles} cycles for the second.` : `The first level serves ${run.figure('firstHits').toFixed(0)} of 100.`} ${mean}`
    if (pattern === 'random')
      return `${begin} At random every page is as likely as any other, so ${((100 * Math.min(entries!, touched!)) / touched!).toFixed(1)} of 100 are found and no rule could do better: a slope, not a cliff. ${mean} ${page === '4k' ? 'With 2 MiB pages the same entries reach 512 times as far.' : ''}`.trimEnd()
    if (pattern === 'line' || course(pattern, pageSizes[page], 1).stay > 1)
      return `${begin} Much is gone when the sweep comes back, but ${count(course(pattern, pageSizes[page], 1).stay)} accesses in a row share a page, so only ${walks!.toFixed(walks! < 0.1 ? 4 : 2)} of 100 walk. ${mean} That is why memory is walked in order.`
    if (walks === 100)
      return `${begin} The sweep asks for what was used longest ago, and that is what LRU has just thrown out: ${count(touched! - entries!)} page${touched! - entries! === 1 ? '' : 's'} too many cost${touched! - entries! === 1 ? 's' : ''} all the hits. ${mean} With random victims one page over would cost ${run.figure('edgeRandom').toFixed(1)} walks in 100, not 100.`
    if (tlb === 'skylake' && rule === 'lru')
      return `${begin} The entries are in sets, and a page can only go into its own: those sets that have one page too many lose all their hits, the others lose none. So ${walks!.toFixed(1)} of 100 walk, where without sets LRU would walk each time. ${mean}`
    return `${begin} A random victim is seldom the page that comes next, so most survive a round, and ${walks!.toFixed(1)} of 100 walk${tlb === 'skylake' ? '' : ' where LRU would walk each time'}. ${mean}${tlb === 'skylake' ? '' : ` At ${walk} cycles a walk, the worse-looking rule wins.`}`
  },
  async run({ size, extra, page, pattern, tlb, rule, walk }, bench) {
    const pageBytes = pageSizes[page]
    const geometry = tlbs[tlb](page)
    const pages = Math.max(1, Math.ceil(sizes[size] / pageBytes)) + extra
    const setting: Setting = { geometry, rule, pattern, pageBytes, pages }
    const { tlb: buffer, next, stay, touched, pass } = warm(setting, (name) => bench.random(name))
    const entries = lastOf(geometry).entries
    bench.figure('touched', touched)
    bench.figure('entries', entries)
    bench.figure('reach', written(entries * pageBytes))
    bench.figure('theory', tlb === 'skylake' ? '–' : expected(pattern, rule, geometry, pages, pageBytes, walk))

    const counts: Counts = [0, 0, 0]
    const visits = Math.max(2 * pass, 4000)
    const whole = visits - (visits % pass)
    const coming = Array.from({ length: shown / 2 }, next)
    const past: { page: number; found: Found; gone: number | undefined; isNext: boolean }[] = []
    const visit = (): void => {
      const asked = coming.shift()!
      coming.push(next())
      const found = buffer.translate(asked)
      counts[found]++
      counts[0] += stay - 1
      past.push({ page: asked, found, gone: buffer.gone, isNext: buffer.gone === coming[0] })
      if (past.length > shown / 2) past.shift()
    }
    const places = Math.max(4, `${pages}`.length)
    /** As wide as the longest number, so that what belongs together stands together. */
    const cell = (text: string | number, tone: Cell['tone'] = 'plain'): Cell => {
      const room = places - `${text}`.length
      return { text: '\u2007'.repeat(room >> 1) + text + '\u2007'.repeat(room - (room >> 1)), tone }
    }
    const names = ['1st', '2nd', 'walk'] as const
    const tones = ['ok', 'second', 'bad'] as const
    const show = (): void => {
      bench.show('asked', [
        ...past.map(({ page }, i) => cell(page, i === past.length - 1 ? 'signal' : 'plain')),
        ...coming.map((page) => cell(page)),
      ])
      bench.show(
        'found',
        past.map(({ found }) => cell(names[found], tones[found])),
      )
      bench.show(
        'gone',
        past.map(({ gone, isNext }) => cell(gone ?? '·', isNext ? 'bad' : 'plain')),
      )
      bench.figure('firstHits', 100 * shareOf(counts, 0))
      bench.figure('secondHits', 100 * shareOf(counts, 1))
      bench.figure('walks', 100 * shareOf(counts, 2))
      bench.figure('cycles', cyclesOf(counts, geometry.length, walk))
    }
    // The first accesses one by one, so that they can be followed; then in strides.
    for (let beat = 1, done = 0; beat <= beats; beat++) {
      const until = beat <= beats / 2 ? beat : Math.round(whole * ((2 * beat) / beats - 1))
      for (; done < until; done++) visit()
      show()
      await bench.turn((0.6 * beat) / beats)
    }
    for (const found of [0, 1, 2] as const) bench.point('found', found, 100 * shareOf(counts, found))

    for (const over of [-8, -4, -1, 0, 1, 2, 4, 8, 16, 24, 32, 40, 48, 56, 64]) {
      if (entries + over < 1) continue
      for (const each of ['lru', 'random'] as const) {
        const edge: Setting = { geometry, rule: each, pattern: 'page', pageBytes, pages: entries + over }
        const share =
          100 *
          shareOf(
            measure(edge, (name) => bench.random(`edge ${name}`)),
            2,
          )
        bench.point(each, over, share)
        if (over === 1) bench.figure(each === 'lru' ? 'edgeLru' : 'edgeRandom', share)
      }
      await bench.turn(0.6 + (0.15 * (over + 8)) / 72)
    }

    const all = Object.keys(pageSizes) as PageSize[]
    for (const [index, name] of all.entries()) {
      const [levels, bytes] = [tlbs[tlb](name), pageSizes[name]]
      let [free, isFree] = [0, true]
      for (const count of sweep(levels, pattern, bytes)) {
        const found = measure({ geometry: levels, rule, pattern, pageBytes: bytes, pages: count }, (stream) =>
          bench.random(`sweep ${stream}`),
        )
        bench.point(name, (count * bytes) / MiB, cyclesOf(found, levels.length, walk))
        isFree &&= found[2] === 0
        if (isFree) free = count * bytes
        await bench.turn(0.75 + (0.25 * (index + Math.min(1, count / mostPages))) / all.length)
      }
      bench.figure(`free${name}`, free)
      if (name === page) bench.figure('free', `${written(free)}${free === toBytes ? ' and more' : ''}`)
    }
  },
})
