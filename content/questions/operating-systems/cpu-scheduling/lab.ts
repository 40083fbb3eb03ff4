/** Six jobs on one core: who runs when under each policy, and what that does to the mean. */

import { choice, defineLab, exponential, type KnobValues, number, type Points, type Random, shuffled } from '@viva/lab'

const jobCount = 6
const mostQuantum = 20
const policies = ['fcfs', 'sjf', 'srtf', 'rr', 'priority'] as const
type Policy = (typeof policies)[number]
const names: Record<Policy, string> = {
  fcfs: 'first come, first served',
  sjf: 'shortest job first',
  srtf: 'shortest remaining time first',
  rr: 'round robin',
  priority: 'fixed priority',
}

/** Times in whole milliseconds; priority 1 is the highest. */
type Job = { id: number; arrivesMs: number; lengthMs: number; priority: number }
type Outcome = { turnaround: number; response: number; wait: number; mostResponse: number; endMs: number; top: number }
type Slice = { job: number; from: number; to: number; isFirst: boolean; isLast: boolean }

function schedule(jobs: readonly Job[], policy: Policy, quantum: number, ran?: (slice: Slice) => void): Outcome {
  const coming = jobs.toSorted((a, b) => a.arrivesMs - b.arrivesMs || a.id - b.id)
  const ready: { job: Job; leftMs: number }[] = []
  let now = 0
  const total = { turnaround: 0, response: 0, wait: 0, mostResponse: 0, top: 0 }
  const admit = (): void => {
    while (coming.length > 0 && coming[0]!.arrivesMs <= now) {
      const job = coming.shift()!
      ready.push({ job, leftMs: job.lengthMs })
    }
  }
  const isPreemptive = policy === 'srtf' || policy === 'priority'
  for (admit(); ready.length > 0 || coming.length > 0; admit()) {
    if (ready.length === 0) {
      now = coming[0]!.arrivesMs
      continue
    }
    const rank = ({ job, leftMs }: (typeof ready)[number]): number =>
      policy === 'priority' ? job.priority : policy === 'sjf' ? job.lengthMs : policy === 'srtf' ? leftMs : 0
    let at = 0
    for (let i = 1; i < ready.length; i++) if (rank(ready[i]!) < rank(ready[at]!)) at = i
    const [running] = ready.splice(at, 1) as [(typeof ready)[number]]
    const { job } = running
    const isFirst = running.leftMs === job.lengthMs
    if (isFirst) {
      const responseMs = now - job.arrivesMs
      total.response += responseMs
      total.mostResponse = Math.max(total.mostResponse, responseMs)
      if (job.priority === 1) total.top = responseMs
    }
    let span = policy === 'rr' ? Math.min(quantum, running.leftMs) : running.leftMs
    if (isPreemptive && coming.length > 0) span = Math.min(span, coming[0]!.arrivesMs - now)
    const from = now
    now += span
    running.leftMs -= span
    const isLast = running.leftMs === 0
    ran?.({ job: job.id, from, to: now, isFirst, isLast })
    if (isLast) {
      total.turnaround += now - job.arrivesMs
      total.wait += now - job.arrivesMs - job.lengthMs
      continue
    }
    // Who arrives while it runs stands before it.
    admit()
    ready.push(running)
  }
  const n = jobs.length
  const { turnaround, response, wait } = total
  return { ...total, turnaround: turnaround / n, response: response / n, wait: wait / n, endMs: now }
}

const knobs = {
  policy: choice({
    label: 'Policy',
    options: {
      fcfs: 'FCFS: first come, first served',
      sjf: 'SJF: shortest job first',
      srtf: 'SRTF: shortest remaining time',
      rr: 'RR: round robin',
      priority: 'fixed priority, preemptive',
    },
    value: 'rr',
  }),
  quantum: number({
    label: 'Quantum',
    unit: 'ms',
    min: 1,
    max: mostQuantum,
    value: 2,
    hint: 'For round robin; a switch costs nothing here.',
  }),
  mix: choice({
    label: 'Jobs',
    options: { equal: 'six of 12 ms', convoy: 'one of 60 ms first, then five of 4', mixed: 'lengths by chance' },
    value: 'equal',
  }),
  gap: number({ label: 'Between arrivals', unit: 'ms', min: 0, max: 20, value: 0 }),
}

function jobsOf({ mix, gap }: Pick<KnobValues<typeof knobs>, 'mix' | 'gap'>, random: Random): Job[] {
  const lengths = exponential(14)
  const priorities = shuffled(random, [1, 2, 3, 4, 5, 6])
  return Array.from({ length: jobCount }, (_, id) => ({
    id,
    arrivesMs: id * gap,
    lengthMs: mix === 'equal' ? 12 : mix === 'convoy' ? (id === 0 ? 60 : 4) : 1 + Math.round(lengths.draw(random)),
    priority: priorities[id]!,
  }))
}

const of = (points: Points | undefined, policy: Policy): number => points![2 * policies.indexOf(policy) + 1]!

