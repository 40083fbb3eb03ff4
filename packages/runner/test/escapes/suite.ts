/** The escape suite over one host: every attempt of every group, judged from outside, one test each. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { launchChromium } from '../../../../tools/chromium.ts'
import { buildSite } from './build-site.ts'
import type { Language } from '../../src/fence.ts'
import type { FenceAttempt } from './attempt.ts'
import { type Batch, batches, joined, outputOf } from './batch.ts'
import { controls } from './controls.ts'
import { embedding } from './embedding.ts'
import { launchFirefox } from './firefox.ts'
import { type HostKind, type Hosts, startHosts } from './hosts.ts'
import { forged, secret } from './judge.ts'
import { type DrivenPage, Session, slowStart } from './session.ts'

const folder = join(import.meta.dirname, 'attempts')

/** Every file in `attempts/` is a group: `{ name: attempts }`. */
export async function groups(): Promise<Map<string, FenceAttempt[]>> {
  const found = new Map<string, FenceAttempt[]>()
  const ids = new Set<string>()
  for (const file of (await readdir(folder)).toSorted()) {
    const { attempts } = (await import(join(folder, file))) as { attempts: FenceAttempt[] }
    for (const { id } of attempts) {
      if (ids.has(id)) throw new Error(`attempts/${file}: the id ${id} is taken; ids are unique in the whole suite.`)
      ids.add(id)
    }
    found.set(file.replace(/\.ts$/, ''), attempts)
  }
  return found
}

/** Attempts and how many of them were held, by group. */
export class Score {
  readonly #groups = new Map<string, { attempts: number; held: number; lost: number }>()

  /** Counts an attempt as held only if `work` does not throw, and not if it says that the page was lost. */
  async count(group: string, work: () => Promise<'page lost' | void>): Promise<void> {
    const row = this.#groups.get(group) ?? { attempts: 0, held: 0, lost: 0 }
    this.#groups.set(group, row)
    row.attempts++
    if ((await work()) === 'page lost') row.lost++
    else row.held++
  }

