/** A lab's worker: runs one lab, in step with real time if it is watched, and tells the page what it looks like. */
import { type Bench, judge, type Lab, runLab, verdicts } from '@viva/lab'
import type { Frame, FromLab, ToLab } from './protocol.ts'

const labs = import.meta.glob<Lab>('../../../../../content/questions/*/*/lab*.ts', { import: 'default' })

/** How long a whole run is watched. */
const playMs = 6000
/** Between two frames; the page draws no more often. */
const frameMs = 40

const tell = (message: FromLab): void => globalThis.postMessage(message)

let pace: 'play' | 'paused' | 'full' = 'full'
let wake: (() => void) | undefined
const changed = (): void => {
  wake?.()
  wake = undefined
}
/** Until `ms` have passed or somebody pressed a button. */
const wait = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    wake = resolve
    if (ms !== Infinity) setTimeout(resolve, ms)
  })
let steps = 0

const jobs = new Map<
  number,
  { done: (output: string) => void; fail: (error: Error) => void; printed: (text: string) => void }
>()

globalThis.addEventListener('message', ({ data }: MessageEvent<ToLab>) => {
  if (data.type === 'run') void run(data)
  else if (data.type === 'printed') jobs.get(data.id)?.printed(data.text)
  else if (data.type === 'engine') {
    if (data.error === undefined) jobs.get(data.id)?.done(data.output ?? '')
    else jobs.get(data.id)?.fail(new Error(data.error))
    jobs.delete(data.id)
  } else {
    if (data.type === 'step') steps++
    else pace = data.type === 'pause' ? 'paused' : data.type === 'resume' ? 'play' : 'full'
    changed()
  }
})

async function run({ lab: id, knobs, seed, isShown, said, events }: Extract<ToLab, { type: 'run' }>): Promise<void> {
  try {
    const load = labs[`../../../../../content/questions/${id}.ts`]
    if (load === undefined) throw new Error(`there is no lab ${id}`)
    const lab = await load()
    tell({
      type: 'theory',
      // Theory knows the generated events, not the reader's.
      lines: lab.charts.map(({ theory }) => (events ? undefined : theory?.(knobs as never))),
    })
    if (isShown && lab.kind === 'simulation') pace = 'play'
    let bench: Bench | undefined
    let [shownAt, breathedAt, playedMs, resumedAt] = [-Infinity, performance.now(), 0, performance.now()]
    const frameOf = (progress: number): Frame => ({
      progress,
      figures: bench!.figures,
      series: bench!.points(),
      marks: bench!.marks,
      cells: bench!.cells,
      rows: bench!.rows,
    })
    const show = (progress: number): void => {
      shownAt = performance.now()
      tell({ type: 'frame', frame: frameOf(progress) })
    }
    const result = await runLab(lab, knobs as never, {
      seed,
      events,
      onBench: (given) => {
        bench = given
      },
      status: (text) => tell({ type: 'status', text }),
      engine: (job, onOutput) =>
        new Promise((resolve, reject) => {
          const jobId = jobs.size + Math.floor(performance.now() * 1000)
          jobs.set(jobId, { done: resolve, fail: reject, printed: (text) => onOutput?.(text) })
          tell({ type: 'execute', id: jobId, job })
        }),
      turn: async (progress) => {
        if (pace === 'paused') {
          show(progress)
          playedMs = progress * playMs
          while (pace === 'paused' && steps === 0) await wait(Infinity)
          if (steps > 0) steps--
          resumedAt = performance.now()
        } else if (pace === 'play') {
          const aheadMs = progress * playMs - playedMs - (performance.now() - resumedAt)
          // Before a long wait there is a picture, however soon after the last.
          if (aheadMs > frameMs || performance.now() - shownAt >= frameMs) show(progress)
          if (aheadMs > 4) await wait(aheadMs)
        } else if (performance.now() - breathedAt > 16) {
          if (performance.now() - shownAt >= frameMs) show(progress)
          await new Promise((resolve) => setTimeout(resolve))
          breathedAt = performance.now()
        }
      },
    })
    const outcome = said === undefined ? undefined : judge(lab.predict, said, result)
    tell({ type: 'done', frame: frameOf(1), verdicts: verdicts(lab, result), why: lab.why(result), outcome })
  } catch (error) {
    tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
}
