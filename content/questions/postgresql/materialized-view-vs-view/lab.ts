/** A view and a materialized view over the same rows: what a read costs, how old it is, and after how many reads a refresh has paid. */

import { choice, defineLab, number } from '@viva/lab'

/** The view groups by customer. */
const customers = 200
/** Reads and refreshes of each kind; the median counts. */
const repeats = 3

function medianOf(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

export default defineLab({
  kind: 'query',
  title: 'Read it new, or read what is stored',
  task: 'Set how often the answer is read before it is refreshed. See from which number of reads on the stored copy costs less, and how wrong it is in the meantime.',
  knobs: {
    rows: number({ label: 'Orders', unit: 'rows', min: 2000, max: 50_000, step: 1000, value: 20_000 }),
    reads: number({ label: 'Reads between refreshes', unit: 'reads', min: 1, max: 50, value: 10 }),
    changed: number({
      label: 'Customers with a new order',
      unit: 'of 200',
      min: 1,
      max: 200,
      value: 5,
      hint: 'Each time, before the reads.',
    }),
    refresh: choice({
      label: 'Refresh',
      options: { plain: 'plain: readers wait', concurrently: 'concurrently: readers go on' },
      value: 'plain',
    }),
  },
  presets: [
    { name: 'Ten reads a refresh', knobs: {}, look: 'The copy wins, and every one of the ten reads is out of date.' },
    { name: 'One read a refresh', knobs: { reads: 1 }, look: 'A refresh runs the whole query, for a single reader.' },
    {
      name: 'Concurrently, few changes',
      knobs: { refresh: 'concurrently' },
      look: 'Only the rows that differ are rewritten; the query still runs whole.',
    },
    {
      name: 'Concurrently, all changed',
      knobs: { refresh: 'concurrently', changed: 200 },
      look: 'Every row differs, so each is deleted and inserted again.',
    },
    { name: 'A small table', knobs: { rows: 2000 }, look: 'The query is so cheap that little is left to save.' },
  ],
  predict: {
    ask: 'After how many reads for each refresh does the materialized view cost less than the view?',
    kind: 'choice',
    options: [
      { value: 'first', label: 'from the first read on' },
      { value: 'few', label: 'after 2 to 5' },
      { value: 'tens', label: 'after 6 to 50' },
      { value: 'never', label: 'later, or never' },
    ],
    actual: (run) => {
      const reads = run.figure('breakEven')
      return reads <= 1 ? 'first' : reads <= 5 ? 'few' : reads <= 50 ? 'tens' : 'never'
    },
  },
  series: {
    view: { label: 'View', unit: 'ms', tone: 'plain' },
    stored: { label: 'Materialized view', unit: 'ms', tone: 'signal' },
    now: { label: 'True total', unit: '€', as: 'steps', tone: 'ok' },
    seen: { label: 'Materialized view says', unit: '€', as: 'steps', tone: 'signal' },
  },
  charts: [
    {
      title: 'Time spent for one refresh and its reads',
      x: { label: 'Reads between refreshes' },
      y: { label: 'Milliseconds' },
      lines: ['view', 'stored'],
    },
    {
      title: 'What readers are told',
      x: { label: 'Rounds of change, reads, refresh' },
      y: { label: 'Added since the start', unit: '€' },
      lines: ['now', 'seen'],
    },
  ],
  figures: {
    viewMs: { label: 'A read of the view', unit: 'ms', digits: 2 },
    storedMs: { label: 'A read of the copy', unit: 'ms', digits: 3 },
    refreshMs: { label: 'A refresh', unit: 'ms', digits: 2 },
    breakEven: { label: 'The copy pays from', unit: 'reads', digits: 0 },
    viewTotal: { label: 'This many reads, view', unit: 'ms', digits: 1 },
    storedTotal: { label: 'Refresh and reads, copy', unit: 'ms', digits: 1 },
    missing: { label: 'Missing before the refresh', unit: '€', digits: 0 },
    missingAfter: { label: 'Missing after', unit: '€', digits: 0 },
    rewritten: { label: 'Rows that a refresh rewrote', unit: 'of 200', digits: 0 },
    sameFile: { label: 'The copy’s file afterwards' },
    lock: { label: 'Lock held by the refresh' },
  },
  tables: {
    rounds: {
      title: 'Each round',
      columns: [
        'Round',
        'Read of the view, ms',
        'Read of the copy, ms',
        'Refresh, ms',
        'Missing before, €',
        'after, €',
      ],
    },
  },
  claims: [
    {
      says: 'The materialized view does not notice a change: until the refresh it lacks exactly what was added.',
      holds: (run) => run.figure('missing') === run.knobs.changed,
    },
    { says: 'After the refresh both agree.', holds: (run) => run.figure('missingAfter') === 0 },
    {
      says: 'From 20,000 rows on, reading the stored 200 rows is at least three times as fast as computing them.',
      when: ({ knobs }) => knobs.rows >= 20_000,
      holds: (run) => run.figure('viewMs') > 3 * run.figure('storedMs'),
    },
    {
      says: 'A refresh runs the whole query, however little has changed: it costs about a read of the view or more.',
      when: ({ knobs }) => knobs.rows >= 10_000,
      holds: (run) => run.figure('refreshMs') > run.figure('viewMs') / 2,
    },
    {
      says: 'Concurrently, a refresh rewrites just the rows that differ, in the same file.',
      when: ({ knobs }) => knobs.refresh === 'concurrently',
      holds: (run) => run.figure('rewritten') === run.knobs.changed && run.word('sameFile') === 'the same',
    },
    {
      says: 'A plain refresh writes a new file and holds the lock that keeps readers out.',
      when: ({ knobs }) => knobs.refresh === 'plain',
      holds: (run) => run.word('sameFile') === 'a new one' && run.word('lock') === 'AccessExclusiveLock',
    },
    {
      says: 'Concurrently, the lock lets readers in.',
      when: ({ knobs }) => knobs.refresh === 'concurrently',
      holds: (run) => run.word('lock') === 'ExclusiveLock',
    },
    {
      says: 'With ten reads a refresh or more, of 20,000 rows or more, the copy costs less than the view.',
      when: ({ knobs }) => knobs.rows >= 20_000 && knobs.reads >= 10 && knobs.refresh === 'plain',
      holds: (run) => run.figure('storedTotal') < run.figure('viewTotal'),
    },
  ],
  why(run) {
    const { reads, changed, refresh } = run.knobs
    const ms = (name: string): string => run.figure(name).toFixed(2)
    const cheaper = run.figure('storedTotal') < run.figure('viewTotal')
    const breakEven = run.figure('breakEven')
    return `A read of the view computes the answer in ${ms('viewMs')} ms; the copy gives it in ${ms('storedMs')} ms, after a refresh of ${ms('refreshMs')} ms that computes it all again for ${changed === 1 ? 'one changed customer' : `${changed} changed customers`}. ${Number.isFinite(breakEven) && breakEven < 1e6 ? `That has paid after ${breakEven} ${breakEven === 1 ? 'read' : 'reads'}` : 'That never pays here'}, so with ${reads} the ${cheaper ? 'copy' : 'view'} is cheaper. ${refresh === 'plain' ? 'The refresh writes every row to a new file and keeps readers out until it commits.' : `The refresh compares old and new and rewrites ${run.figure('rewritten')} rows, while readers go on.`} Whatever it costs, each of the ${reads} reads before a refresh was ${run.figure('missing')} € short.`
  },
  async run({ rows, reads, changed, refresh }, bench) {
    bench.status(`Filling a table with ${rows} orders and computing both views`)
    const setup = `
create table orders (id int primary key, customer int not null, eur int not null);
insert into orders select i, i % ${customers}, i % 50 from generate_series(1, ${rows}) i;
create view live as select customer, sum(eur) as eur, count(*) as orders from orders group by customer;
create materialized view stored as select * from live;
create unique index on stored (customer);
vacuum analyze orders;
analyze stored;
set jit = off;
set max_parallel_workers_per_gather = 0;
-- Of one run, in milliseconds: the best of three rounds. A browser's clock has steps of 0.1 ms, so a round has as many runs as fill 10 ms.
create function took(query text) returns float language plpgsql as $$
declare best float := 'infinity'; begun timestamptz; spent float; times int := 1; rounds int := 0;
begin
  while rounds < 3 loop
    begun := clock_timestamp();
    for i in 1..times loop execute query; end loop;
    spent := extract(epoch from clock_timestamp() - begun) * 1000;
    if spent < 10 then times := times * 2; continue; end if;
    best := least(best, spent / times);
    rounds := rounds + 1;
  end loop;
  return best;
end $$;
create function refreshed() returns float language plpgsql as $$
declare begun timestamptz := clock_timestamp();
begin
  refresh materialized view ${refresh === 'concurrently' ? 'concurrently ' : ''}stored;
  return extract(epoch from clock_timestamp() - begun) * 1000;
end $$;
create temp table was (customer int, place tid, file oid);
`
    const round = (at: number): string => `
insert into orders select ${rows + 1 + at * customers} + i, i, 1 from generate_series(0, ${changed - 1}) i;
truncate was;
insert into was select customer, ctid, pg_relation_filenode('stored') from stored;
select concat_ws(' | ', 'reads', took('select * from live'), took('select * from stored'));
select concat_ws(' | ', 'before', (select sum(eur) from live), (select sum(eur) from stored));
begin;
select concat_ws(' | ', 'refresh', refreshed());
select concat_ws(' | ', 'lock', mode) from pg_locks
  where relation = 'stored'::regclass and mode in ('AccessExclusiveLock', 'ExclusiveLock') order by mode limit 1;
commit;
select concat_ws(' | ', 'after', (select sum(eur) from live), (select sum(eur) from stored));
select concat_ws(' | ', 'moved', count(*) filter (where stored.ctid <> was.place), bool_and(pg_relation_filenode('stored') = was.file))
  from stored join was using (customer);`
    const code = Array.from({ length: repeats }, (_, at) => round(at)).join('\n')
    bench.status('Changing, reading and refreshing in turn')
    const output = await bench.engine({ language: 'sql', setup, code, timeoutMs: 60_000 })
    const lines = output
      .split('\n')
      .filter((line) => line.includes(' | '))
      .map((line) => line.split('|').map((cell) => cell.trim()))
    const valuesOf = (what: string): string[][] =>
      lines.filter(([name]) => name === what).map(([, ...values]) => values)
    const [readings, befores, refreshes, afters] = ['reads', 'before', 'refresh', 'after'].map((what) =>
      valuesOf(what).map((values) => values.map(Number)),
    )
    const viewMs = medianOf(readings!.map(([ms]) => ms!))
    const storedMs = medianOf(readings!.map(([, ms]) => ms!))
    const refreshMs = medianOf(refreshes!.map(([ms]) => ms!))
    bench.figure('viewMs', viewMs)
    bench.figure('storedMs', storedMs)
    bench.figure('refreshMs', refreshMs)
    const saved = viewMs - storedMs
    bench.figure('breakEven', saved > 0 ? Math.ceil(refreshMs / saved) : Infinity)
    bench.figure('viewTotal', reads * viewMs)
    bench.figure('storedTotal', refreshMs + reads * storedMs)
    for (let count = 0; count <= Math.max(10, reads); count++) {
      bench.point('view', count, count * viewMs)
      bench.point('stored', count, refreshMs + count * storedMs)
    }
    const start = befores![0]![1]!
    for (const [at, [now, seen]] of befores!.entries()) {
      const [nowAfter, seenAfter] = afters![at]!
      bench.point('now', at, now! - start)
      bench.point('seen', at, seen! - start)
      bench.point('now', at + 0.8, nowAfter! - start)
      bench.point('seen', at + 0.8, seenAfter! - start)
      bench.figure('missing', now! - seen!)
      bench.figure('missingAfter', nowAfter! - seenAfter!)
      bench.row('rounds', [
        at + 1,
        ...readings![at]!,
        Math.round(refreshes![at]![0]! * 1000) / 1000,
        now! - seen!,
        nowAfter! - seenAfter!,
      ])
    }
    const [moved, isSame] = valuesOf('moved')[0]!
    // A new file numbers its places anew, so that all 200 rows may stand where they stood: they were written all the same.
    bench.figure('rewritten', isSame === 't' ? Number(moved) : customers)
    bench.figure('sameFile', isSame === 't' ? 'the same' : 'a new one')
    bench.figure('lock', valuesOf('lock')[0]![0]!)
    await bench.turn(1)
  },
})
