/** Two sessions under PostgreSQL's rules for snapshots, row locks and serializable transactions: which anomaly appears at which level. */

import { choice, defineLab, number, onOff, type Process, type Random, Signal, Simulation, uniform } from '@viva/lab'

/** So many random interleavings are tried at each level. */
const tries = 100
/** In those, B begins up to so many ms after A. */
const mostLagMs = 80
/** A transaction that fails with 40001 is tried so often. */
const mostAttempts = 5

const levels = ['read uncommitted', 'read committed', 'repeatable read', 'serializable'] as const
type Level = (typeof levels)[number]

/** A statement of a script. `after`: how long the application thinks before it, in ms. `seen`: what the transaction has read so far. */
type Statement = { after: [number, number] } & (
  | { does: 'read'; id: number; sql: string }
  | { does: 'sum'; sql: string }
  | { does: 'write'; id: number; value: (seen: number) => number | undefined; sql: (value: number) => string }
  | { does: 'insert'; id: number; value: number; sql: string }
  | { does: 'commit' | 'rollback' }
)
type Ending = { kept: number[][]; committed: number; start: number; end: number }
type Story = {
  rows: Record<number, number>
  sessions: [Statement[], Statement[]]
  /** What the chart follows. */
  value: string
  isAnomaly: (ending: Ending) => boolean
}

const soon: [number, number] = [2, 8]
const later: [number, number] = [40, 60]
const short: [number, number] = [20, 30]
const read: Statement = { after: soon, does: 'read', id: 1, sql: 'select n from t where id = 1' }
const sum: Statement = { after: soon, does: 'sum', sql: 'select sum(n) from t' }
const commit: Statement = { after: soon, does: 'commit' }
const update = (id: number, value: (seen: number) => number | undefined, after = soon): Statement => ({
  after,
  does: 'write',
  id,
  value,
  sql: (n) => `update t set n = ${n} where id = ${id}`,
})
const withdraw = (eur: number): Statement[] => [read, update(1, (seen) => seen - eur, short), commit]
const goOffCall = (id: number): Statement[] => [sum, update(id, (seen) => (seen >= 2 ? 0 : undefined), short), commit]
const readsDiffer = ({ kept }: Ending): boolean => new Set(kept[0]).size > 1

const stories: Record<'dirty' | 'nonrepeatable' | 'phantom' | 'lost' | 'skew', Story> = {
  dirty: {
    rows: { 1: 100 },
    sessions: [
      [update(1, () => 0), { after: later, does: 'rollback' }],
      [read, { ...read, after: short }, commit],
    ],
    value: 'n of row 1',
    isAnomaly: ({ kept }) => kept[1]!.includes(0),
  },
  nonrepeatable: {
    rows: { 1: 100 },
    sessions: [
      [read, { ...read, after: later }, commit],
      [update(1, () => 70), commit],
    ],
    value: 'n of row 1',
    isAnomaly: readsDiffer,
  },
  phantom: {
    rows: { 1: 1, 2: 1 },
    sessions: [
      [sum, { ...sum, after: later }, commit],
      [{ after: soon, does: 'insert', id: 3, value: 1, sql: 'insert into t values (3, 1)' }, commit],
    ],
    value: 'rows (each counts 1)',
    isAnomaly: readsDiffer,
  },
  lost: {
    rows: { 1: 100 },
    sessions: [withdraw(30), withdraw(50)],
    value: 'balance',
    // Every transaction that committed has taken out its part.
    isAnomaly: ({ end, committed }) => end !== 100 - (committed & 1 ? 30 : 0) - (committed & 2 ? 50 : 0),
  },
  skew: {
    rows: { 1: 1, 2: 1 },
    sessions: [goOffCall(1), goOffCall(2)],
    value: 'doctors on call',
    isAnomaly: ({ end }) => end === 0,
  },
}

type Transaction = {
  session: number
  snapshot: number | undefined
  state: 'active' | 'committed' | 'aborted'
  committedAt: number
  ended: Signal
  /** Serializable only: what it has read (row ids, 0 for the whole table), written, and that its rows' readers and writers are. */
  reads: Set<number>
  writes: Set<number>
  /** Others that wrote what this one read without seeing it, and the reverse. */
  out: Set<Transaction>
  in: Set<Transaction>
  isDoomed: boolean
}
type Version = { value: number; by: Transaction }

