/** Processes for an experiment: built as they are published, started on loopback, watched, and ended. */

import { type ChildProcess, fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import { buildPackage } from '../../build/package.ts'
import type {
  ClosedPlan,
  FromLoader,
  FromServer,
  LoadPlan,
  Outcomes,
  ServerCount,
  ServerPlan,
  ToLoader,
  ToServer,
} from './messages.ts'

const startDelayMs = 150
const sampleMs = 200
/** Longer than any plan. */
const patienceMs = 180_000

/** A moment of a server. */
export type Sample = { atMs: number; memoryMb: number; inside: number }

export type Watched = { outcomes: Outcomes; samples: Sample[]; count: ServerCount }

/** Everything that runs is JavaScript: stripping types at run time would be measured with it. */
export class Stage {
  readonly #folder: string
  readonly #children = new Set<ChildProcess>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(): Promise<Stage> {
    // Inside the package, so that peers are found; Sluice itself is found first in the folder's own node_modules.
    const cache = join(import.meta.dirname, '..', '..', 'node_modules', '.cache')
    mkdirSync(cache, { recursive: true })
    const folder = mkdtempSync(join(cache, 'experiment-'))
    const stage = new Stage(folder)
    process.once('exit', () => stage.close())
    buildPackage(join(folder, 'node_modules', '@viva', 'sluice'))
    await build({
      entryPoints: ['server', 'loader'].map((name) => join(import.meta.dirname, `${name}.ts`)),
      outdir: folder,
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node26',
      outExtension: { '.js': '.mjs' },
      logLevel: 'warning',
    })
    return stage
  }

  close(): void {
    for (const child of this.#children) child.kill('SIGKILL')
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async server(plan: ServerPlan): Promise<Server> {
    const child = this.#start('server', [JSON.stringify(plan)])
    const { port } = await heard(child, (message: FromServer) => ('port' in message ? message : undefined))
    return new Server(child, port)
  }

  /** Lets an open loop of clients at a server; `at` gives moments (ms from the start) at which something is changed. */
  async load(plan: LoadPlan, servers: Server[], at: [ms: number, change: () => void][] = []): Promise<Watched[]> {
    const loader = await this.#loader()
    const startAt = performance.timeOrigin + performance.now() + startDelayMs
    tell(loader, { open: plan, startAt })
    const timers = at.map(([ms, change]) => setTimeout(change, startDelayMs + ms))
    const samples: Sample[][] = servers.map(() => [])
    const watch = setInterval(() => {
      const atMs = performance.timeOrigin + performance.now() - startAt
      servers.forEach((server, index) => {
        void server.count().then(({ inside }) => samples[index]!.push({ atMs, memoryMb: server.memoryMb(), inside }))
      })
    }, sampleMs)
    try {
      const { outcomes } = await heard(loader, (message: FromLoader) =>
        typeof message === 'object' && 'outcomes' in message ? message : undefined,
      )
      const counts = await Promise.all(servers.map((server) => server.count()))
      return servers.map((_server, index) => ({ outcomes, samples: samples[index]!, count: counts[index]! }))
    } finally {
      clearInterval(watch)
      for (const timer of timers) clearTimeout(timer)
      loader.kill('SIGKILL')
    }
  }

  /** Answers a second of a closed loop: what a server can do when it always has something to do. */
  async capacity(server: Server, plan: Omit<ClosedPlan, 'port'>): Promise<number> {
    const loader = await this.#loader()
    tell(loader, { closed: { ...plan, port: server.port } })
    const { answered, ms } = await heard(loader, (message: FromLoader) =>
      typeof message === 'object' && 'answered' in message ? message : undefined,
    )
    loader.kill('SIGKILL')
    return (answered * 1000) / ms
  }

  async #loader(): Promise<ChildProcess> {
    const child = this.#start('loader', [])
    await heard(child, (message: FromLoader) => (message === 'ready' ? message : undefined))
    return child
  }

  #start(script: string, args: string[]): ChildProcess {
    const child = fork(join(this.#folder, `${script}.mjs`), args, { serialization: 'advanced', execArgv: [] })
    this.#children.add(child)
    child.once('exit', () => this.#children.delete(child))
    return child
  }
}

export class Server {
  readonly port: number
  readonly #child: ChildProcess

  constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`
  }

  set serviceMs(ms: number) {
    const message: ToServer = { serviceMs: ms }
    this.#child.send(message)
  }

  count(): Promise<ServerCount> {
    const message: ToServer = 'count'
    this.#child.send(message)
    return heard(this.#child, (found: FromServer) => ('count' in found ? found.count : undefined))
  }

  /** What of it is in memory now; `NaN` where the system does not say. */
  memoryMb(): number {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
    } catch {
      return Number.NaN
    }
  }

  /** Ends it; the port may be taken again afterwards. */
  async end(): Promise<void> {
    this.#child.kill('SIGKILL')
    await sleep(100)
  }
}

function tell(child: ChildProcess, message: ToLoader): void {
  child.send(message)
}

/** The first message that is meant; rejects when the process ends before. */
function heard<M, T>(child: ChildProcess, meant: (message: M) => T | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit)
    }
    const onMessage = (message: unknown): void => {
      const found = meant(message as M)
      if (found === undefined) return
      end()
      resolve(found)
    }
    const onExit = (code: number | null): void => {
      end()
      reject(new Error(`A process of the experiment ended too early, with ${code ?? 'a signal'}`))
    }
    const timer = setTimeout(() => {
      end()
      reject(new Error(`A process of the experiment said nothing for ${patienceMs} ms`))
    }, patienceMs)
    child.on('message', onMessage).on('exit', onExit)
  })
}
