/** A process of an experiment: forked with its part, it says when it is ready, begins when it is told, and reports at its end. */

import { fork } from 'node:child_process'
import { curve, type Series } from './record.ts'

type Told<Ready, Report> = { ready: Ready } | { report: Report } | { failed: string }

export type Process<Ready, Report> = {
  ready: Ready
  /** Begins it; resolves with its report. */
  run(): Promise<Report>
  end(): void
}

/** Starts `file` in a process of its own. `part` is JSON. */
export async function start<Ready, Report>(file: string, part: object): Promise<Process<Ready, Report>> {
  const child = fork(file, [JSON.stringify(part)], { execArgv: ['--disable-warning=ExperimentalWarning'] })
  const ready = Promise.withResolvers<Ready>()
  const report = Promise.withResolvers<Report>()
  report.promise.catch(() => {})
  const fail = (message: string): void => {
    const error = new Error(`${file} as ${JSON.stringify(part)}: ${message}`)
    ready.reject(error)
    report.reject(error)
    child.kill()
  }
  child.on('message', (told: Told<Ready, Report>) => {
    if ('ready' in told) ready.resolve(told.ready)
    else if ('report' in told) report.resolve(told.report)
    else fail(told.failed)
  })
  child.on('exit', (code, signal) => fail(`it ended with ${code ?? signal}`))
  return {
    ready: await ready.promise,
    run() {
      child.send('go')
      return report.promise
    },
    end: () => void child.kill(),
  }
}

/** The other side: `prepare` gives what is ready, and what to run when it is told. */
export async function play<Part, Ready, Report>(
  prepare: (part: Part) => Promise<{ ready: Ready; run: () => Promise<Report> }>,
): Promise<void> {
  const tell = (told: Told<Ready, Report>): void => void process.send!(told)
  process.on('disconnect', () => process.exit(0))
  try {
    const { ready, run } = await prepare(JSON.parse(process.argv[2]!) as Part)
    const isTold = new Promise((resolve) => process.once('message', resolve))
    tell({ ready })
    await isTold
    tell({ report: await run() })
  } catch (error) {
    tell({ failed: String((error as Error).stack ?? error) })
  }
}

/** Seconds since the beginning, resident memory in MB, and whatever else was measured then. */
export type Sample = [seconds: number, rssMb: number, ...others: number[]]

/** Samples this process until it is stopped, the first at once. */
export function sample(everyMs: number, others: () => number[] = () => []): () => Sample[] {
  const samples: Sample[] = []
  const since = performance.now()
  const take = (): void => {
    const rssMb = Math.round(process.memoryUsage.rss() / 1e5) / 10
    samples.push([Math.round(performance.now() - since) / 1000, rssMb, ...others()])
  }
  take()
  const timer = setInterval(take, everyMs)
  return () => {
    clearInterval(timer)
    take()
    return samples
  }
}

/** The seconds of CPU that this process has used since this was called. */
export function cpuSeconds(): () => number {
  const since = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(since)
    return Math.round((user + system) / 1e4) / 100
  }
}

/** The most memory that was resident. */
export const highest = (samples: Sample[]): number => Math.max(...samples.map(([, rssMb]) => rssMb))

/** A curve of so few points that a picture of twenty stays small. */
export function thin(name: string, points: [x: number, y: number][], most = 90): Series {
  const step = (points.length - 1) / (most - 1)
  return curve(name, step <= 1 ? points : Array.from({ length: most }, (_, index) => points[Math.round(index * step)]!))
}

/** Of an even number, the lower one of the middle. */
export function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1]!
}