/** Thrown with the text of the server. */
class SerializationFailure extends Error {}

/** Versions of rows, and who may see and change them. */
class Database {
  readonly level: Level
  readonly rows = new Map<number, Version[]>()
  readonly transactions: Transaction[] = []
  clock = 0

  constructor(level: Level, rows: Record<number, number>) {
    this.level = level
    const first = this.begin(-1)
    for (const [id, value] of Object.entries(rows)) this.rows.set(Number(id), [{ value, by: first }])
    this.end(first, 'committed')
  }

  begin(session: number): Transaction {
    const transaction: Transaction = {
      session,
      snapshot: undefined,
      state: 'active',
      committedAt: Infinity,
      ended: new Signal(),
      reads: new Set(),
      writes: new Set(),
      out: new Set(),
      in: new Set(),
      isDoomed: false,
    }
    this.transactions.push(transaction)
    return transaction
  }

  /** Each statement takes a snapshot below Repeatable Read; from there on only the first does. */
  snapshot(me: Transaction): void {
    if (me.isDoomed) throw new SerializationFailure('read/write dependencies among transactions')
    const isEach = this.level === 'read uncommitted' || this.level === 'read committed'
    if (isEach || me.snapshot === undefined) me.snapshot = this.clock
  }

  sees({ by }: Version, me: Transaction): boolean {
    return by === me || (by.state === 'committed' && by.committedAt <= me.snapshot!)
  }

  read(id: number, me: Transaction): number {
    this.snapshot(me)
    const value = this.#visible(id, me)
    this.#hasRead(id, me)
    return value ?? 0
  }

  sum(me: Transaction): number {
    this.snapshot(me)
    const total = [...this.rows.keys()].reduce((all, id) => all + (this.#visible(id, me) ?? 0), 0)
    this.#hasRead(0, me)
    return total
  }

  insert(id: number, value: number, me: Transaction): void {
    this.snapshot(me)
    this.#put(id, value, me)
  }

  /** Waits while another has changed the row and not ended. Gives when it waited from. */
  *update(id: number, value: number, me: Transaction, onWait: () => void): Process {
    this.snapshot(me)
    for (;;) {
      const other = this.rows.get(id)!.at(-1)!.by
      if (other === me || other.state === 'committed') break
      onWait()
      yield other.ended
    }
    // Read Committed goes on with the newest version (the conditions here, on the key, still hold); the others may not.
    const isNewer = !this.sees(this.rows.get(id)!.at(-1)!, me)
    if (isNewer && (this.level === 'repeatable read' || this.level === 'serializable'))
      throw new SerializationFailure('concurrent update')
    this.#put(id, value, me)
  }

  commit(me: Transaction): void {
    if (me.isDoomed) throw new SerializationFailure('read/write dependencies among transactions')
    this.end(me, 'committed')
    // Whoever is between two dependencies, one of which has now committed, cannot commit any more.
    for (const other of me.in) if (other.state === 'active' && other.in.size > 0) other.isDoomed = true
  }

  end(me: Transaction, state: 'committed' | 'aborted'): void {
    me.state = state
    if (state === 'committed') me.committedAt = ++this.clock
    else {
      for (const versions of this.rows.values()) {
        const at = versions.findIndex(({ by }) => by === me)
        if (at !== -1) versions.splice(at, 1)
      }
      for (const other of this.transactions) {
        other.in.delete(me)
        other.out.delete(me)
      }
      me.reads.clear()
      me.writes.clear()
    }
    me.ended.fire()
  }

  /** What everybody would see now. */
  get committed(): number {
    let total = 0
    for (const versions of this.rows.values())
      total += versions.findLast(({ by }) => by.state === 'committed')?.value ?? 0
    return total
  }

  #visible(id: number, me: Transaction): number | undefined {
    return this.rows.get(id)?.findLast((version) => this.sees(version, me))?.value
  }

  #put(id: number, value: number, me: Transaction): void {
    const versions = this.rows.get(id)
    if (versions === undefined) this.rows.set(id, [{ value, by: me }])
    else if (versions.at(-1)?.by === me) versions.at(-1)!.value = value
    else versions.push({ value, by: me })
    me.writes.add(id)
    for (const other of this.#overlapping(me))
      if (other.reads.has(id) || other.reads.has(0)) this.#depend(other, me, me)
  }

  #hasRead(id: number, me: Transaction): void {
    me.reads.add(id)
    for (const other of this.#overlapping(me))
      if (id === 0 ? other.writes.size > 0 : other.writes.has(id)) this.#depend(me, other, me)
  }

  /** Those that ran at the same time as this one's snapshot. */
  #overlapping(me: Transaction): Transaction[] {
    if (this.level !== 'serializable') return []
    return this.transactions.filter(
      (other) => other !== me && other.state !== 'aborted' && other.committedAt > me.snapshot!,
    )
  }

