/** Holds every lab of the content to its claims: over ten seeds, its presets and the corners of its knobs. `node tools/labs.ts [PART OF A PATH…]`. */
import { glob } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { engineOf, type Lab } from '@viva/lab'
import { type Checked, checkLab } from '@viva/lab/check'
import { createNodeRunner } from '@viva/runner/node'
import type { Answer } from './labs/worker.ts'

const root = dirname(import.meta.dirname)
/** For one lab with all its seeds and corners, on a slow and busy machine. */
const limitMs = 300_000

export type LabsOptions = {
  /** Folder named `content`. */
  contentDir?: string
  /** Only labs whose path holds one of these texts. */
  only?: string[]
  seeds?: number
  log?: (line: string) => void
}

export type LabsResult = {
  /** Claims that applied and held in every run. */
  passed: number
  failed: number
  /** One each: a claim that failed, or applied nowhere, or a lab that broke. */
  failures: { file: string; detail: string }[]
}

/** One line a lab goes to `log`. Simulations share the machine; queries and measurements have it to themselves, in turn. */
export async function checkLabs(options: LabsOptions = {}): Promise<LabsResult> {
  const { contentDir = join(root, 'content'), only = [], seeds = 10, log = () => {} } = options
  const result: LabsResult = { passed: 0, failed: 0, failures: [] }
  const files: string[] = []
  for await (const path of glob('questions/*/*/lab*.ts', { cwd: contentDir })) {
    const file = path.split(sep).join('/')
    const isLab = /\/lab(-[a-z0-9-]+)?\.ts$/.test(file)
    if (isLab && (only.length === 0 || only.some((part) => `content/${file}`.includes(part)))) files.push(file)
  }
  files.sort()

  const count = (file: string, claims: number, problems: string[], note: string): void => {
    // Where a run broke, nobody knows about the other claims.
    const isBroken = problems.some((text) => !text.includes(inRuns))
    result.passed += isBroken ? 0 : claims - problems.length
    result.failed += problems.length
    for (const detail of problems) result.failures.push({ file: `content/${file}`, detail })
    log(`${problems.length === 0 ? '✔' : '✖'} content/${file}: ${note}`)
  }

  const alone: { file: string; lab: Lab }[] = []
  const simulated: { file: string; lab: Lab }[] = []
  for (const file of files)
    try {
      const { default: lab } = (await import(pathToFileURL(join(contentDir, file)).href)) as { default: Lab }
      ;(lab.kind === 'simulation' ? simulated : alone).push({ file, lab })
    } catch (error) {
      count(file, 0, [told(error)], 'cannot be read')
    }

  const queue = simulated.values()
  const work = async (): Promise<void> => {
    for (const { file, lab } of queue) {
      const begun = performance.now()
      const checked = await checkInWorker(join(contentDir, file), seeds)
      const problems = typeof checked === 'string' ? [checked] : problemsOf(checked)
      const runs = typeof checked === 'string' ? 'broke' : `${checked.runs} runs`
      count(file, lab.claims.length, problems, `${runs}, ${lab.claims.length} claims, ${secondsSince(begun)}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, work))

  const runner = createNodeRunner()
  try {
    for (const { file, lab } of alone) {
      const begun = performance.now()
      const signal = AbortSignal.timeout(limitMs)
      // Once: a claim that holds at the second try is a claim too narrow, or a fault that comes and goes.
      const checked = await checkLab(lab, { engine: engineOf(runner, signal), signal }).catch(told)
      const problems = typeof checked === 'string' ? [checked] : problemsOf(checked)
      const runs = typeof checked === 'string' ? 'broke' : `${checked.runs} runs`
      count(
        file,
        lab.claims.length,
        problems,
        `${lab.kind}, ${runs}, ${lab.claims.length} claims, ${secondsSince(begun)}`,
      )
    }
  } finally {
    await runner.close()
  }
  return result
}

/** Follows the sentence of a claim that did not hold. */
const inRuns = '\n  holds not: '

/** One text for each claim that did not hold, with the first run in which it did not. */
function problemsOf({ failures, idle }: Checked): string[] {
  // What is thrown differs in its trace alone.
  const first = Map.groupBy(failures, ({ says }) => says.split('\n    at')[0]!)
  return [
    ...[...first].map(([, all]) => {
      const { says, knobs, seed, figures } = all[0]!
      const where = `fails in ${all.length} runs, first with seed ${seed}, knobs ${JSON.stringify(knobs)}, figures ${JSON.stringify(figures)}`
      return says.startsWith('It threw: ') ? `${says}\n  ${where}` : `${says}${inRuns}${where}`
    }),
    ...idle.map((says) => `${says}${inRuns}applies in no run, so it says nothing`),
  ]
}

/** A simulation is deaf while it computes, so its time limit is its thread's end. A text says why there is no answer. */
function checkInWorker(file: string, seeds: number): Promise<Checked | string> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./labs/worker.ts', import.meta.url), {
      workerData: { url: pathToFileURL(file).href, seeds },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    const end = (checked: Checked | string): void => {
      clearTimeout(timer)
      resolve(checked)
      void worker.terminate()
    }
    const timer = setTimeout(() => end(`It did not end within ${limitMs / 1000} s.`), limitMs)
    worker.on('message', ({ checked, error }: Answer) => end(checked ?? error ?? 'no answer'))
    worker.on('error', (error) => end(told(error)))
    worker.on('exit', (code) => end(`Its thread ended with status ${code}.`))
  })
}

function told(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function secondsSince(begun: number): string {
  return `${((performance.now() - begun) / 1000).toFixed(1)} s`
}

if (import.meta.main) {
  const only = process.argv.slice(2)
  const begun = performance.now()
  const { passed, failed, failures } = await checkLabs({ only, log: (line) => console.log(line) })
  for (const { file, detail } of failures) console.log(`\n${file}: ${detail}`)
  if (passed + failed === 0)
    console.log(only.length > 0 ? `No lab has ${only.join(' or ')} in its path.` : 'There are no labs.')
  else console.log(`${passed} passed, ${failed} failed (${secondsSince(begun)})`)
  process.exit(failed > 0 || (passed === 0 && only.length > 0) ? 1 : 0)
}
