/** Three ways to the same rows: which is cheap depends on how many match and how they lie, and the planner's estimate decides. */

import { choice, defineLab, number } from '@viva/lab'

/** The ways, in the order of the bars, and what keeps the planner from the others. */
const ways = [
  { id: 'seq', name: 'sequential', off: 'indexscan, bitmapscan' },
  { id: 'index', name: 'index', off: 'seqscan, bitmapscan' },
  { id: 'bitmap', name: 'bitmap', off: 'seqscan, indexscan' },
] as const

/** Shares of the table for which the planner is asked what each way would cost. */
const asked = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1]

/** The rows of a psql-style table, cell by cell. */
function cellsOf(output: string): string[][] {
  return output
    .split('\n')
    .filter((line) => line.includes(' | '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
}

export default defineLab({
  kind: 'query',
  title: 'Index or no index',
  task: 'Choose how many of the rows match, and whether they lie together. Compare what each way to them reads, and which one PostgreSQL takes.',
  knobs: {
    rows: number({ label: 'Rows in the table', unit: 'rows', min: 1000, max: 50_000, step: 1000, value: 20_000 }),
    share: choice({
      label: 'Rows that match',
      options: { 0.001: '0.1 %', 0.01: '1 %', 0.1: '10 %', 0.5: '50 %', 1: 'all' },
      value: '0.01',
    }),
    order: choice({
      label: 'How they lie',
      options: { scattered: 'all over the table', together: 'in the order of the key' },
      value: 'scattered',
    }),
    randomCost: number({
      label: 'random_page_cost',
      min: 1,
      max: 8,
      step: 0.5,
      value: 4,
      hint: 'What the planner takes a page out of order to cost; one in order costs 1.',
    }),
  },
  presets: [
    { name: 'One in a thousand', knobs: { share: '0.001' }, look: 'A few pages instead of all of them.' },
    { name: 'One in a hundred', knobs: {}, look: 'Few rows, on nearly as many pages: a bitmap reads each page once.' },
    { name: 'Half of the table', knobs: { share: '0.5' }, look: 'The index is there, and it would be the slow way.' },
    {
      name: 'Half, but in order',
      knobs: { share: '0.5', order: 'together' },
      look: 'The same number of rows on half of the pages, each visited in turn.',
    },
    {
      name: 'Pages out of order cost 1',
      knobs: { share: '0.1', randomCost: 1 },
      look: 'The same table and query; only the price has changed.',
    },
  ],
  predict: {
    ask: 'There is an index on the column. With these knobs, which way will PostgreSQL take?',
    kind: 'choice',
    options: [
      { value: 'seq', label: 'sequential scan: the whole table' },
      { value: 'index', label: 'index scan: row by row' },
      { value: 'bitmap', label: 'bitmap scan: collect the pages, then read each once' },
    ],
    actual: (run) => ways.find(({ name }) => name === run.word('chosen'))?.id,
  },
  series: {
    ms: { label: 'Time', unit: 'ms', as: 'bars', tone: 'signal' },
    pages: { label: 'Page visits', as: 'bars', tone: 'second' },
    costSeq: { label: 'sequential', tone: 'plain' },
    costIndex: { label: 'index', tone: 'signal' },
    costBitmap: { label: 'bitmap', tone: 'second' },
  },
  charts: [
    {
      title: 'What each way took',
      x: { label: 'Scan', names: ways.map(({ name }) => name) },
      y: { label: 'Milliseconds' },
      lines: ['ms'],
    },
    {
      title: 'Page visits of each way',
      x: { label: 'Scan', names: ways.map(({ name }) => name) },
      y: { label: 'Page visits' },
      lines: ['pages'],
    },
    {
      title: 'What the planner takes each to cost',
      x: { label: 'Rows that match', unit: '%', log: true },
      y: { label: 'Estimated cost', log: true },
      lines: ['costSeq', 'costIndex', 'costBitmap'],
    },
  ],
  figures: {
    chosen: { label: 'PostgreSQL took' },
    matched: { label: 'Rows found', digits: 0 },
    seqMs: { label: 'Sequential scan', unit: 'ms', digits: 2 },
    indexMs: { label: 'Index scan', unit: 'ms', digits: 2 },
    bitmapMs: { label: 'Bitmap scan', unit: 'ms', digits: 2 },
    tablePages: { label: 'Pages of the table', digits: 0 },
    seqPages: { label: 'visited in order', digits: 0 },
    indexPages: { label: 'visited by the index scan', digits: 0 },
    bitmapPages: { label: 'visited by the bitmap scan', digits: 0 },
    indexSize: { label: 'Pages of the index', digits: 0 },
  },
  tables: {
    plans: { title: 'The plans', columns: ['Plan', 'Estimated cost', 'Estimated rows', 'Rows', 'Page visits', 'ms'] },
  },
  claims: [
    {
      says: 'Every way finds the same rows.',
      holds: ({ rows, knobs }) =>
        (rows.plans ?? []).every((plan) => plan[3] === Math.round(knobs.rows * Number(knobs.share))),
    },
    {
      says: 'PostgreSQL takes what it estimates to be cheapest (ways within 1 % of each other count as equal).',
      holds: ({ rows }) => {
        const [free, ...forced] = (rows.plans ?? []).map((plan) => plan[1] as number)
        return forced.length === 3 && free! <= Math.min(...forced) * 1.02
      },
    },
    {
      says: 'A sequential scan visits every page of the table, however few rows match.',
      holds: (run) => run.figure('seqPages') === run.figure('tablePages'),
    },
    {
      says: 'A bitmap scan visits no page of the table twice.',
      holds: (run) => run.figure('bitmapPages') <= run.figure('tablePages') + run.figure('indexSize'),
    },
    {
      says: 'One in a thousand, scattered: the index scan visits less than a third of the pages.',
      when: ({ knobs }) => knobs.share === '0.001',
      holds: (run) => run.figure('indexPages') * 3 < run.figure('seqPages'),
    },
    {
      says: 'One in a thousand of 20,000 rows or more: the index scan is at least three times as fast.',
      when: ({ knobs }) => knobs.share === '0.001' && knobs.rows >= 20_000,
      holds: (run) => run.figure('indexMs') * 3 < run.figure('seqMs'),
    },
    {
      says: 'Half of the table, scattered: an index scan visits at least three times as many pages as reading it all.',
      when: ({ knobs }) => Number(knobs.share) >= 0.5 && knobs.order === 'scattered' && knobs.rows >= 5000,
      holds: (run) => run.figure('indexPages') > 3 * run.figure('seqPages'),
    },
    {
      says: 'Rows that lie together: the index scan visits about the pages that hold them.',
      when: ({ knobs }) => knobs.order === 'together' && knobs.rows >= 5000,
      holds: (run) =>
        run.figure('indexPages') <
        Number(run.knobs.share) * (run.figure('tablePages') + run.figure('indexSize')) * 1.2 + 8,
    },
  ],
  why(run) {
    const { share, order, randomCost } = run.knobs
    const chosen = run.word('chosen')
    const [seq, index, bitmap] = ['seqPages', 'indexPages', 'bitmapPages'].map((name) => run.figure(name))
    const pages = `${run.figure('matched')} rows ${order === 'scattered' ? 'are scattered' : 'lie in the order of the key'}: row by row they take ${index} page visits, as a bitmap ${bitmap}, and the whole table has ${seq}. `
    const price = `At a random_page_cost of ${randomCost}, PostgreSQL priced the ${chosen} scan lowest. `
    const outcome =
      chosen === 'sequential'
        ? Number(share) >= 0.5 && index! > seq!
          ? 'That is no oversight: with so many matches the index only adds work to reading the table.'
          : 'Whether that is right depends on the machine; here all pages are in memory, so pages out of order cost hardly more.'
        : chosen === 'bitmap'
          ? 'It pays for the index once, then reads each page that holds a match once and in physical order.'
          : 'A descent of a few pages, then only what matches.'
    return `${pages}${price}${outcome} Times: ${run.figure('seqMs').toFixed(2)} ms in order, ${run.figure('indexMs').toFixed(2)} by the index, ${run.figure('bitmapMs').toFixed(2)} by bitmap.`
  },
  async run({ rows, share, order, randomCost }, bench) {
    bench.status(`Filling a table with ${rows} rows and building its index`)
    const setup = `
create table item (key int not null, text text not null);
insert into item select i, repeat('x', 60) from generate_series(0, ${rows - 1}) i
  order by ${order === 'scattered' ? `hashint4extended(i, ${bench.seed})` : 'i'};
create index item_key on item (key);
vacuum analyze item;
set random_page_cost = ${randomCost};
set max_parallel_workers_per_gather = 0;
set jit = off;
create function use(off text) returns void language plpgsql as $$
declare way text;
begin
  foreach way in array array['seqscan', 'indexscan', 'bitmapscan'] loop
    perform set_config('enable_' || way, case when off like '%' || way || '%' then 'off' else 'on' end, false);
  end loop;
  perform set_config('enable_indexonlyscan', 'off', false);
end $$;
-- The plan with what it cost: the best of some rounds. A browser's clock has steps of 0.1 ms, so a round has as many runs as fill 10 ms.
create function plan(name text, off text, below int, repeats int) returns text language plpgsql as $$
declare
  query text := 'select text from item where key < ' || below;
  plan json; best float := 'infinity'; begun timestamptz; spent float; times int := 1; rounds int := 0;
begin
  perform use(off);
  execute 'explain (analyze, timing off, buffers, format json) ' || query into plan;
  while rounds < repeats loop
    begun := clock_timestamp();
    for i in 1..times loop execute query; end loop;
    spent := extract(epoch from clock_timestamp() - begun) * 1000;
    if spent < 10 then times := times * 2; continue; end if;
    best := least(best, spent / times);
    rounds := rounds + 1;
  end loop;
  plan := plan->0->'Plan';
  return concat_ws(' | ', 'plan', name, plan->>'Node Type', plan->>'Total Cost', plan->>'Plan Rows', plan->>'Actual Rows',
    (plan->>'Shared Hit Blocks')::int + (plan->>'Shared Read Blocks')::int, round(best::numeric, 4));
end $$;
create function cost(off text, below int) returns text language plpgsql as $$
declare plan json;
begin
  perform use(off);
  execute 'explain (format json) select text from item where key < ' || below into plan;
  return plan->0->'Plan'->>'Total Cost';
end $$;
`
    const below = Math.round(rows * Number(share))
    const costs = asked.flatMap((part) =>
      ways.map(
        ({ id, off }) =>
          `select 'cost | ${id} | ${part * 100} | ' || cost('${off}', ${Math.max(1, Math.round(rows * part))});`,
      ),
    )
    const code = [
      `select concat_ws(' | ', 'size', pg_relation_size('item') / 8192, pg_relation_size('item_key') / 8192);`,
      ...[{ id: 'free', off: '' }, ...ways].map(({ id, off }) => `select plan('${id}', '${off}', ${below}, 3);`),
      ...costs,
    ].join('\n')
    bench.status('Running the query each way')
    const output = await bench.engine({ language: 'sql', setup, code, timeoutMs: 60_000 })
    for (const [what, ...cells] of cellsOf(output)) {
      if (what === 'size') {
        bench.figure('tablePages', Number(cells[0]))
        bench.figure('indexSize', Number(cells[1]))
      } else if (what === 'cost') {
        const [id, percent, cost] = cells
        bench.point(`cost${id![0]!.toUpperCase()}${id!.slice(1)}`, Number(percent), Number(cost))
      } else if (what === 'plan') {
        const [id, node, cost, planned, found, pages, ms] = cells
        const way = ways.findIndex((one) => one.id === id)
        bench.row('plans', [
          way === -1 ? `free choice: ${node}` : node!,
          Number(cost),
          Number(planned),
          Math.round(Number(found)),
          Number(pages),
          Number(ms),
        ])
        if (way === -1) {
          bench.figure('chosen', node === 'Seq Scan' ? 'sequential' : node === 'Index Scan' ? 'index' : 'bitmap')
          bench.figure('matched', Math.round(Number(found)))
        } else {
          bench.figure(`${id}Ms`, Number(ms))
          bench.figure(`${id}Pages`, Number(pages))
          bench.point('ms', way, Number(ms))
          bench.point('pages', way, Number(pages))
        }
      }
    }
    await bench.turn(1)
  },
})
