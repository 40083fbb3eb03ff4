/** Example results of the labs: one run of each, recorded for the pages to show before a reader runs it. */
import { createHash } from 'node:crypto'
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Bench, defaults, type Lab, type Points, type RunEngine, runLab } from '@viva/lab'

/** What a page needs to draw a finished run; the same shape as a frame of a run in the browser. */
export type LabExample = {
  /** The preset that was run; absent where only the default settings exist. */
  preset?: string
  figures: Record<string, number | string>
  series: Record<string, Points>
  marks: Bench['marks']
  cells: Bench['cells']
  rows: Bench['rows']
  /** One entry a chart. */
  theory: ({ label: string; points: Points } | null)[]
}

export type LabExamplesOptions = {
  contentDir: string
  /** Where `<category>/<question>/<lab>.json` is written. */
  outDir: string
  /** Changes when a package that labs run on changes. */
  stamp: string
  /** Opened for the first query lab that has to run, closed at the end. */
  openEngine: () => Promise<{ engine: RunEngine; close: () => Promise<void> }>
}

/** Runs the labs that changed since their example was recorded; gives how many ran. Throws with the file's name when one fails. */
export async function recordLabExamples(options: LabExamplesOptions): Promise<number> {
  const { contentDir, outDir, stamp } = options
  let opened: Awaited<ReturnType<LabExamplesOptions['openEngine']>> | undefined
  let ran = 0
  try {
    for await (const path of glob('questions/*/*/lab*.ts', { cwd: contentDir })) {
      const file = path.split(sep).join('/')
      if (!/\/lab(-[a-z0-9-]+)?\.ts$/.test(file)) continue
      const source = join(contentDir, path)
      const key = createHash('sha256')
        .update(stamp)
        .update(await readFile(source))
        .digest('hex')
      const target = join(outDir, file.replace(/^questions\//, '').replace(/\.ts$/, '.json'))
      if ((await keyOf(target)) === key) continue
      const { default: lab } = (await import(pathToFileURL(source).href)) as { default: Lab }
      if (lab.kind === 'query') opened ??= await options.openEngine()
      const example = await exampleOf(lab, opened?.engine).catch((cause: unknown) => {
        throw new Error(`content/${file}: the example run failed: ${String(cause)}`, { cause })
      })
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, JSON.stringify({ key, example }))
      ran++
    }
  } finally {
    await opened?.close()
  }
  return ran
}

async function keyOf(file: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(file, 'utf8')) as { key?: string }).key
  } catch {
    // Missing or cut short: recorded again.
    return undefined
  }
}

/** One run with the first seed. Not with the default settings if a preset differs: the reader is asked to predict those. */
export async function exampleOf(lab: Lab, engine?: RunEngine): Promise<LabExample> {
  const start = defaults(lab.knobs)
  const preset = lab.presets.find(({ knobs }) => Object.entries(knobs).some(([name, value]) => start[name] !== value))
  const knobs = { ...start, ...preset?.knobs } as typeof start
  let bench: Bench | undefined
  const { figures, series, rows } = await runLab(lab, knobs, {
    ...(engine && { engine }),
    onBench: (given) => {
      bench = given
    },
  })
  return {
    ...(preset && { preset: preset.name }),
    figures,
    series: Object.fromEntries(Object.entries(series).map(([name, points]) => [name, thin(points)])),
    rows,
    marks: bench!.marks.slice(0, mostMarks),
    cells: bench!.cells,
    theory: lab.charts.map(({ theory }) => {
      const line = theory?.(knobs)
      return line ? { label: line.label, points: thin(line.points) } : null
    }),
  }
}

/** As many marks as a page draws. */
const mostMarks = 600
/** Pairs of x and y: more than a chart of 600 pixels can show apart. */
const mostPairs = 240

/** Keeps the lowest and the highest point of each stretch, and four digits of each number. */
export function thin(points: Points): Points {
  const pairs = Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i]!, points[2 * i + 1]!] as const)
  const each = Math.ceil(pairs.length / (mostPairs / 2))
  const kept = pairs.length <= mostPairs ? pairs : []
  for (let at = 0; kept !== pairs && at < pairs.length; at += each) {
    const stretch = pairs.slice(at, at + each)
    const low = stretch.reduce((a, b) => (b[1] < a[1] ? b : a))
    const high = stretch.reduce((a, b) => (b[1] > a[1] ? b : a))
    kept.push(...(low === high ? [low] : stretch.indexOf(low) < stretch.indexOf(high) ? [low, high] : [high, low]))
  }
  return kept.flatMap(([x, y]) => [Number(x.toPrecision(6)), Number(y.toPrecision(4))])
}
