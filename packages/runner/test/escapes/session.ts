/** One browser page at the site: runs fences and observes what happens around each. Opens a new page after damage. */
import type { Language } from '../../src/fence.ts'
import type { FenceAttempt } from './attempt.ts'
import type { Hosts } from './hosts.ts'
import { judge } from './judge.ts'
import type { PageRun } from './page.ts'
import { sentinels } from './sentinels.ts'

/** What the suite needs of a page, in any browser that can be driven. */
export type DrivenPage = {
  /** Evaluates an expression, waits for its promise, gives its JSON value. */
  evaluate: <T>(expression: string) => Promise<T>
  close: () => Promise<void>
}

const untilReady = `new Promise((resolve) => {
  const timer = setInterval(() => window.escapes?.isReady && resolve(clearInterval(timer)), 20)
})`

/** A heartbeat in an idle page: how late its timers are shows how loaded the machine is. */
const startHeartbeat = `(() => {
  window.longest = 0
  window.last = performance.now()
  setInterval(() => {
    const now = performance.now()
    window.longest = Math.max(window.longest, now - window.last - 10)
    window.last = now
  }, 10)
})()`
const readHeartbeat = `[window.longest, window.longest = 0][0]`

/** Engines that take a second or more to start: their sentinel runs at the end of a group, and after what `persists`. */
export const slowStart = new Set<Language>(['python', 'sql'])

const evaluateTimeoutMs = 60_000

export class Session {
  readonly hosts: Hosts
  readonly #open: (url: string) => Promise<DrivenPage>
  readonly #idle: DrivenPage
  readonly #clean = new Map<Language, string>()
  #page: DrivenPage | undefined
  #warm = new Set<Language>()
  /** What the last snapshot of this page was. */
  #canaries: string | undefined

  private constructor(hosts: Hosts, open: (url: string) => Promise<DrivenPage>, idle: DrivenPage) {
    this.hosts = hosts
    this.#open = open
    this.#idle = idle
  }

  static async start(hosts: Hosts, open: (url: string) => Promise<DrivenPage>): Promise<Session> {
    const idle = await open('about:blank')
    await idle.evaluate(startHeartbeat)
    return new Session(hosts, open, idle)
  }

  /** The page, opened and with its canaries planted if there is none. */
  async page(): Promise<DrivenPage> {
    if (this.#page) return this.#page
    this.#warm = new Set()
    const page = await this.#open(`${this.hosts.siteOrigin}/`)
    await page.evaluate(untilReady)
    await page.evaluate('window.escapes.plant()')
    this.#page = page
    return page
  }

  /** Closes the page: the next attempt gets a new one. */
  async discard(): Promise<void> {
    const page = this.#page
    this.#page = undefined
    this.#canaries = undefined
    await page?.close().catch(() => {})
  }

  async #evaluate<T>(expression: string): Promise<T> {
    const page = await this.page()
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => late.reject(new Error(`the page did not answer for ${evaluateTimeoutMs / 1000} s`)),
      evaluateTimeoutMs,
    )
    try {
      return await Promise.race([page.evaluate<T>(expression), late.promise])
    } finally {
      clearTimeout(timer)
    }
  }

  async #run(fence: { language: Language; code: string; setup?: string }, options = {}): Promise<PageRun> {
    return this.#evaluate(`window.escapes.run(${JSON.stringify(fence)}, ${JSON.stringify(options)})`)
  }

  snapshot(): Promise<string> {
    return this.#evaluate('window.escapes.snapshot()')
  }

  /** Loads an engine ahead: its files are requested here, not during an attempt. */
  async warmUp(language: Language): Promise<void> {
    await this.page()
    if (this.#warm.has(language)) return
    const problem = await this.nextRunProblem(language)
    if (problem) throw new Error(problem)
    this.#warm.add(language)
  }

  /** What differs in a run of the language's sentinel from its run in a fresh page. */
  async nextRunProblem(language: Language): Promise<string | undefined> {
    const code = sentinels[language]
    if (code === undefined) throw new Error(`Add a sentinel for ${language} to sentinels.ts.`)
    const { result } = await this.#run({ language, code }, { timeoutMs: 20_000 }).catch((error: unknown) => ({
      result: { output: '', error: { name: 'no run', message: String(error) }, notice: '', stopped: undefined },
    }))
    if (result.error || result.stopped)
      return `the next run in ${language} fails: ${JSON.stringify(result).slice(0, 400)}`
    const clean = this.#clean.get(language)
    if (clean === undefined) this.#clean.set(language, result.output)
    else if (clean !== result.output)
      return `the next run in ${language} prints ${JSON.stringify(result.output).slice(0, 600)}, not ${JSON.stringify(clean).slice(0, 600)}`
    return undefined
  }

  /** Puts the listeners' addresses into an attempt's code. The id is part of each URL, so that late requests are found. */
  addressed(code: string, id: string): string {
    const { siteOrigin, attackerPort, stun } = this.hosts
    return code
      .replaceAll('{{site}}', siteOrigin)
      .replaceAll('{{attacker}}', `http://127.0.0.1:${attackerPort}/${id}`)
      .replaceAll('{{attackerHost}}', `127.0.0.1:${attackerPort}`)
      .replaceAll('{{stun}}', stun)
      .replaceAll('{{id}}', id)
  }

  /** Runs one attempt and returns what got through, and the run. */
  async attempt(attempt: FenceAttempt): Promise<{ problems: string[]; run: PageRun }> {
    const { id, language, code, setup, timeoutMs, outputLimitBytes, abortAfterMs } = attempt
    await this.warmUp(language)
    const canariesBefore = this.#canaries ?? (await this.snapshot())
    const { siteLog, attackerLog } = this.hosts
    const [siteMark, attackerMark] = [siteLog.length, attackerLog.length]
    const fence = {
      language,
      code: this.addressed(code, id),
      ...(setup !== undefined && { setup: this.addressed(setup, id) }),
    }
    await this.#idle.evaluate(readHeartbeat)
    const run = attempt.isBare
      ? await this.#evaluate<PageRun>(`window.escapes.runBare(${JSON.stringify(fence.code)})`)
      : await this.#run(fence, { timeoutMs, outputLimitBytes, abortAfterMs })
    const idleDelayMs = await this.#idle.evaluate<number>(readHeartbeat)
    // For the author of an attempt: `ESCAPES_SHOW=1` prints what it printed.
    if (process.env.ESCAPES_SHOW) console.log(id, JSON.stringify(run.result).slice(0, 1_500))
    const canariesAfter = await this.snapshot()
    this.#canaries = canariesAfter
    const isChecked = !attempt.isBare && (attempt.persists || !slowStart.has(language))
    const next = isChecked ? await this.nextRunProblem(language) : undefined
    const requests = [...siteLog.slice(siteMark), ...attackerLog.slice(attackerMark)].filter(
      (one) => !((attempt.mayReplaceFrame || attempt.isBare) && /^GET \/engines\/[0-9a-f]+\/frame\.html$/.test(one)),
    )
    const problems = judge(attempt, { run, canariesBefore, canariesAfter, requests, idleDelayMs })
    return { problems: next ? [...problems, next] : problems, run }
  }
}
