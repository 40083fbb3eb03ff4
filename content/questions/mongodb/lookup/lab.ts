/** A join by $lookup: what it looks at on the other side, with and without an index there, as that side grows. */

import { choice, defineLab, number, onOff, pick } from '@viva/lab'

/** Sizes of the other collection that are tried, as shares of the knob. */
const sizes = [0.125, 0.25, 0.5, 1]
/** Of the orders, so many match the filter: one in ten. */
const kept = 10

export default defineLab({
  kind: 'query',
  title: 'The other side of a join',
  task: 'Let customers grow and count how many of them a join of the orders looks at. Then add an index on the joined field, or filter before the join.',
  knobs: {
    orders: number({ label: 'Orders', unit: 'documents', min: 10, max: 60, step: 10, value: 40 }),
    customers: number({ label: 'Customers', unit: 'documents', min: 200, max: 1600, step: 200, value: 800 }),
    index: onOff({ label: 'Index on the joined field', value: false, hint: 'customers.createIndex({ ref: 1 })' }),
    match: choice({
      label: 'A $match that keeps one order in ten',
      options: { none: 'is not there', after: 'comes after $lookup', before: 'comes before $lookup' },
      value: 'none',
    }),
  },
  presets: [
    { name: 'No index', knobs: {}, look: 'Twice the customers, twice the work for each order.' },
    { name: 'With an index', knobs: { index: true }, look: 'The line is flat: customers may grow.' },
    { name: 'Filter after the join', knobs: { match: 'after' }, look: 'Nine of ten joins are thrown away.' },
    { name: 'Filter before the join', knobs: { match: 'before' }, look: 'A tenth of the scans; each as long as ever.' },
    {
      name: 'Both',
      knobs: { index: true, match: 'before' },
      look: 'Work only for what is wanted, and little for each.',
    },
  ],
  predict: {
    ask: 'How many customer documents will the join look at?',
    kind: 'choice',
    options: [
      { value: 'matches', label: 'one for each order that is joined' },
      { value: 'once', label: 'each customer once' },
      { value: 'product', label: 'each customer once for each order that is joined' },
      { value: 'all', label: 'each customer once for each order, joined or not' },
    ],
    actual(run) {
      const examined = run.figure('examined')
      const { orders, customers } = run.knobs
      if (examined === run.figure('joined')) return 'matches'
      if (examined === customers) return 'once'
      // Where all orders are joined, the last two say the same; the first of them counts.
      return examined === run.figure('joined') * customers
        ? 'product'
        : examined === orders * customers
          ? 'all'
          : undefined
    },
  },
  series: {
    without: { label: 'Without an index', tone: 'bad' },
    with: { label: 'With an index', tone: 'ok' },
    examinedNow: { label: 'Customers looked at', as: 'bars', tone: 'signal' },
  },
  charts: [
    {
      title: 'Customers looked at by the whole join',
      x: { label: 'Customers', unit: 'documents' },
      y: { label: 'Documents examined', log: true },
      lines: ['without', 'with'],
      theory: ({ orders, customers, match }) => {
        const joined = match === 'before' ? Math.ceil(orders / kept) : orders
        const from = customers * sizes[0]!
        return {
          label: `${joined} joins × customers`,
          points: [from, joined * from, customers, joined * customers],
        }
      },
    },
    {
      title: 'The four ways to write it, with these collections',
      x: { label: 'Way', names: ['scan, $match after', 'scan, before', 'index, after', 'index, before'] },
      y: { label: 'Documents examined', log: true },
      lines: ['examinedNow'],
    },
  ],
  figures: {
    joined: { label: 'Orders that reach $lookup', digits: 0 },
    examined: { label: 'Customers looked at', digits: 0 },
    keys: { label: 'Index keys read', digits: 0 },
    perOrder: { label: 'Customers looked at for each join', digits: 1 },
    plan: { label: 'Plan on the other side' },
    found: { label: 'Pairs found', digits: 0 },
    same: { label: '$lookup gives the same pairs' },
    without: { label: 'Without an index', unit: 'documents', digits: 0 },
    with: { label: 'With an index', unit: 'documents', digits: 0 },
  },
  tables: {
    growth: {
      title: 'As customers grow',
      columns: ['Customers', 'Looked at without an index', 'With an index', 'Pairs'],
    },
  },
  diagram: {
    kind: 'flow',
    nodes: [
      { id: 'orders', kind: 'source', label: 'Orders joined', value: 'joined' },
      { id: 'lookup', kind: 'state', label: '$lookup: one query each', value: 'plan' },
      { id: 'customers', kind: 'servers', label: 'Customers looked at', value: 'examined' },
      { id: 'pairs', kind: 'sink', label: 'Pairs', value: 'found' },
    ],
    edges: [
      { from: 'orders', to: 'lookup', count: 'joined' },
      { from: 'lookup', to: 'customers', count: 'examined' },
      { from: 'customers', to: 'pairs', count: 'found', tone: 'ok' },
    ],
  },
  claims: [
    {
      says: 'Without an index the collection is read once for each order that is joined.',
      when: ({ knobs }) => !knobs.index,
      holds: (run) => run.figure('examined') === run.figure('joined') * run.knobs.customers,
    },
    {
      says: 'With an index only what matches is fetched, one customer for each order here.',
      when: ({ knobs }) => knobs.index,
      holds: (run) => run.figure('examined') === run.figure('joined') && run.word('plan') === 'IXSCAN',
    },
    {
      says: 'Eight times the customers: eight times the work without an index, the same with it.',
      holds: ({ rows }) => {
        const [first, last] = [rows.growth?.[0], rows.growth?.at(-1)] as number[][]
        return Math.abs(last![1]! / first![1]! - 8) < 0.1 && last![2] === first![2]
      },
    },
    { says: 'The index changes the cost and not the result.', holds: (run) => run.word('same') === 'yes' },
    {
      says: 'A filter before the join leaves a tenth of the joins; the one after it saves none.',
      holds: (run) =>
        run.figure('joined') === (run.knobs.match === 'before' ? Math.ceil(run.knobs.orders / kept) : run.knobs.orders),
    },
  ],
  why(run) {
    const { customers, index, match, orders } = run.knobs
    const joined = run.figure('joined')
    const start = `${joined} of ${orders} orders reached $lookup, and each is one query on customers. `
    const cost = index
      ? `With the index on the joined field each query read one key and fetched one document, ${run.figure('examined')} in all; without it they would have been ${run.figure('without')}. `
      : `Without an index each query reads all ${customers} customers, because any later one might match as well: ${run.figure('examined')} documents for ${run.figure('found')} pairs. The index makes that ${run.figure('with')}. `
    const filter =
      match === 'before'
        ? 'The filter stands before the join, so nine of ten orders never paid for one.'
        : match === 'after'
          ? 'The filter stands after the join, so nine of ten joins were made and thrown away. (A server moves such a filter forward where it can, as it can with this one; a condition on joined fields cannot move.)'
          : 'Doubling the customers doubles the first number and leaves the second as it is.'
    return start + cost + filter
  },
  async run({ orders, customers, index, match }, bench) {
    const chance = bench.random('references')
    // References lie within the smallest collection, so that each order has its customer at every size.
    const within = Math.floor(customers * sizes[0]!)
    const refs = Array.from({ length: orders }, () => pick(chance, within))
    const counts = sizes.map((share) => Math.floor(customers * share))
    const code = `
const refs = ${JSON.stringify(refs)}
db.orders.insertMany(refs.map((ref, i) => ({ _id: i, ref, state: i % ${kept} === 0 ? 'open' : 'paid' })))
const orders = db.orders.find(${match === 'before' ? `{ state: 'open' }` : '{}'}).toArray()
const open = db.orders.find({ state: 'open' }).toArray()
// $lookup as a loop: one query for each order, with what the plan of the model looks at.
function loop(from, orders) {
  let [examined, keys, found, plan] = [0, 0, 0, '']
  for (const { ref } of orders) {
    const { queryPlanner: { winningPlan }, executionStats: stats } = from.find({ ref }).explain('executionStats')
    examined += stats.totalDocsExamined
    keys += stats.totalKeysExamined
    found += stats.nReturned
    plan = winningPlan.inputStage?.stage ?? winningPlan.stage
  }
  return { examined, keys, found, plan }
}
for (const count of ${JSON.stringify(counts)}) {
  db.customers.drop()
  db.customers.insertMany(Array.from({ length: count }, (_, i) => ({ _id: i, ref: i, name: 'Customer ' + i })))
  const without = loop(db.customers, orders)
  const withoutOpen = loop(db.customers, open)
  db.customers.createIndex({ ref: 1 })
  const within = loop(db.customers, orders)
  const pairs = db.orders.aggregate([
    ...${match === 'before' ? `[{ $match: { state: 'open' } }]` : '[]'},
    { $lookup: { from: 'customers', localField: 'ref', foreignField: 'ref', as: 'who' } },
    { $unwind: '$who' },
  ]).toArray().length
  print(JSON.stringify({ count, without, with: within, pairs, openWithout: withoutOpen.examined, openWith: loop(db.customers, open).examined }))
}`
    bench.status(`Joining ${orders} orders with up to ${customers} customers`)
    const output = await bench.engine({ language: 'mongodb', code, timeoutMs: 60_000 })
    type Loop = { examined: number; keys: number; found: number; plan: string }
    type Found = { count: number; without: Loop; with: Loop; pairs: number; openWithout: number; openWith: number }
    const found = output.split('\n').map((line) => JSON.parse(line) as Found)
    for (const one of found) {
      bench.point('without', one.count, one.without.examined)
      bench.point('with', one.count, one.with.examined)
      bench.row('growth', [one.count, one.without.examined, one.with.examined, one.pairs])
    }
    const last = found.at(-1)!
    const used = index ? last.with : last.without
    const joined = match === 'before' ? Math.ceil(orders / kept) : orders
    bench.figure('joined', joined)
    bench.figure('examined', used.examined)
    bench.figure('keys', used.keys)
    bench.figure('perOrder', used.examined / joined)
    bench.figure('plan', used.plan)
    bench.figure('found', used.found)
    bench.figure('same', last.pairs === last.with.found && last.pairs === last.without.found ? 'yes' : 'no')
    bench.figure('without', last.without.examined)
    bench.figure('with', last.with.examined)
    const all = match === 'before' ? orders / joined : 1
    for (const [at, examined] of [
      last.without.examined * all,
      last.openWithout,
      last.with.examined * all,
      last.openWith,
    ].entries())
      bench.point('examinedNow', at, examined)
    await bench.turn(1)
  },
})