  table(title: string): string {
    const rows = [...this.#groups].map(([name, row]) => ({ name, ...row }))
    const sum = (key: 'attempts' | 'held' | 'lost') => rows.reduce((total, row) => total + row[key], 0)
    const all = { name: 'all', attempts: sum('attempts'), held: sum('held'), lost: sum('lost') }
    const lines = [...rows, all].map((row) => `| ${row.name} | ${row.attempts} | ${row.held} | ${row.lost} |`)
    return [`Escapes, ${title}`, '| group | attempts | held | page lost |', '|---|--:|--:|--:|', ...lines].join('\n')
  }
}

/** How a lost page is reported by the browser's driver. */
const isCrash = /(Target|Page) crashed/

const hostNames = { server: "the server's headers", static: 'a static host without headers' } as const

/** Milliseconds in which anything that an attempt left behind would have been sent. */
const lateMs = 400

function fenceGroup(name: string, attempts: readonly FenceAttempt[], session: () => Session, score: Score): void {
  const shared = new Map<FenceAttempt, Batch>()
  for (const batch of batches(attempts)) for (const one of batch.attempts) shared.set(one, batch)
  const ran = new Map<FenceAttempt, { problems: string[]; output: string }>()

  /** Runs a batch; what an attempt that broke its engine left over runs in another fence. */
  async function runBatch({ attempts: all, language }: Batch): Promise<void> {
    let left = all
    while (left.length > 0) {
      const { problems, run } = await session().attempt(joined(left, language))
      const reached = left.filter(({ id }) => outputOf(run.result.output, id) !== undefined)
      for (const one of reached) ran.set(one, { problems, output: outputOf(run.result.output, one.id) ?? '' })
      const [first] = left
      if (reached.length === 0 && first)
        ran.set(first, { problems: [...problems, `never ran: ${JSON.stringify(run.result).slice(-600)}`], output: '' })
      left = left.filter((one) => !ran.has(one))
    }
  }

  async function problemsOf(attempt: FenceAttempt): Promise<string[]> {
    const batch = shared.get(attempt)
    if (!batch) return (await session().attempt(attempt)).problems
    if (!ran.has(attempt)) await runBatch(batch)
    const { problems, output } = ran.get(attempt) ?? { problems: ['never ran'], output: '' }
    const { lacks, matches } = attempt.expect ?? {}
    return [
      ...problems,
      ...(matches && !matches.test(output) ? [`output is ${output.slice(0, 300)}, not like ${matches}`] : []),
      ...(lacks?.test(output) ? [`output ${output.slice(0, 300)} matches ${lacks}`] : []),
    ]
  }

  /** What is wrong with a start of the language's engine; then the page is given up. */
  async function startProblem(language: Language): Promise<string | undefined> {
    const starting = session().warmUp(language)
    const problem = await starting.then(() => session().nextRunProblem(language)).catch(String)
    if (problem !== undefined) await session().discard()
    return problem
  }

  describe(name, () => {
    let mark = { site: 0, attacker: 0 }
    before(() => {
      const { siteLog, attackerLog } = session().hosts
      mark = { site: siteLog.length, attacker: attackerLog.length }
    })
    for (const attempt of attempts) {
      it(attempt.id, () =>
        score.count(name, async () => {
          let problems: string[]
          try {
            problems = await problemsOf(attempt)
          } catch (error) {
            problems = [`the page did not survive: ${String(error)}`]
          }
          // Damage of one attempt is not counted again at the next.
          if (problems.length > 0 && !shared.has(attempt)) await session().discard()
          if (attempt.mayLosePage && problems.some((one) => isCrash.test(one))) return 'page lost'
          assert.deepEqual(problems, [])
        }),
      )
    }
    it(`${name}: sends nothing late`, async () => {
      await new Promise((resolve) => setTimeout(resolve, lateMs))
      const { siteLog, attackerLog } = session().hosts
      assert.deepEqual(attackerLog.slice(mark.attacker), [])
      const asked = siteLog.slice(mark.site).filter((one) => !/^GET \/(engines\/[\w./-]+|site\.js)?$/.test(one))
      assert.deepEqual(asked, [])
    })
    for (const language of new Set(attempts.map(({ language }) => language)))
      it(`${name}: ${language} starts clean after it`, async () => {
        let problem = await startProblem(language)
        if (problem && isCrash.test(problem) && attempts.some(({ mayLosePage }) => mayLosePage))
          problem = await startProblem(language)
        assert.equal(problem, undefined)
      })
  })
}

/**
 * Loopback candidates are off by default: without them a STUN packet to this machine would never be sent. The headless
 * shell from npm crashes at any WebAssembly access out of bounds, even in an empty page, where a browser throws.
 */
const chromiumArgs = ['--allow-loopback-in-peer-connection', '--disable-features=WebAssemblyTrapHandler']

type Driven = { open: (url: string) => Promise<DrivenPage>; browser: Browser | undefined; close: () => Promise<void> }

/** Each page in a context of its own. With `VIVA_FIREFOX`, fences run in that Firefox; hostile pages need Chromium. */
async function launch(part: Part): Promise<Driven> {
  const path = process.env.VIVA_FIREFOX
  if (path && part !== 'pages') return { ...(await launchFirefox(path)), browser: undefined }
  const browser = await launchChromium({ args: chromiumArgs })
  const open = async (url: string): Promise<DrivenPage> => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(url)
    return { evaluate: (expression) => page.evaluate(expression), close: () => context.close() }
  }
  return { open, browser, close: () => browser.close() }
}

/**
 * Each part is a file of tests, so that each fits the time limit of a file: groups whose engines start at once, groups
 * with an engine that starts slowly, and hostile pages.
 */
export type Part = 'fast' | 'slow' | 'pages'

/** Defines the tests. Top-level await in the caller: groups are read before `describe` runs. */
export async function escapeSuite(kind: HostKind, part: Part): Promise<void> {
  const all = await groups()
  const isSlow = (attempts: FenceAttempt[]) => attempts.some(({ language }) => slowStart.has(language))
  const only = process.env.ESCAPES?.split(',')
  const score = new Score()
  let driven: Driven
  let hosts: Hosts
  let session: Session

  describe(`escapes, ${part}, ${hostNames[kind]}`, () => {
    before(async () => {
      const { script, enginesDir } = await buildSite()
      driven = await launch(part)
      hosts = await startHosts(kind, script, enginesDir)
      session = await Session.start(hosts, driven.open)
      assert.ok((await session.snapshot()).includes(secret))
      assert.doesNotMatch(await session.snapshot(), forged)
    })
    after(async () => {
      console.log(score.table(`${part}, ${hostNames[kind]}`))
      await session.discard()
      await hosts.close()
      await driven.close()
    })
    const isWanted = (name: string) => !only || only.includes(name)
    if (part === 'pages') {
      embedding(() => ({ browser: driven.browser, hosts }), score)
      return
    }
    controls(() => ({ open: driven.open, hosts }))
    for (const [name, attempts] of all)
      if (isWanted(name) && isSlow(attempts) === (part === 'slow')) fenceGroup(name, attempts, () => session, score)
  })
}