  /** The reader did not see what the writer wrote: it comes before it in any serial order. */
  #depend(reader: Transaction, writer: Transaction, me: Transaction): void {
    reader.out.add(writer)
    writer.in.add(reader)
    const isPivot = me.in.size > 0 && [...me.out].some(({ state }) => state === 'committed')
    if (isPivot) throw new SerializationFailure('read/write dependencies among transactions')
  }
}

/** What happened, for whoever draws it or counts it. */
type Watcher = {
  statement?: (
    session: number,
    sql: string,
    from: number,
    to: number,
    answer: string,
    how: 'ok' | 'bad' | 'plain',
  ) => void
  wait?: (session: number, from: number, to: number) => void
  seen?: (session: number, at: number, value: number) => void
  committed?: (at: number, value: number) => void
}
type Outcome = { isAnomaly: boolean; failures: number; committed: number; waits: number; end: number; lastMs: number }

/** Plays a story once on a simulation of its own. */
function play(
  story: Story,
  level: Level,
  lagMs: number,
  isRetried: boolean,
  chance: Random,
  watch: Watcher = {},
): Outcome {
  const sim = new Simulation()
  const database = new Database(level, story.rows)
  const start = database.committed
  const kept: number[][] = [[], []]
  const took = uniform(2, 6)
  const outcome: Outcome = { isAnomaly: false, failures: 0, committed: 0, waits: 0, end: start, lastMs: 0 }
  watch.committed?.(0, start)
  function* session(which: number): Process {
    if (which === 1) yield lagMs
    for (let attempt = 1; attempt <= (isRetried ? mostAttempts : 1); attempt++) {
      const me = database.begin(which)
      const seen: number[] = []
      try {
        for (const statement of story.sessions[which]!) {
          yield uniform(...statement.after).draw(chance)
          const from = sim.now
          const tell = (sql: string, answer: string, how: 'ok' | 'bad' | 'plain' = 'plain'): void =>
            watch.statement?.(which, sql, from, sim.now, answer, how)
          let sql: string = statement.does
          try {
            if (statement.does === 'read' || statement.does === 'sum') {
              sql = statement.sql
              const value = statement.does === 'read' ? database.read(statement.id, me) : database.sum(me)
              seen.push(value)
              watch.seen?.(which, sim.now, value)
              yield took.draw(chance)
              tell(sql, String(value))
            } else if (statement.does === 'write') {
              const value = statement.value(seen.at(-1) ?? 0)
              if (value === undefined) continue
              sql = statement.sql(value)
              let waitedFrom: number | undefined
              yield* database.update(statement.id, value, me, () => (waitedFrom ??= sim.now))
              if (waitedFrom !== undefined) {
                outcome.waits++
                watch.wait?.(which, waitedFrom, sim.now)
              }
              yield took.draw(chance)
              tell(sql, waitedFrom === undefined ? 'UPDATE 1' : 'UPDATE 1, after a wait')
            } else if (statement.does === 'insert') {
              sql = statement.sql
              database.insert(statement.id, statement.value, me)
              yield took.draw(chance)
              tell(sql, 'INSERT 0 1')
            } else if (statement.does === 'commit') {
              database.commit(me)
              watch.committed?.(sim.now, database.committed)
              outcome.committed |= which + 1
              kept[which] = seen
              yield took.draw(chance)
              tell(sql, 'COMMIT', 'ok')
            } else {
              database.end(me, 'aborted')
              yield took.draw(chance)
              tell(sql, 'ROLLBACK', 'ok')
            }
          } catch (error) {
            if (error instanceof SerializationFailure) tell(sql, `ERROR 40001: ${error.message}`, 'bad')
            throw error
          }
        }
        outcome.lastMs = Math.max(outcome.lastMs, sim.now)
        return
      } catch (error) {
        if (!(error instanceof SerializationFailure)) throw error
        outcome.failures++
        database.end(me, 'aborted')
        yield took.draw(chance)
        outcome.lastMs = Math.max(outcome.lastMs, sim.now)
      }
    }
  }
  sim.start(session(0))
  sim.start(session(1))
  sim.runUntil(Infinity)
  outcome.end = database.committed
  outcome.isAnomaly = story.isAnomaly({ kept, committed: outcome.committed, start, end: outcome.end })
  return outcome
}

