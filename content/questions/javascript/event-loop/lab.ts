/** The loop of the HTML Standard as a model: one task, all microtasks, perhaps a frame; and a piece of work that is done in four ways. */

import { choice, defineLab, number, type Random } from '@viva/lab'

const frameMs = 16.7
/** What a frame, a click's listener, a timer's callback, a microtask and a chunk of the work take. */
const [drawMs, clickMs, timerMs, microtaskMs, chunkMs] = [3, 1, 2, 0.2, 5]
const timerEveryMs = 50
/** When the work begins; a click comes this much later. */
const [workAtMs, clickAfterMs] = [100, 10]
const endMs = 1000
const [shownFromMs, shownToMs] = [60, 460]
/** Above this nesting the delay of a timer is at least 4 ms. */
const [clampAbove, clampMs] = [5, 4]

const manners = ['one', 'micro', 'timeout', 'yield'] as const
type Manner = (typeof manners)[number]
type Lane = 'task' | 'micro' | 'frame' | 'click' | 'vsync'
type Span = { lane: Lane; from: number; to?: number; label: string; kind: 'work' | 'other' }

type Settings = { manner: Manner; workMs: number; timers: number; microtasks: number }
type Outcome = {
  missed: number
  drawn: number
  clickWait: number
  worstClick: number
  longest: number
  workDone: number
  timerLate: number
  earliestTimer: number
  clicks: { at: number; wait: number }[]
}

/** What waits for the thread. A task's `ms` is its own; its microtasks come on top and are drained after it. */
type Task = { kind: 'work' | 'timer' | 'click' | 'continuation'; dueMs: number; ms: number; microMs: number }

function loop({ manner, workMs, timers, microtasks }: Settings, random: Random, seen?: (span: Span) => void): Outcome {
  const chunks = Math.ceil(workMs / chunkMs)
  let chunksLeft = chunks
  const waiting: Task[] = []
  const add = (kind: Task['kind'], dueMs: number, ms: number, microMs = 0): void => {
    waiting.push({ kind, dueMs, ms, microMs })
  }
  const microMs = microtasks * microtaskMs
  for (let i = 0; i < timers; i++) add('timer', 7 + (i * timerEveryMs) / timers, timerMs, microMs)
  add('click', workAtMs + clickAfterMs, clickMs)
  for (let at = 20; at < endMs; at += 60 + 120 * random()) add('click', at, clickMs)
  if (manner === 'one') add('work', workAtMs, workMs)
  else if (manner === 'micro') add('work', workAtMs, Math.min(chunkMs, workMs), Math.max(0, workMs - chunkMs))
  else add('work', workAtMs, Math.min(chunkMs, workMs))
  const outcome: Outcome = {
    missed: 0,
    drawn: 0,
    clickWait: 0,
    worstClick: 0,
    longest: 0,
    workDone: workAtMs,
    timerLate: 0,
    earliestTimer: Infinity,
    clicks: [],
  }
  let [now, nextFrame, nesting] = [0, frameMs, 0]
  while (now < endMs) {
    // Between two tasks, and only there, there may be a frame.
    if (now >= nextFrame) {
      const due = Math.floor((now - nextFrame) / frameMs) + 1
      outcome.missed += due - 1
      outcome.drawn++
      nextFrame += due * frameMs
      seen?.({ lane: 'frame', from: now, to: now + drawMs, label: 'frame', kind: 'other' })
      now += drawMs
    }
    // The loop chooses a queue: input first, then what was yielded, then the rest in the order they fell due.
    const rank = ({ kind }: Task): number => (kind === 'click' ? 0 : kind === 'continuation' ? 1 : 2)
    let next: Task | undefined
    let soonest = nextFrame
    for (const task of waiting) {
      if (task.dueMs > now) soonest = Math.min(soonest, task.dueMs)
      else if (next === undefined || rank(task) < rank(next) || (rank(task) === rank(next) && task.dueMs < next.dueMs))
        next = task
    }
    if (next === undefined) {
      now = soonest
      continue
    }
    waiting.splice(waiting.indexOf(next), 1)
    const { kind, dueMs, ms, microMs } = next
    const lateMs = now - dueMs
    const isWork = kind === 'work' || kind === 'continuation'
    const from = now
    if (kind === 'click') {
      outcome.clicks.push({ at: dueMs, wait: lateMs })
      outcome.worstClick = Math.max(outcome.worstClick, lateMs)
      if (dueMs === workAtMs + clickAfterMs) outcome.clickWait = lateMs
      seen?.({ lane: 'click', from: dueMs, label: 'click', kind: 'other' })
    }
    if (kind === 'timer') {
      outcome.timerLate = Math.max(outcome.timerLate, lateMs)
      outcome.earliestTimer = Math.min(outcome.earliestTimer, lateMs)
    }
    now += ms
    seen?.({ lane: 'task', from, to: now, label: isWork ? 'work' : kind, kind: isWork ? 'work' : 'other' })
    if (microMs > 0) {
      // All of them, those queued meanwhile included: no task and no frame comes between.
      const each = kind === 'timer' ? microtaskMs : chunkMs
      for (let left = microMs; left > 1e-9; left -= each) {
        const span = Math.min(each, left)
        seen?.({ lane: 'micro', from: now, to: now + span, label: 'm', kind: isWork ? 'work' : 'other' })
        now += span
      }
    }
    outcome.longest = Math.max(outcome.longest, now - from)
    if (kind === 'timer') add('timer', Math.max(dueMs + timerEveryMs, now), timerMs, microMs)
    if (!isWork) continue
    outcome.workDone = now
    chunksLeft -= manner === 'one' || manner === 'micro' ? chunks : 1
    if (chunksLeft <= 0) continue
    const size = Math.min(chunkMs, workMs - (chunks - chunksLeft) * chunkMs)
    nesting++
    if (manner === 'yield') add('continuation', now, size)
    else add('work', now + (nesting > clampAbove ? clampMs : 0), size)
  }
  return outcome
}

