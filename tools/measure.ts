/** `npm run measure`: what the site weighs, how long it builds, what Lighthouse says; printed as tables and gated where we hold a limit. */
import { type ChildProcess, spawn } from 'node:child_process'
import { glob, mkdtemp, readdir, rm } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createApp, openDatabase, serve } from '@viva/server'
import type { Browser, Page } from 'playwright-core'
import { build, siteDir } from './build.ts'
import { launchChromium } from './chromium.ts'

const root = join(import.meta.dirname, '..')

/** One address per template. */
const templates: Record<string, string> = {
  home: '/',
  question: '/questions/microservices/backpressure/',
  category: '/questions/postgresql/',
  categories: '/questions/',
  tag: '/tags/performance/',
  quiz: '/quiz/',
  'quiz under way': '/quiz/run/?scope=javascript&count=10&seed=7',
  kit: '/kits/senior-back-end/',
  post: '/blog/how-a-fence-is-verified/',
  text: '/about/',
  feedback: '/feedback/',
}

/** Bytes, gzip, before any interaction. */
const limits = { pageBytes: 35 * 1024, scriptBytes: 12 * 1024, fontBytes: 40 * 1024 }

type Weight = { html: number; css: number; script: number; font: number; other: number }

const kinds: Record<string, keyof Weight> = { document: 'html', stylesheet: 'css', script: 'script', font: 'font' }

/** Everything that a fresh browser fetches for one address until the network is quiet, each compressed by gzip -9. */
async function weigh(browser: Browser, url: string): Promise<Weight> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await context.newPage()
  const weight: Weight = { html: 0, css: 0, script: 0, font: 0, other: 0 }
  const reading: Promise<void>[] = []
  page.on('response', (response) => {
    const kind = kinds[response.request().resourceType()] ?? 'other'
    // A font is compressed already.
    reading.push(
      response.body().then((body) => {
        weight[kind] += kind === 'font' ? body.length : gzipSync(body, { level: 9 }).length
      }),
    )
  })
  await page.goto(url)
  await page.waitForLoadState('networkidle')
  await Promise.all(reading)
  await context.close()
  return weight
}