export default defineLab({
  kind: 'simulation',
  title: 'Two sessions, one anomaly',
  task: 'Choose an anomaly and a level, and see whether two overlapping transactions produce it. Then raise the level until it is gone, and see what that costs.',
  knobs: {
    anomaly: choice({
      label: 'Anomaly',
      options: {
        dirty: 'dirty read',
        nonrepeatable: 'non-repeatable read',
        phantom: 'phantom',
        lost: 'lost update',
        skew: 'write skew',
      },
      value: 'lost',
    }),
    level: choice({
      label: 'Level of both',
      options: {
        'read uncommitted': 'Read Uncommitted',
        'read committed': 'Read Committed (default)',
        'repeatable read': 'Repeatable Read',
        serializable: 'Serializable',
      },
      value: 'read committed',
    }),
    lag: number({ label: 'B begins after A by', unit: 'ms', min: 0, max: 200, step: 5, value: 10 }),
    retry: onOff({ label: 'Retry after 40001', value: false, hint: 'The whole transaction, five times at most.' }),
  },
  presets: [
    { name: 'A lost update', knobs: {}, look: 'B waits for A, then overwrites it. Nothing reports an error.' },
    {
      name: 'Refused instead',
      knobs: { level: 'repeatable read' },
      look: 'The same wait, and then 40001: B has to start again.',
    },
    {
      name: 'Refused and tried again',
      knobs: { level: 'repeatable read', retry: true },
      look: 'The second attempt reads what A has left.',
    },
    {
      name: 'Write skew',
      knobs: { anomaly: 'skew', level: 'repeatable read' },
      look: 'Different rows, so no lock and no error, and nobody is on call.',
    },
    {
      name: 'Write skew, noticed',
      knobs: { anomaly: 'skew', level: 'serializable' },
      look: 'Nobody waited; one of the two fails.',
    },
    {
      name: 'Read Uncommitted',
      knobs: { anomaly: 'dirty', level: 'read uncommitted' },
      look: 'PostgreSQL has the name of this level, and not its dirty reads.',
    },
  ],
  predict: {
    ask: 'A and B overlap as the knobs say. What will come of it?',
    kind: 'choice',
    options: [
      { value: 'anomaly', label: 'the anomaly, without an error' },
      { value: 'error', label: 'an error 40001 in one of them' },
      { value: 'fine', label: 'neither: all is as if one had run after the other' },
    ],
    actual: (run) => (run.word('anomaly') === 'yes' ? 'anomaly' : run.figure('failures') > 0 ? 'error' : 'fine'),
  },
  series: {
    committed: { label: 'Committed', as: 'steps', tone: 'ok' },
    seenA: { label: 'Read by A', as: 'dots', tone: 'signal' },
    seenB: { label: 'Read by B', as: 'dots', tone: 'second' },
    anomalies: { label: 'Anomaly', unit: '%', as: 'bars', tone: 'bad' },
    refused: { label: 'An error 40001', unit: '%', as: 'bars', tone: 'signal' },
  },
  charts: [
    {
      title: 'What is committed, and what each has read',
      x: { label: 'Time', unit: 'ms' },
      y: { label: 'Value' },
      lines: ['committed', 'seenA', 'seenB'],
    },
    {
      title: `${tries} random overlaps at each level`,
      x: { label: 'Level', names: levels },
      y: { label: 'Of all', unit: '%', range: [0, 100] },
      lines: ['anomalies', 'refused'],
    },
  ],
  figures: {
    anomaly: { label: 'Anomaly' },
    failures: { label: 'Errors 40001', digits: 0 },
    waits: { label: 'Waits for a row lock', digits: 0 },
    committedCount: { label: 'Transactions committed', digits: 0 },
    end: { label: 'Value at the end', digits: 0 },
    tookMs: { label: 'Both finished after', unit: 'ms', digits: 0 },
    anomalyRU: { label: 'Anomalies, Read Uncommitted', unit: `of ${tries}`, digits: 0 },
    anomalyRC: { label: 'Read Committed', unit: `of ${tries}`, digits: 0 },
    anomalyRR: { label: 'Repeatable Read', unit: `of ${tries}`, digits: 0 },
    anomalyS: { label: 'Serializable', unit: `of ${tries}`, digits: 0 },
    refusedRC: { label: 'Refused, Read Committed', unit: `of ${tries}`, digits: 0 },
    refusedRR: { label: 'Refused, Repeatable Read', unit: `of ${tries}`, digits: 0 },
    refusedS: { label: 'Refused, Serializable', unit: `of ${tries}`, digits: 0 },
    readerWaits: { label: 'Waits in all tries', digits: 0, hidden: true },
  },
  tables: { log: { title: 'Statement by statement', columns: ['ms', 'Session', 'Statement', 'Answer'] } },
  diagram: {
    kind: 'lanes',
    lanes: [
      { id: 'A', label: 'Session A' },
      { id: 'B', label: 'Session B' },
    ],
    x: { label: 'Time', unit: 'ms' },
  },
  claims: [
    {
      says: 'No level of PostgreSQL shows a dirty read, Read Uncommitted included.',
      when: ({ knobs }) => knobs.anomaly === 'dirty',
      holds: (run) => ['anomalyRU', 'anomalyRC', 'anomalyRR', 'anomalyS'].every((name) => run.figure(name) === 0),
    },
    {
      says: 'Read Committed lets all the others happen, and never fails with 40001.',
      when: ({ knobs }) => knobs.anomaly !== 'dirty',
      holds: (run) => run.figure('anomalyRC') > 10 && run.figure('refusedRC') === 0,
    },
    {
      says: 'From Repeatable Read on, reads repeat, phantoms are gone, and a lost update is refused.',
      when: ({ knobs }) => knobs.anomaly !== 'skew',
      holds: (run) => run.figure('anomalyRR') === 0 && run.figure('anomalyS') === 0,
    },
    {
      says: 'Repeatable Read refuses only what changes a row that another has changed: of these, the lost update.',
      holds: (run) => run.figure('refusedRR') > 0 === (run.knobs.anomaly === 'lost'),
    },
    {
      says: 'Repeatable Read lets write skew through without an error; Serializable never does.',
      when: ({ knobs }) => knobs.anomaly === 'skew',
      holds: (run) =>
        run.figure('anomalyRR') > 10 &&
        run.figure('refusedRR') === 0 &&
        run.figure('anomalyS') === 0 &&
        run.figure('refusedS') > 10,
    },
    {
      says: 'Readers wait for nobody, at any level: only a second writer of a row does.',
      when: ({ knobs }) => knobs.anomaly !== 'lost',
      holds: (run) => run.figure('readerWaits') === 0,
    },
    {
      says: 'Without overlap there is neither an anomaly nor an error, whatever the level.',
      when: ({ knobs }) => knobs.lag >= 120,
      holds: (run) => run.word('anomaly') === 'no' && run.figure('failures') === 0,
    },
    {
      says: 'With retries every transaction commits in the end.',
      when: ({ knobs }) => knobs.retry && knobs.anomaly !== 'dirty',
      holds: (run) => run.figure('committedCount') === 2,
    },
  ],
  why(run) {
    const { anomaly, level, lag, retry } = run.knobs
    const isSeen = run.word('anomaly') === 'yes'
    const failures = run.figure('failures')
    const shares = `Of ${tries} random overlaps, the anomaly came in ${run.figure('anomalyRC')} at Read Committed, ${run.figure('anomalyRR')} at Repeatable Read and ${run.figure('anomalyS')} at Serializable.`
    if (anomaly === 'dirty')
      return `A changed the row and rolled back; B reads only versions whose maker has committed, so it saw 100 each time. PostgreSQL treats Read Uncommitted as Read Committed. ${shares}`
    if (!isSeen && failures === 0)
      return `${lag >= 120 ? `B began ${lag} ms after A, when A had ended, so each snapshot held all of the other’s work or none.` : `Both kept what they had read: at ${level} with this overlap, one order of the two explains all they saw.`} ${shares}`
    const each = level === 'read committed' || level === 'read uncommitted'
    const reason = {
      nonrepeatable: 'B committed between A’s two reads, and at this level each statement takes a new snapshot.',
      phantom: 'B’s row was committed between A’s two counts, and at this level each statement takes a new snapshot.',
      lost: 'Both had read the same balance. The second writer wrote a number computed from what it had read before the first one’s change.',
      skew: 'Each saw two doctors on call and sent another one home. No row was written twice, so no lock and no check of versions could notice.',
    }[anomaly]
    if (isSeen)
      return `${reason} The value at the end is ${run.figure('end')}, and there was ${each ? 'no error' : 'no 40001'}. ${shares}`
    const refused =
      anomaly === 'lost'
        ? 'The row had changed after the snapshot of the transaction that wanted to write it, so that one failed with 40001.'
        : 'Each had read what the other wrote, so no order of the two explains both, and one failed with 40001.'
    return `${refused} ${retry ? `It was tried again from its first read, and ended with ${run.figure('end')} after ${run.figure('tookMs').toFixed(0)} ms.` : `Its work is missing until the application runs it again: ${run.figure('committedCount')} of 2 committed.`} ${shares}`
  },
  async run({ anomaly, level, lag, retry }, bench) {
    const story = stories[anomaly]
    const names = ['A', 'B']
    const rows: [number, string, string, string][] = []
    const outcome = play(story, level, lag, retry, bench.random('this run'), {
      statement: (session, sql, from, to, answer, how) => {
        bench.mark({ lane: names[session]!, from, to, label: sql, tone: how })
        rows.push([Math.round(from), names[session]!, sql, answer])
      },
      wait: (session, from, to) =>
        bench.mark({ lane: names[session]!, from, to, label: 'waits for the row', tone: 'signal' }),
      seen: (session, at, value) => bench.point(`seen${names[session]}`, at, value),
      committed: (at, value) => bench.point('committed', at, value),
    })
    for (const row of rows.toSorted((a, b) => a[0] - b[0])) bench.row('log', row)
    bench.point('committed', outcome.lastMs, outcome.end)
    bench.figure('anomaly', outcome.isAnomaly ? 'yes' : 'no')
    bench.figure('failures', outcome.failures)
    bench.figure('waits', outcome.waits)
    bench.figure('committedCount', (outcome.committed & 1) + (outcome.committed >> 1))
    bench.figure('end', outcome.end)
    bench.figure('tookMs', outcome.lastMs)
    let readerWaits = 0
    for (const [at, one] of levels.entries()) {
      const chance = bench.random('overlaps')
      let [anomalies, refused] = [0, 0]
      for (let i = 0; i < tries; i++) {
        const found = play(story, one, chance() * mostLagMs, false, chance)
        if (found.isAnomaly) anomalies++
        if (found.failures > 0) refused++
        readerWaits += found.waits
      }
      const short = one
        .split(' ')
        .map((word) => word[0]!.toUpperCase())
        .join('')
      bench.figure(`anomaly${short}`, anomalies)
      if (at > 0) bench.figure(`refused${short}`, refused)
      bench.point('anomalies', at, (anomalies * 100) / tries)
      bench.point('refused', at, (refused * 100) / tries)
      await bench.turn((at + 1) / levels.length)
    }
    bench.figure('readerWaits', readerWaits)
  },
})