export default defineLab({
  kind: 'simulation',
  title: 'Who runs next',
  task: 'Pick a policy and a set of jobs, and read the schedule. Look for the policy that is best for the mean time to finish, and for the one that responds first.',
  knobs,
  presets: [
    { name: 'Equal jobs take turns', knobs: {}, look: 'All finish at the end, one after another.' },
    { name: 'The convoy', knobs: { policy: 'fcfs', mix: 'convoy' }, look: 'Five jobs of 4 ms wait 60 ms for one.' },
    {
      name: 'Shortest first',
      knobs: { policy: 'sjf', mix: 'convoy' },
      look: 'The same jobs; only the long one waits.',
    },
    {
      name: 'Preempt for the shorter',
      knobs: { policy: 'srtf', mix: 'convoy', gap: 5 },
      look: 'The long job is put aside at each arrival.',
    },
    {
      name: 'Priorities',
      knobs: { policy: 'priority', mix: 'mixed', gap: 3 },
      look: 'Priority does not ask for lengths: the mean suffers.',
    },
  ],
  predict: {
    ask: 'Compared with first come, first served on the same jobs, the mean time to finish under this policy is …?',
    kind: 'choice',
    options: [
      { value: 'shorter', label: 'shorter' },
      { value: 'same', label: 'the same' },
      { value: 'longer', label: 'longer' },
    ],
    actual: (run) => run.word('against'),
  },
  series: {
    turnaround: { label: 'Arrival to end', unit: 'ms', as: 'bars', tone: 'signal' },
    response: { label: 'Arrival to first run', unit: 'ms', as: 'bars', tone: 'second' },
    byQuantum: { label: 'Arrival to end', unit: 'ms', tone: 'signal' },
    responseByQuantum: { label: 'Arrival to first run', unit: 'ms', tone: 'second' },
  },
  charts: [
    {
      title: 'Mean time from arrival to end',
      x: { label: 'Policy', names: ['FCFS', 'SJF', 'SRTF', 'RR', 'priority'] },
      y: { label: 'Mean', unit: 'ms' },
      lines: ['turnaround'],
    },
    {
      title: 'Mean time from arrival to first run',
      x: { label: 'Policy', names: ['FCFS', 'SJF', 'SRTF', 'RR', 'priority'] },
      y: { label: 'Mean', unit: 'ms' },
      lines: ['response'],
    },
    {
      title: 'Round robin: what the quantum does',
      x: { label: 'Quantum', unit: 'ms', range: [1, mostQuantum] },
      y: { label: 'Mean', unit: 'ms' },
      lines: ['byQuantum', 'responseByQuantum'],
      theory: ({ mix, gap }) =>
        mix === 'equal' && gap === 0
          ? { label: 'one by one: 42 ms to the end', points: [1, 42, mostQuantum, 42] }
          : undefined,
    },
  ],
  figures: {
    turnaroundMs: { label: 'Mean, arrival to end', unit: 'ms', digits: 1 },
    fcfsMs: { label: 'by FCFS', unit: 'ms', digits: 1 },
    leastMs: { label: 'by SRTF', unit: 'ms', digits: 1 },
    against: { label: 'Against FCFS' },
    responseMs: { label: 'Mean, arrival to first run', unit: 'ms', digits: 1 },
    mostResponseMs: { label: 'Longest until a first run', unit: 'ms', digits: 0 },
    waitMs: { label: 'Mean wait in all', unit: 'ms', digits: 1 },
    switches: { label: 'Changes of job', digits: 0 },
    endMs: { label: 'All done after', unit: 'ms', digits: 0 },
    endsApart: { label: 'Policies differ in the end by', unit: 'ms', hidden: true },
    rrMostResponse: { label: 'Round robin, longest response', unit: 'ms', hidden: true },
    topResponse: { label: 'Highest priority, response', unit: 'ms', hidden: true },
  },
  tables: { jobs: { title: 'Jobs', columns: ['Job', 'Arrives, ms', 'Length, ms', 'Priority (1 is highest)'] } },
  diagram: {
    kind: 'lanes',
    lanes: [
      { id: 'core', label: 'Core' },
      ...Array.from({ length: jobCount }, (_, id) => ({ id: `job ${id + 1}`, label: `Job ${id + 1}` })),
    ],
    x: { label: 'Time', unit: 'ms' },
  },
  claims: [
    {
      says: 'Shortest remaining time first has the least mean time to finish of all five.',
      holds: (run) =>
        policies.every((policy) => of(run.series['turnaround'], 'srtf') <= of(run.series['turnaround'], policy) + 1e-9),
    },
    {
      says: 'When all arrive together, shortest job first does as well: it never needs to preempt.',
      when: ({ knobs: { gap } }) => gap === 0,
      holds: (run) => Math.abs(of(run.series['turnaround'], 'sjf') - of(run.series['turnaround'], 'srtf')) < 1e-9,
    },
    {
      says: 'The convoy: behind one long job the mean first run comes four times as late as with shortest job first.',
      when: ({ knobs: { mix, gap } }) => mix === 'convoy' && gap === 0,
      holds: (run) => of(run.series['response'], 'fcfs') > 4 * of(run.series['response'], 'sjf'),
    },
    {
      says: 'For equal jobs that arrive together no policy finishes later on the mean than round robin.',
      when: ({ knobs: { mix, gap } }) => mix === 'equal' && gap === 0,
      holds: (run) =>
        policies.every((policy) => of(run.series['turnaround'], 'rr') >= of(run.series['turnaround'], policy) - 1e-9),
    },
    {
      says: 'Round robin lets everybody begin within (n − 1) quanta.',
      holds: (run) => run.figure('rrMostResponse') <= (jobCount - 1) * run.knobs.quantum,
    },
    {
      says: 'The order changes who waits, not the work: all policies are done at the same moment.',
      holds: (run) => run.figure('endsApart') === 0,
    },
    {
      says: 'With preemption the job of the highest priority begins when it arrives.',
      holds: (run) => run.figure('topResponse') === 0,
    },
  ],
  why(run) {
    const { policy, quantum, mix, gap } = run.knobs
    const [mean, fcfs, least, response] = ['turnaroundMs', 'fcfsMs', 'leastMs', 'responseMs'].map((name) =>
      run.figure(name).toFixed(1),
    )
    const first = `Under ${names[policy]} a job ended ${mean} ms after its arrival on the mean, against ${fcfs} ms first come, first served and ${least} ms at best; the first run came after ${response} ms.`
    if (policy === 'rr')
      return `${first} ${mix === 'equal' && gap === 0 ? 'Equal jobs that take turns all end near the end: nobody gains what the others lose.' : 'Turns let short jobs out without knowing any length, and hold up the rest.'} With a quantum of ${quantum} ms everybody begins within ${(jobCount - 1) * quantum} ms; a real switch would cost something each of the ${run.figure('switches')} times.`
    if (policy === 'fcfs')
      return `${first} ${mix === 'convoy' ? 'Everybody behind the 60 ms waits for them, however short: a convoy.' : 'It is as good as its luck with the order of arrival.'}`
    if (policy === 'priority')
      return `${first} It asks who is important, not who is short: the job of priority 1 began at once, and the longest wait for a first run was ${run.figure('mostResponseMs')} ms. In a steady stream of higher ones that wait has no end.`
    return `${first} Put the shorter of two neighbours first, and it gains more than the other loses. ${policy === 'srtf' ? 'With preemption that holds at each arrival too.' : gap === 0 ? 'As all are there from the start, nothing better exists.' : 'Once a long job runs it is not taken off, which is what it loses to SRTF.'} It needs the lengths, and the long ones pay.`
  },
  async run({ policy, quantum, mix, gap }, bench) {
    const jobs = jobsOf({ mix, gap }, bench.random('jobs'))
    for (const { id, arrivesMs, lengthMs, priority } of jobs) bench.row('jobs', [id + 1, arrivesMs, lengthMs, priority])
    const slices: Slice[] = []
    const own = schedule(jobs, policy, quantum, (slice) => slices.push(slice))
    for (const { id, arrivesMs } of jobs)
      bench.mark({ lane: `job ${id + 1}`, from: arrivesMs, label: 'arrives', tone: 'second' })
    let switches = 0
    for (const [index, { job, from, to, isLast }] of slices.entries()) {
      if (index > 0 && slices[index - 1]!.job !== job) switches++
      bench.mark({ lane: 'core', from, to, label: String(job + 1), tone: job % 2 === 0 ? 'signal' : 'second' })
      bench.mark({ lane: `job ${job + 1}`, from, to, tone: isLast ? 'ok' : 'signal' })
      bench.figure('switches', switches)
      bench.figure('endMs', to)
      await bench.turn((0.9 * (index + 1)) / slices.length)
    }
    const ends: number[] = []
    for (const [index, each] of policies.entries()) {
      const outcome = schedule(jobs, each, quantum)
      bench.point('turnaround', index, outcome.turnaround)
      bench.point('response', index, outcome.response)
      ends.push(outcome.endMs)
      if (each === 'fcfs') {
        bench.figure('fcfsMs', outcome.turnaround)
        const difference = own.turnaround - outcome.turnaround
        bench.figure('against', Math.abs(difference) < 1e-9 ? 'same' : difference < 0 ? 'shorter' : 'longer')
      }
      if (each === 'srtf') bench.figure('leastMs', outcome.turnaround)
      if (each === 'rr') bench.figure('rrMostResponse', outcome.mostResponse)
      if (each === 'priority') bench.figure('topResponse', outcome.top)
    }
    for (let length = 1; length <= mostQuantum; length++) {
      const { turnaround, response } = schedule(jobs, 'rr', length)
      bench.point('byQuantum', length, turnaround)
      bench.point('responseByQuantum', length, response)
    }
    bench.figure('turnaroundMs', own.turnaround)
    bench.figure('responseMs', own.response)
    bench.figure('mostResponseMs', own.mostResponse)
    bench.figure('waitMs', own.wait)
    bench.figure('endsApart', Math.max(...ends) - Math.min(...ends))
    await bench.turn(1)
  },
})