/** Rows as columns of equal width; the first column is text, the others are figures. */
function table(head: string[], rows: (string | number)[][]): string {
  const cells = [head, ...rows.map((row) => row.map(String))]
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const line = (row: string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`
  return [line(head), rule, ...cells.slice(1).map(line)].join('\n')
}

const kib = (bytes: number): string => (bytes / 1024).toFixed(1)

type LighthouseResult = {
  lhr: {
    categories: Record<string, { score: number | null }>
    audits: Record<string, { score: number | null; title: string }>
  }
}

/** Scores of one address under Lighthouse's mobile preset, in a browser of its own. */
async function audit(url: string, port: number): Promise<{ scores: number[]; failed: string[] }> {
  const { default: lighthouse } = (await import('lighthouse')) as unknown as {
    default: (url: string, flags: object) => Promise<LighthouseResult>
  }
  const { lhr } = await lighthouse(url, {
    port,
    output: 'json',
    logLevel: 'error',
    onlyCategories: ['performance', 'accessibility', 'best-practices', 'seo'],
  })
  const scores = ['performance', 'accessibility', 'best-practices', 'seo'].map((name) =>
    Math.round((lhr.categories[name]?.score ?? 0) * 100),
  )
  const failed = Object.values(lhr.audits)
    .filter(({ score }) => score !== null && score < 0.9)
    .map(({ title }) => title)
  return { scores, failed }
}

/** Seconds from the command to the line that says where it is served, then stops it. */
async function startTime(): Promise<number> {
  const data = await mkdtemp(join(tmpdir(), 'viva-start-'))
  const begun = performance.now()
  const child: ChildProcess = spawn('npm', ['start'], {
    cwd: root,
    env: { ...process.env, PORT: '4199', VIVA_DATA: data },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  try {
    await new Promise<void>((resolve, reject) => {
      let said = ''
      child.stdout!.on('data', (chunk: Buffer) => {
        said += chunk.toString()
        if (said.includes('http://')) resolve()
      })
      child.on('exit', (code) => reject(new Error(`npm start ended with ${code}: ${said}`)))
    })
    return (performance.now() - begun) / 1000
  } finally {
    child.removeAllListeners('exit')
    // The whole group: npm, the launcher, the server.
    process.kill(-child.pid!, 'SIGTERM')
    await new Promise((resolve) => child.on('close', resolve))
    await rm(data, { recursive: true, force: true })
  }
}

/** One lab, watched as a reader watches it: when its first picture stands, and how even the screen's frames are until its end or for 5 s. */
async function watchLab(page: Page, name: string): Promise<{ kind: string; firstMs: number; frames: number[] }> {
  const lab = page.locator(`.lab#${name}`)
  await lab.scrollIntoViewIfNeeded()
  await lab.locator('.diagram svg, .diagram .cells, .uplot').first().waitFor()
  await page.waitForTimeout(300)
  return await lab.evaluate(async (given) => {
    // What a page has and Node has not.
    const { requestAnimationFrame } = globalThis as unknown as {
      requestAnimationFrame(run: (now: number) => void): void
    }
    const section = given as unknown as {
      querySelector(selector: string): { value: number; hidden: boolean; textContent: string; click(): void }
    }
    const progress = section.querySelector('progress')
    const begun = performance.now()
    let firstMs = Number.NaN
    const frames: number[] = []
    const ended = new Promise<void>((resolve) => {
      let last = begun
      const tick = (now: number): void => {
        if (now > last) frames.push(now - last)
        last = Math.max(last, now)
        if (progress.value > 0 && Number.isNaN(firstMs)) firstMs = performance.now() - begun
        const isDrawn = !Number.isNaN(firstMs)
        if ((isDrawn && (progress.hidden || now - begun > 5000)) || now - begun > 60_000) resolve()
        else requestAnimationFrame(tick)
      }
      requestAnimationFrame(tick)
    })
    section.querySelector('.predict [type=submit]').click()
    await ended
    return { kind: section.querySelector('.kind').textContent.split(':')[0]!, firstMs, frames }
  })
}

async function main(): Promise<void> {
  const only = new Set(process.argv.slice(2))
  const wants = (name: string) => only.size === 0 || only.has(name)
  const problems: string[] = []
  console.log(
    `Machine: ${cpus().length} × ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}\n`,
  )

  if (wants('build')) {
    const times: (string | number)[][] = []
    await rm(join(root, 'apps/site/dist'), { recursive: true, force: true })
    await rm(join(root, '.cache'), { recursive: true, force: true })
    for (const [name, options] of [
      ['cold (no caches)', { force: true }],
      ['warm (caches, everything built again)', { force: true }],
      ['nothing changed', {}],
    ] as const) {
      const { ms } = await build(options)
      times.push([name, (ms / 1000).toFixed(1)])
    }
    times.push(['`npm start`, nothing changed, until it answers', (await startTime()).toFixed(1)])
    console.log(`${table(['build', 'seconds'], times)}\n`)
  } else await build()

  const data = await mkdtemp(join(tmpdir(), 'viva-measure-'))
  const log = () => undefined
  const database = await openDatabase({ folder: data })
  const running = await serve({
    app: await createApp({ siteDir, database, clock: { now: () => Date.now() }, log }),
    port: 0,
    hostname: '127.0.0.1',
    log,
  })
  const base = `http://localhost:${running.port}`
  try {
    if (wants('weight')) {
      const browser = await launchChromium()
      const rows: (string | number)[][] = []
      const addresses = { ...templates }
      for (const [name, path] of Object.entries(addresses)) {
        const { html, css, script, font, other } = await weigh(browser, base + path)
        const page = html + css + script
        rows.push([name, kib(html), kib(css), kib(script), kib(page), kib(font), kib(other)])
        if (name === 'question') {
          if (page > limits.pageBytes)
            problems.push(`the question page weighs ${kib(page)} KiB; at most ${kib(limits.pageBytes)}`)
          if (script > limits.scriptBytes)
            problems.push(`its script weighs ${kib(script)} KiB; at most ${kib(limits.scriptBytes)}`)
        }
        if (font > limits.fontBytes)
          problems.push(`the fonts of ${name} weigh ${kib(font)} KiB; at most ${kib(limits.fontBytes)}`)
      }
      // The heaviest question decides, not the one that was picked.
      const questions: [string, number, number][] = []
      for (const category of await readdir(join(siteDir, 'questions'), { withFileTypes: true })) {
        if (!category.isDirectory()) continue
        for (const slug of await readdir(join(siteDir, 'questions', category.name), { withFileTypes: true })) {
          if (!slug.isDirectory()) continue
          const { html, css, script } = await weigh(browser, `${base}/questions/${category.name}/${slug.name}/`)
          questions.push([`${category.name}/${slug.name}`, html + css + script, script])
        }
      }
      questions.sort((a, b) => a[1] - b[1])
      const heaviest = questions.at(-1)!
      const median = questions[Math.floor(questions.length / 2)]!
      console.log(
        `KiB, gzip, before any interaction\n${table(['template', 'HTML', 'CSS', 'script', 'in all', 'fonts', 'other'], rows)}`,
      )
      console.log(
        `${questions.length} questions: median ${kib(median[1])} KiB, heaviest ${kib(heaviest[1])} KiB (${heaviest[0]}), script ${kib(heaviest[2])} KiB\n`,
      )
      if (heaviest[1] > limits.pageBytes)
        problems.push(`${heaviest[0]} weighs ${kib(heaviest[1])} KiB; at most ${kib(limits.pageBytes)}`)
      await browser.close()
    }
    if (wants('labs')) {
      const browser = await launchChromium()
      const rows: (string | number)[][] = []
      for (const path of (
        await Array.fromAsync(glob('*/*/lab*.ts', { cwd: join(root, 'content/questions') }))
      ).toSorted()) {
        const [category, slug, file] = path.split(/[\\/]/) as [string, string, string]
        const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US' })
        const page = await context.newPage()
        const name = file.replace(/\.ts$/, '')
        // Asked for by its address, it is open, wherever it stands on the page.
        await page.goto(`${base}/questions/${category}/${slug}/?lab=${name}`)
        const { kind, firstMs, frames } = await watchLab(page, name)
        await context.close()
        const late = frames.filter((ms) => ms > 25).length
        const perSecond = (frames.length * 1000) / frames.reduce((sum, ms) => sum + ms, 0)
        rows.push([
          `${category}/${slug}/${name}`,
          kind,
          firstMs.toFixed(0),
          perSecond.toFixed(1),
          `${late} of ${frames.length}`,
        ])
        if (kind === 'Simulation' && !(firstMs <= 300))
          problems.push(`${path}: the first picture comes after ${firstMs.toFixed(0)} ms; at most 300`)
      }
      console.log(`${table(['lab', 'kind', 'first picture, ms', 'frames/s', 'frames over 25 ms'], rows)}\n`)
      await browser.close()
    }
    if (wants('lighthouse')) {
      const port = 9222 + (process.pid % 1000)
      const browser = await launchChromium({ args: [`--remote-debugging-port=${port}`] })
      const rows: (string | number)[][] = []
      for (const [name, path] of Object.entries(templates)) {
        const { scores, failed } = await audit(base + path, port)
        rows.push([name, ...scores])
        // Performance is reported, not gated: it swings with the machine. A quiz under way asks not to be indexed.
        const gated = name === 'quiz under way' ? scores.slice(1, 3) : scores.slice(1)
        if (gated.some((score) => score < 100))
          problems.push(`Lighthouse, ${name}: ${scores.join('/')}: ${failed.join('; ')}`)
      }
      console.log(
        `Lighthouse, mobile preset\n${table(['template', 'performance', 'accessibility', 'best practices', 'SEO'], rows)}\n`,
      )
      await browser.close()
    }
  } finally {
    await running.close()
    await database.close()
    await rm(data, { recursive: true, force: true })
  }
  if (problems.length > 0) {
    console.error(`Over a limit:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    process.exitCode = 1
  }
}

await main()