export default defineLab({
  kind: 'simulation',
  title: 'One turn of the loop',
  task: 'Do the same work as one task, in chunks with await, and in chunks with timers. Watch the frames and the click that comes 10 ms after it began.',
  knobs: {
    manner: choice({
      label: 'The work is done',
      options: {
        one: 'in one task',
        micro: 'in chunks, await null between them',
        timeout: 'in chunks, setTimeout(0) between them',
        yield: 'in chunks, scheduler.yield() between them',
      },
      value: 'micro',
    }),
    work: number({ label: 'Work', unit: 'ms', min: 0, max: 400, step: 5, value: 200 }),
    timers: number({
      label: 'Timers',
      unit: 'each 50 ms',
      min: 0,
      max: 6,
      value: 2,
      hint: 'A callback takes 2 ms.',
    }),
    microtasks: number({
      label: 'Microtasks',
      unit: 'for each timer',
      min: 0,
      max: 10,
      value: 4,
      hint: 'Of 0.2 ms each.',
    }),
  },
  presets: [
    { name: 'await null', knobs: {}, look: 'Forty chunks and not one gap: microtasks let nobody in.' },
    { name: 'One task', knobs: { manner: 'one' }, look: 'The same frames missed, the same wait.' },
    {
      name: 'setTimeout(0)',
      knobs: { manner: 'timeout' },
      look: 'Frames and clicks come between; 4 ms are lost each time.',
    },
    { name: 'scheduler.yield()', knobs: { manner: 'yield' }, look: 'As responsive, and done sooner: no clamp.' },
    { name: 'No work', knobs: { work: 0, timers: 6 }, look: 'Task, microtasks, task, microtasks, frame.' },
  ],
  predict: {
    ask: 'A click comes 10 ms after the work has begun. How long does it wait for its listener?',
    kind: 'number',
    quantity: { label: 'The click waits', unit: 'ms', digits: 0 },
    min: 0,
    max: 400,
    slack: 6,
    share: 0.1,
    actual: (run) => run.figure('clickWait'),
  },
  series: {
    wait: { label: 'A click waits', unit: 'ms', as: 'dots', tone: 'signal' },
    one: { label: 'One task', unit: 'frames', tone: 'bad' },
    micro: { label: 'await null', unit: 'frames', as: 'dots', tone: 'signal' },
    timeout: { label: 'setTimeout(0)', unit: 'frames', tone: 'second' },
    yield: { label: 'scheduler.yield()', unit: 'frames', as: 'dots', tone: 'ok' },
  },
  charts: [
    {
      title: 'Frames missed against the length of the work',
      x: { label: 'Work', unit: 'ms', range: [0, 400] },
      y: { label: 'Missed', unit: 'frames' },
      lines: [...manners],
      theory: () => ({ label: 'work ÷ 16.7 ms, less one', points: [0, 0, frameMs, 0, 400, 400 / frameMs - 1] }),
    },
    {
      title: 'How long each click waits',
      x: { label: 'Time', unit: 'ms', range: [0, endMs] },
      y: { label: 'Wait', unit: 'ms' },
      lines: ['wait'],
    },
  ],
  figures: {
    missed: { label: 'Frames missed', digits: 0 },
    drawn: { label: 'Frames drawn', digits: 0 },
    clickWait: { label: 'Wait of the click at 10 ms', unit: 'ms', digits: 1 },
    worstClick: { label: 'Longest wait of a click', unit: 'ms', digits: 1 },
    longest: { label: 'Longest task with its microtasks', unit: 'ms', digits: 1 },
    workTook: { label: 'Work done after', unit: 'ms', digits: 0 },
    timerLate: { label: 'A timer is late by at most', unit: 'ms', digits: 1 },
    earliestTimer: { label: 'and at least', unit: 'ms', digits: 1 },
    timeoutTook: { label: 'With setTimeout(0)', unit: 'ms', hidden: true },
    yieldTook: { label: 'With scheduler.yield()', unit: 'ms', hidden: true },
    oneMissed: { label: 'Missed by one task', unit: 'frames', hidden: true },
  },
  diagram: {
    kind: 'lanes',
    lanes: [
      { id: 'click', label: 'Clicks' },
      { id: 'task', label: 'Tasks' },
      { id: 'micro', label: 'Microtasks' },
      { id: 'frame', label: 'Frames' },
    ],
    x: { label: 'Since shortly before the work', unit: 'ms' },
  },
  claims: [
    {
      says: 'Microtasks let nobody in: with await null as many frames are missed as with one task.',
      when: ({ knobs }) => knobs.manner === 'micro',
      holds: (run) => run.figure('missed') === run.figure('oneMissed'),
    },
    {
      says: 'The click waits for the end of one task, and of all its microtasks.',
      when: ({ knobs }) => knobs.work >= 50 && (knobs.manner === 'one' || knobs.manner === 'micro'),
      holds: (run) => run.figure('clickWait') >= run.knobs.work - clickAfterMs,
    },
    {
      says: 'With a task between chunks of 5 ms, no click waits longer than 15 ms and no frame is missed.',
      when: ({ knobs }) => knobs.manner === 'timeout' || knobs.manner === 'yield',
      holds: (run) => run.figure('worstClick') < 15 && run.figure('missed') === 0,
    },
    {
      says: 'One task of L ms misses at least L ÷ 16.7 − 2 frames.',
      when: ({ knobs }) => knobs.manner === 'one',
      holds: (run) => run.figure('missed') >= Math.floor(run.knobs.work / frameMs) - 2,
    },
    {
      says: 'The clamp of nested timers: setTimeout(0) is done later than scheduler.yield().',
      when: ({ knobs }) => knobs.work >= 100,
      holds: (run) => run.figure('timeoutTook') > run.figure('yieldTook') + 20,
    },
    {
      says: 'A timer is a lower bound: none runs early.',
      when: ({ knobs }) => knobs.timers > 0,
      holds: (run) => run.figure('earliestTimer') >= 0,
    },
  ],
  why(run) {
    const { manner, work } = run.knobs
    const [missed, wait, took, longest] = ['missed', 'clickWait', 'workTook', 'longest'].map((name) => run.figure(name))
    if (work === 0)
      return `Nothing here is longer than ${longest!.toFixed(1)} ms, so ${run.figure('drawn')} frames were drawn and ${missed} missed. After each timer’s task its microtasks ran before anything else could.`
    const ended = `The work was done ${Math.round(took!)} ms after it began, ${missed} frame${missed === 1 ? ' was' : 's were'} missed, and the click waited ${wait!.toFixed(1)} ms.`
    if (manner === 'one')
      return `${ended} Nothing interrupts a task: for ${longest!.toFixed(0)} ms there is neither a frame nor a listener, and at ${frameMs} ms a frame that is ${Math.floor(work / frameMs)} of them.`
    if (manner === 'micro')
      return `${ended} Each chunk ends in an await, and what follows is a microtask; the queue is drained before the loop may draw or take the next task. To everybody else the chunks are one task of ${longest!.toFixed(0)} ms.`
    return `${ended} Between two chunks the loop took a turn, so nothing held it for longer than ${longest!.toFixed(1)} ms. ${manner === 'timeout' ? `From the sixth nested timer on each waits at least ${clampMs} ms, and so the work took longer than ${work} ms; scheduler.yield() would have taken ${Math.round(run.figure('yieldTook'))}.` : `What was yielded goes on before other tasks and without the clamp; setTimeout(0) would have taken ${Math.round(run.figure('timeoutTook'))} ms.`}`
  },
  async run({ manner, work, timers, microtasks }, bench) {
    const settings = { manner, workMs: work, timers, microtasks }
    const spans: Span[] = []
    const own = loop(settings, bench.random('clicks'), (span) => {
      if (span.from >= shownFromMs && span.from < shownToMs) spans.push(span)
    })
    for (const [index, { lane, from, to, label, kind }] of spans.entries()) {
      const tone = lane === 'frame' ? 'ok' : lane === 'click' ? 'second' : kind === 'work' ? 'bad' : 'signal'
      bench.mark({
        lane,
        from: from - shownFromMs,
        ...(to !== undefined && { to: to - shownFromMs }),
        label,
        tone,
      })
      await bench.turn((0.9 * (index + 1)) / spans.length)
    }
    for (const { at, wait } of own.clicks.toSorted((a, b) => a.at - b.at)) bench.point('wait', at, wait)
    for (let workMs = 0; workMs <= 400; workMs += 20)
      for (const each of manners)
        bench.point(each, workMs, loop({ ...settings, manner: each, workMs }, bench.random('clicks')).missed)
    const took = (each: Manner): Outcome => loop({ ...settings, manner: each }, bench.random('clicks'))
    bench.figure('missed', own.missed)
    bench.figure('drawn', own.drawn)
    bench.figure('clickWait', own.clickWait)
    bench.figure('worstClick', own.worstClick)
    bench.figure('longest', own.longest)
    bench.figure('workTook', own.workDone - workAtMs)
    bench.figure('timerLate', own.timerLate)
    bench.figure('earliestTimer', timers === 0 ? 0 : own.earliestTimer)
    bench.figure('timeoutTook', took('timeout').workDone - workAtMs)
    bench.figure('yieldTook', took('yield').workDone - workAtMs)
    bench.figure('oneMissed', took('one').missed)
    await bench.turn(1)
  },
})
